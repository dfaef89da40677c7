"""Both surfaces: a failure of every tool call, and a close at every chunk."""

from functools import partial

import pytest

from conformance.driver import Driver
from conformance.lives import BASIC, WITH_TOOLS, Live, Making, Trap, lived, tools
from tests.sweep.one_shots import ONE_SHOTS
from tests.sweep.places import driver, every, perform
from tests.sweep.runners import KINDS, RUNNERS

SURFACES = pytest.mark.parametrize("surface", ["sync", "aio"])
LIVES = {**BASIC, **ONE_SHOTS, **RUNNERS}
FAILING = [*WITH_TOOLS, "one_shot", *(name for name in RUNNERS if not {"skill_agent", "closed"} & set(name.split()))]
STREAMS = {make.__name__: make for make in KINDS}


@SURFACES
@pytest.mark.parametrize("name", FAILING)
def test_a_failure_of_every_tool_call(surface: str, name: str) -> None:
    """It comes out, alone or in a group; then all goes on."""
    with driver(surface, "openai") as d:

        def fails(at: int) -> bool:
            trap = Trap(at)
            perform(d, failing(d, LIVES[name], trap))
            return trap.at == at

        assert every(fails) >= 2


async def failing(d: Driver, making: Making, trap: Trap) -> None:
    """Live, and see that the failure of a tool comes out."""
    async with lived(d, making, trap, 1) as live:
        came_out = False
        try:
            await live()
        except LookupError:
            came_out = True
        except ExceptionGroup as group:
            came_out = group.subgroup(LookupError) is not None
        assert came_out == trap.is_sprung
        trap.at = at if (at := trap.at) <= trap.count else 0  # what comes now is let pass


@SURFACES
@pytest.mark.parametrize("name", ["client", *STREAMS])
def test_a_close_at_every_chunk(surface: str, name: str) -> None:
    """What is left can be gone on with."""
    with driver(surface, "openai") as d:

        def closes(at: int) -> bool:
            seen: list[object] = []
            perform(d, closing(d, partial(closed_at, name, at, seen)))
            return len(seen) == at

        assert every(closes) >= 4


async def closing(d: Driver, making: Making) -> None:
    """Live, and go on."""
    async with lived(d, making, Trap(), 1) as live:
        await live()


def closed_at(name: str, at: int, seen: list[object], d: Driver, trap: Trap) -> tuple[object, Live]:
    """A stream that is closed at one of its chunks."""
    subject = d.client(tools=tools(d, trap)) if name == "client" else STREAMS[name](d, trap)

    async def live() -> None:
        stream = subject.chat("Add", stream=True) if name == "client" else subject.run("go", stream=True)
        async for chunk in d.stream(stream):
            seen.append(chunk)
            if len(seen) == at:
                break
        await d.close(stream)

    return subject, live
