"""Lives of a client to be broken into, written once for both surfaces and every target; and what must hold afterwards.

A life is what a program does with a client. Its model never looks at a script that an interruption could put out of
step: what it answers follows from what it is asked.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, TypeAlias

from conformance.driver import Driver
from conformance.props import may_call, offered
from conformance.rounds import require_sendable, require_whole, rounds_at_end
from conformance.scripted import Call, Reply, Request
from conformance.test_workflows import echo, speaker, task_of, verdict

ROUNDS: Final = 2
ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "add": {"a": 1, "b": 2},
    "look": {"number": 1},
    "helper": {"task": "help"},
    "aide": {"task": "aid"},
    "activate_skill": {"name": "pdf"},
}
WORD: Final = "Give me a word"
SCHEMA: Final = {"properties": {"word": {"type": "string"}}, "required": ["word"]}

Live: TypeAlias = "Callable[[], Awaitable[Any]]"
Making: TypeAlias = "Callable[[Driver, Trap], tuple[Any, Live]]"


class Trap:
    """Counts the calls of tools, and has the one that is asked for raise.

    Args:
        at: int, default 0: the call, from 1; 0 lets all of them pass.
        error: callable, default LookupError: makes what is raised.
    """

    def __init__(self, at: int = 0, error: Callable[[str], BaseException] = LookupError) -> None:
        self.at = at
        self.count = 0
        self._error = error
        self._lock = threading.Lock()  # tools run in threads, too

    @property
    def is_sprung(self) -> bool:
        """Whether it has raised."""
        return 0 < self.at <= self.count

    def step(self) -> None:
        """Called by a tool."""
        with self._lock:
            self.count += 1
            is_it = self.count == self.at
        if is_it:
            raise self._error("the trap")


def tools(d: Driver, trap: Trap) -> list[Any]:
    """An adder, async on the async surface, and a sync tool."""

    def look(number: int) -> str:
        """Look."""
        trap.step()
        return "seen" * number

    return [adder(d, trap), d.lib.tool(look)]


def adder(d: Driver, trap: Trap) -> Any:
    """A tool of the surface's own colour, which on aio waits before and after its work."""

    def add(a: int, b: int) -> int:
        """Add."""
        trap.step()
        return a + b

    async def add_later(a: int, b: int) -> int:
        """Add."""
        await asyncio.sleep(0)
        trap.step()
        await asyncio.sleep(0)
        return a + b

    add_later.__name__ = "add"
    return d.lib.tool(add_later if d.on_aio else add)


def answer(rounds: int, request: Request) -> Reply:
    """What the model says: it calls every tool it knows, some rounds long, then answers as `echo` does.

    Raises:
        AssertionError: no provider would take the request.
    """
    require_sendable(request)
    who = speaker(request)
    known = [name for name in offered(request) if name in ARGUMENTS]
    if known and may_call(request) and rounds_at_end(request) < rounds:
        return Reply("Wait.", calls=[Call(name, ARGUMENTS[name]) for name in known])
    if task_of(request).startswith(WORD):
        return Reply('{"word": "Hello"}')
    if who == "writer":
        return Reply("second draft" if "Feedback" in task_of(request) else "first draft")
    if who == "critic":
        return verdict("PASS" if "second" in task_of(request) else "REVISE", "shorter")
    return echo(request)


def chat(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """A turn."""
    client = d.client(system="Be brief.")
    return client, lambda: d(client.chat("Hi"))


def generate(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """An answer without history."""
    client = d.client()
    return client, lambda: d(client.generate("Hi"))


def structured(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """A turn whose answer has a schema."""
    client = d.client()
    return client, lambda: d(client.chat(WORD, schema=SCHEMA))


def consumed(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """A stream that is read to its end."""
    client = d.client()
    return client, lambda: d.collect(client.chat("Hi", stream=True))


def closed(d: Driver, trap: Trap) -> tuple[Any, Live]:
    """A stream with tools that is closed at its second chunk."""
    client = d.client(tools=tools(d, trap))

    async def live() -> None:
        stream, seen = client.chat("Add", stream=True), 0
        async for _ in d.stream(stream):
            seen += 1
            if seen == 2:
                break
        await d.close(stream)

    return client, live


def dropped(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """A stream that is dropped at its first chunk."""
    client = d.client()

    async def live() -> None:
        async for _ in d.stream(client.chat("Hi", stream=True)):
            d.leave()
            break

    return client, live


def one_by_one(d: Driver, trap: Trap) -> tuple[Any, Live]:
    """Two rounds of tools, one after the other."""
    client = d.client(tools=tools(d, trap))
    return client, lambda: d(client.chat("Add"))


def concurrent(d: Driver, trap: Trap) -> tuple[Any, Live]:
    """Two rounds of tools, at the same time."""
    client = d.client(tools=tools(d, trap), concurrent_tool_calls=True)
    return client, lambda: d(client.chat("Add"))


def streamed(d: Driver, trap: Trap) -> tuple[Any, Live]:
    """Two rounds of concurrent tools in a stream that is read to its end."""
    client = d.client(tools=tools(d, trap), concurrent_tool_calls=True)
    return client, lambda: d.collect(client.chat("Add", stream=True))


BASIC: Final[Mapping[str, Making]] = {
    made.__name__: made
    for made in (chat, generate, structured, consumed, closed, dropped, one_by_one, concurrent, streamed)
}
WITH_TOOLS: Final = ("one_by_one", "concurrent", "streamed")
DROPPED: Final = "dropped"  # the one that leaves its generators to the event loop


@asynccontextmanager
async def lived(d: Driver, making: Making, trap: Trap, rounds: int = ROUNDS) -> AsyncIterator[Live]:
    """A life, and after it: what is left can be used, and nothing stays open.

    Args:
        d: Driver.
        making: makes who lives, a client or a runner, and what it does.
        trap: Trap, what its tools step into.
        rounds: int, default 2: how many rounds of tools the model asks for.

    Raises:
        AssertionError: a history is torn, or the server has a connection left.
    """
    d.server.clear()
    d.server.always(partial(answer, rounds))
    before = len(d._clients)
    subject, live = making(d, trap)
    try:
        yield live
        await _use(d, subject)
    finally:
        while len(d._clients) > before:
            await d.close(d._clients.pop())


async def _use(d: Driver, subject: Any) -> None:
    """Go on with what was interrupted, if there is something, and then do something else."""
    _require_all_whole(subject)
    is_runner = hasattr(subject, "run")
    try:
        going_on = subject.resume()
    except ValueError:  # there is nothing to resume
        pass
    else:
        await d(going_on)
        if is_runner:
            return _require_all_whole(subject)
    await d(subject.run("Again") if is_runner else subject.chat("Again"))
    return _require_all_whole(subject)


def _require_all_whole(subject: Any) -> None:
    messages = subject.messages
    for history in messages.values() if isinstance(messages, dict) else [messages]:
        require_whole(history)
