"""A Chat Completions reply as a reading: naively, by the members of whatever objects it came as."""

import json
from collections.abc import Iterable
from typing import Any, Final, Literal

from conformance.readings.reading import Call, Reading, failure, member

STOP: Final = {"eos": "stop", "function_call": "tool_calls", "": "stop", None: "stop"}
Part = Literal["message", "delta"]


def read_whole(reading: Reading, completion: Any) -> None:
    """Read a whole completion.

    Args:
        reading: Reading, filled in here.
        completion: Any, the typed object or the decoded body.
    """
    _read(reading, [completion], "message")


def read_events(reading: Reading, chunks: Iterable[Any]) -> None:
    """Read a stream to its end.

    Args:
        reading: Reading, filled in here, also when the chunks raise.
        chunks: Iterable, typed chunks or decoded ones.
    """
    _read(reading, chunks, "delta")


def _read(reading: Reading, bodies: Iterable[Any], part: Part) -> None:
    word: str | None = None
    reading.whole = part == "message"
    fragments = _Fragments(reading.calls)
    for body in bodies:
        if error := member(body, "error"):
            reading.failure = failure(error, None)
            break
        _read_usage(reading, member(body, "usage"))
        for choice in member(body, "choices") or ():
            if not member(choice, "index"):  # the other answers of n > 1 are not ours
                _read_part(reading, member(choice, part), fragments, part)
                word = member(choice, "finish_reason") or word
    reading.whole = reading.whole or bool(word)
    reading.split_thoughts()
    reading.stop = STOP.get(word, word)
    if reading.calls and reading.stop != "length":
        reading.stop = "tool_calls"
    if reading.refusal is not None:
        reading.stop = "refusal"
    elif reading.stop == "content_filter" and not reading.text and not reading.calls:
        reading.refusal = ""


def _read_part(reading: Reading, said: Any, fragments: "_Fragments", part: Part) -> None:
    named = member(said, "reasoning_content") or member(said, "reasoning")
    for detail in [] if named else member(said, "reasoning_details") or ():
        reading.thinking += member(detail, "text") or member(detail, "summary") or ""
    reading.thinking += named or ""
    _read_content(reading, member(said, "content"))
    if refusal := member(said, "refusal"):
        reading.refusal = (reading.refusal or "") + refusal
    for call in member(said, "tool_calls") or ():
        function = member(call, "function") or member(call, "custom")
        arguments = member(function, "arguments") or member(function, "input") or ""
        index = member(call, "index") if part == "delta" else None
        fragments.add(index, member(call, "id") or "", member(function, "name") or "", arguments)
    legacy = member(said, "function_call")
    if member(legacy, "name") or member(legacy, "arguments"):
        fragments.add(-1, "", member(legacy, "name") or "", member(legacy, "arguments") or "")


def _read_content(reading: Reading, content: Any) -> None:
    if isinstance(content, str) or not content:
        reading.text += content or ""
    elif isinstance(content, list):
        for each in content:
            if member(each, "type") == "thinking":
                reading.thinking += "".join(member(inner, "text") or "" for inner in member(each, "thinking"))
            else:
                reading.text += member(each, "text") or ""
    else:
        reading.text += json.dumps(content)


def _read_usage(reading: Reading, usage: Any) -> None:
    if usage:
        reading.usage = member(usage, "prompt_tokens") or 0, member(usage, "completion_tokens") or 0


class _Fragments:
    """Calls put together: by index where there is one, else a name begins the next call."""

    def __init__(self, calls: list[Call]) -> None:
        self._calls = calls
        self._at: dict[int, Call] = {}

    def add(self, index: int | None, call_id: str, name: str, arguments: Any) -> None:
        call = self._at.get(index) if index is not None else self._calls[-1] if self._calls and not name else None
        if call is None or (call_id and call.id and call_id != call.id):
            call = Call()
            self._calls.append(call)
        if index is not None:
            self._at[index] = call
        call.id, call.name = call.id or call_id, call.name or name
        call.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments)
