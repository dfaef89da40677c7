"""Messages: the same reply whole and streamed, whatever the fragments; history in blocks of alternating roles."""

import copy
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.models import ModelSpec
from aimu.core.reply import Piece, Prompt, Reply, Request
from aimu.errors import MalformedResponseError, ModelConnectionError, OverloadedError
from aimu.wire.anthropic import AnthropicCodec
from aimu.wire.sse import SSEDecoder
from tests.aimu.strategies import IDS, NAMES, OBJECTS, TEXTS, WORDS, Message, histories, joined, pieces

MODEL = ModelSpec("m", tools=True, thinking=True, vision=True)
SPEC = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": {"type": "object"}}}
START_USAGE = {"input_tokens": 5, "cache_read_input_tokens": 2, "cache_creation_input_tokens": None, "output_tokens": 1}
END_USAGE = {"input_tokens": None, "output_tokens": 7}
USAGE = {"input_tokens": 7, "output_tokens": 7, "cache_read_tokens": 2}
Block = dict[str, Any]


def read(events: Sequence[str | bytes], *, stream: bool = True) -> Reply:
    decoder = AnthropicCodec("anthropic", MODEL).decoder(Request("", {}, stream))
    found: list[Piece] = [piece for event in events for piece in decoder.feed(event)]
    found += decoder.finish()
    assert joined(found, GENERATING) == decoder.reply.text
    assert joined(found, THINKING) == decoder.reply.thinking
    assert all(text for _, text in found)
    return decoder.reply


def event(kind: str, **body: Any) -> str:
    return json.dumps({"type": kind, **body})


def start(index: int, block: Block) -> str:
    return event("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **body: Any) -> str:
    return event("content_block_delta", index=index, delta={"type": kind, **body})


def ending(reason: str | None = "end_turn", **rest: Any) -> list[str]:
    return [event("message_delta", delta={"stop_reason": reason, **rest}, usage=END_USAGE), event("message_stop")]


STARTED = event("message_start", message={"role": "assistant", "content": [], "usage": START_USAGE})
BLOCKS = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, TEXTS),
    st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "s"}, TEXTS),
    st.builds(lambda data: {"type": "redacted_thinking", "data": data}, WORDS),
    st.builds(lambda i, name, args: {"type": "tool_use", "id": i, "name": name, "input": args}, IDS, NAMES, OBJECTS),
    st.builds(lambda i, args: {"type": "server_tool_use", "id": i, "name": "web_search", "input": args}, IDS, OBJECTS),
)


def whole(blocks: list[Block], reason: str) -> bytes:
    usage = {**START_USAGE, "output_tokens": 7}
    return json.dumps({"type": "message", "content": blocks, "stop_reason": reason, "usage": usage}).encode()


@st.composite
def streamed(draw: st.DrawFn, blocks: list[Block], reason: str) -> bytes:
    """One of the many ways to stream it, on the wire."""
    found = [STARTED]
    for index, block in enumerate(blocks):
        found += [*draw(_block_events(index, block)), event("content_block_stop", index=index)]
    found += ending(reason)
    ping = draw(st.integers(1, len(found)))
    found.insert(ping, '{"type": "ping"}')
    return "".join(f"event: {json.loads(one)['type']}\ndata: {one}   \n\n" for one in found).encode()


@st.composite
def _block_events(draw: st.DrawFn, index: int, block: Block) -> list[str]:
    kind = block["type"]
    if kind == "redacted_thinking":
        return [start(index, block)]
    if kind.endswith("tool_use"):
        text = json.dumps(block["input"]) if block["input"] else ""
        parts = draw(pieces(text))
        opened = start(index, {**block, "input": {}})
        return [opened, delta(index, "input_json_delta", partial_json="")] + [
            delta(index, "input_json_delta", partial_json=part) for part in parts
        ]
    parts = draw(pieces(block[kind]))
    found = [start(index, {**block, kind: "", **({"signature": ""} if kind == "thinking" else {})})]
    found += [delta(index, f"{kind}_delta", **{kind: part}) for part in parts]
    return [*found, *([delta(index, "signature_delta", signature="s")] if kind == "thinking" else [])]


@given(st.lists(BLOCKS, max_size=4), st.sampled_from(["end_turn", "max_tokens", "tool_use", "pause_turn"]), st.data())
def test_a_reply_reads_the_same_whole_and_streamed_in_any_fragments(
    blocks: list[Block], reason: str, data: st.DataObject
) -> None:
    sse = SSEDecoder()
    events = [one for part in data.draw(pieces(data.draw(streamed(blocks, reason)))) for one in sse.feed(part)]
    reply = read(events)
    assert reply == read([whole(blocks, reason)], stream=False)
    assert reply.text == "".join(block["text"] for block in blocks if block["type"] == "text")
    calls = [block for block in blocks if block["type"] == "tool_use"]
    assert [(call.id, call.name, json.loads(call.arguments)) for call in reply.calls] == [
        (block["id"], block["name"], block["input"]) for block in calls
    ]
    assert reply.usage == USAGE
    opaque = any(block["type"] not in ("text", "tool_use") for block in blocks) or reason == "pause_turn"
    assert reply.state == ({"provider": "anthropic", "content": blocks} if opaque else None)


