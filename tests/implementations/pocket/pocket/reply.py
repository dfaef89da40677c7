"""What one reply says, read from Chat Completions: a whole body is read as a stream of one event."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pocket.tags import Tags
from pocket.tools import whole

Piece = tuple[str, str]  # a phase and a text

STOPS: Final = {"": "stop", "eos": "stop", "function_call": "tool_calls", "content_filter": "content_filter"}


@dataclass
class Call:
    """A tool call as it came; `place` is where the server put it."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    place: int | str | None = None


@dataclass
class Reply:
    """What has come of a reply by now.

    Attributes:
        text: str, the answer.
        thinking: str, what is no part of it.
        calls: list of Call.
        usage: dict or None, as the server told it.
        stop: str or None, why it ended; None while it has not.
        refusal: str, what was said in place of an answer.
        details: list of dict, `reasoning_details`, those of one index joined.
        is_done: bool, whether [DONE] came.
    """

    text: str = ""
    thinking: str = ""
    calls: list[Call] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    stop: str | None = None
    refusal: str = ""
    details: list[dict[str, Any]] = field(default_factory=list)
    is_done: bool = False
    _tags: Tags = field(default_factory=Tags)
    _half: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the server said that this was all."""
        return self.is_done or self.stop is not None

    def feed(self, event: Any, is_stream: bool = True) -> list[Piece]:
        """Read an event, or a whole body, and return the pieces of text in it.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: it is not of this wire.
        """
        self.usage = _object(event, "event").get("usage") or self.usage
        choices = event["choices"] if not is_stream else event.get("choices") or ()
        if not is_stream and not choices:
            raise ValueError("no choices")
        pieces: list[Piece] = []
        for choice in choices:
            if _object(choice, "choice").get("index") in (0, None):
                said = choice["message"] if not is_stream else choice.get("delta")
                pieces += self._read(_object(said, "message") if said is not None else {}, is_stream)
                reason = choice.get("finish_reason")
                if reason is not None or not is_stream:
                    self.stop = STOPS.get(reason or "", reason)
        return self._kept(pieces)

    def end(self) -> list[Piece]:
        """The pieces that were held back until it was clear what they are."""
        rest, self._half = self._half, ""
        last = self._tags.feed(rest) if rest else []
        return self._kept([*last, *self._tags.end()])

    def _kept(self, pieces: list[Piece]) -> list[Piece]:
        found = [(phase, text) for phase, text in pieces if text]
        self.thinking += "".join(text for phase, text in found if phase == "thinking")
        self.text += "".join(text for phase, text in found if phase == "generating")
        return found

    def _read(self, said: dict[str, Any], is_stream: bool) -> list[Piece]:
        pieces = list(self._reasoning(said))
        for phase, text in _spoken(said.get("content")):
            pieces += [(phase, whole(text))] if phase == "thinking" else self._tags.feed(self._joined(text))
        self.refusal += said.get("refusal") or ""
        for part in said.get("tool_calls") or ():
            self._take(_object(part, "call"), is_stream)
        if (legacy := said.get("function_call")) and (legacy.get("name") or legacy.get("arguments")):
            self._take({"function": legacy, "index": "legacy"}, is_stream)
        return pieces

    def _reasoning(self, said: dict[str, Any]) -> Iterator[Piece]:
        details = said.get("reasoning_details") or ()
        for entry in details:
            self._join_detail(dict(entry))
        told = said.get("reasoning_content") or said.get("reasoning")
        yield "thinking", told or "".join(entry.get("text") or "" for entry in details)

    def _join_detail(self, entry: dict[str, Any]) -> None:
        for known in self.details:
            if (known.get("index"), known.get("type")) == (entry.get("index"), entry.get("type")):
                texts = {key: known.get(key, "") + entry[key] for key in ("text", "summary") if entry.get(key)}
                known |= {key: value for key, value in entry.items() if value is not None} | texts
                return
        self.details.append(entry)

    def _joined(self, text: str) -> str:
        """The text with a character that came in halves made whole."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return whole(text)

    def _take(self, part: dict[str, Any], is_stream: bool) -> None:
        function = part.get("function") or part.get("custom") or {}
        identity, name, place = part.get("id") or "", function.get("name") or "", part.get("index")
        given = function["arguments"] if "arguments" in function else function.get("input")
        call = self._open_call(identity, name, place) if is_stream else None
        if call is None:
            self.calls.append(call := Call(identity, name, "", place))
        call.arguments += given if isinstance(given, str) else "" if given is None else json.dumps(given)

    def _open_call(self, identity: str, name: str, place: Any) -> Call | None:
        """The call that a fragment belongs to, None if it opens one: a name or another id does."""
        here = [call for call in self.calls if place is None or call.place == place]
        last = here[-1] if here else None
        if identity:
            return last if last and last.id == identity else None
        if name or last or place is None:
            return None if name else last
        return self.calls[-1] if self.calls else None


def usage_of(told: dict[str, Any] | None) -> dict[str, int]:
    """The counts that a server told, under the names of the spec."""
    told = told or {}
    inner = {"prompt_tokens_details": "cached_tokens", "completion_tokens_details": "reasoning_tokens"}
    names = {"input_tokens": told.get("prompt_tokens"), "output_tokens": told.get("completion_tokens")}
    for (outer, key), name in zip(inner.items(), ("cache_read_tokens", "reasoning_tokens"), strict=True):
        names[name] = (told.get(outer) or {}).get(key)
    return {name: count for name, count in names.items() if count is not None}


def _spoken(content: Any) -> Iterator[Piece]:
    if isinstance(content, dict):
        yield "generating", json.dumps(content)
    elif isinstance(content, list):
        for part in content:
            if part["type"] == "thinking":
                inner = part["thinking"]
                yield "thinking", inner if isinstance(inner, str) else "".join(each["text"] for each in inner)
            elif part["type"] == "text":
                yield "generating", part["text"]
    elif content is not None:
        yield "generating", content + ""


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object for the {name}, got {type(value).__name__}")
    return value
