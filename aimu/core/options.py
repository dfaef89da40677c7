"""What a client, an agent and a call may be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, TypedDict

from aimu.core.chunks import StreamingContentType
from aimu.core.structured import OutputSchema
from aimu.core.toolcalls import OnToolError, Tool


class _Keep(str):
    """A text that is told apart by what it is, not by what it says."""


CONTINUATION_PROMPT = "Your last reply was empty. Please continue, and answer in text."
KEEP: str = _Keep("__keep__")
Include = Iterable[StreamingContentType | str] | None
Images = Iterable[Any] | None
Kwargs = dict[str, Any] | None


class StateOptions(TypedDict, total=False):
    """The keywords every client takes, whatever its provider (CHAT-1)."""

    system_message: str | None
    tools: Iterable[Tool] | None
    max_iterations: int
    concurrent_tool_calls: bool
    on_tool_error: OnToolError
    mcp_client: Any
    default_generate_kwargs: dict[str, Any] | None


@dataclass
class Overlay:
    """What an agent changes for its own turns; None leaves the client's."""

    agent: str | None = None
    system: str | None = None
    tools: list[Tool] | None = None
    max_iterations: int | None = None
    continuation_prompt: str | None = None
    concurrent: bool | None = None
    on_tool_error: OnToolError | None = None
    fresh: bool = False

    def over(self, inner: Overlay) -> Overlay:
        """This overlay where it says something, ``inner`` where it does not."""
        said = {item.name: value for item in fields(self) if (value := getattr(self, item.name)) is not None}
        return replace(inner, **said)


@dataclass(frozen=True)
class TurnOptions:
    """What one turn is asked to do.

    ``system`` and ``agent`` are an agent's overlay: None leaves the conversation's own system
    message and untagged chunks. ``fresh`` starts the history over with this turn's first round.
    ``servers`` are the MCP clients whose tools are offered too.
    """

    parameters: dict[str, Any]
    provider: str = ""
    tools: Sequence[Tool] = ()
    use_tools: bool = True
    max_iterations: int = 10
    continuation_prompt: str = CONTINUATION_PROMPT
    concurrent: bool = False
    on_tool_error: OnToolError = "raise"
    stream: bool = False
    include: frozenset[StreamingContentType] | None = None
    agent: str | None = None
    system: str | None = None
    fresh: bool = False
    schema: OutputSchema | None = None
    servers: Sequence[Any] = ()


class Outcome(Protocol):
    """What a stream is the stream of."""

    @property
    def result(self) -> Any: ...

    def close(self) -> None: ...


@dataclass
class Connection:
    """What a client and its forks share: open until the client that made it is closed."""

    is_open: bool = True


def check_limit(limit: int, has_tools: bool) -> None:
    """Refuse a bound that leaves no room for an answer (TURN-7).

    Raises:
        ValueError: it is below one, or below two with tools.
    """
    least = 2 if has_tools else 1
    if not isinstance(limit, int) or limit < least:
        why = ": with tools, the last request may not call any" if has_tools else ""
        raise ValueError(f"max_iterations={limit!r} must be at least {least}{why}")
