"""The owned thread in which an in-process model generates, seen from the sync surface."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, Self

Work = Callable[[Callable[[], bool]], Iterator[Any]]
_END = object()


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
            self._changed.wait_for(lambda: self._queue[0] is ticket or is_stopped())
        try:
            yield
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def wake(self) -> None:
        """Let each waiter look whether it is told to stop."""
        with self._changed:
            self._changed.notify_all()


class Generation:
    """One generation in a thread of its own (INPROCESS-5).

    It runs at its own pace into a queue, so a slow reader never holds the weights; leaving the
    context stops it within one token and joins the thread.

    Args:
        work: Yields the events; asks its argument, between two of them, whether to stop.
        wake: Called after stopping, so that work that waits looks up.
    """

    def __init__(self, work: Work, wake: Callable[[], None]) -> None:
        self._work = work
        self._wake = wake
        self._stopped = threading.Event()
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._generate, name="aimu-generation", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __iter__(self) -> Iterator[Any]:
        while (event := self._events.get()) is not _END:
            if isinstance(event, BaseException):
                raise event
            yield event

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()
        self._wake()
        self._thread.join()

    def _generate(self) -> None:
        try:
            for event in self._work(self._stopped.is_set):
                self._events.put(event)
        except BaseException as exc:
            self._events.put(exc)
        finally:
            self._events.put(_END)
