"""Scenarios of spec/history.md: a turn that is cancelled at one point after the other, spread over all of it."""

from functools import partial
from pathlib import Path

from conformance.driver import Driver
from conformance.lives import BASIC, DROPPED, Trap, lived
from conformance.requirement import requirement
from conformance.sweep import swept

POINTS = 4  # of each of the three ways; tests/sweep has every one


async def broken_into(d: Driver, *names: str) -> None:
    """Break into lives, in every way."""
    d.server.clear()  # from here on it runs, and is nobody's leak
    for name in names:
        life = partial(lived, d, BASIC[name], Trap(), 1)
        folder = str(Path(d.lib.__file__ or "").parent)
        assert await swept(life, folder, at_most=POINTS, may_drop=name == DROPPED) > 0


@requirement("HISTORY-17", needs=("scripted",), surfaces=("aio",))
async def test_a_turn_is_cancelled_anywhere(d: Driver) -> None:
    """Cancelled, or timed out: nothing is left, and the client goes on."""
    await broken_into(d, "chat")


@requirement("HISTORY-17", needs=("scripted", "streaming", "tools"), surfaces=("aio",))
async def test_a_stream_is_cancelled_anywhere(d: Driver) -> None:
    """One that is read to its end, one that is closed, and one that is dropped."""
    await broken_into(d, "consumed", "closed", DROPPED)


@requirement("HISTORY-17", "HISTORY-9", needs=("scripted", "tools", "parallel_tools", "wire"), surfaces=("aio",))
async def test_tools_are_cancelled_anywhere(d: Driver) -> None:
    """An async tool and a sync one, one after the other and at the same time."""
    await broken_into(d, "one_by_one", "concurrent")
