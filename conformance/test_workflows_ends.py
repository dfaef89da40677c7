"""Scenarios of spec/workflows.md: streams that are left, and runs that are cancelled."""

import asyncio
import threading
from functools import partial
from typing import Any

from conformance.driver import Driver
from conformance.props import said
from conformance.requirement import requirement
from conformance.scripted import Gate, Reply, Request
from conformance.test_workflows import contents, echo, member, speaker, speech, team
from conformance.test_workflows_nested import deep
from conformance.test_workflows_parallel_failures import CALL, Held, answer, roles, tool
from conformance.test_workflows_parallel_streams import Cast

NEEDS = ("scripted",)
TOOLS = ("scripted", "tools")
PATIENCE = 10.0
BRIEFLY = 0.3
ROUNDS: tuple[list[str], ...] = ([], ["user", "assistant"], ["user", "assistant"] * 2)


def nest(d: Driver) -> Any:
    """A Router of a Chain of a Parallel that is heard, one of whose workers is a Chain with a Router in it."""
    inner = d.api.Router(member(d, "to c"), {"c": member(d, "c")}, "inner")
    crew = d.api.Parallel([member(d, "b"), d.api.Chain([inner, member(d, "g")], "duo")], "crew", member(d, "e"), "+")
    crew.stream_workers = True
    return d.api.Router(member(d, "to x"), {"x": d.api.Chain([member(d, "a"), crew, member(d, "f")])}, "post")


def pieces(request: Request) -> Reply:
    """`echo`, in many pieces."""
    whole = echo(request)
    assert isinstance(whole.text, str)
    return whole if speaker(request).startswith("to ") else Reply(list(whole.text))


async def leave(d: Driver, chunks: Any, who: str, *, closes: bool) -> None:
    """Break out of a stream at the first chunk of a speaker; close it, or only drop it."""
    async for chunk in d.stream(chunks):
        if chunk.agent == who:
            break
    if closes:
        await d.close(chunks)


@requirement("WORKFLOW-9", needs=(*NEEDS, "wire", "constrained"), ledger="LEDGER-CONCURRENCY")
async def test_a_stream_that_is_left_frees_all(d: Driver) -> None:
    """At any depth, closed or dropped: the next run works at once, and every history holds whole rounds."""
    d.is_ordered = False
    d.server.always(pieces)
    concurrent, in_turn = (nest, "f(e(b(a(x))+g(c(a(x)))))"), (deep, "e(d(b(a(x))+c(a(x))))")
    for (make, whole), who in [(concurrent, who) for who in "acgf"] + [(in_turn, who) for who in "be"]:
        for closes in (True, False):
            runner = make(d)
            # no name here holds the stream, so that it is dropped when `leave` returns
            await leave(d, runner.run("x", stream=True), who, closes=closes)
            assert await d(runner.run("x")) == whole
            assert all(roles(runner, name) in ROUNDS for name in runner.messages)
            await leave(d, runner.run("x", stream=True), who, closes=closes)
            assert await d(runner.resume()) == whole


@requirement("WORKFLOW-9", needs=(*NEEDS, "constrained"))
async def test_a_stream_that_is_left_in_order(d: Driver) -> None:
    """Where one speaks at a time both surfaces leave the same."""
    d.is_ordered = False
    d.server.always(pieces)
    for who in "ade":
        for closes in (True, False):
            runner = deep(d)
            await leave(d, runner.run("x", stream=True), who, closes=closes)
            assert await d(runner.resume()) == "e(d(b(a(x))+c(a(x))))"
            assert {len(told) for name, told in contents(runner).items() if name != "f"} == {2}


