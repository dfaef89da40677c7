"""What a check may not leave behind: tasks, threads, async generators."""

import asyncio
import concurrent.futures.thread
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from types import FrameType
from typing import Any, Final, Self

TURNS: Final = 20  # of the event loop, for what is just finishing
GRACE: Final = 0.25  # seconds for a task that still closes a connection
ANYIO: Final = "AnyIO worker thread"
PATIENCE: Final = 5.0  # seconds for a thread that is on its way out


async def tasks_left(before: "AbstractSet[asyncio.Task[Any]]" = frozenset()) -> list[str]:
    """The tasks, other than the caller's, that do not end by themselves at once.

    Args:
        before: set of Task, default none: those that were there and are nobody's leak.
    """
    known = {asyncio.current_task(), *before}
    for _ in range(TURNS):
        if not asyncio.all_tasks() - known:
            return []
        await asyncio.sleep(0)
    if others := asyncio.all_tasks() - known:
        await asyncio.wait(others, timeout=GRACE)
    return sorted(_task_name(task) for task in asyncio.all_tasks() - known)


class ThreadWatch:
    """The threads that were there before a check, to tell those that it leaves."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def left(self, patience: float = PATIENCE) -> list[str]:
        """The names of the threads started since and still at work; idle pool workers are nobody's leak.

        Args:
            patience: float, default 5.0: seconds to wait for them in all.

        Returns:
            list of str: sorted.
        """
        end = time.monotonic() + patience
        new = [thread for thread in threading.enumerate() if thread not in self._before]
        for thread in new:
            while thread.is_alive() and not _is_idle(thread) and (rest := end - time.monotonic()) > 0:
                thread.join(min(0.05, rest))
        return sorted(thread.name for thread in new if thread.is_alive() and not _is_idle(thread))


def _is_idle(thread: threading.Thread) -> bool:
    """Whether it is a worker of a pool that waits for work: one of the standard library's, or of anyio's."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return False
    if frame.f_code.co_filename == concurrent.futures.thread.__file__:
        return frame.f_code.co_name == "_worker"
    waits = [frame.f_code.co_name, *(outer.f_code.co_name for outer in _outside(frame))][:3]
    return thread.name == ANYIO and waits == ["wait", "get", "run"]


def _outside(frame: FrameType) -> Iterator[FrameType]:
    outer = frame.f_back
    while outer is not None:
        yield outer
        outer = outer.f_back


def _task_name(task: "asyncio.Task[object]") -> str:
    coroutine = task.get_coro()
    return f"{task.get_name()} ({getattr(coroutine, '__qualname__', coroutine)})"


class GeneratorWatch:
    """The async generators of a library that are begun inside, to tell those that are not brought to their end.

    Args:
        folder: str, where the modules of the library are.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._begun: list[weakref.ref[Any]] = []
        self._dropped: list[str] = []

    def __enter__(self) -> Self:
        self._hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._note, self._drop)
        return self

    def __exit__(self, *_: object) -> None:
        sys.set_asyncgen_hooks(*self._hooks)

    @property
    def open(self) -> list[Any]:
        """Those that were begun and are not at their end."""
        return [found for ref in self._begun if (found := ref()) is not None and found.ag_frame is not None]

    def left(self, *, may_drop: bool = False) -> list[str]:
        """The names of those that are open still, or were dropped and left for the event loop to close.

        Args:
            may_drop: bool, default False: whether the event loop may close them.
        """
        names = [f"{found.__qualname__} (open)" for found in self.open]
        return sorted([*names, *([] if may_drop else self._dropped)])

    def _note(self, generator: Any) -> None:
        if self._hooks.firstiter:
            self._hooks.firstiter(generator)
        if generator.ag_code.co_filename.startswith(self._folder):
            self._begun.append(weakref.ref(generator))

    def _drop(self, generator: Any) -> None:
        if self._hooks.finalizer:
            self._hooks.finalizer(generator)
        if generator.ag_code.co_filename.startswith(self._folder):
            self._dropped.append(f"{generator.__qualname__} (dropped)")
