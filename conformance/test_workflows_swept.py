"""Scenarios of spec/workflows.md: a run that is cancelled at one point after the other, spread over all of it."""

from functools import partial
from pathlib import Path
from typing import Any

from conformance.driver import Driver
from conformance.lives import Live, Trap, adder, lived
from conformance.requirement import requirement
from conformance.sweep import swept
from conformance.test_workflows import member

POINTS = 4  # of each of the three ways; tests/sweep has every one, for every kind of runner


def crew(d: Driver, trap: Trap) -> Any:
    """A Chain whose second member is a Parallel of two, one of whom has a tool."""
    client = d.client()
    workers = [member(d, "a", client.fork(), tools=[adder(d, trap)]), member(d, "b", client.fork())]
    return d.api.Chain([member(d, "c", client), d.api.Parallel(workers, "crew", stream_workers=True)])


def whole(d: Driver, trap: Trap) -> tuple[Any, Live]:
    """A run."""
    runner = crew(d, trap)
    return runner, lambda: d(runner.run("go"))


def streamed(d: Driver, trap: Trap) -> tuple[Any, Live]:
    """A run whose stream is read to its end."""
    runner = crew(d, trap)
    return runner, lambda: d.collect(runner.run("go", stream=True))


@requirement("WORKFLOW-10", needs=("scripted", "tools", "wire"), surfaces=("aio",))
async def test_a_run_is_cancelled_anywhere(d: Driver) -> None:
    """Cancelled, or timed out, whole and streamed: nothing is left, and `resume()` goes on."""
    d.server.clear()  # from here on it runs, and is nobody's leak
    folder = str(Path(d.lib.__file__ or "").parent)
    for making in (whole, streamed):
        assert await swept(partial(lived, d, making, Trap(), 1), folder, at_most=POINTS) > 0
