"""What the awaitable interfaces of models in this process share."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import ClassVar

from aimu.aio.clients.base import ModelClient
from aimu.aio.clients.generation import Generation
from aimu.clients.inprocess import InProcessClient as SyncClient
from aimu.core.reply import Request
from aimu.engines.weights import Weights
from aimu.wire.transcript import TranscriptCodec


class InProcessClient(ModelClient):
    """A live sync client, awaited (INPROCESS-3): one client with two interfaces, weights loaded once."""

    _wraps: ClassVar[type[SyncClient]]
    _codec: TranscriptCodec
    _weights: Weights

    def __init__(self, sync_client: SyncClient) -> None:
        if not isinstance(sync_client, self._wraps):
            raise TypeError(f"{type(self).__name__} wraps a {self._wraps.__name__}, not {type(sync_client).__name__}")
        # one state, two interfaces: what is set on either is set on both
        self.__dict__ = sync_client.__dict__

    @property
    def family(self) -> str:
        """Name of the family whose way of writing thoughts and tool calls is read (FAMILY-1)."""
        return self._codec.family.name

    def clear_cache(self) -> None:
        """Forget what was computed for prompts, of all that share these weights (INPROCESS-17)."""
        self._weights.clear_cache()

    def _open(self, request: Request) -> AbstractAsyncContextManager[Generation]:
        return Generation(partial(self._weights.generate, request.body), self._weights.lock.wake)

    async def _disconnect(self) -> None:
        await asyncio.to_thread(self._weights.close)