PROMPTS = st.builds(
    Prompt,
    messages=histories(),
    tools=st.sampled_from([[], [SPEC]]),
    may_call=st.booleans(),
    parameters=st.sampled_from([{"max_tokens": 5}, {"max_tokens": 5, "metadata": {"user_id": "u"}}]),
    stream=st.booleans(),
)


@given(PROMPTS)
def test_a_request_is_made_of_the_prompt_alone_and_changes_nothing(prompt: Prompt) -> None:
    before = copy.deepcopy(prompt)
    request = AnthropicCodec("anthropic", MODEL).encode(prompt)
    assert prompt == before
    assert json.dumps(request.body) == json.dumps(AnthropicCodec("anthropic", MODEL).encode(before).body)
    assert request.body.get("stream", False) is prompt.stream
    whole_body = Prompt(prompt.messages, prompt.tools, prompt.may_call, prompt.parameters, False)
    other = AnthropicCodec("anthropic", MODEL).encode(whole_body).body
    assert {key: value for key, value in request.body.items() if key != "stream"} == other


@given(PROMPTS)
def test_roles_alternate_results_come_first_and_every_call_is_answered(prompt: Prompt) -> None:
    sent = AnthropicCodec("anthropic", MODEL).encode(prompt).body["messages"]
    roles = [message["role"] for message in sent]
    assert all(first != second for first, second in pairwise(roles))
    asked: set[str] = set()
    for message in sent:
        kinds = [block["type"] for block in message["content"]]
        assert kinds
        assert sorted(kinds, key=lambda kind: kind != "tool_result") == kinds
        assert {block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"} == asked
        asked = {block["id"] for block in message["content"] if block["type"] == "tool_use"}


@given(PROMPTS)
def test_a_history_with_calls_always_names_tools_and_forbids_where_none_may_be_made(prompt: Prompt) -> None:
    body = AnthropicCodec("anthropic", MODEL).encode(prompt).body
    used = {call["function"]["name"] for message in prompt.messages for call in message.get("tool_calls") or ()}
    offered = bool(prompt.tools and prompt.may_call)
    assert ("tools" in body) == bool(offered or used)
    assert body.get("tool_choice") == ({"type": "none"} if used and not offered else None)
    names = {tool["name"] for tool in body.get("tools", ())}
    assert names == ({"look"} if prompt.tools and "tools" in body else used)


@given(histories())
def test_the_system_message_is_apart_and_the_texts_are_all_there(history: list[Message]) -> None:
    body = AnthropicCodec("anthropic", MODEL).encode(Prompt(history, [], True, {}, False)).body
    system = [message["content"] for message in history if message["role"] == "system"]
    assert body.get("system") == (system[0] if system else None)
    texts = [block["text"] for message in body["messages"] for block in message["content"] if block["type"] == "text"]
    spoken = [m["content"] for m in history if m["role"] in ("user", "assistant") and (m["content"] or "").strip()]
    assert texts == spoken


THOUGHT = {"type": "thinking", "thinking": "", "signature": "s"}
STATE = {"provider": "anthropic", "content": [THOUGHT, {"type": "text", "text": "hi"}]}


@pytest.mark.parametrize(
    ("message", "replayed"),
    [
        ({"content": "hi", "provider_state": STATE}, True),
        ({"content": "edited", "provider_state": STATE}, False),
        ({"content": "hi", "provider_state": {**STATE, "provider": "openrouter"}}, False),
        ({"content": "hi"}, False),
        ({"content": "hi", "provider_state": {"provider": "anthropic"}}, False),
        ({"content": "hi", "provider_state": {**STATE, "content": "hi"}}, False),
        ({"content": "hi", "provider_state": {**STATE, "content": ["hi"]}}, False),
        ({"content": "hi", "provider_state": {**STATE, "content": [{"type": "text"}]}}, False),
        ({"content": "hi", "provider_state": {**STATE, "content": [{"type": "text", "text": 5}]}}, False),
    ],
)
def test_blocks_go_back_as_they_came_while_the_message_still_says_the_same(message: Message, replayed: bool) -> None:
    prompt = Prompt([{"role": "assistant", **message}], [], True, {}, False)
    sent = AnthropicCodec("anthropic", MODEL).encode(prompt).body["messages"][0]["content"]
    assert sent == (STATE["content"] if replayed else [{"type": "text", "text": message["content"]}])


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("data:image/png;base64,AAAA", {"type": "base64", "media_type": "image/png", "data": "AAAA"}),
        ("https://example.org/a.png", {"type": "url", "url": "https://example.org/a.png"}),
    ],
)
def test_an_image_is_a_source(url: str, source: Block) -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": url}}]
    prompt = Prompt([{"role": "user", "content": parts}], [], True, {}, False)
    sent = AnthropicCodec("anthropic", MODEL).encode(prompt).body["messages"][0]["content"]
    assert sent == [{"type": "text", "text": "look"}, {"type": "image", "source": source}]


