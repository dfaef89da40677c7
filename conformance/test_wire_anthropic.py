"""What is sent on Messages."""

import base64
import re
from typing import Any

from conformance import Driver, requirement
from conformance.exchanges import (
    WAYS,
    Json,
    ask,
    tools_of,
)
from conformance.probes import PIXEL
from conformance.scripted import Call, Reply

ANTHROPIC = ("scripted", "anthropic_wire")
STREAMED = (*ANTHROPIC, "streaming")


def bodies(d: Driver) -> list[Json]:
    return [request.body for request in d.server.requests]


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def call_entry(call_id: str, arguments: Any = "{}", name: str = "clock") -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


async def sent_with(d: Driver, history: list[Json], reply: Any = None, **keywords: Any) -> Json:
    """The request that says "hi" after a history."""
    client = d.client(**keywords)
    client.messages = history
    d.script(reply or Reply("ok"))
    await d(client.chat("hi"))
    return bodies(d)[-1]


def used(calls: list[Json], *results: str, content: str | None = None) -> list[Json]:
    """A history with one round of calls."""
    answers = [
        {"role": "tool", "tool_call_id": call["id"], "name": call["function"]["name"], "content": result}
        for call, result in zip(calls, results, strict=True)
    ]
    return [{"role": "user", "content": "go"}, {"role": "assistant", "content": content, "tool_calls": calls}, *answers]


@requirement("WIRE-ANTHROPIC-1", "WIRE-ANTHROPIC-3", needs=ANTHROPIC, recorded="A20")
async def test_request_holds_system_and_history(d: Driver) -> None:
    """The second request has the system parameter, max_tokens, and all turns as blocks, without keys of our own."""
    client = d.client(system="Be brief.")
    d.script(Reply("One"), Reply("Two"))
    await d(client.chat("first"))
    client.messages[1]["timestamp"] = 1
    await d(client.chat("second"))
    request = d.server.requests[1]
    assert (request.method, request.path) == ("POST", "/v1/messages")
    assert "test-key" in (request.headers.get("x-api-key"), request.headers.get("authorization", "").split(" ")[-1])
    limit = request.body.pop("max_tokens")
    assert isinstance(limit, int)
    assert limit > 0
    assert request.body == {
        "model": "scripted-model",
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": [text("first")]},
            {"role": "assistant", "content": [text("One")]},
            {"role": "user", "content": [text("second")]},
        ],
    }


@requirement("WIRE-ANTHROPIC-1", "WIRE-ANTHROPIC-3", needs=ANTHROPIC)
async def test_thinking_of_another_provider_stays_at_home(d: Driver) -> None:
    """Neither a thinking key nor another provider's state becomes part of a message."""
    history: list[Json] = [
        {"role": "user", "content": "a", "name": "x"},
        {"role": "assistant", "content": "b", "thinking": "t", "provider_state": {"provider": "openrouter", "x": [1]}},
    ]
    body = await sent_with(d, history)
    assert body["messages"][1] == {"role": "assistant", "content": [text("b")]}
    assert "system" not in body


@requirement("WIRE-ANTHROPIC-4", needs=ANTHROPIC, recorded="A23")
async def test_roles_alternate(d: Driver) -> None:
    """Neighbours of one role become one message, and the last one is a user's."""
    history: list[Json] = [
        {"role": "user", "content": "a"},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "c"},
        {"role": "assistant", "content": "d"},
        {"role": "user", "content": "e"},
    ]
    body = await sent_with(d, history)
    assert body["messages"] == [
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [text("c"), text("d")]},
        {"role": "user", "content": [text("e"), text("hi")]},
    ]


@requirement("WIRE-ANTHROPIC-4", needs=(*ANTHROPIC, "tools"), recorded="A24")
async def test_results_share_one_user_message_before_text(d: Driver) -> None:
    """All results of a reply stand in one user message, in call order, and text comes after them."""
    calls = [call_entry("t1"), call_entry("t2")]
    body = await sent_with(d, used(calls, "noon", "dusk"), tools=tools_of(d))
    results = [
        {"type": "tool_result", "tool_use_id": "t1", "content": "noon"},
        {"type": "tool_result", "tool_use_id": "t2", "content": "dusk"},
    ]
    assert body["messages"][2:] == [{"role": "user", "content": [*results, text("hi")]}]


@requirement("WIRE-ANTHROPIC-5", needs=ANTHROPIC)
async def test_no_empty_text_block(d: Driver) -> None:
    """Text that is empty or blank makes no block, and a message without blocks is left out."""
    for blank in ("", "\n\n", [text("")]):
        history: list[Json] = [{"role": "user", "content": "a"}, {"role": "assistant", "content": blank}]
        body = await sent_with(d, history)
        assert body["messages"] == [{"role": "user", "content": [text("a"), text("hi")]}], repr(blank)


