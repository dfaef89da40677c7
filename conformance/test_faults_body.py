"""The fault matrix: whole bodies that are torn, malformed, of another kind, or too large."""

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from conformance import Driver, requirement
from conformance.exchanges import JSON, Json
from conformance.faulting import FINE, Bench, Fault
from conformance.scripted import Call, Raw, Reply, Request, anthropic, openai

WIRE: Final = ("wire", "scripted", "streaming", "tools", "spec_wire")
MIB: Final = 1024 * 1024
SAID: Final = Reply(FINE, thinking="Hm")
CALL: Final = Reply(calls=[Call("clock", {"zone": "CET"}, id="call1")])
ALIEN: Final = (5, 1.5, True, [5], {"a": 5})  # in place of a text
wrong: Final = partial(Fault, error="MalformedResponseError", retryable=False, streams=(False,), has_id=True)


def body_of(reply: Reply, request: Request) -> Json:
    """A reply as the one body that the wire of the request has for it."""
    wire = anthropic if request.wire == "anthropic" else openai
    return json.loads(json.dumps(wire.whole(reply, request.body, 1)))  # type: ignore[no-any-return]


def changed(change: Callable[[bytes], bytes], reply: Reply = SAID, **how: str) -> Callable[[Request], Raw]:
    """The bytes of a reply, changed."""

    def answer(request: Request) -> Raw:
        data = json.dumps(body_of(reply, request), ensure_ascii=False).encode()
        return Raw(change(data), content_type=how.get("content_type", JSON))

    return answer


@requirement("FAULTS-1", "ERRORS-3", "ERRORS-6", needs=WIRE)
async def test_torn_body(d: Driver) -> None:
    """JSON that ends too early, at each tenth of its length, in a response that is sound."""
    rows = [
        wrong(f"the first {tenth} tenths", changed(lambda data, tenth=tenth: data[: len(data) * tenth // 10]))  # type: ignore[misc]
        for tenth in range(10)
    ]
    await Bench(d).endure(rows)


@requirement("FAULTS-1", "FAULTS-4", "ERRORS-3", "ERRORS-6", needs=WIRE)
async def test_body_that_is_no_reply(d: Driver) -> None:
    """What can be read and is no reply, what cannot be read, and what is not of this kind at all."""
    said = FINE.encode()
    bodies = {
        "a list": lambda data: b"[" + data + b"]",
        "null": lambda _: b"null",
        "an empty object": lambda _: b"{}",
        "more behind the end": lambda data: data + b"}",
        "100,000 brackets": lambda _: b"[" * 100_000,
        "Latin-1": lambda data: data.replace(said, b"F\xedne"),
        "half a character": lambda data: data.replace(said, said[:-1]),
        "half a pair": lambda data: data.replace(said, b"\xed\xa0\x80"),
        "UTF-16": lambda data: data.decode().encode("utf-16"),
    }
    read = ("a list", "null", "an empty object")  # they are JSON
    rows = [wrong(name, changed(change), is_caused=name not in read) for name, change in bodies.items()]
    for kind in ("text/html", "text/plain; charset=utf-8", "text/event-stream", "application/octet-stream"):
        answer = changed(bytes, content_type=kind)
        rows.append(wrong(f"{kind}", answer, words=kind.partition(";")[0], is_caused=False, rounds=(False,)))
    squeezed = Raw(b"not squeezed", content_type=JSON, headers={"content-encoding": "gzip"})
    rows.append(wrong("squeezed, and not so", squeezed, error="ModelConnectionError", retryable=True, has_id=False))
    await Bench(d).endure(rows)


@requirement("FAULTS-1", "ERRORS-3", "HISTORY-6", needs=WIRE)
async def test_call_that_is_no_text(d: Driver) -> None:
    """An id or a name of a call that is no text is refused, streamed or not: it would make the history unsendable."""

    def named(key: str, value: object) -> Callable[[Request], Raw]:
        def answer(request: Request) -> Raw:
            spelled = {"id": b'"call1"', "name": b'"clock"'}[key]
            wire = anthropic if request.wire == "anthropic" else openai
            if request.body.get("stream"):
                parts = [part for part in wire.events(CALL, request.body, 1) if isinstance(part, bytes)]
                return Raw([part.replace(spelled, json.dumps(value).encode()) for part in parts])
            return changed(lambda data: data.replace(spelled, json.dumps(value).encode()), CALL)(request)

        return answer

    rows = [wrong(f"{key}: {value}", named(key, value)) for key in ("id", "name") for value in ALIEN]
    await Bench(d).endure(Fault(**(vars(row) | {"streams": (False, True), "rounds": (False,)})) for row in rows)


@requirement("FAULTS-1", needs=WIRE)
async def test_body_that_is_read_all_the_same(d: Driver) -> None:
    """A body between blanks, and one of 17 MiB: a whole body has no cap."""
    sound = partial(Fault, error="", streams=(False,), rounds=(False,))
    rows = [
        sound("between blanks", changed(lambda data: b"\r\n \t" + data + b"\n\n")),
        sound("17 MiB", changed(lambda data: b'{"padding": "' + b"x" * 17 * MIB + b'", ' + data[1:])),
    ]
    await Bench(d).endure(rows)
