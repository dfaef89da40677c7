"""GGUF models through llama.cpp."""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from inspect import signature
from math import isfinite
from typing import Any, ClassVar

import llama_cpp
import numpy as np
from llama_cpp import Llama
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from aimu.core.kwargs import PORTABLE
from aimu.core.prefixes import Prefix, common
from aimu.engines.grammars import grammar_of
from aimu.engines.weights import Asked, Hear, Weights, refuse_unknown
from aimu.errors import InvalidRequestError
from aimu.wire.guide import Guide
from aimu.wire.transcript import OURS

_NOT_GIVEN = {"self", "tokens", "reset"}  # ours to say
_OWN = OURS | {"max_tokens", "stop", "seed", "logit_bias"}

_LOWEST = -1e30


class LlamaCppWeights(Weights):
    """A model that llama.cpp has loaded. Its context holds one conversation, others are copied out and in."""

    provider = "llamacpp"
    names: ClassVar[Mapping[str, str]] = {name: name for name in PORTABLE - {"thinking"}} | {
        "temperature": "temp",
        "repetition_penalty": "repeat_penalty",
    }
    has_grammars = True

    def __init__(self, llama: Llama, cache_bytes: int, *, constrain_tool_calls: bool) -> None:
        super().__init__(cache_bytes)
        if not (template := llama.metadata.get("tokenizer.chat_template")):
            raise ValueError(f"the model {llama.model_path!r} has no chat template; use an instruction-tuned one")
        self.llama = llama
        self.template = template
        self._constrain_tool_calls = constrain_tool_calls
        self._held_for = self.prefixes
        self._known = signature(Llama.generate).parameters.keys() - _NOT_GIVEN | _OWN

    @property
    def context(self) -> int:
        return min(int(self.llama.n_ctx()), len(self.llama.input_ids))  # llama.cpp rounds up, its binding does not

    @cached_property
    def ends(self) -> Collection[int]:
        vocabulary = llama_cpp.llama_model_get_vocab(self.llama.model)
        return frozenset(
            token for token in range(self.llama.n_vocab()) if llama_cpp.llama_vocab_is_eog(vocabulary, token)
        )

    @cached_property
    def _formatter(self) -> Jinja2ChatFormatter:
        bos, eos = (self._special(token) for token in (self.llama.token_bos(), self.llama.token_eos()))
        return Jinja2ChatFormatter(self.template, eos_token=eos, bos_token=bos)

    def render(self, **variables: Any) -> str:
        return str(self._formatter(**variables).prompt)

    def encode(self, text: str, parameters: dict[str, Any]) -> list[int]:
        refuse_unknown(self._known, parameters, self.provider)
        return list(self.llama.tokenize(text.encode(), add_bos=False, special=True))

    def decode(self, tokens: list[int]) -> str:
        return str(self.llama.detokenize(tokens, special=True).decode(errors="replace"))

    def speak(self, prompt: list[int], parameters: dict[str, Any], hear: Hear, is_stopped: Asked) -> int:
        reused = self._restored(prompt)
        self._prefill(prompt, reused, is_stopped)
        if not is_stopped():
            for token in self._tokens(prompt, parameters):
                if not hear(token):
                    break
        return reused

    def unload(self) -> None:
        self.llama.close()

    def _tokens(self, prompt: list[int], parameters: dict[str, Any]) -> Iterator[int]:
        """Tokens as they are sampled, kept to the grammar that applies where they stand."""
        options = {key: value for key, value in parameters.items() if key not in _OWN}
        if processors := self._processors(parameters, options.pop("logits_processor", None)):
            options["logits_processor"] = processors
        for name, value in options.items():
            self._require(not isinstance(value, float) or isfinite(value), f"{name}={value!r}: use a finite number")
        self.llama.set_seed(parameters.get("seed", secrets.randbits(32)) % 2**32)
        given = options.pop("grammar", None)
        schema, constraint = parameters.get("schema"), parameters.get("constraint")
        guide = Guide(
            self.decode(prompt[-8:]),
            schema,
            constraint,
            is_strict=self._constrain_tool_calls,
            may_think=parameters.get("may_think", False),
        )
        said, goes_on = list(prompt), True
        while goes_on:
            goes_on = False
            grammar = grammar_of(guide.rule, self.llama) if guide.rule else given
            for token in self._sampled(said, grammar, options):
                if token in self.ends and grammar and guide.leave():
                    goes_on = True  # the call is complete; what follows is free again
                    break
                said.append(token)
                yield token
                if goes_on := guide.is_listening and guide.feed(self.decode([token])):
                    break

    def _sampled(self, said: list[int], grammar: Any, options: dict[str, Any]) -> Iterator[int]:
        try:
            yield from self.llama.generate(said, grammar=grammar, **options)
        except (TypeError, ValueError, AttributeError, ctypes.ArgumentError) as exc:
            raise InvalidRequestError(f"llama.cpp does not take this request: {exc}", provider=self.provider) from exc

    def _processors(self, parameters: dict[str, Any], given: Any) -> list[Any]:
        processors: list[Any] = []
        if bias := parameters.get("logit_bias"):
            processors.append(_Bias(self._checked_bias(bias)))
        if banned := [self.encode(text, {}) for text in parameters.get("banned", ())]:
            processors.append(_Ban(banned))
        self._require(given is None or isinstance(given, list), "logits_processor: use a list")
        processors += given or ()
        return [*processors, _floored] if processors else []

    def _checked_bias(self, bias: Any) -> dict[int, float]:
        try:
            checked = {int(token): float(value) for token, value in bias.items()}
        except (AttributeError, TypeError, ValueError) as exc:
            raise InvalidRequestError(f"logit_bias={bias!r}: use numbers by token", provider=self.provider) from exc
        self._require(
            all(0 <= token < self.llama.n_vocab() for token in checked), f"logit_bias={bias!r}: no such token"
        )
        return checked

    def _restored(self, prompt: list[int]) -> int:
        """Bring back the state that shares most with the prompt; how many of its tokens need not be computed."""
        llama, prefixes = self.llama, self.prefixes
        if self._held_for is not prefixes or not prefixes.limit:
            llama.reset()  # what the context holds was cleared, or is not to be kept
            self._held_for = prefixes
        held = llama.input_ids[: llama.n_tokens].tolist()
        shared = common(held, prompt)
        prefix, longer = prefixes.longest(prompt)
        if shared < len(held):  # another conversation, or this one changed
            self._put_aside(held)
        if prefix and longer > shared:
            self._bring_back(prefix)
        return min(common(llama.input_ids[: llama.n_tokens].tolist(), prompt), len(prompt) - 1)

    def _put_aside(self, tokens: list[int]) -> None:
        context = self.llama.ctx
        size = llama_cpp.llama_state_seq_get_size(context, 0)
        if size > self.prefixes.limit:
            return
        state = (ctypes.c_uint8 * size)()
        written = llama_cpp.llama_state_seq_get_data(context, state, size, 0)
        self.prefixes.keep(Prefix(tuple(tokens), bytes(memoryview(state)[:written]), written))

    def _bring_back(self, prefix: Prefix) -> None:
        llama = self.llama
        state = (ctypes.c_uint8 * prefix.size).from_buffer_copy(prefix.state)
        llama.reset()
        if not llama_cpp.llama_state_seq_set_data(llama.ctx, state, prefix.size, 0):
            return
        self.prefixes.take(prefix)
        llama.input_ids[: len(prefix.tokens)] = prefix.tokens
        llama.n_tokens = len(prefix.tokens)

    def _prefill(self, tokens: list[int], done: int, is_stopped: Asked) -> None:
        """Evaluate a long prompt batch by batch, so that stopping need not wait for all of it."""
        for end in range(done + self.llama.n_batch, len(tokens), self.llama.n_batch):
            if is_stopped():
                return
            next(self.llama.generate(tokens[:end], temp=0.0))

    def _special(self, token: int) -> str:
        return "" if token < 0 else self.decode([token])


def _floored(_: Any, scores: Any) -> Any:
    """Scores that are finite: where a grammar lets through none but forbidden tokens, llama.cpp ends the process."""
    return np.nan_to_num(scores, nan=_LOWEST, posinf=-_LOWEST, neginf=_LOWEST)


class _Bias:
    """A logits processor that adds to the scores of tokens."""

    def __init__(self, bias: Mapping[int, float]) -> None:
        self._bias = bias

    def __call__(self, _: Any, scores: Any) -> Any:
        for token, value in self._bias.items():
            scores[token] += value
        return scores


class _Ban:
    """A logits processor that lets no sequence of ``banned`` come to its end."""

    def __init__(self, banned: list[list[int]]) -> None:
        self._banned = banned

    def __call__(self, tokens: Any, scores: Any) -> Any:
        for *begin, last in self._banned:
            if not begin or list(tokens[-len(begin) :]) == begin:
                scores[last] = -float("inf")
        return scores
