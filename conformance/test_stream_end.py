"""Scenarios of spec/stream.md: how a stream ends, well or not."""

import asyncio
import copy
from typing import Any

from conformance.driver import Driver
from conformance.props import adder, arguments, inside, on_wire, outcome, seen_to_leave, until, usage
from conformance.requirement import requirement
from conformance.scripted import Call, Gate, Reply


@requirement("STREAM-8", needs=("streaming",))
async def test_broken_off_loop_frees_the_conversation(d: Driver) -> None:
    """break, and the very next statement may be a new turn; the history has nothing of the first."""
    d.script(Reply("Hello there"), Reply("Again"))
    client = d.client()
    async for _ in d.stream(client.chat("Hi", stream=True)):
        break
    assert client.messages == []
    d.check_text(await d(client.chat("Well")), "Again")
    assert [message["role"] for message in client.messages] == ["user", "assistant"]


@requirement("STREAM-8", needs=("scripted", "streaming"))
async def test_dropped_stream_lets_the_connection_go(d: Driver) -> None:
    """The server, which has more to say, sees the client leave."""
    d.script(Reply(["Half", Gate(), "whole"]), Reply("Again"))
    client = d.client()
    stream = client.chat("Hi", stream=True)
    await until(d, aiter(d.stream(stream)), "Half")
    d.leave()
    del stream
    assert await d(client.chat("Well")) == "Again"
    await seen_to_leave(d)


@requirement("STREAM-9", needs=("streaming",))
async def test_stream_that_never_starts_holds_nothing(d: Driver) -> None:
    """Kept or dropped, it is no turn: another may run, the history may be reset, and it can still be used later."""
    d.script(Reply("First"), Reply("Second"))
    client = d.client()
    kept = client.chat("Later", stream=True)
    client.chat("Never", stream=True)
    client.reset("Be brief.")
    client.messages = []
    d.check_text(await d(client.chat("Now")), "First")
    await d.collect(kept)
    d.check_text(d.direct(kept.result), "Second")
    assert [m["content"] for m in client.messages if m["role"] == "user"] == ["Now", "Later"]


@requirement("STREAM-13", needs=("scripted", "streaming"))
async def test_close_ends_the_turn(d: Driver) -> None:
    """The connection is let go and the conversation free; the stream is at its end, and may be closed again."""
    d.script(Reply(["Half", Gate(), "whole"]), Reply("Again"))
    client = d.client()
    stream = client.chat("Hi", stream=True)
    chunks = aiter(d.stream(stream))
    await anext(chunks)
    await d.close(stream)
    await seen_to_leave(d)
    assert [chunk async for chunk in chunks] == []
    await d.close(stream)
    assert client.messages == []
    assert await d(client.chat("Well")) == "Again"


@requirement("STREAM-13", needs=("streaming",))
async def test_close_before_the_start_and_after_the_end(d: Driver) -> None:
    """A stream closed before it began never begins; one closed after its end keeps its result."""
    d.script(Reply("Hello"))
    client = d.client()
    unused = client.chat("Never", stream=True)
    await d.close(unused)
    assert await d.collect(unused) == []
    stream = client.chat("Hi", stream=True)
    await d.collect(stream)
    await d.close(stream)
    d.check_text(d.direct(stream.result), "Hello")
    assert [message["content"] for message in client.messages if message["role"] == "user"] == ["Hi"]


@requirement("STREAM-14", needs=("scripted", "streaming"))
async def test_stream_is_a_context_manager(d: Driver) -> None:
    """Entering gives the stream; leaving closes it, by an exception too, although it is still held."""
    client = d.client()
    for error in (None, LookupError("out")):
        d.script(Reply(["Half", Gate(), "whole"]), Reply("Again"))
        stream = client.chat("Hi", stream=True)
        await leave_half_way(d, stream, error)
        assert await d(client.chat("Well")) == "Again"
        await seen_to_leave(d)
        d.server.clear()


@requirement("STREAM-15", needs=("scripted", "streaming", "wire"))
async def test_late_failure_comes_after_the_chunks_before_it(d: Driver) -> None:
    """What had come is delivered, then the error rises once; the stream is over and the conversation free."""
    client = d.client()
    for failure in (Reply(["Half", " way"], drops=True), Reply(["Half", " way"], error={"message": "Out of luck"})):
        d.script(failure, Reply("Again"))
        chunks = aiter(d.stream(client.chat("Hi", stream=True)))
        assert [(await anext(chunks)).content for _ in range(2)] == ["Half", " way"]
        with d.raises(d.lib.errors.ProviderError):
            await anext(chunks)
        assert [chunk async for chunk in chunks] == []
        client.reset()
        assert await d(client.chat("Well")) == "Again"


@requirement("STREAM-12", needs=("scripted", "tools", "thinking", "parallel_tools"))
async def test_streamed_or_not_history_is_the_same(d: Driver) -> None:
    """Text, thinking, calls in any spacing, results and readings agree, to the byte."""
    calls = [Call("add", arguments(1, 2), id="sum1"), Call("add", '{"a":3,\n"b" : 4}', id="sum2")]
    seen: list[Any] = []
    for streamed in (False, True):
        client = d.client(system="Be brief.", tools=[adder(d)])
        d.script(Reply("Adding", thinking="Hmm", calls=calls), Reply("3 and 7", thinking="Easy"), Reply("Bye"))
        texts = [await outcome(d, client, message, streamed=streamed) for message in ("Add", "Thanks")]
        readings = client.last_thinking, usage(d, client), client.stop_reason
        seen.append((texts, copy.deepcopy(client.messages), readings))
    whole, stream = seen
    assert whole == stream


@requirement("STREAM-12", needs=("streaming",))
async def test_streamed_turn_is_recorded_as_any_other(d: Driver) -> None:
    """On every target: the same two messages, the same text streamed or not."""
    texts = []
    for streamed in (False, True):
        d.script(Reply("Hello there"))
        client = d.client()
        texts.append(await outcome(d, client, "Hi", streamed=streamed))
        assert client.messages == [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": texts[-1]}]
    assert texts[0] == texts[1]


async def leave_half_way(d: Driver, stream: Any, error: Exception | None) -> None:
    """Enter a stream, read one chunk, and leave, by an exception if one is given."""
    if error is None:
        async with inside(d, stream) as entered:
            assert entered is stream
            await anext(aiter(d.stream(stream)))
        return
    with d.raises(type(error)):
        async with inside(d, stream):
            await anext(aiter(d.stream(stream)))
            raise error


@requirement("STREAM-16", needs=("scripted", "streaming"), surfaces=("aio",))
async def test_a_chunk_on_its_way_keeps_its_stream(d: Driver) -> None:
    """The first chunk of a stream that nothing refers to; then one that is dropped while its next chunk is awaited."""
    client, gate = d.client(), Gate()
    d.script(Reply(["Hel", "lo"]), Reply(["x", gate, "y"]), Reply("Second"))
    text = (await d(anext(client.chat("Hi", stream=True)))).content
    assert text == "Hel" if on_wire(d) else "Hello".startswith(text)
    assert client.messages == []
    stream = client.chat("Again", stream=True)
    await d(anext(stream))
    coming = asyncio.ensure_future(anext(stream))
    await d.wait(gate.reached)
    del stream
    with d.raises(d.lib.errors.ConcurrentTurnError):
        await client.chat("At once")
    gate.open()
    assert (await coming).content == "y"
    del coming
    assert await d(client.chat("Now")) == "Second"
