"""The fault matrix: what a stream may hold that is no event, no event of this wire, or no reply."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import (
    Json,
    block,
    call_part,
    chat_stream,
    chunk,
    message_end,
    message_start,
    sse,
    sse_text,
    streamed_bytes,
    text_block,
    tool_block,
)
from conformance.faulting import FINE, Bench, Fault
from conformance.scripted import Gate, Raw, Reply, Request

WIRE: Final = ("wire", "scripted", "streaming", "tools", "spec_wire")
OPENAI: Final = ("scripted", "openai_wire", "streaming", "tools")
ANTHROPIC: Final = ("scripted", "anthropic_wire", "streaming", "tools")
MIB: Final = 1024 * 1024
FIRST: Final = (False,)
SAID: Final = Reply([FINE], thinking="Hm")
sound: Final = partial(Fault, error="", streams=(True,))
wrong: Final = partial(Fault, error="MalformedResponseError", retryable=False, streams=(True,), has_id=True)
READ: Final = ("a list", "null")  # they are JSON
PLACES: Final = {"first": 0, "third": 2}


def events(request: Request) -> list[bytes]:
    """The events of a streamed reply."""
    return [event + b"\n\n" for event in streamed_bytes(SAID, request).split(b"\n\n")[:-1]]


def woven(odd: bytes, at: int) -> Callable[[Request], Raw]:
    """A stream with something odd before one of its events."""

    def answer(request: Request) -> Raw:
        found = events(request)
        return Raw([*found[:at], odd, *found[at:]])

    return answer


@requirement("FAULTS-1", "ERRORS-3", "ERRORS-6", needs=(*WIRE, "thinking"))
async def test_event_that_is_none(d: Driver) -> None:
    """An event that is no JSON, torn, too deep or no object, at the start of a stream and within it."""
    odd = {
        "torn JSON": b'data: {"choices": [\n\n',
        "a page": b"data: <html>\n\n",
        "a list": b"data: []\n\n",
        "null": b"data: null\n\n",
        "two objects": b"data: {} {}\n\n",
        "100,000 brackets": b"data: " + b"[" * 100_000 + b"\n\n",
        "Latin-1": b'data: {"a": "F\xedne"}\n\n',
        "half a character": b'data: {"a": "\xf0\x9f"}\n\n',
        "half a pair": b'data: {"a": "\xed\xa0\x80"}\n\n',
    }
    rows = [
        wrong(f"{name}, {place}", woven(data, at), rounds=FIRST if at else (False, True), is_caused=name not in READ)
        for name, data in odd.items()
        for place, at in PLACES.items()
    ]
    for kind in ("text/html", "application/json", "text/plain"):
        page = Raw(b"{}", content_type=kind)
        rows.append(wrong(kind, page, words=kind, is_caused=False, rounds=FIRST))
    await Bench(d).endure(rows)


@requirement("FAULTS-1", "SSE-1", "SSE-6", needs=(*WIRE, "thinking"))
async def test_text_cut_at_every_byte(d: Driver) -> None:
    """A stream in two fragments, cut at every byte of its text and of what stands round it; and one byte a fragment."""

    def cut(number: int) -> Callable[[Request], Raw]:
        def answer(request: Request) -> Raw:
            data = streamed_bytes(SAID, request)
            at = data.index(FINE.encode()) - 2 + number
            return Raw([data[:at], data[at:]])

        return answer

    count = len(FINE.encode()) + 4
    rows = [sound(f"cut at byte {number + 1} of {count}", cut(number), rounds=FIRST) for number in range(count)]
    single = sound("byte by byte", lambda request: Raw([bytes([b]) for b in streamed_bytes(SAID, request)]))
    await Bench(d).endure([*rows, single])


@requirement("FAULTS-1", "SSE-5", needs=(*WIRE, "thinking"))
async def test_event_beyond_the_cap(d: Driver) -> None:
    """17 MiB in one line, in many, or in a comment are refused while more is to come; 15 MiB are read."""
    gates: list[Gate] = []

    def large(start: bytes, each: bytes) -> Callable[[Request], Raw]:
        def answer(request: Request) -> Raw:
            gates.append(Gate())
            return Raw([events(request)[0], start, *[each] * 17, gates[-1]])

        return answer

    beyond = partial(wrong, words="bytes", rounds=FIRST, is_caused=False)
    part = b"x" * MIB
    rows = [
        beyond("a line of 17 MiB", large(b"data: ", part)),
        beyond("a comment of 17 MiB", large(b": ", part)),
        beyond("lines of 17 MiB", large(b"", b"data: " + part + b"\n")),
        sound("a line of 15 MiB", woven(b'data: {"type": "padding", "x": "' + part * 15 + b'"}\n\n', 1), rounds=FIRST),
    ]
    await Bench(d).endure(rows)
    assert len(gates) == 3
    assert not any(gate.is_open for gate in gates)


@requirement("FAULTS-1", "WIRE-OPENAI-19", needs=OPENAI)
async def test_unknown_parts_of_chat_completions(d: Driver) -> None:
    """Events, keys, roles and parts that nobody knows yet, and indices that are missing, doubled or leave gaps."""
    text, stop = chunk({"content": FINE}), chunk({}, "stop")
    odd: dict[str, list[Json]] = {
        "an unknown event": [{"type": "novelty", "payload": [1]}, text, {"object": "novelty"}, stop],
        "an event without choices": [{"id": "x"}, text, {"choices": None}, {"choices": []}, stop],
        "an unknown key of a delta": [chunk({"novelty": {"a": 1}}), text | {"novelty": 1}, stop],
        "an unknown part of content": [chunk({"content": [{"type": "novelty", "x": 1}]}), text, stop],
        "an unknown role": [chunk({"role": "novelty"}), text, stop],
        "an unknown finish reason": [text, chunk({}, "novelty")],
        "a choice without index": [without_index(text), without_index(stop)],
        "other choices": [other_choice(text, 1), text, other_choice(text, 7), stop],
        "two finishes": [text, stop, stop],
        "a usage of another shape": [text, stop, {"choices": [], "usage": {"prompt_tokens": "many"}}],
    }
    rows = [sound(name, chat_stream(*chunks)) for name, chunks in odd.items()]
    await Bench(d).endure([*rows, *called(CHAT_CALLS)])


@requirement("FAULTS-1", "WIRE-ANTHROPIC-16", needs=ANTHROPIC)
async def test_unknown_parts_of_messages(d: Driver) -> None:
    """Events, deltas, blocks and keys that nobody knows yet, and indices that are missing, doubled or leave gaps."""
    start, text, end = [message_start()], text_block(0, FINE), message_end()
    opened, *inner, closed = text
    novelty = block(0, {"type": "novelty", "x": 1}, {"type": "novelty_delta", "x": 2})
    odd: dict[str, list[Json]] = {
        "an unknown event": [*start, {"type": "novelty"}, *text, {"type": "novelty", "index": 9}, *end],
        "an unknown delta": [*start, opened, unknown_delta(), *inner, closed, *end],
        "an unknown block": [*start, *novelty, *at_index(text, 1), *end],
        "an unknown stop reason": [*start, *text, *message_end("novelty")],
        "no message_start": [*text, *end],
        "two of message_start": [*start, *start, *text, *end],
        "blocks that are not closed": [*start, opened, *inner, *end],
        "events without index": [*start, *at_index(text, None), *end],
        "an index that leaves a gap": [*start, *at_index(text, 7), *end],
        "one index for two blocks": [*start, *text_block(0, FINE[:2]), *text_block(0, FINE[2:]), *end],
        "two of message_stop": [*start, *text, *end, *end[1:]],
    }
    rows = [sound(name, sse(*found)) for name, found in odd.items()]
    unread = {
        "a delta of a block that never began": [*start, *inner, *end],
        "a block that is none": [*start, {"type": "content_block_start", "index": 0}, *end],
        "a block without type": [*start, *block(0, {"text": "x"}), *end],
    }
    rows += [wrong(name, sse(*found)) for name, found in unread.items()]
    await Bench(d).endure([*rows, *called(MESSAGES_CALLS)])


def without_index(event: Json) -> Json:
    """A chunk whose choice has no index."""
    return event | {"choices": [{key: value for key, value in event["choices"][0].items() if key != "index"}]}


def other_choice(event: Json, index: int) -> Json:
    """A chunk of another choice than the first."""
    return event | {"choices": [event["choices"][0] | {"index": index}]}


def at_index(found: list[Json], index: int | None) -> list[Json]:
    """Events of a block under another index; None leaves it out."""
    rest = [{key: value for key, value in event.items() if key != "index"} for event in found]
    return rest if index is None else [event | {"index": index} for event in rest]


def unknown_delta() -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "novelty_delta", "novelty": 1}}


CITY: Final = json.dumps({"city": "Oslo"})
CHAT_CALLS: Final = {
    "calls that skip indices": [call_part(3, "weather", CITY, id="a"), call_part(9, "weather", CITY, id="b")],
    "calls of one index": [call_part(0, "weather", CITY, id="a"), call_part(0, "weather", CITY, id="b")],
    "calls without index": [call_part(None, "weather", CITY, id="a"), call_part(None, "weather", CITY, id="b")],
    "calls of one id": [call_part(0, "weather", CITY, id="a"), call_part(1, "weather", CITY, id="a")],
    "calls without id": [call_part(0, "weather", CITY), call_part(1, "weather", CITY)],
}
MESSAGES_CALLS: Final = {
    "calls that skip indices": [tool_block(3, "weather", CITY), tool_block(9, "weather", CITY, call_id="b")],
    "calls of one index": [tool_block(0, "weather", CITY), tool_block(0, "weather", CITY, call_id="b")],
    "calls of one id": [tool_block(0, "weather", CITY), tool_block(1, "weather", CITY)],
    "calls of no id": [tool_block(0, "weather", CITY, id=None), tool_block(1, "weather", CITY, id=None)],
}


def called(table: dict[str, Any]) -> Iterator[Fault]:
    """A row for each form of two calls; see `Fault.calls`."""
    for name, found in table.items():
        if isinstance(found[0], list):
            raw = sse(message_start(), *(event for each in found for event in each), *message_end("tool_use"))
        else:
            raw = chat_stream(*(chunk({"tool_calls": [each]}) for each in found), chunk({}, "tool_calls"))
        yield sound(name, raw, calls=2, rounds=FIRST)


ERRORS: Final = {
    "rate_limit_error": ("RateLimitError", 429, True),
    "server_error": ("ServerError", 500, True),
    "invalid_request_error": ("InvalidRequestError", 400, False),
    "authentication_error": ("AuthenticationError", 401, False),
    "overloaded_error": ("OverloadedError", 529, True),
    "novel_error": ("ServerError", None, True),
}


@requirement("FAULTS-1", "ERRORS-10", "ERRORS-6", needs=OPENAI)
async def test_error_in_a_chat_completions_stream(d: Driver) -> None:
    """Each kind of error, alone, behind some text, and behind the finish reason."""
    text, stop = chunk({"content": FINE}), chunk({}, "stop")
    places = {"alone": [], "behind text": [text], "behind the finish": [text, stop]}
    rows = [
        told(kind, place, sse_text(*before), {"error": error_of(kind)})
        for kind in ERRORS
        for place, before in places.items()
    ]
    await Bench(d).endure(rows)


@requirement("FAULTS-1", "ERRORS-10", "ERRORS-6", needs=ANTHROPIC)
async def test_error_in_a_messages_stream(d: Driver) -> None:
    """Each kind of error, alone, behind some text, and before the very last event."""
    text = [message_start(), *text_block(0, FINE)]
    places = {"alone": [], "behind text": text[:-1], "behind the stop reason": [*text, message_end()[0]]}
    rows = [
        told(kind, place, sse_text(*before), {"type": "error", "error": error_of(kind)})
        for kind in ERRORS
        for place, before in places.items()
    ]
    await Bench(d).endure(rows)


def error_of(kind: str) -> Json:
    return {"type": kind, "message": "Out of luck", "code": None}


def told(kind: str, place: str, before: str, event: Json) -> Fault:
    """The row of an error event."""
    error, status, retryable = ERRORS[kind]
    raw = Raw((before + sse_text(event)).encode())
    rounds = (False, True) if kind == "server_error" else FIRST
    more: dict[str, Any] = {
        "words": "Out of luck",
        "has_id": True,
        "is_caused": False,
        "streams": (True,),
        "rounds": rounds,
    }
    return Fault(f"{kind} {place}", raw, error, retryable, status, **more)
