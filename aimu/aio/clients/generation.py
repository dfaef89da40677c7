"""The owned thread in which an in-process model generates, seen from the async surface."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Self

from aimu.engines.weights import Work

_END = object()


class Generation:
    """One generation in a thread of its own (INPROCESS-5).

    It runs at its own pace into a queue, so a slow reader never holds the weights; leaving the
    context stops it within one token and joins the thread. The loop is never blocked.

    Args:
        work: Hands each event to its first argument and, between two of them, asks its second whether to stop.
        wake: Called after stopping, so that work that waits looks up.
    """

    def __init__(self, work: Work, wake: Callable[[], None]) -> None:
        self._work = work
        self._wake = wake
        self._stopped = threading.Event()
        self._events: asyncio.Queue[Any] = asyncio.Queue()
        self._thread = threading.Thread(target=self._generate, name="aimu-generation", daemon=True)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._thread.start()
        return self

    def __aiter__(self) -> Self:  # no generator, which a reader that stops would leave open
        return self

    async def __anext__(self) -> Any:
        if (event := await self._events.get()) is _END:
            raise StopAsyncIteration
        if isinstance(event, BaseException):
            raise event
        return event

    async def __aexit__(self, *exc: object) -> None:
        self._stopped.set()
        self._wake()
        if asyncio.get_running_loop() is self._loop:  # another one would never hear of the end
            await self._ended.wait()
        self._thread.join()

    def _generate(self) -> None:
        try:
            self._work(self._put, self._stopped.is_set)
        except BaseException as exc:
            self._put(exc)
        finally:
            self._put(_END)
            self._tell(self._ended.set)

    def _put(self, event: Any) -> None:
        self._tell(self._events.put_nowait, event)

    def _tell(self, call: Callable[..., None], *event: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *event)
        except RuntimeError:  # the loop is closed, so nobody listens
            self._stopped.set()
