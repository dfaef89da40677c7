"""What was called on a surface, and what came of it."""

import asyncio
import contextlib
import inspect
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.outcomes import HarnessError, Projection
from conformance.projection import describe, plain

if TYPE_CHECKING:
    import pytest

    from conformance.streams import RecordedStream


@dataclass(frozen=True)
class LibraryCall:
    """Where a library call was made: its surface, its thread, and whether an event loop was running there."""

    surface: str
    thread: int
    in_loop: bool


class Recorder(ABC):
    """Makes the library calls of a scenario as its surface makes them, and records them.

    Attributes:
        calls: list of LibraryCall, in order.
        projection: list of (kind, plain data), what the two surfaces must agree on.
    """

    surface: ClassVar[str]

    def __init__(self) -> None:
        self.calls: list[LibraryCall] = []
        self.projection: Projection = []

    @property
    def on_sync(self) -> bool:
        """Whether this is the sync surface; for the few scenarios of the parity ledger."""
        return self.surface == "sync"

    @property
    def on_aio(self) -> bool:
        """Whether this is the async surface; for the few scenarios of the parity ledger."""
        return self.surface == "aio"

    async def __call__(self, value: Any) -> Any:
        """Wait for the result of a library call as this surface does, and record it.

        Args:
            value: what the call returned: on aio an awaitable, on sync anything else.

        Returns:
            The result.

        Raises:
            AssertionError: the value is of the other surface's kind.
        """
        self.enter()
        result = await self._settle(value)
        self.observe("result", result)
        return result

    def direct(self, value: Any) -> Any:
        """Record a call that waits on neither surface (construction, decoration, a property).

        Raises:
            AssertionError: the value is awaitable.
        """
        self.enter()
        if inspect.isawaitable(value):
            dispose(value)
            raise AssertionError("a call that waits on neither surface returned an awaitable")
        self.observe("result", value)
        return value

    @contextlib.contextmanager
    def raises(
        self, expected: type[BaseException] | tuple[type[BaseException], ...], match: str | None = None
    ) -> "Iterator[pytest.ExceptionInfo[BaseException]]":
        """Like `pytest.raises`; also counts as a library call and records the type and the message.

        Args:
            expected: the exception type, or a tuple of them.
            match: str or None, a regular expression to be found in the message.

        Yields:
            pytest.ExceptionInfo: its `value` is the exception.
        """
        import pytest

        self.enter()
        with pytest.raises(expected, match=match) as caught:
            yield caught
        self.projection.append(("raises", describe(caught.value)))

    def stream(self, chunks: Any) -> "RecordedStream":
        """Iterate a stream with `async for`, on either surface, recording each chunk.

        Args:
            chunks: on sync an iterator, on aio an async iterator.

        Raises:
            AssertionError: it is of the other surface's kind.
        """
        from conformance.streams import RecordedStream

        self.enter()
        return RecordedStream(self, chunks)

    async def collect(self, chunks: Any) -> list[Any]:
        """All chunks of a stream."""
        return [chunk async for chunk in self.stream(chunks)]

    async def close(self, thing: Any) -> None:
        """Close a stream or a client: by `aclose` on aio where there is one, else by `close`."""
        self.enter()
        self.leave()
        close = (getattr(thing, "aclose", None) if self.on_aio else None) or thing.close
        closing = close()
        if inspect.isawaitable(closing):
            await self._settle(closing)

    def observe(self, name: str, value: Any) -> None:
        """Add something to what the two surfaces must agree on.

        Args:
            name: str, what it is.
            value: anything; see `conformance.projection.plain`.
        """
        self.projection.append((name, plain(value)))

    def enter(self) -> None:
        """Record that a library call is made here.

        Raises:
            HarnessError: an event loop runs in a thread of the sync surface.
        """
        call = LibraryCall(self.surface, threading.get_ident(), _has_loop())
        if self.on_sync and call.in_loop:
            raise HarnessError("an event loop is running where the sync surface is called")
        self.calls.append(call)

    @abstractmethod
    def leave(self) -> None: ...

    @abstractmethod
    async def _settle(self, value: Any) -> Any: ...


def dispose(value: Any) -> None:
    """Close a coroutine that nobody will await, so that it does not warn as well."""
    if inspect.iscoroutine(value):
        value.close()


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
