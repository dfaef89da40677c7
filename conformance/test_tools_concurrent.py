"""Scenarios of spec/tools.md: the calls of one reply at the same time."""

import asyncio
import threading
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools", "parallel_tools")
PATIENCE = 10.0


def answers(client: Any) -> list[str]:
    """The tool messages of a history, in order."""
    return [message["content"] for message in client.messages if message["role"] == "tool"]


def meeting(d: Driver) -> list[Any]:
    """Two sync tools that wait for each other; the one that is called first ends last."""
    barrier = threading.Barrier(2, timeout=PATIENCE)
    ended = threading.Event()

    def slow() -> str:
        """Do it."""
        barrier.wait()
        assert ended.wait(PATIENCE)
        return "slow"

    def fast() -> str:
        """Do it."""
        barrier.wait()
        ended.set()
        return "fast"

    return [d.direct(d.lib.tool(slow)), d.direct(d.lib.tool(fast))]


@requirement("TOOLS-19", needs=NEEDS)
async def test_concurrent_calls_meet(d: Driver) -> None:
    """B-31: on what client() gives, set at construction and later; results are in call order."""
    for late in (False, True):
        d.script(Reply(calls=[Call("slow", id="c1"), Call("fast", id="c2")]), Reply("Done"))
        client = d.client(tools=meeting(d), concurrent_tool_calls=not late)
        if late:
            client.concurrent_tool_calls = True
        chunks = await d.collect(client.chat("go", stream=True))
        assert answers(client) == ["slow", "fast"]
        assert [chunk.content["name"] for chunk in chunks if chunk.is_tool_call()] == ["slow", "fast"]


@requirement("TOOLS-19", "TOOLS-24", needs=NEEDS)
async def test_calls_are_not_concurrent_unless_asked(d: Driver) -> None:
    """By default one call has ended when the next one starts."""
    began = threading.Event()
    met: list[bool] = []

    def first() -> str:
        """Do it."""
        met.append(began.wait(0.2))
        return "1"

    def second() -> str:
        """Do it."""
        began.set()
        return "2"

    d.script(Reply(calls=[Call("first"), Call("second")]), Reply("Done"))
    client = d.client(tools=[d.lib.tool(first), d.lib.tool(second)])
    assert client.concurrent_tool_calls is False
    await d(client.chat("go"))
    assert met == [False]
    assert answers(client) == ["1", "2"]


@requirement("TOOLS-19", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_concurrent_async_calls_meet(d: Driver) -> None:
    """Async tools run as tasks at the same time, beside a sync one in its thread."""
    both, third = asyncio.Event(), threading.Event()

    async def wait_for_it() -> str:
        """Do it."""
        async with asyncio.timeout(PATIENCE):
            await both.wait()
        return "waited"

    async def set_it() -> str:
        """Do it."""
        both.set()
        third.set()
        return "set"

    def in_thread() -> str:
        """Do it."""
        return str(third.wait(PATIENCE))

    d.script(Reply(calls=[Call("in_thread"), Call("wait_for_it"), Call("set_it")]), Reply("Done"))
    tools = [d.lib.tool(function) for function in (in_thread, wait_for_it, set_it)]
    client = d.client(tools=tools, concurrent_tool_calls=True)
    await d(client.chat("go"))
    assert answers(client) == ["True", "waited", "set"]


@requirement("TOOLS-8", needs=NEEDS, surfaces=("sync",), ledger="LEDGER-CONCURRENCY")
async def test_every_tool_runs_to_its_end(d: Driver) -> None:
    """Nothing rises while a sibling runs; then the first failure in call order does, with the others as notes."""
    failed, rose, ended = threading.Event(), threading.Event(), threading.Event()
    log: list[str] = []

    def late() -> str:
        """Do it."""
        assert failed.wait(PATIENCE)
        log.append("risen while running" if rose.wait(0.3) else "ended first")
        ended.set()
        raise LookupError("late")

    def early() -> str:
        """Do it."""
        failed.set()
        raise OSError("early")

    def fine() -> str:
        """Do it."""
        return "fine"

    d.script(Reply(calls=[Call("late"), Call("early"), Call("fine")]))
    client = d.client(tools=[d.lib.tool(f) for f in (late, early, fine)], concurrent_tool_calls=True)
    with d.raises((LookupError, OSError)) as caught:
        try:
            await d(client.chat("go"))
        finally:
            rose.set()
    await d.wait(ended)
    assert log == ["ended first"]
    assert type(caught.value) is LookupError
    assert str(caught.value) == "late"
    notes = caught.value.__notes__
    assert len(notes) == 1
    assert "'early'" in notes[0]
    assert "OSError: early" in notes[0]
    assert "LookupError: late" in answers(client)[0]
    assert "OSError: early" in answers(client)[1]
    assert answers(client)[2] == "fine"


@requirement("TOOLS-7", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_failing_tool_cancels_its_siblings(d: Driver) -> None:
    """The sibling's finally has run when the group rises; what it raised there is in the group too."""
    started = asyncio.Event()
    log: list[str] = []

    async def hang() -> str:
        """Do it."""
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            log.append("cleaned up")
        return "never"

    async def stumble() -> str:
        """Do it."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise KeyError("second") from None
        return "never"

    async def fail() -> str:
        """Do it."""
        await started.wait()
        raise LookupError("first")

    d.script(Reply(calls=[Call("hang"), Call("stumble"), Call("fail")]))
    client = d.client(tools=[d.lib.tool(f) for f in (hang, stumble, fail)], concurrent_tool_calls=True)
    with d.raises(ExceptionGroup) as caught:
        await d(client.chat("go"))
    assert log == ["cleaned up"]
    group = caught.value
    assert isinstance(group, ExceptionGroup)
    assert sorted(map(repr, group.exceptions)) == ["KeyError('second')", "LookupError('first')"]
    assert "cancelled" in answers(client)[0]
    assert "KeyError" in answers(client)[1]
    assert "LookupError: first" in answers(client)[2]
    assert len(d.server.requests) == 1


@requirement("TOOLS-7", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_single_failing_call_is_a_group_too(d: Driver) -> None:
    """The kind of the error does not depend on the number of calls, nor on the colour of the tool."""
    error = LookupError("alone")

    async def fail() -> str:
        """Do it."""
        raise error

    def fail_in_thread() -> str:
        """Do it."""
        raise error

    for function in (fail, fail_in_thread):
        d.script(Reply(calls=[Call(function.__name__)]))
        client = d.client(tools=[d.lib.tool(function)], concurrent_tool_calls=True)
        with d.raises(ExceptionGroup) as caught:
            await d(client.chat("go"))
        assert isinstance(caught.value, ExceptionGroup)
        assert caught.value.exceptions == (error,)
