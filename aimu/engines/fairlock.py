"""The lock of a model's weights."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class FairLock:
    """A lock handed on in order of arrival, which a waiter that is told to stop leaves (INPROCESS-7)."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def held(self, is_stopped: Callable[[], bool]) -> Iterator[None]:
        """Hold the lock, or return early without it when ``is_stopped`` says so."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._queue[0] is ticket or is_stopped())
            yield
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def wake(self) -> None:
        """Let each waiter look whether it is told to stop."""
        with self._changed:
            self._changed.notify_all()
