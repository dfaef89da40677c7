"""Causal language models through Hugging Face transformers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Any, ClassVar

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    DynamicCache,
    StoppingCriteria,
)
from transformers.generation.streamers import BaseStreamer
from transformers.image_utils import load_image

from aimu.core.prefixes import Prefix, PrefixCache
from aimu.engines.packaged import source_of
from aimu.engines.parts import in_parts
from aimu.engines.states import head_of, size_of
from aimu.engines.weights import Asked, Hear, Weights
from aimu.errors import InvalidRequestError
from aimu.wire.transcript import OURS

_SEEDING = Lock()  # torch has one source of random numbers for all models
_BATCH = 512  # prompt tokens computed between two looks at whether to stop
_SAMPLING = ("temperature", "top_p", "top_k", "min_p")
_OWN = OURS | {"seed"}


class HuggingFaceWeights(Weights):
    """A model, its tokenizer and, where it sees images, its processor."""

    provider = "hf"
    names: ClassVar[Mapping[str, str]] = {
        "max_tokens": "max_tokens",
        "stop": "stop",
        "seed": "seed",
        "repetition_penalty": "repetition_penalty",
        **{name: name for name in _SAMPLING},
    }

    def __init__(
        self, model_id: str, dtype: str, device: str | None, cache_bytes: int, model_kwargs: Mapping[str, Any]
    ) -> None:
        super().__init__(cache_bytes)
        if dtype != "auto" and not isinstance(getattr(torch, dtype, None), torch.dtype):
            raise ValueError(f"dtype={dtype!r}: use 'auto' or a name that torch knows, such as 'bfloat16'")
        with source_of(model_id) as (source, extra):
            self._load(source, extra, {"dtype": dtype, **model_kwargs})
        template = self._writer.chat_template
        if isinstance(template, dict):  # several by name; rendering takes this one where there are tools
            template = template.get("tool_use") or template.get("default")
        if not template:
            raise ValueError(f"the model {model_id!r} has no chat template; use an instruction-tuned one")
        self.template = template
        if "device_map" not in model_kwargs:
            self._move(device or ("cuda" if torch.cuda.is_available() else "cpu"))

    def _move(self, device: str) -> None:
        try:
            self.model.to(device)
        except (AssertionError, RuntimeError) as exc:
            raise ValueError(f"device={device!r} cannot be used: {exc}") from exc

    def _load(self, source: str, extra: dict[str, Any], options: dict[str, Any]) -> None:
        config = AutoConfig.from_pretrained(source, **extra)
        self.sees = hasattr(config, "vision_config")
        self._processor: Any = AutoProcessor.from_pretrained(source, **extra) if self.sees else None
        self.tokenizer = (
            self._processor.tokenizer if self._processor else AutoTokenizer.from_pretrained(source, **extra)
        )
        self._writer = self._processor if self._processor and self._processor.chat_template else self.tokenizer
        kind = AutoModelForImageTextToText if self.sees else AutoModelForCausalLM
        known = {"config": config, **extra} if extra else {}  # a GGUF file takes seconds to read once more
        self.model = kind.from_pretrained(source, **known, **options).eval()

    @property
    def context(self) -> int:
        config = self.model.config.get_text_config()
        return int(getattr(config, "max_position_embeddings", None) or self.tokenizer.model_max_length)

    @cached_property
    def ends(self) -> Collection[int]:
        ends = self.model.generation_config.eos_token_id
        listed = ends if isinstance(ends, list) else [ends]
        return frozenset(token for token in [*listed, self.tokenizer.eos_token_id] if token is not None)

    def render(self, **variables: Any) -> str:
        return self._written(in_parts(variables.pop("messages"), with_texts=self._reads_parts_only), **variables)

    def encode(self, text: str, parameters: dict[str, Any]) -> list[int]:
        if images := parameters.pop("images", None):
            seen = [_picture(number, url) for number, url in enumerate(images, 1)]
            inputs = self._processor(text=[text], images=seen, add_special_tokens=False, return_tensors="pt")
            parameters["inputs"] = {key: value for key, value in inputs.items() if key != "attention_mask"}
            return list(inputs["input_ids"][0].tolist())
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, tokens: list[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def speak(self, prompt: list[int], parameters: dict[str, Any], hear: Hear, is_stopped: Asked) -> int:
        inputs, prefixes = parameters.pop("inputs", None), self.prefixes
        cache, reused = (None, 0) if inputs or not self._can_go_on else self._restored(prompt, prefixes)
        listener = _Listener(hear)
        with torch.no_grad(), _seeded(parameters.get("seed")):
            self._forget_pictures()
            if cache is not None:
                self._prefill(prompt, cache, is_stopped)
            if not is_stopped():
                self._run(inputs or {"input_ids": torch.tensor([prompt])}, cache, listener, parameters)
        if cache is not None and prefixes.limit:
            tokens = [*prompt, *listener.heard][: cache.get_seq_length()]
            prefixes.keep(Prefix(tuple(tokens), cache, size_of(cache)))
        return reused

    def unload(self) -> None:
        del self.model
        self.clear_cache()
        self._writer = self._processor = None

    def _run(
        self, inputs: Mapping[str, Any], cache: DynamicCache | None, listener: _Listener, parameters: dict[str, Any]
    ) -> None:
        tensors = {key: self._moved(value) for key, value in inputs.items()}
        options = {key: value for key, value in parameters.items() if key not in _OWN}
        if banned := [self.encode(text, {}) for text in parameters.get("banned", ())]:
            options["bad_words_ids"] = [*options.get("bad_words_ids", ()), *banned]
        try:
            self.model.generate(
                **tensors,
                attention_mask=torch.ones_like(tensors["input_ids"]),
                past_key_values=cache,
                cache_implementation=None,
                streamer=listener,
                stopping_criteria=[listener, *options.pop("stopping_criteria", ())],
                max_new_tokens=parameters["limit"],
                **_sampled(options),
            )
        except (TypeError, ValueError) as exc:
            raise InvalidRequestError(f"transformers does not take this request: {exc}", provider="hf") from exc

    def _prefill(self, prompt: list[int], cache: DynamicCache, is_stopped: Asked) -> None:
        """Compute a long prompt batch by batch, so that stopping need not wait for all of it."""
        for start in range(cache.get_seq_length(), len(prompt) - _BATCH, _BATCH):
            if is_stopped():
                return
            batch = torch.tensor([prompt[start : start + _BATCH]], device=self.model.device)
            self.model(input_ids=batch, past_key_values=cache, use_cache=True, logits_to_keep=1)

    def _restored(self, prompt: list[int], prefixes: PrefixCache) -> tuple[DynamicCache, int]:
        """The state that shares most with the prompt, cut to what they share."""
        prefix, shared = prefixes.longest(prompt)
        shared = min(shared, len(prompt) - 1)
        if prefix and 0 < shared == len(prefix.tokens):
            prefixes.take(prefix)
            return prefix.state, shared
        if prefix and shared and (head := head_of(prefix.state, shared, self.model.config)):
            return head, shared
        return DynamicCache(config=self.model.config), 0

    @cached_property
    def _can_go_on(self) -> bool:
        """Whether it takes a state that counts its tokens; models that only recur do not."""
        if not self.model._supports_default_dynamic_cache():
            return False
        try:
            return bool(DynamicCache(config=self.model.config).get_seq_length() == 0)
        except ValueError:  # no layer of it counts
            return False

    @cached_property
    def _reads_parts_only(self) -> bool:
        """Whether the template passes over a content that is a text, as those of models that see often do."""
        said = "said"
        return self.sees and said not in self._written([{"role": "user", "content": said}], tools=None)

    def _written(self, messages: list[dict[str, Any]], **variables: Any) -> str:
        return str(self._writer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, **variables))

    def _moved(self, value: Any) -> Any:
        """A tensor where the model is; pixels in the precision that it computes in."""
        return value.to(device=self.model.device, dtype=self.model.dtype if value.is_floating_point() else None)

    def _forget_pictures(self) -> None:
        """Where the last prompt had its images, which some models remember."""
        for module in self.model.modules() if self.sees else ():
            if hasattr(module, "rope_deltas"):
                module.rope_deltas = None


class _Listener(BaseStreamer, StoppingCriteria):  # type: ignore[misc]
    """Hands on each token as it is picked, and stops the generation when nobody wants more."""

    def __init__(self, hear: Hear) -> None:
        self.heard: list[int] = []
        self._hear = hear
        self._has_begun = False
        self._is_over = False

    def put(self, value: Any) -> None:
        if not self._has_begun:  # the prompt comes first
            self._has_begun = True
            return
        for token in value.flatten().tolist():
            self.heard.append(token)
            self._is_over = self._is_over or not self._hear(token)

    def end(self) -> None:
        """Nothing to do: the generation returns."""

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:  # noqa: ARG002
        return torch.full((input_ids.shape[0],), self._is_over, device=input_ids.device, dtype=torch.bool)


def _sampled(options: dict[str, Any]) -> dict[str, Any]:
    """Sampling as transformers wants it said: greedy for a temperature of 0, asked for where it is given."""
    if options.get("temperature") == 0:
        return {**options, "do_sample": False, **dict.fromkeys(_SAMPLING)}
    return {"do_sample": True, **options} if any(name in options for name in _SAMPLING) else options


@contextmanager
def _seeded(seed: int | None) -> Iterator[None]:
    """Random numbers of its own for a generation with a seed; those of the program stay as they are."""
    if seed is None:
        yield
        return
    with _SEEDING, torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def _picture(number: int, url: str) -> Any:
    """An image of a history, decoded."""
    try:
        return load_image(url)
    except Exception as exc:  # whatever a decoder raises
        raise InvalidRequestError(f"image {number} of the conversation cannot be read: {exc}", provider="hf") from exc