@requirement("WORKFLOW-9", needs=(*NEEDS, "wire", "constrained"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_what_is_kept_quiet_is_freed_too(d: Driver) -> None:
    """A routing agent waits for its verdict in one worker while the stream is dropped at the other's chunk."""
    gate = Gate()
    d.server.always(Cast(**{"to it": [Reply('{"route": "it"}', before=gate)], "a": [Reply(["one ", "two"])]}))
    post = d.api.Router(member(d, "to it"), {"it": member(d, "b")})
    crew = d.api.Parallel([member(d, "a"), post], separator="+", stream_workers=True)
    chunks = crew.run("x", stream=True)
    async for _ in d.stream(chunks):
        await d.wait(gate.reached)
        break
    del chunks
    assert await d(crew.run("x")) == "a(x)+b(x)"
    assert all(roles(crew, name) in ROUNDS for name in crew.messages)


@requirement("WORKFLOW-9", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_a_dropped_run_begins_nothing(d: Driver) -> None:
    """A worker that is done with its first step just when the stream is dropped does not begin its second."""
    waiting, ready = asyncio.Event(), asyncio.Event()

    class Waiter(d.api.Runner):  # type: ignore[misc, name-defined]
        name = "waiter"

        @property
        def messages(self) -> dict[str, Any]:
            return {"waiter": []}

        async def run(self, task: str, *_args: Any, **_options: Any) -> str:
            waiting.set()
            async with asyncio.timeout(PATIENCE):
                await ready.wait()
            return task

    d.server.always(echo)
    crew = d.api.Parallel([member(d, "a"), d.api.Chain([Waiter(), member(d, "b")])], separator="+", stream_workers=True)
    chunks = crew.run("x", stream=True)
    async for _ in d.stream(chunks):
        async with asyncio.timeout(PATIENCE):
            await waiting.wait()
        break
    ready.set()
    del chunks
    assert await d(crew.run("y")) == "a(y)+b(y)"
    assert contents(crew)["b"] == ["y", "b(y)"]
    assert [said(request)[-1][1] for request in d.server.requests if speaker(request) == "b"] == ["y"]


@requirement("WORKFLOW-9", needs=(*TOOLS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_a_tool_at_work_does_not_disturb_the_next_run(d: Driver) -> None:
    """The stream is dropped while a worker is in a tool: the next run begins at once, and its history is its own."""
    working, cleaning = asyncio.Event(), 0

    async def work() -> str:
        nonlocal cleaning
        working.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            cleaning += 1
        return "never"

    gate = Gate()
    d.server.always(Cast(a=[Reply(["one ", "two"], before=gate)], b=[CALL, Reply("done")]))
    crew = d.api.Parallel([member(d, "a"), member(d, "b", tools=[tool(d, work)])], separator="+", stream_workers=True)
    chunks = crew.run("x", stream=True)
    opening = d.start(lambda: _opened(working, gate))
    async for _ in d.stream(chunks):
        break
    await opening.result()
    del chunks
    assert await d(crew.run("again")) == "a(again)+done"
    assert cleaning == 1
    assert contents(crew)["b"] == ["again", "done"]


async def _opened(working: asyncio.Event, gate: Gate) -> None:
    async with asyncio.timeout(PATIENCE):
        await working.wait()
    gate.open()


@requirement("WORKFLOW-9", needs=(*NEEDS, "wire"), surfaces=("sync",), ledger="LEDGER-CONCURRENCY")
async def test_closing_waits_for_the_workers_in_threads(d: Driver) -> None:
    """Each is asked to stop at its next chunk; when close returns none is at work, and what was said is not kept."""
    gates, closed = [Gate(), Gate()], threading.Event()
    d.server.always(Cast(a=[Reply(["one ", gates[0], "two"])], b=[Reply(["three ", gates[1], "four"])]))
    crew = d.api.Parallel([*team(d, "a", "b"), member(d, "c")], stream_workers=True, max_workers=2, separator="+")
    before = set(threading.enumerate())
    chunks = crew.run("x", stream=True)
    heard = [next(chunks), next(chunks)]
    assert len(heard) == 2

    def close() -> None:
        chunks.close()
        closed.set()

    closing = d.start(close)
    assert not closed.wait(BRIEFLY)
    for gate in gates:
        gate.open()
    await closing.result()
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name != "scripted"]
    assert ours == []
    assert contents(crew) == {"a": [], "b": [], "c": []}
    assert await d(crew.run("x")) == "a(x)+b(x)+c(x)"


@requirement("WORKFLOW-10", "PARALLEL-3", needs=(*TOOLS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_cancellation_reaches_every_worker(d: Driver) -> None:
    """From outside, streamed or not, through a nest: all have ended when it reaches the caller."""
    for streamed in (False, True):
        outer, inner = Held(d), Held(d, "inner-")
        nested = d.api.Parallel(inner.runners, "inner", separator="|", stream_workers=True)
        crew = d.api.Parallel([*outer.runners, d.api.Chain([nested])], separator="|", stream_workers=streamed)
        d.server.always(Cast(**outer.parts, **inner.parts))
        handle = d.start(partial(answer, d, d.api.Chain([crew], "top"), streamed))
        await outer.reached()
        await inner.reached()
        handle.cancel()
        with d.raises(asyncio.CancelledError):
            await handle.result()
        outer.check_stopped(crew)
        inner.check_stopped(crew)
        await d.wait(d.server.disconnected)
        assert await d(crew.resume()) == "waiter(x)|worked|inner-waiter(x)|worked"


@requirement("WORKFLOW-10", needs=(*TOOLS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_a_timeout_leaves_what_can_be_sent(d: Driver) -> None:
    """`asyncio.timeout` round a run and round a stream: TimeoutError, whole rounds, and resume."""
    for streamed in (False, True):
        held = Held(d)
        crew = d.api.Parallel(held.runners, stream_workers=streamed, separator="+")
        chain = d.api.Chain([member(d, "a"), crew])
        d.server.always(Cast(**held.parts))
        limit = asyncio.timeout(None)

        async def timed(chain: Any = chain, streamed: bool = streamed, limit: Any = limit) -> Any:
            async with limit:
                return await answer(d, chain, streamed)

        handle = d.start(timed)
        await held.reached()
        limit.reschedule(0)
        with d.raises(TimeoutError):
            await handle.result()
        held.check_stopped(crew)
        assert contents(chain)["a"] == ["x", "a(x)"]
        assert await d(chain.resume()) == "waiter(a(x))+worked"


@requirement("WORKFLOW-10", needs=TOOLS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_a_sync_tool_in_its_thread_holds_nobody_up(d: Driver) -> None:
    """The caller is free at once; the tool's late result is dropped."""
    working, release, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> str:
        working.set()
        release.wait(PATIENCE)
        ended.set()
        return "late"

    d.server.always(Cast(a=[CALL]))
    crew = d.api.Parallel([member(d, "a", tools=[tool(d, work)])])
    handle = d.start(lambda: crew.run("x"))
    await d.wait(working)
    handle.cancel()
    with d.raises(asyncio.CancelledError):
        await handle.result()
    assert not ended.is_set()
    release.set()
    await d.wait(ended)
    assert "cancelled" in contents(crew)["a"][-1]
    assert "late" not in str(crew.messages)


@requirement("WORKFLOW-6", needs=(*NEEDS, "wire"))
async def test_a_parallel_runs_once_at_a_time(d: Driver) -> None:
    """A second run of it is refused as a whole, and both histories stay whole."""
    d.is_ordered = False
    gate = Gate()
    d.server.always(Cast(a=[Reply("one", before=gate)]))
    crew = d.api.Parallel(team(d, "a", "b"), separator="+")
    first = d.start(lambda: crew.run("x"))
    await d.wait(gate.reached)
    with d.raises(d.lib.errors.ConcurrentTurnError, match="'parallel'"):
        await d(crew.run("y"))
    other = crew.fork("-2")
    assert await d(other.run("y")) == "a(y)+b(y)"
    gate.open()
    assert await first.result() == "one+b(x)"
    assert contents(crew) == {"a": ["x", "one"], "b": ["x", "b(x)"]}
    assert speech(await d.collect(crew.run("z", stream=True))) == [("parallel", "a(z)+b(z)")]
