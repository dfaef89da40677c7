"""Tool calls, as Chat Completions and the servers that resemble it send them."""

from typing import Final

from conformance import Driver, requirement
from conformance.exchanges import (
    WAYS,
    Json,
    ask,
    call_part,
    chat_stream,
    chunk,
    completion,
    named,
    round_of,
    tools_of,
)
from conformance.scripted import Call, Raw, Reply

CALLS = ("scripted", "openai_wire", "tools")
STREAMED = (*CALLS, "streaming")

OSLO: Final = ("weather", '{"city":"Oslo"}')
ROME: Final = ("weather", '{"city":"Rome"}')
SUNNY: Final = ["sunny in Oslo", "sunny in Rome"]


def parts(*calls: Json, finish: str | None = None) -> Json:
    """A chunk with parts of calls."""
    return chunk({"tool_calls": list(calls)}, finish)


def whole_call(city: str, call_id: str | None = None, index: int | None = None, **more: str) -> Json:
    """A call in one piece."""
    return call_part(index, "weather", f'{{"city":"{city}"}}', **({} if call_id is None else {"id": call_id}), **more)


@requirement("WIRE-OPENAI-10", needs=STREAMED, recorded="O2, O3, C3, C9")
async def test_fragments_of_a_call_are_joined(d: Driver) -> None:
    """A call that opens in the role chunk, one whose id and name come once, one with nulls later, one in one piece."""
    opening = call_part(0, "weather", "", id="c1", type="function")
    nulls = {"id": None, "type": "function", "function": {"name": None, "arguments": ':"Oslo"}'}, "index": 0}
    streams = {
        "in the role chunk": [
            chunk({"role": "assistant", "content": None, "tool_calls": [opening], "refusal": None}),
            parts(call_part(0, arguments='{"city"')),
            parts(call_part(0, arguments=':"Oslo"}')),
            chunk({}, "tool_calls"),
        ],
        "nulls later": [
            parts(opening),
            parts(call_part(0, arguments='{"city"')),
            parts(nulls),
            chunk({}, "tool_calls"),
        ],
        "in one piece": [parts(whole_call("Oslo", "c1", 0)), chunk({}, "tool_calls")],
        "beside empty shells": [
            parts(whole_call("Oslo", "c1", 0) | {"custom": {"name": "", "input": ""}}),
            chunk({"function_call": {"name": "", "arguments": ""}}, "tool_calls"),
        ],
        "with the finish": [parts(whole_call("Oslo", "c1", 0), finish="tool_calls")],
        "last brace with the finish": [
            parts(opening),
            parts(call_part(0, arguments='{"city":"Oslo"')),
            parts(call_part(0, arguments="}"), finish="tool_calls"),
        ],
        "id repeated": [
            parts(call_part(0, "weather", '{"city"', id="c1")),
            parts(call_part(0, "weather", ':"Oslo"}', id="c1"), finish="tool_calls"),
        ],
    }
    for label, chunks in streams.items():
        calls, results = await round_of(d, chat_stream(*chunks), stream=True)
        assert (named(calls), calls[0]["id"], results) == ([OSLO], "c1", SUNNY[:1]), label


@requirement("WIRE-OPENAI-11", needs=STREAMED, recorded="O2, O4, C2")
async def test_parallel_calls_are_told_apart_by_index(d: Driver) -> None:
    """Two calls one after the other, interleaved, or both in one delta keep their own arguments and order."""
    one, two = call_part(0, "weather", "", id="c1"), call_part(1, "weather", "", id="c2")
    streams = {
        "one after the other": [
            chunk({"role": "assistant", "content": None}),
            parts(one),
            parts(call_part(0, arguments=OSLO[1])),
            parts(two),
            parts(call_part(1, arguments=ROME[1])),
        ],
        "interleaved": [
            parts(one),
            parts(two),
            parts(call_part(1, arguments='{"city":')),
            parts(call_part(0, arguments='{"city":')),
            parts(call_part(1, arguments='"Rome"}'), call_part(0, arguments='"Oslo"}')),
        ],
        "in one delta": [parts(whole_call("Oslo", "c1", 0), whole_call("Rome", "c2", 1))],
    }
    for label, chunks in streams.items():
        calls, results = await round_of(d, chat_stream(*chunks, chunk({}, "tool_calls")), stream=True)
        assert (named(calls), results) == ([OSLO, ROME], SUNNY), label
        assert [call["id"] for call in calls] == ["c1", "c2"], label


