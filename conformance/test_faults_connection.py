"""The fault matrix: connections that are refused, break at any place, or fall silent."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import WAYS, ask, streamed_bytes
from conformance.faulting import BEFORE, FINE, ROUND, ROUNDS, SENT, Bench, Fault
from conformance.scripted import Bare, Call, Gate, Raw, Reply, Request
from conformance.scripted import Fault as Status

WIRE: Final = ("wire", "scripted", "streaming", "tools")
HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: "
KINDS: Final = {False: b"application/json\r\n", True: b"text/event-stream\r\n"}
TORN: Final = b"content-length: 9\r\n\r\n{"
TEXT: Final = Reply(FINE, thinking="Hm")
CALLS: Final = Reply("Hello there", calls=[Call("clock"), Call("weather", {"city": "Oslo"})])
WHOLE: Final = {"openai": b'"finish_reason":"', "anthropic": b"message_stop"}
TIME: Final = 1.0  # seconds that a silence is waited for
broken: Final = partial(Fault, error="ModelConnectionError")


def events(reply: Reply, request: Request) -> list[bytes]:
    """The events of a streamed reply, each with what ends it."""
    data = streamed_bytes(reply, request)
    return [event + b"\n\n" for event in data.split(b"\n\n")[:-1]]


def cut(reply: Reply, at: int, part: float = 0.0, **how: Any) -> Callable[[Request], Raw]:
    """A stream that breaks behind its first `at` events, and behind a part of the next."""

    def answer(request: Request) -> Raw:
        found = events(reply, request)
        torn = found[at][: int(len(found[at]) * part)] if part else b""
        return Raw([*found[:at], torn] if torn else found[:at], **how)

    return answer


def places(d: Driver, reply: Reply) -> tuple[int, int]:
    """How many events a streamed reply has, and behind how many of them it is whole."""
    wire = "anthropic" if "anthropic_wire" in d.target.capabilities else "openai"
    asked = Request(wire, "POST", "", {}, b"", {"stream_options": {"include_usage": True}})
    found = events(reply, asked)
    return len(found), next(number for number, event in enumerate(found, 1) if WHOLE[wire] in event)


@requirement("FAULTS-1", "ERRORS-4", "ERRORS-6", needs=WIRE)
async def test_server_that_goes_away_and_comes_back(d: Driver) -> None:
    """Nobody listens, at the start of a turn or while its tools run; with the server back the same client goes on."""
    d.server.script()
    for stream in WAYS:
        for later in WAYS:
            with d.row(f"refused, {SENT[stream]}, {ROUNDS[later]}"):
                await refused(d, stream, later)


async def refused(d: Driver, stream: bool, later: bool) -> None:
    """One way of the row."""
    port = d.server.port

    @d.lib.tool  # type: ignore[untyped-decorator]
    def clock(zone: str = "UTC") -> str:
        """Tell the time; meanwhile the server goes away."""
        d.server.stop()
        return f"noon in {zone}"

    client = d.client(tools=[clock])
    client.messages = BEFORE
    if later:
        d.script(ROUND)
    else:
        d.server.stop()
    try:
        with d.raises(d.lib.errors.ModelConnectionError, "Connection refused.*base_url") as caught:
            await ask(d, client, stream=stream)
    finally:
        d.server.start(port)
    error: Any = caught.value
    assert (error.retryable, error.status) == (True, None)
    assert "Connect" in type(error.__cause__).__name__
    assert len(client.messages) == (5 if later else 2)
    d.script(Reply(FINE))
    assert await (d(client.resume()) if later else d(client.chat("hi"))) == FINE
    await d.close(client)


def head(rest: bytes) -> Callable[[Request], bytes]:
    """The head of a response of the kind that was asked for, and what follows it."""
    return lambda request: HEAD + KINDS[bool(request.body.get("stream"))] + rest


def bare(data: bytes | Callable[[Request], bytes], *more: Gate, resets: bool = False) -> Callable[[Request], Bare]:
    """Exact bytes of a connection."""
    return lambda request: Bare([data if isinstance(data, bytes) else data(request), *more], resets=resets)


@requirement("FAULTS-1", "ERRORS-4", "ERRORS-6", needs=WIRE)
async def test_break_before_a_reply(d: Driver) -> None:
    """A connection that is reset or closed before the head of the answer, in it, or that does not speak HTTP."""
    rows = [
        broken("reset before the head", Status(kind="reset")),
        broken("closed before the head", Bare(b"")),
    ]
    for label, data in (
        ("in the status line", b"HTTP/1.1 20"),
        ("in a header", HEAD),
        ("behind a header", head(b"")),
        ("behind the head", head(b"content-length: 40\r\n\r\n")),
        ("in the length of a chunk", head(b"transfer-encoding: chunked\r\n\r\n1")),
    ):
        rows.append(broken(f"closed {label}", bare(data), has_id=None))
        rows.append(broken(f"reset {label}", bare(data, resets=True), has_id=None, rounds=(False,)))
    for label, data in (
        ("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n"),
        ("a head without end", head(b"x: " + b"y" * 200_000)),
        ("a chunk of no length", head(b"transfer-encoding: chunked\r\n\r\nzz\r\n")),
    ):
        rows.append(broken(label, bare(data), has_id=None, rounds=(False,)))
    await Bench(d).endure(rows)


@requirement("FAULTS-1", "ERRORS-4", "ERRORS-6", needs=WIRE)
async def test_break_in_a_whole_reply(d: Driver) -> None:
    """A body of which half is missing, closed and reset."""
    torn = b'{"content": [], "choices": '
    rows = [
        broken("half a body", Reply(FINE, drops=True)),
        broken("half a body in chunks", Raw(torn, content_type="application/json", ends=False)),
        broken("half a body, reset", Raw(torn, content_type="application/json", ends=False, resets=True)),
    ]
    await Bench(d).endure(Fault(**(vars(row) | {"streams": (False,), "has_id": None})) for row in rows)


def breaks(d: Driver, reply: Reply) -> Iterator[Fault]:
    """A stream that breaks behind each of its events and in the middle of each, by ending and by being closed."""
    _, whole = places(d, reply)
    streamed = partial(broken, streams=(True,), has_id=True)
    for at in range(whole):
        later = (False, True) if at % 3 == 0 else (False,)
        yield streamed(f"closed behind {at} events", cut(reply, at, ends=False), rounds=later)
        yield streamed(f"ended behind {at} events", cut(reply, at), is_caused=False, rounds=(False,))
        yield streamed(f"closed in event {at + 1}", cut(reply, at, 0.6, ends=False), rounds=(False,))
        yield streamed(f"ended in event {at + 1}", cut(reply, at, 0.6), is_caused=False, rounds=later)
    yield streamed("reset half-way", cut(reply, whole // 2, ends=False, resets=True))


@requirement("FAULTS-1", "ERRORS-4", "ERRORS-6", "SSE-4", needs=(*WIRE, "thinking", "spec_wire"))
async def test_break_at_each_place_of_a_stream(d: Driver) -> None:
    """Behind each event and in each: nothing is recorded, and no tool of what had come runs."""
    await Bench(d).endure([*breaks(d, TEXT)])


@requirement("FAULTS-1", "ERRORS-4", "ERRORS-6", needs=(*WIRE, "parallel_tools", "spec_wire"))
async def test_break_at_each_place_of_calls(d: Driver) -> None:
    """A reply with calls that breaks off runs none of them, those that had come whole as little as the torn one."""
    _, whole = places(d, CALLS)
    rows = [
        broken(f"closed behind {at} events", cut(CALLS, at, ends=False), streams=(True,), rounds=(False,), has_id=True)
        for at in range(1, whole)
    ]
    await Bench(d).endure(rows)


@requirement("FAULTS-2", needs=(*WIRE, "thinking", "spec_wire"))
async def test_break_behind_the_reply(d: Driver) -> None:
    """A stream that breaks when the reply was whole: closed, reset, ended, in the event that comes next."""
    count, whole = places(d, TEXT)
    sound = partial(Fault, error="", streams=(True,))
    rows = []
    for at in range(whole, count + 1):
        rows.append(sound(f"closed behind {at} events", cut(TEXT, at, ends=False)))
        rows.append(sound(f"ended behind {at} events", cut(TEXT, at)))
        if at < count:
            rows.append(sound(f"closed in event {at + 1}", cut(TEXT, at, 0.6, ends=False), rounds=(False,)))
            rows.append(sound(f"ended in event {at + 1}", cut(TEXT, at, 0.6), rounds=(False,)))
    await Bench(d).endure(rows)


@requirement("FAULTS-1", "ERRORS-4", "ERRORS-6", needs=(*WIRE, "thinking", "spec_wire"))
async def test_silence(d: Driver) -> None:
    """No answer in time, before the head, in it, in the body, between events and in one: the gate shows who waited."""
    gates: list[Gate] = []

    def held() -> Gate:
        gates.append(Gate())
        return gates[-1]

    def between(part: float) -> Callable[[Request], Raw]:
        def answer(request: Request) -> Raw:
            found = events(TEXT, request)
            return Raw([*found[:2], found[2][: int(len(found[2]) * part)], held(), *found[3:]])

        return answer

    first, later = (False,), (True,)
    silent = partial(Fault, error="ModelTimeoutError", words="in time")
    rows = [
        silent("before the head", lambda _: Reply(FINE, before=held()), streams=first, rounds=first),
        silent("in the head", lambda request: bare(head(b""), held())(request), streams=later, rounds=first),
        silent("in the body", lambda request: bare(head(TORN), held())(request), streams=first, rounds=later),
        silent("between events", between(0.0), streams=later, rounds=later, has_id=True),
        silent("in an event", between(0.5), streams=later, rounds=first, has_id=True),
    ]
    await Bench(d, {"timeout": TIME}).endure(rows)
    assert len(gates) == 5
    assert all(gate.reached.is_set() and not gate.is_open for gate in gates)


@requirement("FAULTS-2", needs=(*WIRE, "thinking", "spec_wire"))
async def test_silence_behind_the_reply(d: Driver) -> None:
    """A server that has sent the closing event and does not end the stream costs time, and nothing of the reply."""
    gate = Gate()
    row = Fault(
        "behind the closing event",
        lambda request: Raw([*events(TEXT, request), gate]),
        "",
        streams=(True,),
        rounds=(False,),
    )
    await Bench(d, {"timeout": TIME}).endure([row])
    assert gate.reached.is_set()
    assert not gate.is_open
