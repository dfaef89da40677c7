"""A model in this process, whichever library runs it."""

from __future__ import annotations

import atexit
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar
from weakref import WeakSet

from aimu.core.models import ModelSpec
from aimu.core.prefixes import PrefixCache
from aimu.engines.fairlock import FairLock
from aimu.errors import ContextOverflowError, InvalidRequestError
from aimu.wire.families import family_named, family_of
from aimu.wire.tokens import TokenReader
from aimu.wire.transcript import TranscriptCodec

CACHE_BYTES = 2**30
_THINKING = ("enable_thinking", "reasoning_effort", "<think>", "[THINK]")  # what templates of models that think mention
Emit = Callable[[Any], None]
Asked = Callable[[], bool]
Hear = Callable[[int], bool]
Work = Callable[[Emit, Asked], None]

_LOADED: WeakSet[Weights] = WeakSet()


class Weights(ABC):
    """A loaded model: the order in which generations take it, and the states it keeps of prompts (INPROCESS-7).

    Attributes:
        provider: str, for errors.
        template: str, the model's own chat template.
        names: Portable generate_kwargs to the engine's names.
        has_grammars: Whether what is written can be kept to a grammar.
        sees: Whether it takes images.
    """

    provider: str
    template: str
    names: ClassVar[Mapping[str, str]]
    has_grammars = False
    sees = False

    def __init__(self, cache_bytes: int) -> None:
        _LOADED.add(self)
        self.lock = FairLock()
        self.prefixes = PrefixCache(cache_bytes)
        self._is_closed = False

    @property
    @abstractmethod
    def context(self) -> int:
        """Tokens that a prompt and its reply may have together."""

    @property
    @abstractmethod
    def ends(self) -> Collection[int]:
        """Tokens that end a reply."""

    @abstractmethod
    def render(self, **variables: Any) -> str:
        """The prompt, by the model's own template; raises whatever the template raises."""

    @abstractmethod
    def encode(self, text: str, parameters: dict[str, Any]) -> list[int]:
        """The tokens of a prompt; takes from the parameters what belongs to it."""

    @abstractmethod
    def decode(self, tokens: list[int]) -> str:
        """Tokens as text, special ones too."""

    @abstractmethod
    def speak(self, prompt: list[int], parameters: dict[str, Any], hear: Hear, is_stopped: Asked) -> int:
        """Hand each new token to ``hear`` until it returns False; the number of prompt tokens not computed anew."""

    def clear_cache(self) -> None:
        """Forget what was computed for prompts, at once or when the generation that is running has ended."""
        self.prefixes = PrefixCache(self.prefixes.limit)

    @abstractmethod
    def unload(self) -> None:
        """Let go of the model; nothing generates any more."""

    def codec(self, family: str | None) -> TranscriptCodec:
        """What speaks to this model: of the family that is named, or of the one that its template shows."""
        chosen = family_named(family) if family else family_of(self.template)
        return TranscriptCodec(self.template, self._rendered, chosen, dict(self.names), has_grammars=self.has_grammars)

    def generate(self, body: Mapping[str, Any], emit: Emit, is_stopped: Asked) -> None:
        """Emit the text of one generation as it comes, then why it ended and what it cost."""

        def is_over() -> bool:
            return is_stopped() or self._is_closed

        with self.lock.held(is_over):
            if is_stopped():
                return
            self._require_open()
            self._generate(dict(body), emit, is_over)

    def _generate(self, parameters: dict[str, Any], emit: Emit, is_over: Asked) -> None:
        if "images" in parameters and not self.sees:
            raise InvalidRequestError("this model sees no images; take them out of the history", provider=self.provider)
        prompt = self.encode(parameters.pop("prompt"), parameters)
        reader = self._reader(prompt, parameters)

        def hear(token: int) -> bool:
            if text := reader.feed(token):
                emit(text)
            return not (reader.reason or is_over())

        reused = self.speak(prompt, parameters, hear, is_over)
        if reader.reason is None:
            self._require_open()
        if text := reader.finish():
            emit(text)
        usage = {"input_tokens": len(prompt), "output_tokens": reader.count, "cache_read_tokens": reused}
        emit({"finish_reason": reader.reason or "length", "usage": usage})

    def close(self) -> None:
        """Let go of the model; a generation that is running ends first, with an error."""
        with self.silenced():
            self.unload()

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Generate no more; inside, nothing is generating."""
        self._is_closed = True
        self.lock.wake()
        with self.lock.held(lambda: False):
            yield

    def _reader(self, prompt: list[int], parameters: dict[str, Any]) -> TokenReader:
        """Takes what it needs from the parameters, and leaves the engine how many tokens it may pick."""
        room = self._room(len(prompt))
        stop, limit, seed = parameters.pop("stop", ()), parameters.pop("max_tokens", room), parameters.get("seed", 0)
        stops = [stop] if isinstance(stop, str) else stop
        is_text = isinstance(stops, Sequence) and all(isinstance(one, str) for one in stops)
        self._require(is_text, f"stop={stop!r}: use a text or a list of texts")
        self._require(type(limit) is int and limit > 0, f"max_tokens={limit!r}: use a number of at least 1")
        self._require(type(seed) is int and 0 <= seed < 2**64, f"seed={seed!r}: use a number of at least 0")
        parameters["limit"] = min(room, limit)
        return TokenReader(self.decode, prompt, ends=self.ends, stops=stops, limit=parameters["limit"])

    def _require(self, is_right: bool, wrong: str) -> None:
        if not is_right:
            raise InvalidRequestError(wrong, provider=self.provider)

    def _require_open(self) -> None:
        if self._is_closed:
            raise RuntimeError("this client was closed meanwhile; make a new one with client()")

    def _rendered(self, **variables: Any) -> str:
        self._require_open()
        try:
            return self.render(**variables)
        except Exception as exc:  # whatever the template raises, by design or by a slip
            raise InvalidRequestError(
                f"the model's chat template does not take this conversation: {exc}", provider=self.provider
            ) from exc

    def _room(self, count: int) -> int:
        if count >= self.context:
            raise ContextOverflowError(
                f"the conversation has {count} tokens and the context holds {self.context}; "
                "shorten it, or load the model with a larger context",
                provider=self.provider,
            )
        return self.context - count


def served(spec: ModelSpec, template: str, *, sees: bool) -> ModelSpec:
    """The spec with what its template and its engine offer, where the user did not say (INPROCESS-12).

    Raises:
        ValueError: the user said tools, and the template has no place for them; or vision, and it sees nothing.
    """
    has_tools, can_think = "tools" in template, any(word in template for word in _THINKING)
    if spec.tools and not has_tools:
        raise ValueError(
            f"the chat template of {spec.id!r} has no place for tools; drop the flag, or use another model"
        )
    if spec.vision and not sees:
        raise ValueError(f"the model {spec.id!r} sees no images here; drop the flag 'vision', or use another model")
    if spec.tools or spec.thinking or spec.vision:
        return spec
    return replace(spec, tools=has_tools, thinking=can_think, vision=sees)


def refuse_unknown(known: Collection[str], parameters: Collection[str], provider: str) -> None:
    """Refuse what an engine has no name for."""
    if unknown := sorted(set(parameters).difference(known)):
        raise InvalidRequestError(f"{provider} has no generate_kwargs called {', '.join(unknown)}", provider=provider)


@atexit.register
def _silence() -> None:
    """Stop what still generates when the program ends: an engine torn down under its thread aborts the process."""
    for weights in list(_LOADED):
        with weights.silenced():
            pass
