"""From the calls of a reply to the tool messages that answer them.

A surface runs each call inside ``with call.running():`` and hands the result to ``call.accept``; what
a failure means, and what history says about a call that never finished, is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from aimu.core.colour import Colour, colour_of, refuse_awaitable
from aimu.core.failures import failure_text, named_end
from aimu.core.messages import Message, sendable
from aimu.core.reply import ToolCall
from aimu.errors import ColourError, ToolError

Tool = Callable[..., Any]
OnToolError = Literal["raise", "report"]
_SHOWN = 500  # characters of arguments that cannot be read


def checked_tools(tools: Iterable[Tool]) -> list[Tool]:
    """The tools as a list of one's own (TOOLS-9).

    Raises:
        ValueError: a function is not decorated, or two tools have one name.
    """
    tools = list(tools)
    seen: set[str] = set()
    for tool in tools:
        if not hasattr(tool, "__tool_spec__"):
            how = "its as_tool() is one" if hasattr(tool, "as_tool") else "decorate it with @aimu.tool"
            raise ValueError(f"{tool!r} is not a tool: {how}")
        if (name := tool_name(tool)) in seen:
            raise ValueError(f"two tools are called {name!r}; rename one")
        seen.add(name)
    return tools


def checked_on_error(value: OnToolError) -> OnToolError:
    """``"raise"`` or ``"report"``.

    Raises:
        ValueError: it is neither.
    """
    if value not in ("raise", "report"):
        raise ValueError(f"on_tool_error={value!r} must be 'raise' or 'report'")
    return value


def checked_mcp_client(mcp_client: Any, here: Colour) -> Any:
    """An MCP client this surface can call: a sync one everywhere, an async one on the async surface (MCP-10).

    Raises:
        ColourError: it is async and this is the sync surface.
        TypeError: it is no MCP client.
    """
    if mcp_client is None:
        return None
    if not (colour := colour_of(mcp_client)) or not hasattr(mcp_client, "as_tools"):
        raise TypeError(f"mcp_client must be an MCPClient, not {type(mcp_client).__name__}")
    if (colour, here) == ("async", "sync"):
        raise ColourError("mcp_client is async and this is the sync surface; use aimu.tools.MCPClient, or aimu.aio")
    return mcp_client


def refuse_own_runners(tools: Iterable[Tool], conversation: object) -> None:
    """Refuse a tool that would speak in the conversation of the turn that calls it (RUNNER-8).

    Raises:
        ValueError: a runner behind one of the tools shares the conversation.
    """
    for tool in tools:
        if (understudies := getattr(tool, "__aimu_runner__", None)) and any(
            one is conversation for one in understudies.conversations()
        ):
            raise ValueError(
                f"the runner behind tool {tool_name(tool)!r} speaks in the conversation that would call it; "
                "give it a client of its own with client.fork()"
            )


def tool_name(tool: Tool) -> str:
    """The name a tool is offered under."""
    return str(tool.__tool_spec__["function"]["name"])  # type: ignore[attr-defined]


def tool_specs(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """What the model is told about the tools, in their order."""
    return [tool.__tool_spec__ for tool in tools]  # type: ignore[attr-defined]


class PendingCall:
    """One call on its way to an answer."""

    def __init__(self, call: ToolCall, tools: Sequence[Tool], on_error: OnToolError = "raise") -> None:
        self.call = call
        self.response: str | None = None
        self.error: BaseException | None = None
        self._report = on_error == "report"
        self._started = False
        self._arguments: dict[str, Any] = {}
        self._tool = next((tool for tool in tools if tool_name(tool) == call.name), None)
        if self._tool is None:
            names = ", ".join(map(tool_name, tools)) or "none"
            self.response = f"Tool {call.name!r} not found. Available tools: {names}."
        else:
            self._read_arguments(self._tool)

    @property
    def is_open(self) -> bool:
        """Whether the tool is still to be run; a call that cannot run has its answer already."""
        return self.response is None

    @property
    def is_async(self) -> bool:
        return self._tool is not None and bool(self._tool.__tool_is_async__)  # type: ignore[attr-defined]

    def invoke(self) -> Any:
        """Call the tool. What would end a generator it passes through becomes RuntimeError."""
        assert self._tool is not None
        try:
            return self._tool(**self._arguments)
        except (StopIteration, StopAsyncIteration) as exc:
            raise named_end(exc, f"tool {self.call.name!r}") from exc

    @contextmanager
    def running(self) -> Iterator[None]:
        """The span in which the tool runs: a failure is kept here, and rises unless it is for the model."""
        self._started = True
        try:
            yield
        except ToolError as exc:
            self.response = f"Tool {self.call.name!r} failed: {exc}"
        except Exception as exc:
            self.error = named_end(exc, f"tool {self.call.name!r}")
            if not self._report or isinstance(exc, ColourError):
                raise self.error  # noqa: B904 - with the cause it has
            self.response = f"Tool {self.call.name!r} failed: {failure_text(self.error)}"
        except BaseException as exc:
            self.error = exc
            raise

    def accept(self, result: Any) -> None:
        """Take the tool's result: text as it is, everything else as JSON.

        Raises:
            ColourError: the result is awaitable, so the tool was async after all.
            TypeError: the result has no JSON form.
        """
        refuse_awaitable(result, _async_tool(self.call.name))
        self.response = result if isinstance(result, str) else _as_json(self.call.name, result)

    def settled(self) -> str:
        """The answer history records: the result, or why there is none."""
        return str(sendable(self._answer()))

    def _answer(self) -> str:
        if self.response is not None:
            return str(self.response)
        name = self.call.name
        if not self._started:
            return f"Tool {name!r} was not started: the turn was interrupted."
        if isinstance(self.error, Exception):
            return f"Tool {name!r} failed: {failure_text(self.error)}"
        return f"Tool {name!r} was cancelled before it finished."

    def message(self) -> Message:
        """The tool message that answers the call."""
        return {"role": "tool", "tool_call_id": self.call.id, "name": self.call.name, "content": self.settled()}

    def content(self) -> dict[str, Any]:
        """The content of the call's TOOL_CALLING chunk."""
        arguments = _parsed(self.call.arguments)
        return {
            "id": self.call.id,
            "name": self.call.name,
            "arguments": self.call.arguments if arguments is None else arguments,
            "response": self.settled(),
        }

    def _read_arguments(self, tool: Tool) -> None:
        if (given := _parsed(self.call.arguments)) is None:
            told = _shortened(self.call.arguments)
            self.response = f"Tool {self.call.name!r} was not run: its arguments are not a JSON object: {told}"
            return
        try:
            self._arguments = tool.__tool_validate__(given)  # type: ignore[attr-defined]
        except Exception as exc:  # a validator of the user's own may raise anything
            self.response = f"Tool {self.call.name!r} was not run: {exc}"


