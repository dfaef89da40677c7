"""What ``stream=True`` returns on the async surface."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Self

from aimu.core.chunks import StreamChunk
from aimu.core.turn import Turn


class ChunkStream(AsyncIterator[StreamChunk]):
    """The chunks of one turn, as they come (STREAM-2).

    Nothing is sent before the first ``__anext__``. Exhausting, closing or dropping it ends the turn;
    what was not yet a whole round is not recorded. Use it as a context manager to be sure.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[StreamChunk, None],
        turn: Turn,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._chunks = chunks
        self._turn = turn
        self._at_end = at_end

    @property
    def result(self) -> str:
        """The final text, once the stream is exhausted; RuntimeError before that."""
        return self._turn.result

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
        self._turn.close()


async def drained(chunks: AsyncGenerator[StreamChunk, None], turn: Turn) -> str:
    """Run a turn to its end for its result alone."""
    async with aclosing(chunks):
        async for _ in chunks:
            pass
    return turn.result


def owned(stream: ChunkStream, close: Callable[[], Awaitable[None]]) -> ChunkStream:
    """The same stream, which calls ``close`` once when it is over."""
    ending = AsyncExitStack()
    ending.push_async_callback(close)

    async def chunks() -> AsyncGenerator[StreamChunk, None]:
        try:
            async for chunk in stream:
                yield chunk
        finally:
            await stream.aclose()
            await ending.aclose()

    return ChunkStream(chunks(), stream._turn, ending.aclose)


async def closing(answer: Awaitable[str], close: Callable[[], Awaitable[None]]) -> str:
    """The answer, with ``close`` called when it is there or has failed."""
    try:
        return await answer
    finally:
        await close()