@requirement("WIRE-OPENAI-11", needs=STREAMED, recorded="O4")
async def test_first_choice_is_the_reply(d: Driver) -> None:
    """Where a server sends several choices, the others change neither text nor calls."""

    def other(delta: Json) -> Json:
        return chunk() | {"choices": [{"index": 1, "delta": delta, "finish_reason": None}]}

    chunks = [
        chunk({"content": "Look. "}),
        other({"content": "No!"}),
        parts(call_part(0, "weather", "", id="c1")),
        other({"tool_calls": [call_part(0, "clock", "{}", id="c9")]}),
        parts(call_part(0, arguments=OSLO[1])),
        chunk({}, "tool_calls"),
    ]
    calls, results = await round_of(d, chat_stream(*chunks), stream=True)
    assert (named(calls), results) == ([OSLO], SUNNY[:1])


@requirement("WIRE-OPENAI-12", needs=STREAMED, recorded="C1, C2")
async def test_calls_without_index_or_id_are_not_merged(d: Driver) -> None:
    """Two calls without index, or without index and id, in one delta or in two, are two calls with ids of their own."""
    pair = {
        "no index": (whole_call("Oslo", "c1"), whole_call("Rome", "c2")),
        "no index, empty ids": (whole_call("Oslo", ""), whole_call("Rome", "")),
        "no index, no ids": (whole_call("Oslo"), whole_call("Rome")),
        "one index, two ids": (whole_call("Oslo", "c1", 0), whole_call("Rome", "c2", 0)),
    }
    for label, (one, two) in pair.items():
        for chunks in ([parts(one, two, finish="stop")], [parts(one), parts(two, finish="stop")]):
            calls, results = await round_of(d, chat_stream(*chunks), stream=True)
            assert (named(calls), results) == ([OSLO, ROME], SUNNY), label
            assert all(call["id"] for call in calls), label
        message = {"content": None, "tool_calls": [one, two]}
        calls, results = await round_of(d, completion(message, "tool_calls"), stream=False)
        assert (named(calls), results) == ([OSLO, ROME], SUNNY), label


@requirement("WIRE-OPENAI-12", needs=STREAMED)
async def test_fragments_without_index_go_to_the_open_call(d: Driver) -> None:
    """Where no index tells, a fragment without name and id belongs to the call before it."""
    chunks = [
        parts(call_part(None, "weather", '{"city":', id="c1")),
        parts(call_part(None, arguments='"Oslo"}')),
        parts(call_part(None, "weather", '{"city":', id="c2")),
        parts(call_part(None, arguments='"Rome"}'), finish="tool_calls"),
    ]
    calls, results = await round_of(d, chat_stream(*chunks), stream=True)
    assert (named(calls), results) == ([OSLO, ROME], SUNNY)


