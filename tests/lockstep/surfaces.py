"""How each surface is called, interrupted and looked after; a step is written once, for both."""

import asyncio
import inspect
import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, ClassVar

import aimu
import aimu.aio
from conformance.surfaces import step

PATIENCE = 10.0  # seconds after which what still runs is an error


class Surface(ABC):
    """What a step waits with; nothing in a step asks which surface it is on.

    Attributes:
        name: str, "sync" or "aio".
        api: the module that everything is made from.
        troubles: list of str, what went wrong where nobody could catch it.
    """

    name: ClassVar[str]
    api: Any

    def __init__(self) -> None:
        self.troubles: list[str] = []

    @abstractmethod
    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a step to its end."""

    @abstractmethod
    async def get(self, value: Any) -> Any:
        """The result of a library call."""

    @abstractmethod
    async def next(self, stream: Any) -> Any:
        """The next chunk of a stream; StopAsyncIteration when there is none."""

    @abstractmethod
    async def end(self, thing: Any) -> None:
        """Close a stream or a client."""

    @abstractmethod
    def interrupt(self) -> None:
        """Interrupt what runs in the step; may be called from any thread."""

    @abstractmethod
    async def rest(self) -> None:
        """Let what was left behind come to its end."""

    @abstractmethod
    def close(self) -> None:
        """Let everything go."""


class SyncSurface(Surface):
    """Called as its users do, in the main thread; Ctrl-C interrupts it."""

    name = "sync"
    api = aimu

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return step(work)

    async def get(self, value: Any) -> Any:
        assert not inspect.isawaitable(value), f"the sync surface returned {value!r}"
        return value

    async def next(self, stream: Any) -> Any:
        try:
            return next(stream)
        except StopIteration:
            raise StopAsyncIteration from None

    async def end(self, thing: Any) -> None:
        thing.close()

    def interrupt(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    async def rest(self) -> None:
        """Nothing is left behind by a call that has returned."""

    def close(self) -> None:
        """Nothing is held."""


class AioSurface(Surface):
    """Awaited, all steps of a life in one event loop; cancelling its task interrupts it."""

    name = "aio"
    api = aimu.aio

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._task: asyncio.Task[Any] | None = None
        self._loop = self._runner.get_loop()
        self._loop.set_exception_handler(lambda _, context: self.troubles.append(str(context.get("message"))))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        self._task = self._loop.create_task(work)
        while True:
            try:
                return self._loop.run_until_complete(self._task)
            except KeyboardInterrupt:
                if self._task.done():
                    raise
                # a tool that ran in a task of its own raised it, and the loop stopped for it

    async def get(self, value: Any) -> Any:
        assert inspect.isawaitable(value), f"the async surface returned {value!r}, which is not awaitable"
        return await value

    async def next(self, stream: Any) -> Any:
        return await anext(stream)

    async def end(self, thing: Any) -> None:
        await (thing.aclose() if hasattr(thing, "aclose") else thing.close())

    def interrupt(self) -> None:
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)

    async def rest(self) -> None:
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            _, left = await asyncio.wait(others, timeout=PATIENCE)
            if left:
                self.troubles += [f"still running: {task!r}" for task in left]
                return

    def close(self) -> None:
        self._runner.close()
