"""The sync client of Babble."""

from typing import Any

from aimu.clients.inprocess import InProcessClient
from aimu.core.models import Model, ModelSpec
from aimu.core.providers import resolve
from aimu.engines.weights import CACHE_BYTES

from babble_aimu.weights import BabbleWeights


class BabbleClient(InProcessClient):
    """A text that babbles on; forks share it and take turns.

    Args:
        model: str, Model or ModelSpec, as "babble:brook".
        cache_bytes: int, default 1 GiB: memory for prompts that were read.
        options: those of every client: `system_message`, `tools`, `max_iterations` ...

    Raises:
        ValueError: there is no such text.
    """

    provider = "babble"

    def __init__(self, model: str | Model | ModelSpec, *, cache_bytes: int = CACHE_BYTES, **options: Any) -> None:
        provider, spec = resolve(model, default="babble")
        provider.check_serves(type(self))
        self._init_weights(spec, BabbleWeights(spec.id, cache_bytes), None, **options)
