"""What comes on Messages."""

import json
from typing import Any

from conformance import Driver, requirement
from conformance.exchanges import (
    WAYS,
    Json,
    ask,
    block,
    failure,
    message,
    message_end,
    message_start,
    message_stream,
    named,
    round_of,
    sse,
    sse_text,
    text_block,
    tool_block,
    tools_of,
)
from conformance.scripted import Call, Raw, Reply, Usage

ANTHROPIC = ("scripted", "anthropic_wire", "streaming")
PING: Json = {"type": "ping"}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


async def said(d: Driver, answer: Any, *, stream: bool = True) -> Any:
    """The client after one reply."""
    client = d.client()
    d.script(answer)
    reply = await ask(d, client, stream=stream)
    assert client.messages[-1]["content"] == reply
    return client


@requirement("WIRE-ANTHROPIC-2", needs=(*ANTHROPIC, "tools", "thinking", "usage"), recorded="A3, A10, A14")
async def test_whole_and_streamed_leave_the_same(d: Driver) -> None:
    """One script read both ways leaves equal histories, usage, thinking and stop reason."""
    outcomes = []
    for stream in WAYS:
        client = d.client(tools=tools_of(d))
        call = Call("weather", {"city": "Oslo"}, id="t1")
        first = Reply("Let me see.", thinking="hm", redacted=["Enc"], calls=[call, Call("clock", id="t2")])
        d.script(first, Reply("Sunny.", thinking="so", usage=Usage(20, 5, cache_read=4, cache_write=3, reasoning=2)))
        await ask(d, client, stream=stream)
        outcomes.append((client.messages, client.last_usage, client.last_thinking))
        assert client.stop_reason == "stop"
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0][1]["content"] == "Let me see."


@requirement("WIRE-ANTHROPIC-12", needs=ANTHROPIC, recorded="A1, A2")
async def test_pings_and_padding_are_nothing(d: Driver) -> None:
    """A ping may stand before, between and inside blocks, twice as well, and blanks may pad the data."""
    events = [message_start(), *text_block(0, "Hel", "lo"), *message_end()]
    for place in range(len(events) + 1):
        client = await said(d, sse(*events[:place], PING, PING, *events[place:]))
        assert client.messages[-1]["content"] == "Hello", place
    padded = sse_text(*events).replace("}\n", "        }\n")
    client = await said(d, Raw(padded.encode()))
    assert client.messages[-1]["content"] == "Hello"
    unnamed = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    await said(d, Raw(unnamed.encode()))


@requirement("WIRE-ANTHROPIC-13", needs=(*ANTHROPIC, "usage"), recorded="A3, A4")
async def test_usage_is_replaced_key_by_key(d: Driver) -> None:
    """The last count of each key that is not null is the count; the first output count is a placeholder."""
    start = {"input_tokens": 10, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4, "output_tokens": 26}
    ends: dict[str, tuple[Json, Json]] = {
        "output only": ({"output_tokens": 40}, {"input_tokens": 17, "output_tokens": 40}),
        "larger input": ({"input_tokens": 100, "output_tokens": 40}, {"input_tokens": 107, "output_tokens": 40}),
        "nulls": (
            {"input_tokens": None, "cache_read_input_tokens": None, "output_tokens": 40},
            {"input_tokens": 17, "output_tokens": 40},
        ),
        "extra keys": (
            {"output_tokens": 40, "server_tool_use": {"web_search_requests": 1}, "iterations": [], "cost": 0.1},
            {"input_tokens": 17, "output_tokens": 40},
        ),
    }
    for label, (end, expected) in ends.items():
        client = await said(d, sse(message_start(start), *text_block(0, "Hi"), *message_end(usage=end)))
        cached = {"cache_read_tokens": 3, "cache_write_tokens": 4}
        assert client.last_usage == expected | cached, label
    client = await said(d, message(text("Hi"), usage=start), stream=False)
    assert client.last_usage == {
        "input_tokens": 17,
        "output_tokens": 26,
        "cache_read_tokens": 3,
        "cache_write_tokens": 4,
    }


