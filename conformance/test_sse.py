"""What every wire shares: requests that depend on nothing hidden, and server-sent events from any fragments."""

import itertools
import json
from collections.abc import Callable, Iterable, Sequence

from conformance import Driver, requirement
from conformance.exchanges import ask, failure, streamed_bytes, tools_of
from conformance.probes import PIXEL
from conformance.scripted import Call, Gate, Raw, Reply, Request

WIRE = ("wire", "scripted", "streaming")

TEXT = "Grüße, 世界 🙂!"
REPLY = Reply(TEXT, thinking="Hm… ☂")
NOISE: Sequence[bytes] = (
    b": keep-alive\n\n",
    b":\n",
    b"\n\n\n",
    b"id: 7\n",
    b"retry: 10\n",
    b"event: oddity\n",
    b"custom: x\n",
    b"data\n\n",
)


def rewritten(
    change: Callable[[bytes], bytes], size: int | None = None, reply: Reply = REPLY
) -> Callable[[Request], Raw]:
    """A scripted answer: the bytes of a streamed reply, changed, and cut into fragments of a size."""

    def answer(request: Request) -> Raw:
        data = change(streamed_bytes(reply, request))
        return Raw([data] if size is None else [data[at : at + size] for at in range(0, len(data), size)])

    return answer


def as_sent(data: bytes) -> bytes:
    return data


def several(data: bytes) -> bytes:
    """The data of each event on several lines."""
    return data.replace(b'":', b'":\ndata: ')


def woven(line: bytes) -> Callable[[bytes], bytes]:
    """The data of each event on several lines, another line between them; a blank one would end the event."""
    inner = line.rstrip(b"\n") + b"\n" if line.strip() else b""
    return lambda data: several(data).replace(b"\ndata:", b"\n" + inner + b"data:")


async def check(d: Driver, answers: Iterable[Callable[[Request], Raw]]) -> None:
    """Each answer is the same reply."""
    for answer in answers:
        client = d.client()
        d.script(answer)
        assert await ask(d, client, stream=True) == TEXT
        assert client.last_thinking == REPLY.thinking
        assert client.messages[-1]["content"] == TEXT


@requirement("WIRE-1", "WIRE-2", needs=(*WIRE, "tools", "images", "thinking"))
async def test_requests_depend_on_what_was_asked_alone(d: Driver) -> None:
    """A stream asks what a whole reply asks, but for the keys of streams; both surfaces ask the same, byte for byte."""
    sent = []
    for stream in (False, True):
        client = d.client(system="Be brief.", tools=tools_of(d))
        call = Call("weather", {"city": "Tromsø"}, id="c1")
        d.script(Reply("See.", thinking="hm", calls=[call]), Reply("Sun."), Reply("Yes."))
        await ask(d, client, stream=stream, images=[PIXEL], generate_kwargs={"temperature": 0.5, "max_tokens": 99})
        await ask(d, client, "sure?", stream=stream)
        sent.append([request.body for request in d.server.requests][-3:])
    for whole, streamed in zip(*sent, strict=True):
        assert streamed.pop("stream") is True
        streamed.pop("stream_options", None)
        assert streamed == whole
    d.observe("raw", [request.raw for request in d.server.requests])


@requirement("WIRE-3", needs=(*WIRE, "tools"))
async def test_later_requests_extend_earlier_ones(d: Driver) -> None:
    """The messages of a request open every later one of the conversation, and the tools do not change."""
    client = d.client(system="Be brief.", tools=tools_of(d))
    d.script(Reply("See.", calls=[Call("clock")]), Reply(calls=[Call("clock")]), Reply("Noon."), Reply("Yes."))
    await d(client.chat("time?"))
    await d(client.chat("sure?"))
    bodies = [request.body for request in d.server.requests]
    for earlier, later in itertools.pairwise(bodies):
        assert later["messages"][: len(earlier["messages"])] == earlier["messages"]
        assert later["tools"] == earlier["tools"]


@requirement("WIRE-4", needs=(*WIRE, "tools"))
async def test_arguments_in_any_pieces(d: Driver) -> None:
    """The arguments of a call may be cut anywhere, inside a character's escape as well."""
    text = json.dumps({"city": 'Tromsø "N" \\ 🙂'}, separators=(",", ": "))
    for size in (1, 2, 3, len(text)):
        client = d.client(tools=tools_of(d))
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        d.script(Reply(calls=[Call("weather", pieces=pieces)]), Reply("done"))
        assert await ask(d, client, stream=True) == "done"
        assert client.messages[2]["content"] == 'sunny in Tromsø "N" \\ 🙂'


@requirement("SSE-1", needs=(*WIRE, "thinking", "spec_wire"))
async def test_every_cut_of_the_bytes(d: Driver) -> None:
    """Fragments of one byte, of a few, and the whole at once are the same reply, inside characters too."""
    await check(d, [rewritten(as_sent, size) for size in (1, 2, 3, 5, 7, 64, None)])


