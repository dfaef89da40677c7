"""Scenarios of spec/workflows.md: workers that fail."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Gate, Reply
from conformance.test_workflows import contents, member, speaker, team
from conformance.test_workflows_parallel_streams import Cast

NEEDS = ("scripted",)
TOOLS = ("scripted", "tools")
PATIENCE = 10.0
BRIEFLY = 0.3
CALL = Reply(calls=[Call("work", id="c1")])


def tool(d: Driver, function: Callable[[], Any]) -> Any:
    """A function as the tool that `CALL` calls."""
    function.__name__, function.__doc__ = "work", "Do it."
    return d.lib.tool(function)


def roles(runner: Any, name: str) -> list[str]:
    """The roles of a speaker's history, without its instructions."""
    return [message["role"] for message in runner.messages[name] if message["role"] != "system"]


def answer(d: Driver, crew: Any, streamed: bool) -> Any:
    """A run as something to wait for, streamed or not."""
    return d.collect(crew.run("x", stream=True)) if streamed else crew.run("x")


def later(event: threading.Event) -> Fault:
    """An error of the server, once it is asked for."""
    assert event.wait(PATIENCE)
    return Fault(400)


def errors_in(group: Any) -> list[BaseException]:
    """The exceptions of an ExceptionGroup."""
    assert isinstance(group, ExceptionGroup)
    return list(group.exceptions)


class Held:
    """Two workers that come to a halt: one waits for its reply, one is in an async tool.

    Args:
        d: Driver.
        prefix: str, what their names begin with.
    """

    def __init__(self, d: Driver, prefix: str = "") -> None:
        self.gate = Gate()
        self.working = asyncio.Event()
        self.is_clean = False
        self._d = d
        self._waiter, self._worker = f"{prefix}waiter", f"{prefix}worker"

        async def work() -> str:
            self.working.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                self.is_clean = True
            return "never"

        self.runners = [member(d, self._waiter), member(d, self._worker, tools=[tool(d, work)])]
        self.parts = {self._waiter: [Reply(["late ", "one"], before=self.gate)], self._worker: [CALL, Reply("worked")]}

    async def reached(self) -> None:
        """Wait until both are there."""
        await self._d.wait(self.gate.reached)
        async with asyncio.timeout(PATIENCE):
            await self.working.wait()

    def check_stopped(self, runner: Any) -> None:
        """Both have ended, and left whole rounds."""
        assert self.is_clean
        assert roles(runner, self._waiter) == []
        assert roles(runner, self._worker) == ["user", "assistant", "tool"]
        assert "cancelled" in contents(runner)[self._worker][-1]


