"""The awaitable interface of a sync LlamaCppClient."""

from __future__ import annotations

from llama_cpp import Llama

from aimu.aio.clients.inprocess import InProcessClient
from aimu.clients.llamacpp import LlamaCppClient
from aimu.engines.llamacpp import LlamaCppWeights


class AsyncLlamaCppClient(InProcessClient):
    """A live LlamaCppClient, awaited (INPROCESS-3): one client with two interfaces, weights loaded once.

    Awaiting buys a responsive event loop, not speed: generations of one model still take turns.

    Args:
        sync_client: The client to share; messages, system message, tools and defaults are its own.

    Raises:
        TypeError: it is not a LlamaCppClient.
    """

    provider = "llamacpp"
    _wraps = LlamaCppClient
    _weights: LlamaCppWeights

    def __init__(self, sync_client: LlamaCppClient) -> None:
        super().__init__(sync_client)

    @property
    def llama(self) -> Llama:
        """The ``llama_cpp.Llama`` itself, model and tokenizer, for what this client does not do."""
        return self._weights.llama