@requirement("SSE-2", needs=(*WIRE, "thinking", "spec_wire"), recorded="C15")
async def test_every_line_end(d: Driver) -> None:
    """LF, CR, CRLF and their mixture end a line, whole or cut between CR and LF."""

    def mixed(data: bytes) -> bytes:
        ends = itertools.cycle([b"\r\n", b"\n", b"\r"])
        return b"".join(line + next(ends) for line in data.split(b"\n")[:-1])

    def changed(end: bytes) -> Callable[[bytes], bytes]:
        return lambda data: data.replace(b"\n", end)

    changes = [changed(b"\r\n"), changed(b"\r"), mixed, lambda data: several(data).replace(b"\n", b"\r\n")]
    await check(d, [rewritten(change, size) for change in changes for size in (1, 2, None)])


@requirement("SSE-3", needs=(*WIRE, "thinking", "spec_wire"), recorded="C15")
async def test_other_lines_are_ignored(d: Driver) -> None:
    """Comments, blank lines, ids, retry times, unknown fields and odd event names are nothing."""
    for line in NOISE:
        await check(d, [rewritten(lambda data, line=line: line + data.replace(b"data:", line + b"data:"))])  # type: ignore[misc]


@requirement("SSE-3", needs=(*WIRE, "usage", "spec_wire"))
async def test_byte_order_mark_is_ignored(d: Driver) -> None:
    """A byte order mark in front of the stream costs nothing of its first event."""

    def marked(data: bytes) -> bytes:
        events = [line + b"\n\n" for line in data.split(b"\n") if line.startswith(b"data:")]
        skipped = 0 if b"message_start" in events[0] else 1  # a first chunk that holds no text proves nothing
        return b"\xef\xbb\xbf" + b"".join(events[skipped:])

    for size in (1, None):
        client = d.client()
        d.script(rewritten(marked, size, Reply(["Hello"])))
        assert await ask(d, client, stream=True) == "Hello"
        assert client.last_usage["input_tokens"] == 11


@requirement("SSE-3", needs=(*WIRE, "thinking", "spec_wire"))
async def test_data_lines_of_every_form(d: Driver) -> None:
    """The blank after the colon may be missing, and the data of several lines is one text, whatever stands between."""
    changes = [lambda data: data.replace(b"data: ", b"data:"), several, *map(woven, NOISE)]
    await check(d, [*map(rewritten, changes), rewritten(several, 1)])


@requirement("SSE-4", needs=(*WIRE, "thinking", "spec_wire"))
async def test_last_event_needs_no_blank_line(d: Driver) -> None:
    """A stream whose last line is whole and is followed by nothing is whole."""
    await check(d, [rewritten(lambda data: data.removesuffix(b"\n"), size) for size in (1, None)])


@requirement("SSE-4", needs=(*WIRE, "spec_wire"))
async def test_torn_last_line_is_a_cut(d: Driver) -> None:
    """A stream that ends inside a line is a broken connection, and what was torn is never read as JSON."""

    def torn(data: bytes) -> bytes:
        """Cut inside the event that closes the reply."""
        return data[: data.rindex(b'"type"' if b"event:" in data else b'"delta"') + 4]

    client = d.client()
    d.script(rewritten(torn))
    error = await failure(d, client, d.lib.errors.ModelConnectionError, stream=True)
    assert error.retryable
    assert client.messages == []


@requirement("SSE-5", needs=(*WIRE, "spec_wire"))
async def test_endless_event_is_refused(d: Driver) -> None:
    """An event that grows beyond the cap is refused while it still comes, in one line or in many."""
    part = b"x" * (1024 * 1024)
    for start, item in ((b"data: ", part), (b"", b"data: " + part + b"\n")):
        client, gate = d.client(), Gate(timeout=5)
        d.script(Raw([start + item, *[item] * 17, gate, b"\n\n"]))
        error = await failure(d, client, d.lib.errors.MalformedResponseError, stream=True, match="bytes")
        assert not gate.is_open
        assert error.provider == d.target.provider


@requirement("SSE-5", needs=(*WIRE, "spec_wire"))
async def test_large_event_is_read(d: Driver) -> None:
    """An event of some megabytes is read."""
    client, text = d.client(), "ä" * 2_000_000
    d.script(Reply([text]))
    assert await ask(d, client, stream=True) == text


@requirement("SSE-6", needs=(*WIRE, "spec_wire"))
async def test_what_is_not_utf8_is_refused(d: Driver) -> None:
    """Bytes that are no UTF-8 are a malformed response, not characters of replacement."""
    for broken in (b"\xff", b"\xc3(", b"\xed\xa0\x80"):
        client = d.client()
        d.script(rewritten(lambda data, broken=broken: data.replace(b"!", broken), 1))  # type: ignore[misc]
        error = await failure(d, client, d.lib.errors.MalformedResponseError, stream=True, match="UTF-8")
        assert error.provider == d.target.provider
        assert client.messages == []


@requirement("SSE-7", needs=WIRE)
async def test_chunk_comes_before_the_next_event(d: Driver) -> None:
    """A chunk is there when its event is, though the rest of the stream is still held back."""
    client, gate = d.client(), Gate()
    d.script(Reply(["first", gate, " second"]))
    seen: list[str] = []
    async for chunk in d.stream(client.chat("hi", stream=True)):
        if not seen:
            assert not gate.is_open
            gate.open()
        seen.append(chunk.content)
    assert seen == ["first", " second"]