@requirement("WIRE-ANTHROPIC-6", needs=(*ANTHROPIC, "tools"), recorded="A14")
async def test_text_precedes_calls(d: Driver) -> None:
    """Prose stored beside calls is a text block in front of them; without prose there is none."""
    for prose, expected in (("Let me see.", [text("Let me see.")]), ("", []), (None, [])):
        body = await sent_with(d, used([call_entry("t1")], "noon", content=prose), tools=tools_of(d))
        call = {"type": "tool_use", "id": "t1", "name": "clock", "input": {}}
        assert body["messages"][1]["content"] == [*expected, call], repr(prose)


@requirement("WIRE-ANTHROPIC-6", needs=(*ANTHROPIC, "tools"), recorded="A8")
async def test_arguments_are_an_object(d: Driver) -> None:
    """The input of a call is an object; a text that is none, a torn one too, is sent as an empty one."""
    forms = [('{"zone": "CET"}', {"zone": "CET"}), ("", {}), ("null", {}), ('{"zone": "C', {}), ("[1]", {})]
    for arguments, sent in forms:
        body = await sent_with(d, used([call_entry("t1", arguments)], "noon"), tools=tools_of(d))
        assert body["messages"][1]["content"][0]["input"] == sent, arguments


@requirement("WIRE-ANTHROPIC-7", needs=(*ANTHROPIC, "tools"), recorded="C22")
async def test_ids_of_other_providers_are_mapped(d: Driver) -> None:
    """An id with characters that this wire refuses becomes one it takes, the same in the call and in its answer."""
    calls = [call_entry("functions.clock:0"), call_entry("toolu_01A-b")]
    body = await sent_with(d, used(calls, "noon", "dusk"), tools=tools_of(d))
    ids = [part["id"] for part in body["messages"][1]["content"]]
    assert re.fullmatch("[A-Za-z0-9_-]+", ids[0])
    assert ids[1] == "toolu_01A-b"
    assert [part["tool_use_id"] for part in body["messages"][2]["content"][:2]] == ids


@requirement("WIRE-ANTHROPIC-8", needs=(*ANTHROPIC, "tools"), recorded="A7, A9")
async def test_tools_and_the_last_request(d: Driver) -> None:
    """Tools have name, description and input_schema; the last permitted request forbids calls and keeps them."""
    client = d.client(tools=tools_of(d), max_iterations=2)
    d.script(Reply(calls=[Call("clock")]), Reply("noon"))
    await d(client.chat("time?"))
    first, last = bodies(d)
    assert [tool["name"] for tool in first["tools"]] == ["weather", "clock"]
    assert all(set(tool) == {"name", "description", "input_schema"} for tool in first["tools"])
    assert first["tools"][0]["input_schema"]["required"] == ["city"]
    assert "tool_choice" not in first
    assert (last["tools"], last["tool_choice"]) == (first["tools"], {"type": "none"})


@requirement("WIRE-ANTHROPIC-8", needs=(*ANTHROPIC, "tools"))
async def test_calls_in_history_need_their_tools_named(d: Driver) -> None:
    """A history with calls names those tools and forbids them where none are set; without calls nothing is named."""
    body = await sent_with(d, used([call_entry("t1")], "noon"))
    assert [tool["name"] for tool in body["tools"]] == ["clock"]
    assert body["tool_choice"] == {"type": "none"}
    body = await sent_with(d, [])
    assert not {"tools", "tool_choice"} & set(body)


@requirement("WIRE-ANTHROPIC-9", needs=(*ANTHROPIC, "images"), recorded="A17")
async def test_image_is_a_source(d: Driver) -> None:
    """The bytes of an image are a base64 source with their media type, a URL is a url source."""
    client = d.client()
    d.script(Reply("dot"))
    await d(client.chat("What?", images=[PIXEL, "https://example.test/a.png"]))
    data = base64.b64encode(PIXEL).decode()
    assert bodies(d)[0]["messages"][0]["content"] == [
        text("What?"),
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}},
        {"type": "image", "source": {"type": "url", "url": "https://example.test/a.png"}},
    ]


@requirement("WIRE-ANTHROPIC-11", needs=STREAMED, recorded="A19")
async def test_paused_reply_is_continued(d: Driver) -> None:
    """A paused turn is sent back as it is, and goes on as one reply."""
    for stream in WAYS:
        client = d.client()
        d.script(Reply("Half ", stop="pause"), Reply("done."))
        await ask(d, client, stream=stream)
        assert bodies(d)[-1]["messages"][-1] == {"role": "assistant", "content": [text("Half ")]}
        assert client.messages[-1]["content"] == "Half done."
