"""The awaitable interface of a sync LlamaCppClient."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial

from llama_cpp import Llama

from aimu.aio.clients.base import ModelClient
from aimu.aio.clients.generation import Generation
from aimu.clients.llamacpp import LlamaCppClient, Weights
from aimu.core.reply import Request


class AsyncLlamaCppClient(ModelClient):
    """A live LlamaCppClient, awaited (INPROCESS-3): one client with two interfaces, weights loaded once.

    Awaiting buys a responsive event loop, not speed: generations of one model still take turns.

    Args:
        sync_client: The client to share; messages, system message, tools and defaults are its own.

    Raises:
        TypeError: it is not a LlamaCppClient.
    """

    provider = "llamacpp"
    _weights: Weights

    def __init__(self, sync_client: LlamaCppClient) -> None:
        if not isinstance(sync_client, LlamaCppClient):
            raise TypeError(f"AsyncLlamaCppClient wraps a LlamaCppClient, not {type(sync_client).__name__}")
        # one state, two interfaces: what is set on either is set on both
        self.__dict__ = sync_client.__dict__

    @property
    def llama(self) -> Llama:
        """The ``llama_cpp.Llama`` itself, model and tokenizer, for what this client does not do."""
        return self._weights.llama

    def _open(self, request: Request) -> AbstractAsyncContextManager[Generation]:
        return Generation(partial(self._weights.generate, request.body), self._weights.lock.wake)

    async def _disconnect(self) -> None:
        self._weights.llama.close()
