"""Scenarios of spec/tools.md: what becomes of a tool that fails."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")


class Stop(BaseException):
    """Something that ends a program, like KeyboardInterrupt, which an event loop treats in its own way."""


def answers(client: Any) -> list[str]:
    """The tool messages of a history, in order."""
    return [message["content"] for message in client.messages if message["role"] == "tool"]


def failing(d: Driver, error: BaseException, name: str = "fail") -> Any:
    """A tool that raises this error."""

    def body() -> str:
        """Do it."""
        raise error

    body.__name__ = name
    return d.direct(d.lib.tool(body))


def working(d: Driver, name: str, ran: list[str]) -> Any:
    """A tool that notes that it ran and gives its name."""

    def body() -> str:
        """Do it."""
        ran.append(name)
        return name

    body.__name__ = name
    return d.direct(d.lib.tool(body))


@requirement("TOOLS-14", needs=NEEDS)
async def test_tool_error_is_told_to_the_model(d: Driver) -> None:
    """The text is in the tool message and in the chunk, and the model goes on from it."""
    d.script(Reply(calls=[Call("fail", id="c1")]), Reply("I see"))
    client = d.client(tools=[failing(d, d.lib.ToolError("the disk is full"))])
    chunks = await d.collect(client.chat("go", stream=True))
    assert "the disk is full" in answers(client)[0]
    assert [chunk.content["response"] for chunk in chunks if chunk.is_tool_call()] == answers(client)
    assert client.messages[-1]["content"] == "I see"


@requirement("TOOLS-15", needs=NEEDS)
async def test_exception_of_a_tool_propagates(d: Driver) -> None:
    """The very exception rises; the round is kept, and the turn can be resumed."""
    error = LookupError("no such row")
    ran: list[str] = []
    d.script(Reply("Let me see.", calls=[Call("ok", id="c1"), Call("fail", id="c2")]), Reply("Then not"))
    client = d.client(tools=[working(d, "ok", ran), failing(d, error)])
    with d.raises(LookupError, match="no such row") as caught:
        await d(client.chat("go"))
    assert caught.value is error
    assert len(d.server.requests) == 1
    assert [message["role"] for message in client.messages] == ["user", "assistant", "tool", "tool"]
    assert answers(client)[0] == "ok"
    assert "LookupError: no such row" in answers(client)[1]
    assert await d(client.resume()) == "Then not"


@requirement("TOOLS-15", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_exception_of_an_async_tool_propagates(d: Driver) -> None:
    """The very exception rises, and no group around it."""
    error = LookupError("no such row")

    async def fail() -> str:
        """Do it."""
        raise error

    d.script(Reply(calls=[Call("fail")]))
    client = d.client(tools=[d.lib.tool(fail)])
    with d.raises(LookupError) as caught:
        await d(client.chat("go"))
    assert caught.value is error


@requirement("TOOLS-16", needs=NEEDS)
async def test_report_tells_the_model(d: Driver) -> None:
    """Type and text are in the tool message, whether one call runs or two at once, and the turn goes on."""
    for concurrent in (False, True):
        d.script(Reply(calls=[Call("fail"), Call("other")]), Reply("I see"))
        tools = [failing(d, LookupError("no such row")), failing(d, OSError("gone"), "other")]
        client = d.client(tools=tools, on_tool_error="report", concurrent_tool_calls=concurrent)
        assert await d(client.chat("go")) == "I see"
        first, second = answers(client)
        assert "LookupError: no such row" in first
        assert "OSError: gone" in second


@requirement("TOOLS-17", needs=NEEDS)
async def test_keyboard_interrupt_is_not_swallowed(d: Driver) -> None:
    """It reaches the caller, also when failures are reported."""
    for error in (KeyboardInterrupt("Ctrl-C"), SystemExit(3), Stop("now")):
        d.script(Reply(calls=[Call("fail")]))
        client = d.client(tools=[failing(d, error)], on_tool_error="report")
        with d.raises(type(error)) as caught:
            await d(client.chat("go"))
        assert caught.value is error
    assert len(d.server.requests) == 3


@requirement("TOOLS-17", needs=(*NEEDS, "parallel_tools"), ledger="LEDGER-CONCURRENCY")
async def test_stop_of_a_concurrent_tool_is_not_swallowed(d: Driver) -> None:
    """From a thread of the sync surface and from a task of the async one it reaches the caller."""
    error = Stop("now")
    d.script(Reply(calls=[Call("ok"), Call("fail")]))
    tools = [working(d, "ok", []), failing(d, error)]
    client = d.client(tools=tools, on_tool_error="report", concurrent_tool_calls=True)
    with d.raises(BaseException) as caught:
        await d(client.chat("go"))
    found = caught.value
    assert found is error or (isinstance(found, BaseExceptionGroup) and found.exceptions == (error,))
    assert len(d.server.requests) == 1


@requirement("TOOLS-17", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_cancellation_is_not_swallowed(d: Driver) -> None:
    """A turn that is cancelled while its tool runs ends with CancelledError, also when failures are reported."""
    for concurrent in (False, True):
        started = threading.Event()

        async def hang(started: threading.Event = started) -> str:
            started.set()
            await asyncio.Event().wait()
            return "never"

        d.script(Reply(calls=[Call("hang", id="c1")]))
        client = d.client(
            tools=[d.lib.tool(no_parameters(hang))], on_tool_error="report", concurrent_tool_calls=concurrent
        )
        handle = d.start(lambda client=client: client.chat("go"))  # type: ignore[misc]
        await d.wait(started)
        handle.cancel()
        with d.raises(asyncio.CancelledError):
            await handle.result()
        assert "cancelled" in answers(client)[0]
    assert len(d.server.requests) == 2


def no_parameters(function: Callable[..., Any]) -> Callable[[], Any]:
    """The same async function, with its defaults bound."""

    async def hang() -> str:
        """Do it."""
        return str(await function())

    return hang


@requirement("TOOLS-20", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_tool_that_cancels_itself(d: Driver) -> None:
    """CancelledError rises, alone and beside a sibling that works, and the turn does not go on."""
    ran: list[str] = []

    async def give_up() -> str:
        """Do it."""
        raise asyncio.CancelledError("by myself")

    for concurrent in (False, True):
        d.script(Reply(calls=[Call("ok"), Call("give_up")]))
        tools = [working(d, "ok", ran), d.direct(d.lib.tool(give_up))]
        client = d.client(tools=tools, concurrent_tool_calls=concurrent)
        with d.raises(asyncio.CancelledError):
            await d(client.chat("go"))
        assert answers(client)[0] == "ok"
        assert "cancelled" in answers(client)[1]
    assert len(d.server.requests) == 2


@requirement("TOOLS-21", needs=NEEDS)
async def test_stop_iteration_is_an_error(d: Driver) -> None:
    """It ends no iterator on its way: not the turn, not a stream."""
    for stream in (False, True):
        error = StopIteration("exhausted")
        d.script(Reply(calls=[Call("fail")]))
        client = d.client(tools=[failing(d, error)])
        with d.raises(RuntimeError, match="StopIteration") as caught:
            await (d.collect(client.chat("go", stream=True)) if stream else d(client.chat("go")))
        assert caught.value.__cause__ is error


@requirement("TOOLS-24", needs=NEEDS)
async def test_calls_run_in_order_up_to_a_failure(d: Driver) -> None:
    """The call behind the failed one does not run, and history says so."""
    ran: list[str] = []
    d.script(Reply(calls=[Call("b"), Call("a"), Call("fail"), Call("c")]))
    tools = [working(d, "a", ran), working(d, "b", ran), working(d, "c", ran), failing(d, OSError("gone"))]
    client = d.client(tools=tools)
    with d.raises(OSError, match="gone"):
        await d(client.chat("go"))
    assert ran == ["b", "a"]
    assert answers(client)[:2] == ["b", "a"]
    assert "OSError: gone" in answers(client)[2]
    assert "not started" in answers(client)[3]