@requirement("WIRE-OPENAI-13", needs=STREAMED, recorded="O12, C10, C11")
async def test_no_arguments_in_every_spelling(d: Driver) -> None:
    """Empty text, blanks, null and {} all call a tool without arguments; padding round an object is no matter."""
    for arguments in ("", "  ", "null", "{}", " {} \n"):
        for stream in WAYS:
            answer = Reply(calls=[Call("clock", pieces=[arguments])])
            calls, results = await round_of(d, answer, stream=stream)
            assert (named(calls)[0][0], results) == ("clock", ["noon in UTC"]), repr(arguments)
    absent = {"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "clock"}}]}
    for whole in (completion(absent, "tool_calls"), completion({**absent, "function_call": None}, "tool_calls")):
        _, results = await round_of(d, whole, stream=False)
        assert results == ["noon in UTC"]
    _, results = await round_of(d, Reply(calls=[Call("weather", ' {"city" : "Oslo"} ')]), stream=False)
    assert results == SUNNY[:1]


@requirement("WIRE-OPENAI-13", needs=STREAMED, recorded="O11")
async def test_torn_arguments_are_told_to_the_model(d: Driver) -> None:
    """A call cut by the length limit keeps its text in history, and its result names the problem."""
    for stream in WAYS:
        calls, results = await round_of(d, Reply(calls=[Call("weather", '{"city":"Os')], stop="length"), stream=stream)
        assert named(calls) == [("weather", '{"city":"Os')]
        assert "not a JSON object" in results[0]


@requirement("WIRE-OPENAI-13", needs=STREAMED, recorded="C21")
async def test_arguments_decoded_by_the_server(d: Driver) -> None:
    """Arguments that come as an object are the same call as their JSON text."""
    call = {"id": "c1", "index": 0, "type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}
    answers = [completion({"content": "", "tool_calls": [call]}), chat_stream(parts(call, finish="stop"))]
    for stream, answer in zip(WAYS, answers, strict=True):
        _, results = await round_of(d, answer, stream=stream)
        assert results == SUNNY[:1]


@requirement("WIRE-OPENAI-14", needs=STREAMED, recorded="O10, C4, C5, C12")
async def test_calls_count_whatever_the_finish_reason(d: Driver) -> None:
    """A reply with calls is followed up when it ends with stop, with an empty word, twice, or with none but [DONE]."""
    call = parts(whole_call("Oslo", "c1", 0))
    endings = {
        "stop": [chunk({}, "stop")],
        "empty": [chunk({}, "")],
        "none": [],
        "twice": [chunk({}, "tool_calls"), chunk({"role": "assistant", "content": ""}, "tool_calls")],
        "twice, and changed": [chunk({}, "tool_calls"), chunk({"content": ""}, "stop")],
    }
    for label, ending in endings.items():
        calls, results = await round_of(d, chat_stream(call, *ending), stream=True)
        assert (named(calls), results) == ([OSLO], SUNNY[:1]), label
    message = {"content": None, "tool_calls": [whole_call("Oslo", "c1")]}
    for finish in ("stop", "", None):
        calls, results = await round_of(d, completion(message, finish), stream=False)
        assert results == SUNNY[:1], repr(finish)


@requirement("WIRE-OPENAI-20", needs=STREAMED, recorded="O15, O17")
async def test_other_kinds_of_call_are_calls(d: Driver) -> None:
    """A legacy function_call, whole and streamed, runs like any other; so does a custom call with JSON input."""
    legacy = {"name": "weather", "arguments": OSLO[1]}
    custom = {"id": "c1", "type": "custom", "custom": {"name": "weather", "input": OSLO[1]}}
    answers: list[tuple[bool, Raw]] = [
        (False, completion({"content": None, "function_call": legacy}, "function_call")),
        (False, completion({"content": None, "tool_calls": [custom]}, "tool_calls")),
        (
            True,
            chat_stream(
                chunk({"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": ""}}),
                chunk({"function_call": {"arguments": '{"city":'}}),
                chunk({"function_call": {"arguments": '"Oslo"}'}}),
                chunk({}, "function_call"),
            ),
        ),
    ]
    for stream, answer in answers:
        calls, results = await round_of(d, answer, stream=stream)
        assert (named(calls), results) == ([OSLO], SUNNY[:1])


@requirement("WIRE-OPENAI-21", needs=STREAMED, recorded="C22")
async def test_ids_are_kept_whatever_their_shape(d: Driver) -> None:
    """The provider's id stands in history and in the next request."""
    for call_id in ("functions.clock:0", "toolu_bdrk_01", "abc123XYZ", "chatcmpl-tool-9f"):
        client = d.client(tools=tools_of(d))
        d.script(Reply(calls=[Call("clock", id=call_id)]), Reply("done"))
        await ask(d, client, stream=True)
        sent = d.server.requests[-1].body["messages"]
        assert client.messages[1]["tool_calls"][0]["id"] == call_id
        assert (sent[1]["tool_calls"][0]["id"], sent[2]["tool_call_id"]) == (call_id, call_id)


@requirement("WIRE-OPENAI-21", needs=CALLS, recorded="C1")
async def test_made_ids_are_unique_in_a_conversation(d: Driver) -> None:
    """Calls that come without an id, or with one id twice, get ids that no earlier round has."""
    client = d.client(tools=tools_of(d))
    without = completion(
        {"content": None, "tool_calls": [call_part(None, "clock", "{}"), call_part(None, "clock", "{}")]}
    )
    doubled = Reply(calls=[Call("clock", id="same"), Call("clock", id="same")])
    d.script(without, without, doubled, Reply("done"))
    await d(client.chat("hi"))
    ids = [call["id"] for message in client.messages for call in message.get("tool_calls") or ()]
    answered = [message["tool_call_id"] for message in client.messages if message["role"] == "tool"]
    assert len(set(ids)) == 6
    assert answered == ids
    assert "same" in ids
