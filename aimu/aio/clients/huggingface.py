"""The awaitable interface of a sync HuggingFaceClient."""

from __future__ import annotations

from typing import Any

from aimu.aio.clients.inprocess import InProcessClient
from aimu.clients.huggingface import HuggingFaceClient
from aimu.engines.huggingface import HuggingFaceWeights


class AsyncHuggingFaceClient(InProcessClient):
    """A live HuggingFaceClient, awaited (INPROCESS-3): one client with two interfaces, weights loaded once.

    Awaiting buys a responsive event loop, not speed: generations of one model still take turns.

    Args:
        sync_client: The client to share; messages, system message, tools and defaults are its own.

    Raises:
        TypeError: it is not a HuggingFaceClient.
    """

    provider = "hf"
    _wraps = HuggingFaceClient
    _weights: HuggingFaceWeights

    def __init__(self, sync_client: HuggingFaceClient) -> None:
        super().__init__(sync_client)

    @property
    def hf_model(self) -> Any:
        """The transformers model itself, for what this client does not do, such as batched ``generate``."""
        return self._weights.model

    @property
    def hf_tokenizer(self) -> Any:
        """The transformers tokenizer itself."""
        return self._weights.tokenizer