@requirement("PARALLEL-3", needs=(*TOOLS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_the_first_failure_cancels_the_rest(d: Driver) -> None:
    """Whether they wait for a reply, are in a tool, or in a nested Parallel; all have ended when the group rises."""
    for streamed in (False, True):
        failing = threading.Event()
        outer, inner = Held(d), Held(d, "inner-")
        nested = d.api.Chain([d.api.Parallel(inner.runners, "inner")], "line")
        crew = d.api.Parallel([member(d, "a"), *outer.runners, nested], stream_workers=streamed)
        parts: Any = {**outer.parts, **inner.parts, "a": [partial(later, failing)]}
        d.server.always(Cast(**parts))
        handle = d.start(partial(answer, d, crew, streamed))
        await outer.reached()
        await inner.reached()
        failing.set()
        with d.raises(ExceptionGroup) as caught:
            await handle.result()
        assert [type(error) for error in errors_in(caught.value)] == [d.lib.errors.InvalidRequestError]
        outer.check_stopped(crew)
        inner.check_stopped(crew)
        await d.wait(d.server.disconnected)
        assert "a(x)" in await d(crew.resume())


@requirement("PARALLEL-3", needs=(*TOOLS, "wire"), surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_the_group_holds_every_error(d: Driver) -> None:
    """Also one that a worker raises while it is being cancelled, and those of a group in a group."""
    working = asyncio.Event()

    async def fails() -> str:
        await working.wait()
        raise LookupError("first")

    async def fails_too() -> str:
        working.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("second")

    workers = [member(d, "a", tools=[tool(d, fails)]), member(d, "b", tools=[tool(d, fails_too)])]
    d.server.always(Cast(a=[CALL], b=[CALL]))
    with d.raises(ExceptionGroup) as caught:
        await d(d.api.Parallel(workers).run("x"))
    assert [repr(error) for error in errors_in(caught.value)] == ["LookupError('first')", "OSError('second')"]
    alone = d.api.Parallel([d.api.Parallel([member(d, "c")], "inner")])
    d.server.always(Fault(400))
    with d.raises(ExceptionGroup) as caught:
        await d(alone.run("x"))
    (group,) = errors_in(caught.value)
    assert [type(error) for error in errors_in(group)] == [d.lib.errors.InvalidRequestError]


@requirement("PARALLEL-11", needs=TOOLS, surfaces=("aio",), ledger="LEDGER-CONCURRENCY")
async def test_a_worker_that_cancels_itself(d: Driver) -> None:
    """The others end as if nothing were; the run has not answered, and can be resumed."""
    asked = 0

    async def work() -> str:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise asyncio.CancelledError
        return "worked"

    for streamed in (False, True):
        asked = 0
        d.server.always(Cast(a=[CALL, Reply("mended")]))
        crew = d.api.Parallel([member(d, "a", tools=[tool(d, work)]), member(d, "b")], separator="+")
        with d.raises(asyncio.CancelledError, match="cancelled by itself"):
            await (d.collect(crew.run("x", stream=True)) if streamed else d(crew.run("x")))
        assert contents(crew)["b"] == ["x", "b(x)"]
        assert roles(crew, "a") == ["user", "assistant", "tool"]
        assert await d(crew.resume()) == "mended+b(x)"


@requirement("PARALLEL-4", needs=(*NEEDS, "wire"), surfaces=("sync",), ledger="LEDGER-CONCURRENCY")
async def test_every_worker_runs_to_its_end(d: Driver) -> None:
    """Nothing rises while one is at work; then the first failure in the order of the workers, with the others."""
    for streamed in (False, True):
        failed, rose = threading.Event(), threading.Event()
        log: list[str] = []

        def late(failed: Any = failed, rose: Any = rose, log: list[str] = log) -> Fault:
            assert failed.wait(PATIENCE)
            log.append("risen while at work" if rose.wait(BRIEFLY) else "ended first")
            return Fault(401)

        def early(failed: Any = failed) -> Fault:
            failed.set()
            return Fault(400)

        d.server.always(Cast(a=[late], b=[early]))
        crew = d.api.Parallel(team(d, "a", "b", "c"), stream_workers=streamed, separator="+")
        with d.raises((d.lib.errors.AuthenticationError, d.lib.errors.InvalidRequestError)) as caught:
            try:
                answer(d, crew, False) if not streamed else await answer(d, crew, True)
            finally:
                rose.set()
        assert log == ["ended first"]
        assert type(caught.value) is d.lib.errors.AuthenticationError
        notes = caught.value.__notes__
        assert len(notes) == 1
        assert "worker 'b'" in notes[0]
        assert "InvalidRequestError" in notes[0]
        assert contents(crew) == {"a": [], "b": [], "c": ["x", "c(x)"]}
        assert await d(crew.resume()) == "a(x)+b(x)+c(x)"


@requirement("PARALLEL-4", needs=TOOLS, surfaces=("sync",), ledger="LEDGER-CONCURRENCY")
async def test_what_stops_a_program_is_not_swallowed(d: Driver) -> None:
    """KeyboardInterrupt and SystemExit of a worker reach the caller, once the others have ended."""
    for stop in (KeyboardInterrupt, SystemExit):

        def work(stop: type[BaseException] = stop) -> str:
            raise stop("now")

        d.server.always(Cast(a=[CALL]))
        crew = d.api.Parallel([member(d, "a", tools=[tool(d, lambda: work())]), member(d, "b")])
        with d.raises(stop, match="now"):
            await d(crew.run("x"))
        assert contents(crew)["b"] == ["x", "b(x)"]
        assert roles(crew, "a") == ["user", "assistant", "tool"]


@requirement("WORKFLOW-8", needs=(*NEEDS, "wire"), ledger="LEDGER-CONCURRENCY")
async def test_resume_asks_only_those_that_have_not_answered(d: Driver) -> None:
    """Workers that are done stay done; the aggregator is told all answers."""
    for streamed in (False, True):
        done = len(d.server.requests)
        d.server.always(Cast(b=[Fault(400)]))
        crew = d.api.Parallel(team(d, "a", "b", "c"), aggregator=member(d, "e"), separator="+", max_workers=1)
        with d.raises((d.lib.errors.InvalidRequestError, ExceptionGroup)):
            await (d.collect(crew.run("x", stream=True)) if streamed else d(crew.run("x")))
        given = crew.resume(stream=streamed)
        if streamed:
            assert {chunk.agent for chunk in await d.collect(given)} == {"e"}
        assert (given.result if streamed else await d(given)) == "e(a(x)+b(x)+c(x))"
        asked = [speaker(request) for request in d.server.requests[done:]]
        # on sync the third worker has run to its end before the failure rises; on aio it was cancelled
        assert asked == (["a", "b", "c", "b", "e"] if d.on_sync else ["a", "b", "b", "c", "e"])