@requirement("WIRE-ANTHROPIC-14", needs=(*ANTHROPIC, "tools"), recorded="A7, A8")
async def test_input_is_joined_from_its_pieces(d: Driver) -> None:
    """An input in any pieces, the first one empty, is the call's arguments; pieces that are all empty are none."""
    for pieces in (('{"city":"Oslo"}',), ("", '{"city":', '"Os', 'lo"}'), ("", *'{"city":"Oslo"}')):
        calls, results = await round_of(
            d, message_stream(tool_block(0, "weather", *pieces), stop="tool_use"), stream=True
        )
        assert (named(calls), results) == ([("weather", '{"city": "Oslo"}')], ["sunny in Oslo"])
        assert calls[0]["id"] == "toolu_1"
    for silent in ((), ("",), ("", "")):
        _, results = await round_of(d, message_stream(tool_block(0, "clock", *silent), stop="tool_use"), stream=True)
        assert results == ["noon in UTC"]
    started = block(0, {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}})
    _, results = await round_of(d, message_stream(started, stop="tool_use"), stream=True)
    assert results == ["sunny in Oslo"]


@requirement("WIRE-ANTHROPIC-14", needs=(*ANTHROPIC, "tools"))
async def test_torn_input_is_told_to_the_model(d: Driver) -> None:
    """An input cut by the length limit is not run, stays as text in history, and is sent back as an empty object."""
    torn = message_stream(tool_block(0, "weather", "", '{"city":"Os'), stop="max_tokens")
    calls, results = await round_of(d, torn, stream=True)
    assert named(calls) == [("weather", '{"city":"Os')]
    assert "not a JSON object" in results[0]
    assert d.server.requests[-1].body["messages"][1]["content"][0]["input"] == {}


@requirement("WIRE-ANTHROPIC-14", needs=(*ANTHROPIC, "tools", "parallel_tools"), recorded="A6, A14")
async def test_parallel_calls_in_order(d: Driver) -> None:
    """Consecutive calls without any text run in their order, each with its own input."""
    first = tool_block(0, "weather", "", '{"city":"Oslo"}', call_id="t1")
    second = tool_block(1, "clock", "", call_id="t2")
    third = tool_block(2, "weather", '{"city":"Rome"}', call_id="t3")
    calls, results = await round_of(d, message_stream(first, second, third, stop="tool_use"), stream=True)
    assert [call["id"] for call in calls] == ["t1", "t2", "t3"]
    assert results == ["sunny in Oslo", "noon in UTC", "sunny in Rome"]


@requirement("WIRE-ANTHROPIC-14", needs=(*ANTHROPIC, "tools", "parallel_tools"))
async def test_pieces_go_to_the_block_of_their_index(d: Driver) -> None:
    """llama.cpp's server closes all blocks at the end; one that interleaved them would be read as well."""
    text, first, second = (
        text_block(0, "Let me see."),
        tool_block(1, "weather", "", '{"city":', '"Oslo"}', call_id="t1"),
        tool_block(2, "clock", '{"zone":', '"CET"}', call_id="t2"),
    )
    closes = [text.pop(), first.pop(), second.pop()]
    one_by_one = [text, first, second, closes]
    woven = [[text[0], first[0], second[0]], *([a, b] for a, b in zip(first[1:], second[1:], strict=False)), text[1:]]
    for events in (one_by_one, [*woven, first[-1:], closes]):
        calls, results = await round_of(d, message_stream(*events, stop="tool_use"), stream=True)
        assert [call["id"] for call in calls] == ["t1", "t2"]
        assert results == ["sunny in Oslo", "noon in CET"]


@requirement("WIRE-ANTHROPIC-14", needs=(*ANTHROPIC, "tools"), recorded="A7")
async def test_calls_count_whatever_the_stop_reason(d: Driver) -> None:
    """A reply with a call is followed up although it says end_turn."""
    used = {"type": "tool_use", "id": "t1", "name": "clock", "input": {}}
    answers = [message(used, stop="end_turn"), message_stream(tool_block(0, "clock", ""), stop="end_turn")]
    for stream, answer in zip(WAYS, answers, strict=True):
        _, results = await round_of(d, answer, stream=stream)
        assert results == ["noon in UTC"]


