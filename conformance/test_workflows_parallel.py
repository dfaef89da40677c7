"""Scenarios of spec/workflows.md: several runners at the same time."""

import contextvars
import dataclasses
import threading
from collections.abc import Callable
from typing import Any

from conformance.driver import Driver
from conformance.probes import PIXEL
from conformance.props import said
from conformance.requirement import requirement
from conformance.scripted import Call, Reply, Request
from conformance.test_chat_images import image_count
from conformance.test_workflows import contents, echo, member, speaker, team

NEEDS = ("scripted",)
PATIENCE = 10.0
BRIEFLY = 0.2
NUMBER: contextvars.ContextVar[int] = contextvars.ContextVar("NUMBER", default=0)


@dataclasses.dataclass
class Weather:
    """What an aggregator answers."""

    degrees: int


class Counter:
    """Answers as `echo` does, and counts how many it is answering at once.

    Args:
        expected: int, how many have to come before any is answered; the first of them wait for one too many.
    """

    def __init__(self, expected: int) -> None:
        self.peak = 0
        self._at_work = self._begun = 0
        self._expected = expected
        self._lock = threading.Lock()
        self._too_many = threading.Event()
        self._barrier = threading.Barrier(expected, timeout=PATIENCE)

    def __call__(self, request: Request) -> Reply:
        with self._lock:
            self._at_work += 1
            self._begun += 1
            is_first = self._begun <= self._expected
            self.peak = max(self.peak, self._at_work)
            if self.peak > self._expected:
                self._too_many.set()
        self._barrier.wait()
        if is_first:
            self._too_many.wait(BRIEFLY)
        with self._lock:
            self._at_work -= 1
        return echo(request)


@requirement("PARALLEL-1", needs=(*NEEDS, "wire"))
async def test_all_do_the_same_task(d: Driver) -> None:
    """Told the task and nothing else; joined in the order of the workers, whichever ended first."""
    d.is_ordered = False
    ended = threading.Event()

    def last_first(request: Request) -> Reply:
        if speaker(request) == "c":
            ended.set()
        else:
            assert ended.wait(PATIENCE)
        return echo(request)

    d.server.always(last_first)
    crew = d.api.Parallel(team(d, "a", "b", "c"))
    assert (crew.name, crew.aggregator, crew.max_workers, crew.stream_workers) == ("parallel", None, None, False)
    assert await d(crew.run("x")) == "a(x)\n\n---\n\nb(x)\n\n---\n\nc(x)"
    assert [said(request)[1:] for request in d.server.requests] == [[("user", "x")]] * 3
    assert contents(crew) == {name: ["x", f"{name}(x)"] for name in "abc"}


@requirement("PARALLEL-1", needs=NEEDS)
async def test_the_aggregator_makes_one_answer(d: Driver) -> None:
    """It is told the joined answers."""
    d.server.always(echo)
    crew = d.api.Parallel(team(d, "a", "b"), aggregator=member(d, "e"), separator=" + ", max_workers=1)
    assert await d(crew.run("x")) == "e(a(x) + b(x))"
    assert contents(crew)["e"] == ["a(x) + b(x)", "e(a(x) + b(x))"]


@requirement("PARALLEL-2", needs=NEEDS)
async def test_workers_are_not_heard(d: Driver) -> None:
    """The stream holds the aggregator's chunks, or the joined text in one."""
    d.server.always(echo)
    a, b = team(d, "a", "b")
    chunks = await d.collect(d.api.Parallel([a, b], aggregator=member(d, "e"), max_workers=1).run("x", stream=True))
    assert {chunk.agent for chunk in chunks} == {"e"}
    assert len(chunks) > 1
    chunks = await d.collect(d.api.Parallel([a, b], "crew", separator="+", max_workers=1).run("y", stream=True))
    assert [(chunk.agent, chunk.content) for chunk in chunks] == [("crew", "a(y)+b(y)")]


@requirement("PARALLEL-5", needs=(*NEEDS, "wire"))
async def test_max_workers_bounds_them(d: Driver) -> None:
    """As many as it says are at work at once, and never more; streamed or not."""
    d.is_ordered = False
    for limit, expected in ((1, 1), (2, 2), (None, 4)):
        for streamed in (False, True):
            d.server.always(counter := Counter(expected))
            crew = d.api.Parallel(team(d, "a", "b", "c", "d"), max_workers=limit, separator="+")
            given = crew.run("x", stream=streamed)
            if streamed:
                await d.collect(given)
            assert (given.result if streamed else await d(given)) == "a(x)+b(x)+c(x)+d(x)"
            assert counter.peak == expected


@requirement("PARALLEL-5", needs=NEEDS)
async def test_they_begin_in_order(d: Driver) -> None:
    """One at a time, they are asked in the order of the workers."""
    d.server.always(echo)
    await d(d.api.Parallel(team(d, "c", "a", "b"), max_workers=1).run("x"))
    assert [speaker(request) for request in d.server.requests] == ["c", "a", "b"]


@requirement("PARALLEL-5", "PARALLEL-7", needs=NEEDS)
async def test_limits_that_make_no_sense_are_refused(d: Driver) -> None:
    """No workers, and a limit below one; also when they were set later."""
    a = member(d, "a")
    for limit in (0, -1, 1.5):
        with d.raises(ValueError, match=f"max_workers={limit}"):
            d.api.Parallel([a], max_workers=limit)
    with d.raises(ValueError, match="workers is empty"):
        d.api.Parallel([])
    crew = d.api.Parallel([a])
    crew.max_workers = 0
    with d.raises(ValueError, match="max_workers=0"):
        await d(crew.run("x"))
    assert d.server.requests == []


