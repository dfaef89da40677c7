"""A Messages reply as a reading: naively, by the members of whatever objects it came as."""

import json
from collections.abc import Iterable
from typing import Any, Final

from conformance.readings.reading import Call, Reading, failure, member

STOP: Final = {
    "end_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
}
COUNTS: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def read_whole(reading: Reading, message: Any) -> None:
    """Read a whole message.

    Args:
        reading: Reading, filled in here.
        message: Any, the typed object or the decoded body.
    """
    for block in member(message, "content"):
        if member(block, "type") == "text":
            reading.text += member(block, "text")
        elif member(block, "type") == "thinking":
            reading.thinking += member(block, "thinking")
        elif member(block, "type") == "tool_use":
            reading.calls.append(Call(member(block, "id"), member(block, "name"), json.dumps(member(block, "input"))))
    _read_usage(reading, {}, member(message, "usage"))
    _read_stop(reading, message)


def read_events(reading: Reading, events: Iterable[Any]) -> None:
    """Read a stream to its end.

    Args:
        reading: Reading, filled in here, also when the events raise.
        events: Iterable, typed events or decoded ones.
    """
    reading.whole = False
    counts: dict[str, int] = {}
    opened = Call()
    for event in events:
        kind = member(event, "type")
        if kind == "message_start":
            _read_usage(reading, counts, member(member(event, "message"), "usage"))
        elif kind == "content_block_start":
            opened = _read_start(reading, member(event, "content_block"))
        elif kind == "content_block_delta":
            _read_delta(reading, opened, member(event, "delta"))
        elif kind == "message_delta":
            _read_usage(reading, counts, member(event, "usage"))
            _read_stop(reading, member(event, "delta"))
        elif kind == "message_stop":
            reading.whole = True
        elif kind == "error":
            reading.failure = failure(event, None)
            return


def _read_start(reading: Reading, block: Any) -> Call:
    """The call whose arguments follow; of a block that is none of ours, one that is forgotten."""
    kind = member(block, "type")
    reading.text += (member(block, "text") or "") if kind == "text" else ""
    reading.thinking += (member(block, "thinking") or "") if kind == "thinking" else ""
    call = Call(member(block, "id") or "", member(block, "name") or "")
    reading.calls += [call] if kind == "tool_use" else []
    return call


def _read_delta(reading: Reading, opened: Call, delta: Any) -> None:
    kind = member(delta, "type")
    if kind == "text_delta":
        reading.text += member(delta, "text")
    elif kind == "thinking_delta":
        reading.thinking += member(delta, "thinking")
    elif kind == "input_json_delta":
        opened.arguments += member(delta, "partial_json")


def _read_usage(reading: Reading, counts: dict[str, int], usage: Any) -> None:
    """Counts are cumulative, so a later one replaces an earlier one."""
    counts.update({name: count for name in COUNTS if (count := member(usage, name)) is not None})
    if counts:
        reading.usage = sum(counts.get(name, 0) for name in COUNTS[:3]), counts.get("output_tokens", 0)


def _read_stop(reading: Reading, holder: Any) -> None:
    word = member(holder, "stop_reason")
    reading.stop = STOP.get(word, word)
    if word == "refusal":
        details = member(holder, "stop_details")
        reading.refusal = member(details, "explanation") or member(details, "category") or ""
