"""A library call that runs beside the body of a scenario: a thread on sync, a task on aio."""

import asyncio
import inspect
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.driver import Driver


class Handle(ABC):
    """What `Driver.start` gives."""

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether it ended, in whichever way."""

    @abstractmethod
    async def result(self, timeout: float = 20.0) -> Any:
        """Wait for the end.

        Args:
            timeout: float, default 20.0: seconds.

        Returns:
            What the call gave.

        Raises:
            AssertionError: it did not end in time.
            BaseException: what the call raised.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Cancel the task; only on aio."""


class ThreadHandle(Handle):
    """A call in a thread of its own.

    Args:
        driver: Driver, of the sync surface.
        fn: callable, run in the thread.
        step: runs a coroutine that must not suspend, and returns its result.
    """

    def __init__(self, driver: "Driver", fn: Callable[[], Any], step: Callable[[Any], Any]) -> None:
        self._driver = driver
        self._fn = fn
        self._step = step
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="conformance-start", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    async def result(self, timeout: float = 20.0) -> Any:
        self._thread.join(timeout)
        if not self.done:
            raise AssertionError(f"the started call did not end within {timeout:g} s")
        if self._error is not None:
            raise self._error
        self._driver.observe("started", self._result)
        return self._result

    def cancel(self) -> None:
        raise TypeError("a sync call cannot be cancelled; only scenarios of the async surface may")

    def _run(self) -> None:
        try:
            self._driver.enter()
            value = self._fn()
            is_ours = is_of_scenario(value, self._driver.home)
            self._result = self._step(value if is_ours else self._driver._settle(value))
        except BaseException as error:
            self._error = error


class TaskHandle(Handle):
    """A call as a task of the running loop.

    Args:
        driver: Driver, of the async surface.
        fn: callable that returns an awaitable.
    """

    def __init__(self, driver: "Driver", fn: Callable[[], Any]) -> None:
        self._driver = driver
        driver.enter()
        self._task = asyncio.get_running_loop().create_task(self._run(fn), name="conformance-start")

    @property
    def done(self) -> bool:
        return self._task.done()

    async def result(self, timeout: float = 20.0) -> Any:
        await asyncio.wait({self._task}, timeout=timeout)
        if not self._task.done():
            raise AssertionError(f"the started call did not end within {timeout:g} s")
        result = self._task.result()
        self._driver.observe("started", result)
        return result

    def cancel(self) -> None:
        self._task.cancel()
        self._driver.leave()

    async def _run(self, fn: Callable[[], Any]) -> Any:
        return await self._driver._settle(fn())


def is_of_scenario(value: Any, home: str) -> bool:
    """Whether a value is a coroutine of the suite, which the sync surface may step, and not one of the library.

    Args:
        value: what a started callable returned.
        home: str, the module of the scenario.

    Returns:
        bool: True for an `async def` of that module and for a method of the driver.
    """
    if not inspect.iscoroutine(value) or value.cr_frame is None:
        return False
    module = str(value.cr_frame.f_globals.get("__name__"))
    return module == home or module.partition(".")[0] == "conformance"