@requirement("PARALLEL-7", needs=(*NEEDS, "tools"))
async def test_workers_share_no_conversation(d: Driver) -> None:
    """Side by side, in nested workflows and behind tools; the aggregator may share one."""
    client = d.client()
    a, b, c = member(d, "a", client), member(d, "b", client), member(d, "c")
    hidden = member(d, "boss", tools=[b.as_tool()])
    for workers in ([a, b], [c, a, a], [d.api.Chain([c, a]), b], [a, d.api.Router(c, {"b": b})], [c, a, hidden]):
        with d.raises(ValueError, match=r"workers\[\d\] and workers\[\d\] share a conversation.*client\.fork\(\)"):
            d.api.Parallel(workers)
    crew = d.api.Parallel([a, c], aggregator=b, max_workers=1)
    d.server.always(echo)
    assert await d(crew.run("x")) == "b(a(x))"
    crew.workers = [a, b]
    crew.aggregator = None
    done = len(d.server.requests)
    with d.raises(ValueError, match="share a conversation"):
        await d(crew.run("x"))
    assert len(d.server.requests) == done


@requirement("PARALLEL-8", needs=(*NEEDS, "wire"))
async def test_parallel_from_prompts(d: Driver) -> None:
    """Agents on forks of one client, which talk at the same time and start anew with each run."""
    d.is_ordered = False
    client = d.client(system="own")
    crew = d.direct(d.api.Parallel.from_client(client, ["I am a", "I am b"], aggregator_prompt="I am e", separator="+"))
    assert list(crew.messages) == ["worker-0", "worker-1", "aggregator"]
    for task in ("x", "y"):
        met = threading.Barrier(2, timeout=PATIENCE)
        d.server.always(meeting(met))
        assert await d(crew.run(task)) == f"e(a({task})+b({task}))"
    assert [len(told) for told in contents(crew).values()] == [2, 2, 2]
    assert client.messages == []
    other = d.api.Parallel.from_client(client, ["I am a"], name="duo", max_workers=2, stream_workers=True)
    assert list(other.messages) == ["duo-worker-0"]
    assert (other.aggregator, other.max_workers, other.stream_workers, other.name) == (None, 2, True, "duo")


@requirement("PARALLEL-9", needs=NEEDS)
async def test_a_schema_needs_an_aggregator(d: Driver) -> None:
    """Its answer is the object; without one nothing is sent."""
    a, b, e = team(d, "a", "b", "e")
    for streamed in (False, True):
        with d.raises(ValueError, match="aggregator"):
            d.direct(d.api.Parallel([a, b]).run("x", stream=streamed, schema=Weather))
    assert d.server.requests == []
    d.script(Reply("It is warm"), Reply("31"), Reply('{"degrees": 31}'))
    crew = d.api.Parallel([a, b], aggregator=e, max_workers=1)
    assert await d(crew.run("x", schema=Weather)) == Weather(31)


@requirement("PARALLEL-10", needs=(*NEEDS, "tools"))
async def test_context_variables_reach_the_workers(d: Driver) -> None:
    """Each finds the caller's value, also after another one has set its own; the caller's stays."""
    d.is_ordered = False
    for limit, streamed in ((1, False), (1, True), (3, False)):
        seen: list[int] = []
        tool = d.lib.tool(reader(d, seen))
        crew = d.api.Parallel(team(d, "a", "b", "c", tools=[tool]), max_workers=limit, stream_workers=streamed)
        d.server.always(calls_once)
        token = NUMBER.set(7)
        try:
            given = crew.run("x", stream=streamed)
            await (d.collect(given) if streamed else d(given))
            assert NUMBER.get() == 7
        finally:
            NUMBER.reset(token)
        assert seen == [7, 7, 7]


@requirement("PARALLEL-12", needs=(*NEEDS, "images"))
async def test_images_are_for_every_worker(d: Driver) -> None:
    """Also when they come as an iterator; not for the aggregator."""
    d.server.always(echo)
    crew = d.api.Parallel(team(d, "a", "b"), aggregator=member(d, "e"), max_workers=1)
    await d(crew.run("x", images=iter([PIXEL, PIXEL])))
    assert [image_count(request) for request in d.server.requests] == [2, 2, 0]


def meeting(barrier: threading.Barrier) -> Callable[[Request], Reply]:
    """Answers as `echo` does, the workers only once all of them have asked."""

    def answer(request: Request) -> Reply:
        if speaker(request) != "e":
            barrier.wait()
        return echo(request)

    return answer


def calls_once(request: Request) -> Reply:
    """First a call of the tool, then an answer."""
    return Reply("done") if "seen" in str(request.body["messages"]) else Reply(calls=[Call("look", id="c1")])


def reader(d: Driver, seen: list[int]) -> Any:
    """A tool that notes the context variable and changes it, in the worker's own context."""

    def note() -> str:
        seen.append(NUMBER.get())
        NUMBER.set(99)
        return "seen"

    async def look() -> str:
        """Look."""
        return note()

    def look_here() -> str:
        """Look."""
        return note()

    look_here.__name__ = "look"
    return look_here if d.on_sync else look
