"""The owned thread in which an in-process model generates, seen from the sync surface."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Self

from aimu.engines.weights import Work

_END = object()


class Generation:
    """One generation in a thread of its own (INPROCESS-5).

    It runs at its own pace into a queue, so a slow reader never holds the weights; leaving the
    context stops it within one token and joins the thread.

    Args:
        work: Hands each event to its first argument and, between two of them, asks its second whether to stop.
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

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if (event := self._events.get()) is _END:
            raise StopIteration
        if isinstance(event, BaseException):
            raise event
        return event

    def __exit__(self, *exc: object) -> None:
        self._stopped.set()
        self._wake()
        if self._thread is not threading.current_thread():  # a stream may be collected anywhere
            self._thread.join()

    def _generate(self) -> None:
        try:
            self._work(self._events.put, self._stopped.is_set)
        except BaseException as exc:
            self._events.put(exc)
        finally:
            self._events.put(_END)
