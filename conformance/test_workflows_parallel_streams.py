"""Scenarios of spec/workflows.md: workers that are heard as they speak."""

import threading
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Gate, Reply, Request
from conformance.test_workflows import contents, echo, member, speaker, speech, team

NEEDS = ("scripted",)


class Cast:
    """Answers each speaker with its own replies, in turn; then as `echo` does.

    Args:
        parts: the replies by speaker, or what makes one.
    """

    def __init__(self, **parts: list[Any]) -> None:
        self._parts = parts
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Any:
        with self._lock:
            left = self._parts.get(speaker(request))
            found = left.pop(0) if left else None
        if found is None:
            return echo(request)
        return found() if callable(found) else found


@requirement("PARALLEL-6", "WORKFLOW-5", needs=(*NEEDS, "wire"))
async def test_workers_are_heard_as_they_speak(d: Driver) -> None:
    """Interleaved, before any of them has ended; then the aggregator, then nobody."""
    d.is_ordered = False
    first, second, third = Gate(), Gate(), Gate()
    d.server.always(Cast(a=[Reply(["a1 ", third, "a2"])], b=[Reply(["b1 ", second, "b2"], before=first)]))
    crew = d.api.Parallel(
        team(d, "a", "b"), "crew", aggregator=member(d, "e"), separator="+", stream_workers=True, max_workers=2
    )
    told: list[Any] = []
    openings = {"a1 ": first, "b1 ": second, "b2": third}
    stream = crew.run("x", stream=True)
    async for chunk in d.stream(stream):
        told.append(chunk)
        if chunk.content in openings:
            openings[chunk.content].open()
    assert speech(told) == [("a", "a1 "), ("b", "b1 b2"), ("a", "a2"), ("e", "e(a1 a2+b1 b2)")]
    assert d.direct(stream.result) == "e(a1 a2+b1 b2)"


@requirement("PARALLEL-6", "WORKFLOW-4", needs=NEEDS)
async def test_without_an_aggregator_nothing_follows(d: Driver) -> None:
    """The joined text is the result, and no chunk."""
    d.server.always(echo)
    crew = d.api.Parallel(team(d, "a", "b"), "crew", separator="+", stream_workers=True, max_workers=1)
    stream = crew.run("x", stream=True)
    assert speech(await d.collect(stream)) == [("a", "a(x)"), ("b", "b(x)")]
    assert d.direct(stream.result) == "a(x)+b(x)"


@requirement("PARALLEL-6", "CHAIN-2", needs=NEEDS)
async def test_nested_workers_are_heard(d: Driver) -> None:
    """Chains and Parallels as workers, to the last agent; in a chain they bear its step."""
    d.server.always(echo)
    inner = d.api.Parallel(team(d, "c", "e"), "inner", stream_workers=True, max_workers=1, separator="+")
    workers = [d.api.Chain(team(d, "a", "b"), "line"), inner]
    crew = d.api.Parallel(workers, "crew", stream_workers=True, max_workers=1, separator="|")
    chunks = await d.collect(d.api.Chain([crew, member(d, "f")], "outer").run("x", stream=True))
    told = [("a", "a(x)"), ("b", "b(a(x))"), ("c", "c(x)"), ("e", "e(x)"), ("f", "f(b(a(x))|c(x)+e(x))")]
    assert speech(chunks) == told
    assert {chunk.agent: chunk.iteration for chunk in chunks} == {"a": 0, "b": 0, "c": 0, "e": 0, "f": 1}


@requirement("PARALLEL-6", needs=NEEDS)
async def test_a_nested_crew_decides_for_itself(d: Driver) -> None:
    """A worker that keeps its own workers quiet is heard with its joined text; a quiet one keeps all quiet."""
    d.server.always(echo)
    for outer, told in ((True, [("inner", "a(x)+b(x)"), ("c", "c(x)")]), (False, [("crew", "a(x)+b(x)|c(x)")])):
        inner = d.api.Parallel(team(d, "a", "b"), "inner", separator="+", max_workers=1, stream_workers=not outer)
        crew = d.api.Parallel([inner, member(d, "c")], "crew", separator="|", max_workers=1, stream_workers=outer)
        assert speech(await d.collect(crew.run("x", stream=True))) == told
        assert contents(crew) == {name: ["x", f"{name}(x)"] for name in "abc"}
