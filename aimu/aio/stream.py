"""What ``stream=True`` returns on the async surface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, Generic, Self

from aimu.core.chunks import StreamChunk
from aimu.core.options import Outcome

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    R_co = TypeVar("R_co", covariant=True, default=str)
else:
    from typing import TypeVar

    R_co = TypeVar("R_co", covariant=True)


class ChunkStream(AsyncIterator[StreamChunk], Generic[R_co]):
    """The chunks of one turn or run, as they come (STREAM-2).

    Nothing is sent before the first ``__anext__``. Exhausting, closing or dropping it ends the turn;
    what was not yet a whole round is not recorded. Use it as a context manager to be sure.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[StreamChunk, None],
        work: Outcome,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._chunks = chunks
        self._work = work
        self._at_end = at_end

    @property
    def result(self) -> R_co:
        """The final text or the validated object, once the stream is exhausted; RuntimeError before that."""
        found: R_co = self._work.result
        return found

    async def aclose(self) -> None:
        """End the turn now; harmless when it is over."""
        await self._chunks.aclose()
        if self._at_end:  # a stream that never began has no code of its own that could run
            await self._at_end()

    async def __anext__(self) -> StreamChunk:
        # awaited here, so that a chunk on its way keeps the stream, and with it the turn
        return await self._chunks.__anext__()

    def __aiter__(self) -> Self:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        # the loop closes an abandoned generator later; the conversation is free at once
        self._work.close()


async def drained(chunks: AsyncGenerator[StreamChunk, None], work: Outcome) -> Any:
    """Run a turn or a workflow to its end for its result alone."""
    async with aclosing(chunks):
        async for _ in chunks:
            pass
    return work.result


def owned(stream: ChunkStream[Any], close: Callable[[], Awaitable[None]]) -> ChunkStream[Any]:
    """The same stream, which calls ``close`` once when it is over."""
    ending = AsyncExitStack()
    ending.push_async_callback(close)

    async def chunks() -> AsyncGenerator[StreamChunk, None]:
        try:
            async for chunk in stream:
                yield chunk
        finally:
            try:
                await stream.aclose()
            finally:
                await ending.aclose()

    return ChunkStream(chunks(), stream._work, ending.aclose)


async def closing(answer: Callable[[], Awaitable[Any]], close: Callable[[], Awaitable[None]]) -> Any:
    """The answer, asked for when this is awaited, with ``close`` called when it is there or has failed."""
    try:
        return await answer()
    finally:
        await close()


async def finished(work: Coroutine[Any, Any, None]) -> None:
    """Run what may not be left half-done to its end, in a task of its own; a cancellation rises behind it (CHAT-18)."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # the cancellation is what is told
        raise
