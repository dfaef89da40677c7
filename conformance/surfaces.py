"""The two drivers: how each surface is called, waited for and run."""

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from conformance.driver import Driver
from conformance.handles import Handle, TaskHandle, ThreadHandle
from conformance.outcomes import HarnessError
from conformance.recorder import dispose
from conformance.requirement import Body
from conformance.residue import tasks_left


class SyncDriver(Driver):
    """Calls the sync surface as its users do: in a plain thread, with no event loop running."""

    surface: ClassVar[str] = "sync"

    async def wait(self, event: threading.Event, timeout: float = 20.0) -> None:
        _expect(event.wait(timeout), event, timeout)

    def start(self, fn: Callable[[], Any]) -> Handle:
        return ThreadHandle(self, fn, step)

    async def _settle(self, value: Any) -> Any:
        if inspect.isawaitable(value):
            dispose(value)
            raise AssertionError("the sync surface returned an awaitable")
        return value

    def _perform(self, body: Body) -> None:
        step(self._act(body))


class AioDriver(Driver):
    """Awaits the async surface, inside one event loop a check."""

    surface: ClassVar[str] = "aio"

    async def wait(self, event: threading.Event, timeout: float = 20.0) -> None:
        _expect(await asyncio.to_thread(event.wait, timeout), event, timeout)

    def start(self, fn: Callable[[], Any]) -> Handle:
        return TaskHandle(self, fn)

    async def _settle(self, value: Any) -> Any:
        if not inspect.isawaitable(value):
            raise AssertionError(f"the async surface returned {type(value).__name__}, which is not awaitable")
        return await value

    def _perform(self, body: Body) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._act_and_look(body))

    async def _act_and_look(self, body: Body) -> None:
        await self._act(body)
        if left := await tasks_left():
            raise AssertionError(f"tasks left: {', '.join(left)}")


DRIVERS: Final[dict[str, type[Driver]]] = {"sync": SyncDriver, "aio": AioDriver}


def step(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits.

    Args:
        coroutine: what the driver of the sync surface runs.

    Returns:
        Its result.

    Raises:
        HarnessError: it suspended, so it waits for something else than the driver.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise HarnessError("the body suspended on the sync surface: it awaits something that is not the driver's")


def _expect(came: bool, event: threading.Event, timeout: float) -> None:
    if not came:
        raise AssertionError(f"{event!r} was not set within {timeout:g} s")
