"""What a client must do, compared with what it did. Pure."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from conformance.readings.reading import Call
from conformance.replay.outcome import Outcome
from conformance.replay.surfaces import MESSAGE, Observed

WIDTH: Final = 120
Pair = tuple[str, Any, Any]


def differences(expected: Outcome, observed: Observed, streamed: bool) -> list[str]:
    """Compare.

    Args:
        expected: Outcome, derived from the independent reading.
        observed: Observed, on one surface.
        streamed: bool, whether there must be chunks.

    Returns:
        list of str: each difference with both sides; empty when there is none.
    """
    pairs = [*_ending(expected, observed), *_counters(expected, observed), *_history(expected, observed)]
    pairs += _chunks(expected, observed) if streamed else []
    return [told(pair) for pair in pairs if pair[1] != pair[2]]


def disagreements(first: Observed, second: Observed) -> list[str]:
    """What two replays of one reply do not have in common."""
    names = [field.name for field in fields(first)]
    return [told((name, a, b)) for name in names if (a := getattr(first, name)) != (b := getattr(second, name))]


def told(pair: Pair) -> str:
    """A difference as text; of long values the part that differs."""
    name, expected, observed = pair
    left, right = repr(expected), repr(observed)
    same = next((at for at, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    start = max(0, same - WIDTH // 3) if max(len(left), len(right)) > WIDTH else 0
    dots = "…" if start else ""
    return f"{name}: {dots}{left[start : start + WIDTH]} expected, {dots}{right[start : start + WIDTH]} observed"


def _ending(expected: Outcome, observed: Observed) -> Iterator[Pair]:
    result = expected.reading.text if expected.error is None else None
    yield "text", result, observed.result
    if expected.error is None:
        yield "error", None, observed.error and f"{observed.error}: {observed.words}"
        return
    is_right = expected.error in observed.kinds
    yield "error", expected.error, expected.error if is_right else f"{observed.error}: {observed.words}"
    if is_right and expected.words not in observed.words:
        yield "error message", expected.words, observed.words
    if expected.status is not None:
        yield "error status", expected.status, observed.status


def _counters(expected: Outcome, observed: Observed) -> Iterator[Pair]:
    usage = observed.usage
    if usage is not None and expected.usage is not None:
        usage = {name: usage.get(name, 0) for name in expected.usage}
    yield "usage", expected.usage, usage
    yield "stop reason", expected.stop, observed.stop
    yield "thinking", expected.thinking, observed.thinking
    yield "requests", expected.requests, observed.requests


def _history(expected: Outcome, observed: Observed) -> Iterator[Pair]:
    messages = observed.messages
    roles = ["user", "assistant", *["tool"] * (expected.messages - 2)] if expected.messages else []
    found = [message["role"] for message in messages]
    yield "roles in history", roles, found
    if roles != found or not roles:
        return
    reading, reply = expected.reading, messages[1]
    yield "user message in history", MESSAGE, messages[0]["content"]
    yield "text in history", reading.text or ("" if not reading.calls else None), reply["content"]
    yield "thinking in history", reading.thinking, reply.get("thinking", "")
    calls = reply.get("tool_calls") or []
    ids = [call["id"] for call in calls]
    yield "calls", *_calls(reading.calls, calls)
    yield "made call ids", True, all(ids) and len(set(ids)) == len(ids)
    yield "answered calls", ids, [message["tool_call_id"] for message in messages[2:]]


def _calls(wanted: list[Call], found: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Both sides of the calls; an id that is missing or stands twice is the client's to make."""
    given = [call.id for call in wanted]
    made = [not id_ or id_ in given[:at] for at, id_ in enumerate(given)]
    made += [False] * (len(found) - len(made))
    left = [("made" if m else call.id, call.name, call.parsed()) for m, call in zip(made, wanted, strict=False)]
    right = [
        ("made" if m else call["id"], call["function"]["name"], _parsed(call["function"]["arguments"]))
        for m, call in zip(made, found, strict=False)
    ]
    return left, right


def _parsed(arguments: str) -> Any:
    return Call(arguments=arguments).parsed() if isinstance(arguments, str) else json.dumps(arguments)


def _chunks(expected: Outcome, observed: Observed) -> Iterator[Pair]:
    reading = expected.reading
    spoken = {
        phase: [content for kind, content, round_ in observed.chunks if kind == phase and round_ == 0]
        for phase in ("generating", "thinking", "tool_calling")
    }
    times = 2 if expected.answered else 1
    yield "text of the chunks", reading.text, "".join(spoken["generating"])
    yield "thinking of the chunks", times * reading.thinking, "".join(spoken["thinking"])
    yield "empty chunks", 0, sum(not content for phase in ("generating", "thinking") for content in spoken[phase])
    yield "chunks of calls", max(0, expected.messages - 2), len(spoken["tool_calling"])
    yield "chunks of another round", 0, sum(round_ != 0 for _, _, round_ in observed.chunks)