def test_torn_arguments_stay_as_they_came_and_are_sent_as_an_empty_object() -> None:
    block = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    events = [STARTED, start(0, block), delta(0, "input_json_delta", partial_json='{"a'), event("content_block_stop")]
    reply = read([*events, *ending("max_tokens")])
    assert (reply.calls[0].arguments, reply.stop_reason) == ('{"a', "length")
    answer = {"role": "tool", "tool_call_id": "t1", "content": "torn"}
    body = AnthropicCodec("anthropic", MODEL).encode(Prompt([reply.message(), answer], [], True, {}, False)).body
    assert body["messages"][0]["content"] == [block]


def test_citations_are_kept_with_their_block() -> None:
    events = [STARTED, start(0, {"type": "text", "text": "", "citations": None})]
    events += [delta(0, "citations_delta", citation={"n": n}) for n in (1, 2)]
    events += [delta(0, "text_delta", text="hi"), event("content_block_stop"), *ending("pause_turn")]
    reply = read(events)
    assert reply.state
    assert reply.state["content"] == [{"type": "text", "text": "hi", "citations": [{"n": 1}, {"n": 2}]}]


@pytest.mark.parametrize(
    ("wire", "ours"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop_sequence"),
        ("new_word", "new_word"),
        (None, None),
    ],
)
def test_stop_reasons_are_ours_where_we_have_a_word(wire: str | None, ours: str | None) -> None:
    assert read([STARTED, *ending(wire)]).stop_reason == ours


@pytest.mark.parametrize(
    ("details", "text"),
    [
        (None, "no explanation given"),
        ({"category": "cyber"}, "cyber"),
        ({"category": "x", "explanation": "why"}, "why"),
    ],
)
def test_a_refusal_says_what_is_known_of_it(details: Any, text: str) -> None:
    assert read([STARTED, *ending("refusal", stop_details=details)]).refusal == text


def test_unknown_events_and_a_done_are_ignored() -> None:
    assert read([STARTED, event("ping"), event("of_the_future"), *ending(), "[DONE]"]) == read([STARTED, *ending()])


@pytest.mark.parametrize("events", [[], [STARTED], [STARTED, ending()[0]]])
def test_a_stream_without_its_message_stop_was_cut(events: list[str]) -> None:
    with pytest.raises(ModelConnectionError, match="before the reply was whole"):
        read(events)


def test_an_error_in_a_stream_is_an_error_with_its_request_id() -> None:
    body = event("error", error={"type": "overloaded_error", "message": "Overloaded"}, request_id="req_1")
    with pytest.raises(OverloadedError) as caught:
        read([STARTED, body])
    assert (caught.value.status, caught.value.request_id, caught.value.retryable) == (529, "req_1", True)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"", b"<html>", b'{"type": "message"}', b'{"content": "hi"}'])
def test_a_body_that_is_no_message_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        read([body], stream=False)


def codec(thinking: bool | str = True) -> AnthropicCodec:
    return AnthropicCodec("anthropic", ModelSpec("m", thinking=thinking))


def test_parameters_are_named_as_on_the_wire_and_max_tokens_is_always_there() -> None:
    assert codec().parameters({"stop": "x", "seed": 1, "metadata": {}}) == (
        {"max_tokens": 4096, "stop_sequences": ["x"], "metadata": {}},
        ["seed"],
    )


def test_thinking_is_a_budget_or_an_effort_and_takes_the_place_of_sampling() -> None:
    budget, dropped = codec().parameters({"thinking": 1024, "temperature": 1, "top_k": 3, "max_tokens": 2000})
    assert budget == {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    assert sorted(dropped) == ["temperature", "top_k"]
    assert codec("adaptive").parameters({"thinking": "minimal"})[0]["output_config"] == {"effort": "low"}
    assert "output_config" not in codec("adaptive").parameters({"thinking": True})[0]
    assert codec().parameters({"thinking": False, "temperature": 1})[0] == {"max_tokens": 4096, "temperature": 1}


def test_a_budget_that_leaves_no_room_for_an_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="a thinking budget of 4096 tokens needs a larger max_tokens than 4096"):
        codec().parameters({"thinking": 4096})


def test_a_tool_that_is_no_longer_there_is_named_with_any_object() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    history: list[Message] = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "name": "look", "content": "seen"},
    ]
    body = AnthropicCodec("anthropic", MODEL).encode(Prompt(history, [], True, {}, False)).body
    assert body["tools"] == [{"name": "look", "input_schema": {"type": "object"}}]
    assert body["tool_choice"] == {"type": "none"}
