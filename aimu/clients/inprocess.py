"""What the clients of models in this process share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Unpack

from aimu.clients.base import ModelClient
from aimu.clients.generation import Generation
from aimu.core.models import ModelSpec
from aimu.core.options import StateOptions
from aimu.core.reply import Request
from aimu.engines.weights import Weights, served
from aimu.wire.transcript import TranscriptCodec


class InProcessClient(ModelClient):
    """A model in this process (INPROCESS-2): forks share its weights and take turns.

    A provider subclasses it and brings its ``Weights``.
    """

    _codec: TranscriptCodec
    _weights: Weights

    def _init_weights(
        self, spec: ModelSpec, weights: Weights, family: str | None, **options: Unpack[StateOptions]
    ) -> None:
        self._weights = weights
        self._init_state(served(spec, weights.template, sees=weights.sees), weights.codec(family), **options)

    @property
    def family(self) -> str:
        """Name of the family whose way of writing thoughts and tool calls is read (FAMILY-1)."""
        return self._codec.family.name

    def clear_cache(self) -> None:
        """Forget what was computed for prompts, of all that share these weights (INPROCESS-17)."""
        self._weights.clear_cache()

    def _open(self, request: Request) -> AbstractContextManager[Generation]:
        return Generation(partial(self._weights.generate, request.body), self._weights.lock.wake)

    def _disconnect(self) -> None:
        self._weights.close()
