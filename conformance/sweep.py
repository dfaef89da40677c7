"""A life on the async surface, broken into at each point where it, or a task of its own, waits.

A life is run as a task. Whatever its coroutines hand up to the event loop is a point; at the one that is asked for,
the task is cancelled by the means that any program has: `Task.cancel()`, or the alarm of an `asyncio.timeout`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, TypeAlias

from conformance.residue import GeneratorWatch, ThreadWatch, tasks_left

Live: TypeAlias = "Callable[[], Awaitable[Any]]"
Life: TypeAlias = "Callable[[], AbstractAsyncContextManager[Live]]"

LIMIT: Final = 20.0  # seconds; only what hangs takes as long
MISSES: Final = 3  # runs in a row that ended before their point: threads and sockets may take one run less than another
WAITS: Final = "as it begins to wait"
WAKES: Final = "as what it waited for has come"
EXPIRES: Final = "by a time-out"
WAYS: Final = (WAITS, WAKES, EXPIRES)
_BREAK: ContextVar["Break | None"] = ContextVar("sweep", default=None)


class Break:
    """One run of a life, broken into at one point.

    Args:
        way: str, one of `WAYS`: whether what is waited for may already be there when the cancellation comes.
        at: int or None, the point, from 1; 0 is before it begins, None breaks into none.

    Attributes:
        count: int, the points that were passed.
        struck: bool, whether the task was cancelled before it had ended.
        where: str, what waited there.
    """

    def __init__(self, way: str, at: int | None) -> None:
        self.way = way
        self.at = at
        self.count = 0
        self.struck = False
        self.where = ""
        self.generators: GeneratorWatch | None = None
        self._limit: asyncio.Timeout | None = None
        self._cancelling = 0

    def __str__(self) -> str:
        return f"broken into {self.way}, point {self.at}: {self.where or 'not reached'}"

    async def into(self, live: Live) -> None:
        """Run it, break into it, and see what comes out.

        Args:
            live: returns what is to be awaited.

        Raises:
            AssertionError: it hangs, swallowed the cancellation, or made something else of it.
            Exception: what it raised without being broken into.
        """
        loop = asyncio.get_running_loop()
        before, token = loop.get_task_factory(), _BREAK.set(self)
        loop.set_task_factory(_factory)
        try:
            self._task: asyncio.Task[Any] = loop.create_task(self._lived(live))
            if self.at == 0:
                self._strike()
            await asyncio.wait({self._task}, timeout=LIMIT)
        finally:
            _BREAK.reset(token)
            loop.set_task_factory(before)
        if not self._task.done():
            self._task.cancel()
            raise AssertionError(f"it did not end within {LIMIT:g} s")
        self._judge()

    def suspended(self, waited: Any, coroutine: Any) -> None:
        """Take note of a point, and strike when it is the one."""
        self.count += 1
        if self.count != self.at:
            return
        within = [] if self.generators is None else self.generators.open
        self.where = " | ".join(_trail(waiting) for waiting in (coroutine, *within))
        if self.way == WAKES and isinstance(waited, asyncio.Future):
            waited.add_done_callback(lambda _: self._strike())
        else:
            self._strike()

    def _strike(self) -> None:
        if self._limit is None:
            self.struck = self._task.cancel()
        elif not self._task.done():
            self._limit.reschedule(0)  # long past: the loop rings it in its next round

    async def _lived(self, live: Live) -> Any:
        if self.way != EXPIRES:
            return await live()
        try:
            async with asyncio.timeout(None) as self._limit:
                return await live()
        finally:
            task = asyncio.current_task()
            assert task is not None
            self._cancelling = task.cancelling()

    def _judge(self) -> None:
        if self._limit is not None and self._limit.expired():
            self.struck = True
            assert self._cancelling == 0, f"{self._cancelling} cancellations are left in the task after its time-out"
            expected: type[BaseException] = TimeoutError
        else:
            expected = asyncio.CancelledError
        try:
            result = self._task.result()
        except BaseException as error:
            if not self.struck or type(error) is expected:
                if self.struck:
                    return
                raise
            raise AssertionError(f"expected {expected.__name__}, and {error!r} came out") from error
        assert not self.struck, f"expected {expected.__name__}, and it was swallowed: the result is {result!r}"


class _Watched(Coroutine[Any, Any, Any]):
    """A coroutine that tells a Break of each point where it waits."""

    def __init__(self, coroutine: Any, broken: Break) -> None:
        self._coroutine = coroutine
        self._broken = broken

    def send(self, value: Any, /) -> Any:
        return self._told(self._coroutine.send(value))

    def throw(self, kind: Any, value: Any = None, trace: TracebackType | None = None, /) -> Any:
        error = kind if value is None else value
        return self._told(self._coroutine.throw(error if trace is None else error.with_traceback(trace)))

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        raise TypeError("this is for a task alone")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coroutine, name)

    def _told(self, waited: Any) -> Any:
        self._broken.suspended(waited, self._coroutine)
        return waited


async def swept(
    life: Life,
    library: str,
    *,
    ways: tuple[str, ...] = WAYS,
    at_most: int | None = None,
    may_drop: bool = False,
) -> int:
    """Run a life again and again, broken into at one point after the other; each time nothing may be left of it.

    Args:
        life: makes an async context manager that gives what is to be awaited; on leaving it says whether what is
            left can be used, and closes it.
        library: str, the folder whose async generators have to be brought to their end.
        ways: tuple of str, default all of `WAYS`.
        at_most: int or None, how many points of each way, spread evenly; None for every one.
        may_drop: bool, default False: whether the life leaves it to the event loop to close a generator.

    Returns:
        int: how often it was broken into.

    Raises:
        AssertionError: of a break, with a note that says where it was.
    """
    struck = 0
    for way in ways:
        misses = 0
        for at in await _points(life, library, way, at_most, may_drop):
            broken = await once(life, library, way, at, may_drop)
            struck += broken.struck
            misses = misses + 1 if broken.count < at else 0
            if misses == MISSES:
                break
    return struck


async def once(life: Life, library: str, way: str, at: int | None, may_drop: bool = False) -> Break:
    """Run a life once, broken into at one point; see `swept`."""
    broken = Break(way, at)
    tasks, threads = asyncio.all_tasks(), ThreadWatch()
    try:
        with GeneratorWatch(library) as generators:
            broken.generators = generators
            async with life() as live:
                await broken.into(live)
            del live
            _require_none("tasks", await tasks_left(tasks))
            _require_none("threads", threads.left())
        _require_none("async generators", generators.left(may_drop=may_drop))
    except BaseException as error:
        error.add_note(str(broken))
        raise
    return broken


async def _points(life: Life, library: str, way: str, at_most: int | None, may_drop: bool) -> Iterable[int]:
    if at_most is None:
        return range(0 if way == WAITS else 1, 100_000)
    last = (await once(life, library, way, None, may_drop)).count
    return sorted({1 + round(step * (last - 1) / (at_most - 1)) for step in range(at_most)})


def _factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> "asyncio.Task[Any]":
    context = options.get("context")
    broken = _BREAK.get() if context is None else context.get(_BREAK)
    watched = coroutine if broken is None else _Watched(coroutine, broken)
    return asyncio.Task(watched, loop=loop, **options)


def _require_none(what: str, left: list[str]) -> None:
    assert not left, f"{what} left: {', '.join(left)}"


def _trail(coroutine: Any) -> str:
    """The functions that wait there, outermost first."""
    names = []
    while coroutine is not None:
        names.append(getattr(coroutine, "__qualname__", type(coroutine).__name__))
        coroutine = next(
            (found for name in ("cr_await", "ag_await", "gi_yieldfrom") if (found := getattr(coroutine, name, None))),
            None,
        )
    return " > ".join(names)
