"""Scenarios of spec/stream.md: what a stream is, and what its chunks say."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

from conformance.driver import Driver
from conformance.props import adder, arguments, inside, pieces, sums, told, until
from conformance.requirement import requirement
from conformance.scripted import Call, Gate, Reply

PIECES = ["", "Grüß ", "", "dich, ", "🦊", "!", ""]
GREETING = "Grüß dich, 🦊!"


@requirement("STREAM-1", needs=("scripted", "thinking", "tools"))
async def test_chunk_is_a_named_tuple(d: Driver) -> None:
    """Phase, content, agent and iteration; phases equal their strings; is_text and is_tool_call tell them apart."""
    d.script(Reply("Adding", thinking="Hmm", calls=[Call("add", arguments(1, 2))]), Reply("3"))
    chunks = await d.collect(d.client(tools=[adder(d)]).chat("Add", stream=True))
    assert [phase for phase, _ in itertools.groupby(chunk.phase.value for chunk in chunks)] == [
        *("thinking", "generating", "tool_calling", "generating")
    ]
    for chunk in chunks:
        assert isinstance(chunk, d.lib.StreamChunk)
        assert (chunk.phase, chunk.content, chunk.agent, chunk.iteration) == tuple(chunk)
        assert chunk.agent is None
        assert chunk.phase in list(d.lib.StreamingContentType)
        assert chunk.phase == chunk.phase.value
        assert chunk.is_text() == (chunk.phase in ("thinking", "generating")) == isinstance(chunk.content, str)
        assert chunk.is_tool_call() == (chunk.phase == "tool_calling") == isinstance(chunk.content, dict)
    assert d.lib.StreamChunk("generating", "Hi") == ("generating", "Hi", None, 0)


@requirement("STREAM-2", needs=("streaming",))
async def test_stream_is_of_its_surfaces_kind(d: Driver) -> None:
    """An iterator on sync, an async iterator on aio, never both, nothing to await, and it is its own iterator."""
    d.script(Reply("Hello"))
    stream = d.direct(d.client().chat("Hi", stream=True))
    assert isinstance(stream, Iterator) == d.on_sync
    assert isinstance(stream, AsyncIterator) == d.on_aio
    assert not isinstance(stream, Awaitable)
    assert (stream.__iter__() if d.on_sync else stream.__aiter__()) is stream
    assert await d.collect(stream)


@requirement("STREAM-3", needs=("scripted", "tools", "streaming"))
async def test_chunk_comes_before_the_next_event(d: Driver) -> None:
    """The server holds its next event until the chunk before it was seen: in the first round and after a tool."""
    first, second = Gate(10), Gate(10)
    d.script(Reply(["Let", first, " me add"], calls=[Call("add", arguments(1, 2))]), Reply(["3", second, "."]))
    chunks = aiter(d.stream(d.client(tools=[adder(d)]).chat("Add", stream=True)))
    for gate, text in ((first, "Let"), (second, "3")):
        await until(d, chunks, text)
        assert not gate.is_open
        gate.open()
        rest = []
        async for chunk in chunks:
            if chunk.is_tool_call():
                break
            rest.append(chunk.content)
        assert pieces(d, rest) == [" me add" if gate is first else "."]


@requirement("STREAM-3", needs=("scripted", "thinking", "streaming"))
async def test_thought_comes_before_the_next_event(d: Driver) -> None:
    """Thinking is not held back either, and generate streams as chat does."""
    client = d.client()
    for ask in (client.chat, client.generate):
        gate = Gate(10)
        d.script(Reply("Hello", thinking=["Hm", gate, "m"]))
        chunks = aiter(d.stream(ask("Hi", stream=True)))
        await until(d, chunks, "Hm")
        gate.open()
        assert "".join([chunk.content async for chunk in chunks]) == "mHello"


@requirement("STREAM-4", needs=("scripted", "tools", "streaming"))
async def test_generating_chunks_of_the_last_round_are_the_reply(d: Driver) -> None:
    """Joined they are the result, whatever the pieces; what an earlier round said is not among them."""
    d.script(sums((1, 2), text="Let me add."), Reply(PIECES))
    stream = d.client(tools=[adder(d)]).chat("Add", stream=True)
    chunks = await d.collect(stream)
    last = [chunk.content for chunk in chunks if chunk.phase == "generating" and chunk.iteration == 1]
    assert "".join(last) == d.direct(stream.result) == GREETING
    first = [chunk.content for chunk in chunks if chunk.phase == "generating" and chunk.iteration == 0]
    assert "".join(first) == "Let me add."


@requirement("STREAM-4", needs=("streaming",))
async def test_chunks_are_the_answer(d: Driver) -> None:
    """On every target, the joined text is the result and what the history holds, and no text chunk is empty."""
    d.script(Reply(PIECES))
    client = d.client()
    stream = client.chat("Hi", stream=True)
    chunks = await d.collect(stream)
    assert all(chunk.content for chunk in chunks)
    text = "".join(chunk.content for chunk in chunks if chunk.phase == "generating")
    d.check_text(text, GREETING)
    assert text == d.direct(stream.result) == client.messages[-1]["content"]


@requirement("STREAM-5", needs=("scripted", "tools", "parallel_tools", "streaming"))
async def test_tool_chunks_follow_the_call_order(d: Driver) -> None:
    """One for each call, behind the text of its round and before the next: id, name, arguments, response."""
    stranger = Call("subtract", "{}", id="sub1")
    reply = sums((1, 2), (3, 4), text="Let me add.")
    d.script(Reply(reply.text, calls=[*reply.calls, stranger]), Reply("3 and 7"))
    chunks = await d.collect(d.client(tools=[adder(d)], concurrent_tool_calls=True).chat("Add", stream=True))
    assert [phase for phase, _ in itertools.groupby(chunk.phase.value for chunk in chunks)] == [
        *("generating", "tool_calling", "generating")
    ]
    calls = [chunk.content for chunk in chunks if chunk.is_tool_call()]
    lost = calls[2]["response"]
    expected = [
        {"id": "sum1", "name": "add", "arguments": {"a": 1, "b": 2}, "response": "3"},
        {"id": "sum2", "name": "add", "arguments": {"a": 3, "b": 4}, "response": "7"},
        {"id": "sub1", "name": "subtract", "arguments": {}, "response": lost},
    ]
    assert told(d, calls) == told(d, expected)
    assert len({call["id"] for call in calls}) == 3
    assert "not found" in lost


@requirement("STREAM-6", needs=("scripted", "tools", "thinking", "streaming"))
async def test_include_filters_phases(d: Driver) -> None:
    """Names and members choose the phases that come; the turn, its result and the history are the same."""
    phases = d.lib.StreamingContentType
    wishes: list[tuple[Any, set[str]]] = [
        (["generating"], {"generating"}),
        ([phases.THINKING, "tool_calling"], {"thinking", "tool_calling"}),
        ("tool_calling", {"tool_calling"}),
        ((), set()),
        (None, {"thinking", "tool_calling", "generating"}),
    ]
    for include, expected in wishes:
        d.script(Reply(thinking="Hmm", calls=[Call("add", arguments(1, 2))]), Reply("3"))
        client = d.client(tools=[adder(d)])
        stream = client.chat("Add", stream=True, include=include)
        assert {chunk.phase.value for chunk in await d.collect(stream)} == expected
        assert d.direct(stream.result) == "3"
        assert [message["role"] for message in client.messages] == ["user", "assistant", "tool", "assistant"]


@requirement("STREAM-6")
async def test_unknown_phase_is_refused(d: Driver) -> None:
    """It raises in the call itself, streamed or not, names the phase and those there are."""
    client = d.client()
    for ask in (client.chat, client.generate):
        for streamed in (False, True):
            with d.raises(ValueError, match=r"'chatting'.*'generating'"):
                ask("Hi", stream=streamed, include=["generating", "chatting"])


@requirement("STREAM-7", needs=("streaming",))
async def test_result_is_there_once_exhausted(d: Driver) -> None:
    """Before the end it raises RuntimeError, after it it is the text."""
    d.script(Reply("Hello there"))
    stream = d.client().chat("Hi", stream=True)
    with d.raises(RuntimeError, match="exhausted"):
        _ = stream.result
    chunks = aiter(d.stream(stream))
    text = (await anext(chunks)).content
    with d.raises(RuntimeError, match="exhausted"):
        _ = stream.result
    text += "".join([chunk.content async for chunk in chunks])
    assert d.direct(stream.result) == text


@requirement("STREAM-7", needs=("scripted", "streaming", "wire"))
async def test_unfinished_stream_has_no_result(d: Driver) -> None:
    """Closed half-way or failed, a stream has none."""
    d.script(Reply(["Half", Gate()]), Reply("Torn", drops=True))
    client = d.client()
    stream = client.chat("Hi", stream=True)
    async with inside(d, stream):
        await anext(aiter(d.stream(stream)))
    with d.raises(RuntimeError, match="exhausted"):
        _ = stream.result
    stream = client.chat("Hi", stream=True)
    with d.raises(d.lib.errors.ModelConnectionError):
        await d.collect(stream)
    with d.raises(RuntimeError, match="exhausted"):
        _ = stream.result


@requirement("STREAM-10", "STREAM-11", needs=("scripted", "tools", "thinking", "streaming"))
async def test_iterations_count_rounds_and_done_never_comes(d: Driver) -> None:
    """Every chunk says which round it is of, from zero; no chunk has the phase DONE, asked for or not."""
    for include in (None, list(d.lib.StreamingContentType)):
        d.script(sums((1, 1), text="One"), Reply(thinking="Two", calls=[Call("add", arguments(2, 2))]), Reply("Three"))
        chunks = await d.collect(d.client(tools=[adder(d)]).chat("Add", stream=True, include=include))
        rounds = [(chunk.phase.value, chunk.iteration) for chunk in chunks]
        assert [found for found, _ in itertools.groupby(rounds)] == [
            *(("generating", 0), ("tool_calling", 0)),
            *(("thinking", 1), ("tool_calling", 1)),
            ("generating", 2),
        ]
