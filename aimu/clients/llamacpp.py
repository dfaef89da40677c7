"""The client of GGUF models in this process, through llama.cpp."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from llama_cpp import Llama

from aimu.clients.inprocess import InProcessClient
from aimu.core.models import Model, ModelSpec
from aimu.core.options import StateOptions
from aimu.core.providers import resolve
from aimu.engines.llamacpp import LlamaCppWeights
from aimu.engines.packaged import gguf_path
from aimu.engines.weights import CACHE_BYTES


class LlamaCppClient(InProcessClient):
    """A GGUF model in this process (INPROCESS-2); its forks share the weights and take turns.

    Args:
        model: ``"llamacpp:"`` and a catalogue id or a path to a GGUF file, or a catalogue member.
        model_path: The file, where it is not the model's own.
        n_ctx: Context length in tokens; None takes the model's.
        n_gpu_layers: Layers to put on a GPU, -1 for all, where llama.cpp was built for one.
        n_threads: CPU threads, for prompts too; None leaves it to llama.cpp.
        family: How the model writes thinking and tool calls; None reads it from its chat template.
        cache_bytes: Memory for what was computed for the conversations that are not in turn; 0 computes every
            prompt from its first token.
        constrain_tool_calls: Whether a grammar keeps the arguments of a call to the tool's schema.
        model_kwargs: More keywords for ``llama_cpp.Llama``.
        **options: Those of every client: ``system_message``, ``max_iterations``, ...

    Raises:
        FileNotFoundError: there is no such file.
        MissingDependencyError: the package that carries the model is not installed.
        ValueError: the model has no chat template, its template no place for tools that were flagged, or images
            were flagged.
    """

    provider = "llamacpp"
    _weights: LlamaCppWeights

    def __init__(
        self,
        model: str | Model | ModelSpec,
        *,
        model_path: str | Path | None = None,
        n_ctx: int | None = None,
        n_gpu_layers: int = -1,
        n_threads: int | None = None,
        family: str | None = None,
        cache_bytes: int = CACHE_BYTES,
        constrain_tool_calls: bool = True,
        model_kwargs: Mapping[str, Any] | None = None,
        **options: Unpack[StateOptions],
    ) -> None:
        provider, spec = resolve(model, default="llamacpp")
        provider.check_serves(type(self))
        if spec.vision:
            raise ValueError("models in llama.cpp see no images here; drop the flag 'vision', or use the provider hf")
        settings = {
            "n_ctx": n_ctx or 0,
            "n_gpu_layers": n_gpu_layers,
            "n_threads": n_threads,
            "n_threads_batch": n_threads,
            "verbose": False,
        }
        llama = Llama(str(gguf_path(spec.id, model_path)), **{**settings, **(model_kwargs or {})})
        weights = LlamaCppWeights(llama, cache_bytes, constrain_tool_calls=constrain_tool_calls)
        self._init_weights(spec, weights, family, **options)

    @property
    def llama(self) -> Llama:
        """The ``llama_cpp.Llama`` itself, model and tokenizer, for what this client does not do."""
        return self._weights.llama
