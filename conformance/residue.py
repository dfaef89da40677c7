"""What a check may not leave behind: tasks and threads."""

import asyncio
import concurrent.futures.thread
import sys
import threading
import time
from typing import Final

TURNS: Final = 20  # of the event loop, for what is just finishing
GRACE: Final = 0.25  # seconds for a task that still closes a connection
PATIENCE: Final = 5.0  # seconds for a thread that is on its way out


async def tasks_left() -> list[str]:
    """The tasks, other than the caller's, that do not end by themselves at once."""
    current = asyncio.current_task()
    for _ in range(TURNS):
        if not (others := asyncio.all_tasks() - {current}):
            return []
        await asyncio.sleep(0)
    if others := asyncio.all_tasks() - {current}:
        await asyncio.wait(others, timeout=GRACE)
    return sorted(_task_name(task) for task in asyncio.all_tasks() - {current})


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
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return False
    is_pool = frame.f_code.co_filename == concurrent.futures.thread.__file__
    return is_pool and frame.f_code.co_name == "_worker"


def _task_name(task: "asyncio.Task[object]") -> str:
    coroutine = task.get_coro()
    return f"{task.get_name()} ({getattr(coroutine, '__qualname__', coroutine)})"
