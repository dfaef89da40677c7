"""The client of causal language models in this process, through Hugging Face transformers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from aimu.clients.inprocess import InProcessClient
from aimu.core.models import Model, ModelSpec
from aimu.core.options import StateOptions
from aimu.core.providers import resolve
from aimu.engines.huggingface import HuggingFaceWeights
from aimu.engines.weights import CACHE_BYTES


class HuggingFaceClient(InProcessClient):
    """A causal language model in this process (INPROCESS-2); its forks share the weights and take turns.

    Args:
        model: ``"hf:"`` and a hub id, a local folder or a GGUF file, or a catalogue member.
        device: Where it runs, as torch names it; None is ``"cuda"`` where there is one, else ``"cpu"``.
        dtype: Of the weights, as torch names it; ``"auto"`` is that of the checkpoint.
        family: How the model writes thinking and tool calls; None reads it from its chat template.
        cache_bytes: Memory for what was computed for conversations; 0 computes every prompt from its first token.
        model_kwargs: More keywords for ``from_pretrained`` of the model; ``device_map`` takes the place of ``device``.
        **options: Those of every client: ``system_message``, ``max_iterations``, ...

    Raises:
        OSError: there is no such model, here or on the hub.
        MissingDependencyError: torch or transformers is not installed.
        ValueError: the model has no chat template, or its template no place for tools that were flagged.
    """

    provider = "hf"
    _weights: HuggingFaceWeights

    def __init__(
        self,
        model: str | Model | ModelSpec,
        *,
        device: str | None = None,
        dtype: str = "auto",
        family: str | None = None,
        cache_bytes: int = CACHE_BYTES,
        model_kwargs: Mapping[str, Any] | None = None,
        **options: Unpack[StateOptions],
    ) -> None:
        provider, spec = resolve(model, default="hf")
        provider.check_serves(type(self))
        weights = HuggingFaceWeights(spec.id, dtype, device, cache_bytes, model_kwargs or {})
        self._init_weights(spec, weights, family, **options)

    @property
    def hf_model(self) -> Any:
        """The transformers model itself, for what this client does not do, such as batched ``generate``."""
        return self._weights.model

    @property
    def hf_tokenizer(self) -> Any:
        """The transformers tokenizer itself."""
        return self._weights.tokenizer
