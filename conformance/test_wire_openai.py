"""What is sent on Chat Completions."""

import base64
import re
from typing import Any

from conformance import Driver, requirement
from conformance.exchanges import WAYS, Json, ask, call_part, chat_stream, chunk, completion, preset, tools_of
from conformance.probes import PIXEL
from conformance.scripted import Call, Reply

OPENAI = ("scripted", "openai_wire")
STREAMED = (*OPENAI, "streaming")


def bodies(d: Driver) -> list[Json]:
    return [request.body for request in d.server.requests]


def call_entry(call_id: str, arguments: Any, name: str = "weather") -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


@requirement("WIRE-OPENAI-1", "WIRE-OPENAI-3", needs=OPENAI, recorded="O19")
async def test_request_holds_model_and_history_only(d: Driver) -> None:
    """The second request holds the system message and all turns in order, without keys of our own."""
    client = d.client(system="Be brief.")
    d.script(Reply("One", thinking="hmm"), Reply("Two"))
    await d(client.chat("first"))
    await d(client.chat("second"))
    request = d.server.requests[1]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer test-key"
    assert request.body == {
        "model": "scripted-model",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "One"},
            {"role": "user", "content": "second"},
        ],
    }
    assert client.messages[2]["thinking"] == "hmm"


@requirement("WIRE-OPENAI-3", needs=OPENAI)
async def test_other_keys_of_a_history_stay_at_home(d: Driver) -> None:
    """Keys of the user's own are not sent, are still in messages, and the user's dicts are as they were."""
    client = d.client()
    given = [
        {"role": "user", "content": "a", "timestamp": 1},
        {"role": "assistant", "content": "b", "thinking": "t", "note": {"x": 1}},
    ]
    client.messages = given
    d.script(Reply("c"))
    await d(client.chat("hi"))
    sent = bodies(d)[0]["messages"]
    assert sent[:2] == [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert client.messages[0]["timestamp"] == 1
    assert client.messages[1]["note"] == {"x": 1}
    assert given[1] == {"role": "assistant", "content": "b", "thinking": "t", "note": {"x": 1}}


@requirement("WIRE-OPENAI-4", needs=(*OPENAI, "tools"), recorded="O21")
async def test_arguments_are_sent_as_a_json_string(d: Driver) -> None:
    """A dict is sent as JSON text, text as it is and not encoded twice; the answer follows its call."""
    client = d.client(tools=tools_of(d))
    client.messages = [
        {"role": "user", "content": "a"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [call_entry("c1", {"city": "Oslo"}), call_entry("c2", '{"city": "Rome"}')],
        },
        {"role": "tool", "tool_call_id": "c1", "name": "weather", "content": "sun"},
        {"role": "tool", "tool_call_id": "c2", "name": "weather", "content": "rain"},
    ]
    d.script(Reply("both"))
    await d(client.chat("hi"))
    sent = bodies(d)[0]["messages"]
    assert sent[1]["tool_calls"] == [call_entry("c1", '{"city": "Oslo"}'), call_entry("c2", '{"city": "Rome"}')]
    assert sent[2:4] == [
        {"role": "tool", "tool_call_id": "c1", "content": "sun"},
        {"role": "tool", "tool_call_id": "c2", "content": "rain"},
    ]


@requirement("WIRE-OPENAI-4", needs=(*OPENAI, "tools"), recorded="O12, O21")
async def test_round_is_sent_back_as_it_came(d: Driver) -> None:
    """Prose, id and argument text of a call return verbatim, torn or oddly spaced as they may be."""
    for arguments in ('{"city":  "Oslo"}', '{"city": "Os'):
        client = d.client(tools=tools_of(d))
        d.script(Reply("Let me see.", calls=[Call("weather", arguments, id="call_x")]), Reply("done"))
        await d(client.chat("hi"))
        sent = bodies(d)[-1]["messages"]
        assert sent[1] == {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [call_entry("call_x", arguments)],
        }
        assert sent[2]["tool_call_id"] == "call_x"


@requirement("WIRE-OPENAI-5", needs=(*OPENAI, "images"), recorded="O20")
async def test_image_is_a_data_url(d: Driver) -> None:
    """The bytes of an image travel in the user message; a URL travels as it is."""
    client = d.client()
    d.script(Reply("dot"))
    await d(client.chat("What?", images=[PIXEL, "https://example.test/a.png"]))
    parts = bodies(d)[0]["messages"][0]["content"]
    data = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
    assert [part["type"] for part in parts] == ["text", "image_url", "image_url"]
    assert parts[0] == {"type": "text", "text": "What?"}
    assert [part["image_url"]["url"] for part in parts[1:]] == [data, "https://example.test/a.png"]


@requirement("WIRE-OPENAI-6", needs=(*OPENAI, "tools"), recorded="O13")
async def test_last_request_keeps_tools_and_forbids_calls(d: Driver) -> None:
    """The last permitted request has tool_choice none beside the same tools; the one before has none of it."""
    client = d.client(tools=tools_of(d), max_iterations=2)
    d.script(Reply(calls=[Call("clock")]), Reply("noon"))
    await d(client.chat("time?"))
    first, last = bodies(d)
    assert [tool["function"]["name"] for tool in first["tools"]] == ["weather", "clock"]
    assert all(tool["type"] == "function" for tool in first["tools"])
    assert "tool_choice" not in first
    assert (last["tools"], last["tool_choice"]) == (first["tools"], "none")


@requirement("WIRE-OPENAI-6", needs=(*OPENAI, "tools"))
async def test_no_tools_no_tool_keys(d: Driver) -> None:
    """Without tools, in generate(), and where they may not be used in a history without calls: no key of tools."""
    d.script(Reply("a"), Reply("b"), Reply("c"))
    await d(d.client().chat("hi"))
    await d(d.client(tools=tools_of(d)).generate("hi"))
    await d(d.client(tools=tools_of(d)).chat("hi", use_tools=False))
    assert [sorted(set(body) & {"tools", "tool_choice"}) for body in bodies(d)] == [[], [], []]


@requirement("WIRE-OPENAI-7", needs=STREAMED, recorded="O6")
async def test_stream_asks_for_usage(d: Driver) -> None:
    """A stream is asked for its token counts; a whole reply carries no key of streams."""
    for stream in WAYS:
        d.script(Reply("a"))
        await ask(d, d.client(), stream=stream)
    whole, streamed = bodies(d)
    assert "stream" not in whole
    assert "stream_options" not in whole
    assert (streamed["stream"], streamed["stream_options"]) == (True, {"include_usage": True})


@requirement("WIRE-OPENAI-8", needs=(*OPENAI, "tools"), recorded="C22")
async def test_mistral_ids_are_mapped(d: Driver) -> None:
    """An id that Mistral would refuse becomes nine letters and digits, the same in call, answer and later requests."""
    client = preset(d, "mistral", tools=tools_of(d))
    d.script(Reply(calls=[Call("clock", id="toolu_01ABC"), Call("clock", id="a1B2c3D4e")]), Reply("b"), Reply("c"))
    await d(client.chat("hi"))
    await d(client.chat("again"))
    for body in bodies(d)[1:]:
        ids = [call["id"] for call in body["messages"][1]["tool_calls"]]
        assert re.fullmatch("[A-Za-z0-9]{9}", ids[0])
        assert ids[1] == "a1B2c3D4e"
        assert [m["tool_call_id"] for m in body["messages"][2:4]] == ids
    assert bodies(d)[1]["messages"][1] == bodies(d)[2]["messages"][1]
    assert client.messages[1]["tool_calls"][0]["id"] == "toolu_01ABC"


DETAILS = [
    {"type": "reasoning.text", "text": "I ", "index": 0, "format": "f"},
    {"type": "reasoning.text", "text": "think", "index": 0},
    {"type": "reasoning.text", "signature": "SIG", "index": 0},
    {"type": "reasoning.encrypted", "data": "ENC", "id": "rs_1", "index": 1},
]
JOINED = [
    {"type": "reasoning.text", "text": "I think", "index": 0, "format": "f", "signature": "SIG"},
    {"type": "reasoning.encrypted", "data": "ENC", "id": "rs_1", "index": 1},
]


@requirement("WIRE-OPENAI-9", needs=(*STREAMED, "tools"), recorded="C17")
async def test_reasoning_details_return_verbatim(d: Driver) -> None:
    """OpenRouter gets its reasoning entries back, those of one index joined; after another turn too."""
    call = {"tool_calls": [call_part(0, "clock", "{}", id="c1")]}
    streamed = [chunk({"reasoning_details": [part]}) for part in DETAILS]
    answers = [
        completion({"content": None, "reasoning_details": JOINED, **call}, "tool_calls"),
        chat_stream(*streamed, chunk(call, "tool_calls")),
    ]
    for stream, answer in zip(WAYS, answers, strict=True):
        client = preset(d, "openrouter", tools=tools_of(d))
        d.script(answer, Reply("noon"), Reply("yes"))
        await ask(d, client, stream=stream)
        await ask(d, client, "sure?", stream=stream)
        for body in bodies(d)[-2:]:
            assert body["messages"][1]["reasoning_details"] == JOINED
        other = d.client(tools=tools_of(d))
        other.messages = client.messages
        d.script(Reply("ok"))
        await d(other.chat("hi"))
        assert "reasoning_details" not in bodies(d)[-1]["messages"][1]
        assert "provider_state" not in bodies(d)[-1]["messages"][1]


@requirement("WIRE-OPENAI-9", needs=(*OPENAI, "tools"), recorded="C16")
async def test_reasoning_content_returns_with_calls(d: Driver) -> None:
    """DeepSeek gets the reasoning of a reply with calls back; any other server never does."""
    client = preset(d, "deepseek", tools=tools_of(d))
    d.script(Reply(thinking="hmm", calls=[Call("clock")]), Reply("noon"))
    await d(client.chat("hi"))
    assert bodies(d)[-1]["messages"][1]["reasoning_content"] == "hmm"
    for name in ("openai", "groq", "vllm"):
        other = preset(d, name, tools=tools_of(d))
        other.messages = client.messages
        d.script(Reply("ok"))
        await d(other.chat("hi"))
        sent = bodies(d)[-1]["messages"]
        assert set(sent[1]) == {"role", "content", "tool_calls"}
