"""The sweep: what goes wrong when a life is broken into is seen, and a life in order passes."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from conformance import sweep
from conformance.lives import Trap
from conformance.residue import ThreadWatch
from conformance.sweep import EXPIRES, WAITS, WAKES, WAYS, once, swept

Live = Callable[[], Awaitable[object]]


async def naps(count: int = 3) -> str:
    for _ in range(count):
        await asyncio.sleep(0)
    return "done"


async def in_a_task() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(naps())


async def swallows() -> str:
    try:
        return await naps()
    except asyncio.CancelledError:
        return "went on"


async def translates() -> None:
    try:
        await naps()
    except asyncio.CancelledError as error:
        raise OSError("broken") from error


async def leaves_a_task() -> None:
    left.append(asyncio.create_task(asyncio.sleep(60)))
    await naps()


async def leaves_a_thread() -> None:
    threading.Thread(target=gone_on.wait, name="left", daemon=True).start()
    await naps()


async def drops_a_generator() -> None:
    async for _ in numbers():
        break
    await naps()


async def hangs() -> None:
    try:
        await naps()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


async def numbers() -> AsyncGenerator[int, None]:
    yield 1
    yield 2


left: list[asyncio.Task[None]] = []
gone_on = threading.Event()


def run(live: Live, ways: tuple[str, ...] = WAYS, at_most: int | None = None) -> int:
    @asynccontextmanager
    async def life() -> AsyncIterator[Live]:
        yield live

    return asyncio.run(swept(life, __file__, ways=ways, at_most=at_most))


def test_each_point_is_broken_into_and_one_before_them() -> None:
    assert run(naps, (WAITS,)) == 4
    assert run(naps, (EXPIRES,)) == 3
    assert run(naps, (WAITS,), at_most=2) == 2


def test_what_a_task_of_the_life_waits_for_is_a_point_too() -> None:
    assert run(in_a_task, (WAITS,)) > run(naps, (WAITS,))


def test_the_late_way_finds_what_the_early_one_cannot() -> None:
    """A lock that was handed over just as its taker was cancelled, and is lost."""
    held: list[str] = []

    async def takes() -> None:
        came = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(came.set_result, None)
        try:
            await came
        except asyncio.CancelledError:
            if came.done() and not came.cancelled():
                held.append("lost")
            raise

    run(takes, (WAITS,))
    assert held == []
    run(takes, (WAKES,))
    assert held == ["lost"]


@pytest.mark.parametrize(
    ("live", "told"),
    [
        (swallows, "expected CancelledError, and it was swallowed: the result is 'went on'"),
        (translates, "expected CancelledError, and OSError('broken') came out"),
        (leaves_a_task, "tasks left"),
        (leaves_a_thread, "threads left: left"),
        (drops_a_generator, "async generators left: numbers (dropped)"),
        (hangs, "it did not end within 0.05 s"),
    ],
)
def test_what_is_wrong_is_told(live: Live, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "LIMIT", 0.05)
    monkeypatch.setattr(ThreadWatch.left, "__defaults__", (0.1,))
    gone_on.clear()
    with pytest.raises(AssertionError, match=re.escape(told)) as caught:
        run(live, (WAITS,))
    gone_on.set()
    assert "broken into as it begins to wait" in caught.value.__notes__[0]


def test_a_time_out_that_is_turned_into_something_else_is_told() -> None:
    with pytest.raises(AssertionError, match=re.escape("expected TimeoutError, and OSError('broken') came out")):
        run(translates, (EXPIRES,))


def test_what_a_life_raises_by_itself_is_handed_on() -> None:
    async def fails() -> None:
        await naps(1)
        raise LookupError("of its own")

    @asynccontextmanager
    async def life() -> AsyncIterator[Live]:
        yield fails

    with pytest.raises(LookupError, match="of its own"):
        asyncio.run(once(life, __file__, WAITS, None))


def test_a_trap_is_sprung_once() -> None:
    trap = Trap(2)
    trap.step()
    assert not trap.is_sprung
    with pytest.raises(LookupError):
        trap.step()
    trap.step()
    assert trap.is_sprung
