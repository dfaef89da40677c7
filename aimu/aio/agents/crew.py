"""Generators run at the same time, in tasks, and what they yield in one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from aimu.core.chunks import StreamChunk

Work = Callable[[], AsyncGenerator[StreamChunk, None]]
_END = object()


async def interleaved(works: Sequence[Work], limit: int | None) -> AsyncGenerator[StreamChunk, None]:
    """What the works yield, as they yield it; the first that fails cancels the others (PARALLEL-3).

    Args:
        works: Make the generators.
        limit: How many run at the same time; None for all.

    Raises:
        ExceptionGroup: of every work that failed.
    """
    said: asyncio.Queue[Any] = asyncio.Queue()
    speaking = asyncio.create_task(_speak(works, limit, said))
    try:
        while (chunk := await said.get()) is not _END:
            yield chunk
        await speaking
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


async def _speak(works: Sequence[Work], limit: int | None, said: asyncio.Queue[Any]) -> None:
    seats = asyncio.Semaphore(limit or len(works))
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(_forward(work, said, seats))
    finally:
        said.put_nowait(_END)


async def _forward(work: Work, said: asyncio.Queue[Any], seats: asyncio.Semaphore) -> None:
    async with seats, aclosing(work()) as chunks:
        async for chunk in chunks:
            said.put_nowait(chunk)
