"""What a reply says, in neutral words. Nothing here knows the implementation."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

THOUGHT: Final = re.compile(r"\s*<think>\n*(?P<thought>.*?)</think>\n*(?P<answer>.*)", re.DOTALL)
TOO_LONG: Final = (
    "too long",
    "maximum context length",
    "context_length_exceeded",
    "exceed_context_size",
    "context size",
)
SHOWN: Final = 80  # characters of a text that a line shows
FAMILY_OF_TYPE: Final = {
    "overloaded_error": "OverloadedError",
    "rate_limit_error": "RateLimitError",
    "authentication_error": "AuthenticationError",
    "permission_error": "AuthenticationError",
    "invalid_request_error": "InvalidRequestError",
    "not_found_error": "InvalidRequestError",
    "request_too_large": "InvalidRequestError",
    "timeout_error": "ModelTimeoutError",
}


@dataclass
class Call:
    """A tool call; an empty id is one that the client has to make."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def parsed(self) -> Any:
        """The arguments as JSON, the text itself when it is torn; none at all are an empty object."""
        try:
            found = json.loads(self.arguments or "{}")
        except ValueError:
            return self.arguments
        return {} if found is None else found


@dataclass(frozen=True)
class Failure:
    """An error of the provider.

    Args:
        family: str, the class that a client must raise, or a parent of it.
        message: str, the provider's own words.
        status: int or None, of the response; None when it came inside a stream.
    """

    family: str
    message: str
    status: int | None = None


@dataclass
class Reading:
    """What a reply says.

    Args:
        stop: str or None: stop, length, tool_calls, stop_sequence, content_filter, refusal, pause, or another word.
        usage: tuple of int or None, what was read and what was written, with the cached part of what was read.
        refusal: str or None, the words of a refusal.
        failure: Failure or None, in place of a reply, or in the middle of one.
        whole: bool, whether the reply came to its end.
    """

    text: str = ""
    thinking: str = ""
    calls: list[Call] = field(default_factory=list)
    usage: tuple[int, int] | None = None
    stop: str | None = None
    refusal: str | None = None
    failure: Failure | None = None
    whole: bool = True

    def told(self) -> str:
        """What it says, in one line."""
        if self.failure is not None:
            return f"{self.failure.family}: {self.failure.message!r}"
        calls = [f"{call.name}({call.arguments})" for call in self.calls]
        parts = {"text": self.text, "thinking": self.thinking, "calls": calls, "refusal": self.refusal}
        said = [f"{name} {_short(part)}" for name, part in parts.items() if part]
        counts = "not told" if self.usage is None else f"{self.usage[0]} in, {self.usage[1]} out"
        return "; ".join([*said, f"usage {counts}", f"stop {self.stop}", *([] if self.whole else ["cut off"])])

    def split_thoughts(self) -> None:
        """Take a thought between tags out of the text."""
        if found := THOUGHT.fullmatch(self.text):
            self.thinking += found["thought"]
            self.text = found["answer"]


def _short(part: object) -> str:
    text = repr(part)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def member(thing: Any, name: str) -> Any:
    """A member of a typed object or of a dict; None when it is absent."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def failure(body: Any, status: int | None) -> Failure:
    """Read an error body, or an error inside a stream.

    Args:
        body: Any, the decoded body, or the object under its key "error".
        status: int or None, of the response; None inside a stream.

    Returns:
        Failure: told by the status, or else by the status or the type that the body names.
    """
    error = member(body, "error") or body if isinstance(body, Mapping) else body
    words = error if isinstance(error, str) else member(error, "message") or member(error, "detail") or ""
    code = status or next((c for n in ("status_code", "code", "status") if type(c := member(error, n)) is int), None)
    family = _family(code) if code else FAMILY_OF_TYPE.get(str(member(error, "type")), "ServerError")
    kinds = f"{words} {member(error, 'type')} {member(error, 'code')}"
    if (code or 400) in range(400, 500) and any(phrase in kinds for phrase in TOO_LONG):
        family = "ContextOverflowError"
    return Failure(family, str(words)[:100], status)


def _family(status: int) -> str:
    if status >= 500:
        return "OverloadedError" if status in (503, 529) else "ServerError"
    special = {401: "AuthenticationError", 403: "AuthenticationError", 408: "ModelTimeoutError", 429: "RateLimitError"}
    return special.get(status, "InvalidRequestError")
