"""What one model reply said, whatever wire it came over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypedDict, cast

from aimu.core.chunks import StreamingContentType
from aimu.core.messages import Message, sendable
from aimu.core.structured import OutputSchema

Piece = tuple[StreamingContentType, str]


class Usage(TypedDict, total=False):
    """Tokens of one turn, summed over its requests; a key is absent when the provider did not tell (USAGE-1).

    ``input_tokens`` counts everything the model read, cached or not.
    """

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int


def summed(first: Usage | None, second: Usage | None) -> Usage | None:
    """Both usages as one; None when neither is known."""
    if not (first and second):
        return second or first
    return usage_of({key: first.get(key, 0) + second.get(key, 0) for key in {**first, **second}})  # type: ignore[operator]


def usage_of(counts: Mapping[str, Any]) -> Usage:
    """The counts that are known."""
    return cast(Usage, {key: value for key, value in counts.items() if isinstance(value, int)})


@dataclass
class ToolCall:
    """A call the model asked for; ``arguments`` is the provider's own string, JSON or not."""

    id: str
    name: str
    arguments: str

    def entry(self) -> dict[str, Any]:
        """The call as history holds it."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass
class Reply:
    """One reply, read to its end.

    ``stop_reason`` is one of stop, length, tool_calls, stop_sequence, content_filter, refusal, pause,
    or the provider's own word when it is none of these. ``state`` is what the provider wants back
    verbatim on the next request, None when nothing.
    """

    text: str = ""
    thinking: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    usage: Usage | None = None
    stop_reason: str | None = None
    refusal: str | None = None
    state: dict[str, Any] | None = None

    def message(self) -> Message:
        """The assistant message that history holds for it."""
        message: Message = {"role": "assistant", "content": self.text or (None if self.calls else "")}
        if self.calls:
            message["tool_calls"] = [call.entry() for call in self.calls]
        if self.thinking:
            message["thinking"] = self.thinking
        if self.state:
            message["provider_state"] = self.state
        return message

    def sendable(self) -> Reply:
        """The same reply, its text fit to be sent back; TypeError where a call could not be."""
        calls = [ToolCall(*map(_sendable_word, (call.id, call.name, call.arguments))) for call in self.calls]
        text, thinking, state = map(sendable, (self.text, self.thinking, self.state))
        return replace(self, text=text, thinking=thinking, calls=calls, state=state)

    def without_calls(self) -> Reply:
        """The same reply with its calls forgotten, and with them the state that may name them."""
        return replace(self, calls=[], state=None)

    def continued(self, rest: Reply) -> Reply:
        """One reply out of a paused one and what followed."""
        state = rest.state
        if self.state and state:
            state = {**state, "content": [*self.state["content"], *state["content"]]}
        return replace(
            rest,
            text=self.text + rest.text,
            thinking=self.thinking + rest.thinking,
            calls=[*self.calls, *rest.calls],
            state=state or self.state,
        )


def _sendable_word(word: str | None) -> str:
    """The id, the name or the arguments of a call: a server may have sent anything there (ERRORS-3)."""
    if not isinstance(word, str | None):
        raise TypeError(f"{type(word).__name__} {word!r:.40} in place of the id, name or arguments of a call")
    return str(sendable(word or ""))


@dataclass(frozen=True)
class Prompt:
    """What a codec encodes: everything that decides one request, and nothing else."""

    messages: Sequence[Message]
    tools: Sequence[dict[str, Any]]
    may_call: bool
    parameters: dict[str, Any]
    stream: bool
    schema: OutputSchema | None = None


@dataclass(frozen=True)
class Request:
    """One request, encoded: where it goes, what it says, and whether the answer is streamed.

    ``is_heard`` tells, while the answer comes, whether it was whole already; what breaks then is no fault (FAULTS-2).
    """

    path: str
    body: dict[str, Any]
    stream: bool
    is_heard: Callable[[], bool] = field(default=bool, compare=False)


class Decoder(Protocol):
    """Reads one response. ``feed`` per event, then ``finish`` once; ``reply`` is whole after that.

    One that can tell before the end of a stream that it had all of a reply says so as ``is_whole``.
    """

    reply: Reply

    def feed(self, event: Any) -> Sequence[Piece]: ...

    def finish(self) -> Sequence[Piece]: ...


class Codec(Protocol):
    """Speaks one wire format; pure (WIRE-1).

    ``parameters`` turns merged generate_kwargs into the wire's own and names those it has no place for;
    ``constrains`` tells whether the wire itself keeps answers to a schema, beside tools or without;
    ``encode`` makes a request; ``decoder`` reads the answer to one.
    """

    def parameters(self, kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]: ...

    def constrains(self, schema: OutputSchema) -> bool: ...

    def encode(self, prompt: Prompt) -> Request: ...

    def decoder(self, request: Request) -> Decoder: ...