@requirement("WIRE-ANTHROPIC-15", needs=ANTHROPIC, recorded="A15")
async def test_empty_content_is_legal(d: Driver) -> None:
    """No block, or a text block without text, is an empty reply: asked once more at its end, "" at a stop sequence."""
    empties: list[tuple[bool, Any]] = [
        (False, lambda stop: message(stop=stop)),
        (False, lambda stop: message(text(""), stop=stop)),
        (True, lambda stop: message_stream(stop=stop)),
        (True, lambda stop: message_stream(text_block(0), stop=stop)),
        (True, lambda stop: message_stream(text_block(0, ""), stop=stop)),
    ]
    for stream, empty in empties:
        client = d.client()
        d.script(empty("end_turn"), Reply("Here."))
        assert await ask(d, client, stream=stream) == "Here."
        d.script(empty("stop_sequence"))
        assert await ask(d, client, stream=stream, generate_kwargs={"stop": "X"}) == ""
        assert client.stop_reason == "stop_sequence"


@requirement("WIRE-ANTHROPIC-16", needs=(*ANTHROPIC, "tools"), recorded="A9, A17, A18, A19, A20, A25")
async def test_what_is_unknown_is_ignored(d: Driver) -> None:
    """Unknown keys, events, deltas and blocks, citations, another model's name and a closing [DONE] change nothing."""
    odd: Json = {"container": None, "context_management": {"applied_edits": []}, "provider": "P"}
    opened = {"type": "text", "text": "", "citations": None}
    deltas: list[Json] = [
        text("Hel") | {"type": "text_delta"},
        {"type": "citations_delta", "citation": {"type": "char_location"}},
        {"type": "novel_delta", "novel": 1},
        text("lo") | {"type": "text_delta"},
    ]
    events = [
        message_start(model="dated-2026", **odd),
        {"type": "novel_event", "x": 1},
        *block(0, {"type": "novel_block", "x": {"y": 1}}),
        *block(1, opened, *deltas),
        *message_end(stop_details=None, **odd),
    ]
    client = await said(d, sse(*events, end="data: [DONE]\n\n"))
    assert (client.messages[-1]["content"], client.stop_reason) == ("Hello", "stop")
    whole = message({"type": "novel_block", "x": 1}, text("Hello") | {"citations": None}, model="dated-2026", **odd)
    client = await said(d, whole, stream=False)
    assert client.messages[-1]["content"] == "Hello"
    calls, _ = await round_of(
        d, message_stream(tool_block(0, "clock", "", caller={"type": "direct"}), stop="tool_use"), stream=True
    )
    assert calls[0] == {"id": "toolu_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}


@requirement("WIRE-ANTHROPIC-17", needs=ANTHROPIC)
async def test_stream_without_message_stop_is_cut(d: Driver) -> None:
    """Whatever came before, a stream that lacks its last event is a broken connection; nothing is recorded."""
    events = [message_start(), *text_block(0, "Hello"), *message_end()]
    for length in range(len(events)):
        client = d.client()
        d.script(sse(*events[:length]))
        await failure(d, client, d.lib.errors.ModelConnectionError, stream=True, match="before the reply was whole")
        assert client.messages == []


@requirement("WIRE-ANTHROPIC-18", needs=ANTHROPIC, recorded="A5, A16")
async def test_stop_sequence_is_told(d: Driver) -> None:
    """A matched stop string is told by stop_reason and is no part of the text."""
    for stream in WAYS:
        client = await said(d, Reply("One, two", stop_sequence="three"), stream=stream)
        assert (client.messages[-1]["content"], client.stop_reason) == ("One, two", "stop_sequence")


@requirement("WIRE-ANTHROPIC-19", needs=ANTHROPIC, recorded="Errors")
async def test_refusal_by_stop_reason(d: Driver) -> None:
    """A refusal raises, with the explanation or else the category, and what had been said in text."""
    details = {"type": "refusal", "category": "cyber", "explanation": None}
    explained = details | {"explanation": "Not this."}
    endings: list[tuple[Json, str]] = [
        ({"stop_details": explained}, "Not this"),
        ({"stop_details": details}, "cyber"),
        ({"stop_details": None}, "refused"),
        ({}, "refused"),
    ]
    for extra, words in endings:
        for spoken in ("", "Well, "):
            parts = [text(spoken)] if spoken else []
            stream_parts = text_block(0, spoken) if spoken else []
            streamed = sse(message_start(), *stream_parts, *message_end("refusal", **extra))
            for stream, answer in zip(WAYS, (message(*parts, stop="refusal", **extra), streamed), strict=True):
                client = d.client()
                d.script(answer)
                error = await failure(d, client, d.lib.errors.RefusalError, stream=stream, match=words)
                assert (error.text, client.messages, client.stop_reason) == (spoken, [], "refusal")