def require_sync(calls: Sequence[PendingCall]) -> None:
    """Refuse async tools before any call of the reply runs (TOOLS-5)."""
    for call in calls:
        if call.is_async:
            raise ColourError(_async_tool(call.call.name))


def raise_first_failure(calls: Sequence[PendingCall]) -> None:
    """Raise the first failure in call order, the others attached to it as notes (TOOLS-8)."""
    failures = [call for call in calls if call.response is None and call.error is not None]
    if not failures:
        return
    first = failures[0].error
    assert first is not None
    for other in failures[1:]:
        first.add_note(f"tool {other.call.name!r} failed too: {failure_text(other.error)}")
    raise first


def _parsed(arguments: str) -> dict[str, Any] | None:
    """The arguments as a dict, None when they are not a JSON object; nothing at all means no arguments."""
    if not arguments.strip():
        return {}
    try:
        value = sendable(json.loads(arguments))  # an escape in it may stand for half of a character
    except (RecursionError, ValueError):
        return None
    return {} if value is None else value if isinstance(value, dict) else None


def _shortened(arguments: str) -> str:
    """Arguments as a message shows them: the model has them already, and may have written megabytes."""
    rest = len(arguments) - _SHOWN
    return repr(arguments) if rest <= 0 else f"{arguments[:_SHOWN]!r}, and {rest} characters more"


def parsed_arguments(arguments: str) -> dict[str, Any]:
    """The arguments for a wire that needs an object: ``{}`` when they are none."""
    return _parsed(arguments) or {}


def _async_tool(name: str) -> str:
    return (
        f"tool {name!r} is an async function and this is the sync surface; "
        "use aimu.aio (aimu.aio.client, aimu.aio.Agent), or make the tool a plain def"
    )


def _as_json(name: str, result: Any) -> str:
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(result, inf_nan_mode="strings").decode()
    except PydanticSerializationError as exc:
        raise TypeError(f"tool {name!r} returned {type(result).__name__}, which has no JSON form; return text") from exc
