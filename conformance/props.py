"""Props of several scenarios: what a request said on either wire, tools, logs, turns that are streamed or not."""

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from conformance.scripted import Call, Reply, Request

if TYPE_CHECKING:
    from conformance.driver import Driver

Tool = Callable[..., Any]


def said(request: Request) -> list[tuple[str, str]]:
    """The role and the text of each message of a request, the system message first, on either wire."""
    opening = [("system", request.body["system"])] if request.body.get("system") else []
    return opening + [(message["role"], _text(message["content"])) for message in request.body["messages"]]


def offered(request: Request) -> list[str]:
    """The names of the tools of a request."""
    return [tool.get("function", tool)["name"] for tool in request.body.get("tools", ())]


def may_call(request: Request) -> bool:
    """Whether a request permits tool calls: it names tools and does not forbid them."""
    return bool(offered(request)) and request.body.get("tool_choice") not in ("none", {"type": "none"})


def adder(d: "Driver", ran: list[tuple[int, int]] | None = None) -> Tool:
    """A tool that adds two numbers.

    Args:
        d: Driver.
        ran: list or None, default None: takes the arguments of each run.
    """

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        if ran is not None:
            ran.append((a, b))
        return a + b

    made: Tool = d.lib.tool(add)
    return made


def breaker(d: "Driver", error: Callable[[], BaseException]) -> Tool:
    """A tool that raises what `error` makes."""

    def fail() -> str:
        """Fail."""
        raise error()

    made: Tool = d.lib.tool(fail)
    return made


def sums(*pairs: tuple[int, int], text: str = "", start: int = 1) -> Reply:
    """A reply that asks the adder for each pair; the ids are sum1, sum2 ... from `start` on."""
    calls = [Call("add", arguments(a, b), id=f"sum{start + index}") for index, (a, b) in enumerate(pairs)]
    return Reply(text, calls=calls)


def arguments(a: int, b: int) -> str:
    """The adder's arguments, spaced so that both wires hand on the same text."""
    return json.dumps({"a": a, "b": b})


def asked(call_id: str, given: str, name: str = "add") -> dict[str, Any]:
    """A tool call as history holds it."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": given}}


def answered(call_id: str, content: str, name: str = "add") -> dict[str, Any]:
    """The tool message that answers a call."""
    return {"role": "tool", "tool_call_id": call_id, "name": name, "content": content}


def sum_round(first: int, second: int, call_id: str = "sum1") -> list[dict[str, Any]]:
    """What history holds of a round that asked the adder once and said nothing."""
    call = asked(call_id, arguments(first, second))
    return [{"role": "assistant", "content": None, "tool_calls": [call]}, answered(call_id, str(first + second))]


def told(d: "Driver", value: Any) -> Any:
    """A history, or calls, with ids to compare: those of a wire; in process, where the library makes them, numbers.

    Args:
        d: Driver.
        value: plain data; what is called `id` and `tool_call_id` in it.
    """
    return value if on_wire(d) else _numbered(value, {})


def pieces(d: "Driver", texts: list[str]) -> list[str]:
    """The texts of chunks to compare: one by one on a wire; joined in process, where the model's tokens cut them."""
    return texts if on_wire(d) else ["".join(texts)]


def usage(d: "Driver", client: Any) -> dict[str, int]:
    """The token counts of a client to compare; in process without those of the cache, which others may have filled."""
    return {name: n for name, n in client.last_usage.items() if on_wire(d) or not name.startswith("cache_")}


async def until(d: "Driver", chunks: AsyncIterator[Any], text: str) -> None:
    """Read chunks until they said a text: the very next one on a wire, as many as it has tokens in process."""
    said = ""
    while said != text:
        said += (await anext(chunks)).content
        assert text.startswith(said), f"expected {text!r}, observed {said!r}"
        assert said == text or not on_wire(d), f"expected {text!r} in one piece, observed {said!r}"


async def seen_to_leave(d: "Driver") -> None:
    """Wait until the server saw its client leave; in process nothing but a thread could stay, and each check looks."""
    if on_wire(d):
        await d.wait(d.server.disconnected)


def on_wire(d: "Driver") -> bool:
    """Whether what is scripted travels over a wire: with ids, in pieces, and with counts of its own."""
    return "wire" in d.target.capabilities


async def outcome(d: "Driver", client: Any, message: str, *, streamed: bool, **options: Any) -> str:
    """The final text of a turn, streamed or not.

    Args:
        d: Driver.
        client: the client.
        message: str, what the user says.
        streamed: bool.
        options: further keywords of `chat`.
    """
    if not streamed:
        return str(await d(client.chat(message, **options)))
    stream = client.chat(message, stream=True, **options)
    await d.collect(stream)
    return str(d.direct(stream.result))


@contextlib.asynccontextmanager
async def inside(d: "Driver", thing: Any) -> AsyncIterator[Any]:
    """Enter a client or a stream as a context manager of its surface."""
    d.enter()
    if d.on_sync:
        with thing as entered, _leaving(d):
            yield entered
    else:
        async with thing as entered:
            with _leaving(d):
                yield entered


class Records(logging.Handler):
    """Every record of every logger while the block lasts."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record)

    def __enter__(self) -> list[logging.LogRecord]:
        self._level = logging.root.level
        logging.root.addHandler(self)
        logging.root.setLevel(logging.DEBUG)
        return self.found

    def __exit__(self, *exc: object) -> None:
        logging.root.removeHandler(self)
        logging.root.setLevel(self._level)


@contextlib.contextmanager
def _leaving(d: "Driver") -> Iterator[None]:
    try:
        yield
    finally:
        d.leave()


def _numbered(value: Any, numbers: dict[str, str]) -> Any:
    """The same with calls numbered in order; what answers a call has the number of the last one of that id."""
    if isinstance(value, list):
        return [_numbered(item, numbers) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _numbered(item, numbers) for key, item in value.items()}
    if "id" in value:
        found["id"] = numbers[value["id"]] = f"call {len(numbers) + 1}"
    if "tool_call_id" in value:
        found["tool_call_id"] = numbers[value["tool_call_id"]]
    return found


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or ())
