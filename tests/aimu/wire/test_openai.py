"""Chat Completions: the same reply whole and streamed, in any fragments; requests made of the prompt alone."""

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.models import ModelSpec
from aimu.core.reply import Piece, Prompt, Reply, Request
from aimu.errors import InvalidRequestError, MalformedResponseError, ModelConnectionError
from aimu.wire.dialects import DIALECTS
from aimu.wire.openai import OpenAICodec
from aimu.wire.sse import SSEDecoder
from tests.aimu.strategies import IDS, NAMES, OBJECTS, TEXTS, Message, histories, joined, pieces

MODEL = ModelSpec("m", tools=True, thinking=True, vision=True)
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 2}}
SPEC = {"type": "function", "function": {"name": "look", "description": "", "parameters": {"type": "object"}}}


def read(events: Sequence[str | bytes], *, stream: bool = True, provider: str = "openai", **body: Any) -> Reply:
    reply, found = decoded(events, stream=stream, provider=provider, **body)
    assert joined(found, GENERATING) == reply.text
    assert joined(found, THINKING) == reply.thinking
    assert all(text for _, text in found)
    return reply


def decoded(
    events: Sequence[str | bytes], *, stream: bool, provider: str = "openai", **body: Any
) -> tuple[Reply, list[Piece]]:
    decoder = OpenAICodec(provider, MODEL).decoder(Request("", body, stream))
    found = [piece for event in events for piece in decoder.feed(event)]
    return decoder.reply, found + list(decoder.finish())


def chunk(delta: Any = None, finish: str | None = None, **top: Any) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None, **top})


@st.composite
def replies(draw: st.DrawFn) -> dict[str, Any]:
    """What a server means to say."""
    ids = draw(st.lists(IDS, max_size=3, unique=True))
    return {
        "text": draw(TEXTS),
        "thinking": draw(TEXTS),
        "calls": [(call_id, draw(NAMES), json.dumps(draw(OBJECTS))) for call_id in ids],
        "finish": draw(st.sampled_from(["stop", "length", "tool_calls", "content_filter", "eos"])),
    }


def whole(meant: dict[str, Any]) -> bytes:
    calls = [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call_id, name, arguments in meant["calls"]
    ]
    message = {"role": "assistant", "content": meant["text"] or None, "reasoning_content": meant["thinking"]}
    choice = {"index": 0, "message": {**message, "tool_calls": calls or None}, "finish_reason": meant["finish"]}
    return json.dumps({"choices": [choice], "usage": USAGE}, indent=2).encode()


@st.composite
def streamed(draw: st.DrawFn, meant: dict[str, Any]) -> bytes:
    """One of the many ways to stream it, on the wire."""
    found = [chunk({"role": "assistant", "content": ""})]
    found += [chunk({"reasoning_content": text, "content": None}) for text in draw(pieces(meant["thinking"]))]
    found += [chunk({"content": text, "role": "assistant"}) for text in draw(pieces(meant["text"]))]
    for index, (call_id, name, arguments) in enumerate(meant["calls"]):
        opening = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        found.append(chunk({"tool_calls": [opening]}))
        for text in draw(pieces(arguments)):
            function = draw(st.sampled_from([{"arguments": text}, {"arguments": text, "name": None}]))
            found.append(chunk({"tool_calls": [{"index": index, "id": None, "function": function}]}))
    found += [chunk({}, meant["finish"]), json.dumps({"choices": [], "usage": USAGE}), "[DONE]"]
    return "".join(f": ping\n\ndata: {event}\n\n" for event in found).encode()


@given(replies(), st.data())
def test_a_reply_reads_the_same_whole_and_streamed_in_any_fragments(meant: dict[str, Any], data: st.DataObject) -> None:
    sse = SSEDecoder()
    events = [event for part in data.draw(pieces(data.draw(streamed(meant)))) for event in sse.feed(part)]
    reply = read(events)
    assert reply == read([whole(meant)], stream=False)
    assert (reply.text, reply.thinking) == (meant["text"], meant["thinking"])
    assert [(call.id, call.name, call.arguments) for call in reply.calls] == meant["calls"]
    assert reply.usage == {"input_tokens": 5, "output_tokens": 7, "reasoning_tokens": 2}


PROMPTS = st.builds(
    Prompt,
    messages=histories(),
    tools=st.sampled_from([[], [SPEC]]),
    may_call=st.booleans(),
    parameters=st.sampled_from([{}, {"max_tokens": 5}, {"stream_options": {"include_usage": False}}]),
    stream=st.booleans(),
)


@given(PROMPTS, st.sampled_from(sorted(DIALECTS)))
def test_a_request_is_made_of_the_prompt_alone_and_changes_nothing(prompt: Prompt, provider: str) -> None:
    before, codec = copy.deepcopy(prompt), OpenAICodec(provider, MODEL)
    request = codec.encode(prompt)
    assert prompt == before
    assert json.dumps(request.body) == json.dumps(OpenAICodec(provider, MODEL).encode(before).body)
    assert [message["role"] for message in request.body["messages"]] == [m["role"] for m in prompt.messages]
    assert request.body.get("stream", False) is prompt.stream
    unstreamed = {key: value for key, value in request.body.items() if key not in ("stream", "stream_options")}
    whole_body = codec.encode(Prompt(prompt.messages, prompt.tools, prompt.may_call, prompt.parameters, False)).body
    assert unstreamed == {key: value for key, value in whole_body.items() if key != "stream_options"}


@given(PROMPTS)
def test_tools_are_kept_where_history_has_calls_and_forbidden_where_none_may_be_made(prompt: Prompt) -> None:
    body = OpenAICodec("openai", MODEL).encode(prompt).body
    has_calls = any(message.get("tool_calls") for message in prompt.messages)
    assert ("tools" in body) == bool(prompt.tools and (prompt.may_call or has_calls))
    assert body.get("tool_choice") == ("none" if "tools" in body and not prompt.may_call else None)


@given(histories())
def test_what_was_read_is_sent_back_and_what_is_ours_alone_is_not(history: list[Message]) -> None:
    marked = [{**message, "thinking": "hm"} if message["role"] == "assistant" else message for message in history]
    sent = OpenAICodec("openai", MODEL).encode(Prompt(marked, [], True, {}, False)).body["messages"]
    assert [message.get("content") or "" for message in sent] == [m["content"] or "" for m in history]
    assert [message.get("tool_calls") for message in sent] == [m.get("tool_calls") for m in history]
    assert not any("thinking" in message for message in sent)


def test_state_goes_back_to_the_provider_that_gave_it_and_to_no_other() -> None:
    state = {"provider": "openrouter", "reasoning_details": [{"index": 0, "data": "x"}]}
    prompt = Prompt([{"role": "assistant", "content": "a", "provider_state": state}], [], True, {}, False)
    sent = {name: OpenAICodec(name, MODEL).encode(prompt).body["messages"][0] for name in ("openrouter", "openai")}
    assert sent["openrouter"] == {"role": "assistant", "content": "a", "reasoning_details": [{"index": 0, "data": "x"}]}
    assert sent["openai"] == {"role": "assistant", "content": "a"}


def call_delta(**call: Any) -> str:
    name, arguments = call.pop("name", None), call.pop("arguments", "")
    return chunk({"tool_calls": [{**call, "function": {"name": name, "arguments": arguments}}]})


END = [chunk({}, "stop"), "[DONE]"]


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        ([call_delta(id="", name="a", arguments="{}"), call_delta(id="", name="b", arguments="{}")], ["a{}", "b{}"]),
        ([call_delta(id="x", name="a"), call_delta(arguments="{"), call_delta(arguments="}")], ["a{}"]),
        ([call_delta(index=0, id="x", name="a"), call_delta(index=0, id="y", name="b")], ["a", "b"]),
        ([call_delta(index=0, id="x", name="a"), call_delta(index=0, id="x", arguments="{}")], ["a{}"]),
        ([call_delta(index=1, id="y", name="b"), call_delta(index=0, id="x", name="a")], ["b", "a"]),
        ([call_delta(index=0, id="x", name="a", arguments={"k": 1})], ['a{"k": 1}']),
        ([chunk({"tool_calls": None}), chunk({"tool_calls": []}), call_delta(index=0, id="x", name="a")], ["a"]),
        ([chunk({"function_call": {"name": "", "arguments": ""}}), call_delta(index=0, id="x", name="a")], ["a"]),
        (
            [chunk({"function_call": {"name": "a", "arguments": "{"}}), chunk({"function_call": {"arguments": "}"}})],
            ["a{}"],
        ),
    ],
)
def test_fragments_belong_to_the_call_that_index_id_or_name_tells(deltas: list[str], calls: list[str]) -> None:
    assert [call.name + call.arguments for call in read([*deltas, *END]).calls] == calls


@pytest.mark.parametrize("finish", ["stop", "tool_calls", "function_call", "", None])
def test_calls_decide_what_a_reply_is_and_not_the_reason_it_gives(finish: str | None) -> None:
    assert read([call_delta(index=0, id="x", name="a"), chunk({}, finish), "[DONE]"]).stop_reason == "tool_calls"


def test_a_call_torn_by_length_says_length() -> None:
    reply = read([call_delta(index=0, id="x", name="a", arguments='{"k'), chunk({}, "length"), "[DONE]"])
    assert (reply.stop_reason, reply.calls[0].arguments) == ("length", '{"k')


@pytest.mark.parametrize(
    ("finish", "text", "stop", "reason"),
    [
        ("stop", "hi", ["."], "stop"),
        ("stop", "", ["."], "stop_sequence"),
        ("stop", "", None, "stop"),
        ("eos", "hi", None, "stop"),
    ],
)
def test_a_reply_stopped_before_its_first_word_was_stopped_by_a_stop(
    finish: str, text: str, stop: Any, reason: str
) -> None:
    assert read([chunk({"content": text}), chunk({}, finish), "[DONE]"], stop=stop).stop_reason == reason


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content"])
def test_reasoning_has_two_names(key: str) -> None:
    assert read([chunk({key: "hm"}), *END]).thinking == "hm"


def test_content_may_be_a_list_or_an_object() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    reply = read([chunk({"content": [thought, {"type": "text", "text": "hi"}]}), *END])
    assert (reply.thinking, reply.text) == ("hm", "hi")
    assert json.loads(read([chunk({"content": {"a": 1}}), *END]).text) == {"a": 1}


def test_the_finish_chunk_may_carry_payload_and_come_twice() -> None:
    last = chunk({"content": "b"}, "length", usage=USAGE)
    reply = read([chunk({"content": "a"}), last, chunk({}, None, usage={**USAGE, "prompt_tokens": 9}), "[DONE]"])
    assert (reply.text, reply.stop_reason, reply.usage and reply.usage["input_tokens"]) == ("ab", "length", 9)


def test_only_the_first_choice_is_read() -> None:
    other = json.dumps({"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "length"}]})
    assert read([chunk({"content": "yes"}), other, *END]) == read([chunk({"content": "yes"}), *END])


def test_a_refusal_is_no_text() -> None:
    reply = read([chunk({"content": None, "refusal": ""}), chunk({"refusal": "I "}), chunk({"refusal": "won't"}), *END])
    assert (reply.refusal, reply.text, reply.stop_reason) == ("I won't", "", "refusal")


def test_a_filtered_reply_without_text_is_a_refusal_and_one_with_text_is_not() -> None:
    filtered = [chunk({}, "content_filter"), "[DONE]"]
    assert read(filtered).refusal
    assert read([chunk({"content": "a"}), *filtered]).refusal is None


@pytest.mark.parametrize("events", [[], [chunk({"content": "a"})], [json.dumps({"choices": [], "usage": USAGE})]])
def test_a_stream_that_neither_ends_nor_says_why_was_cut(events: list[str]) -> None:
    with pytest.raises(ModelConnectionError, match="before the reply was whole"):
        read(events)


@pytest.mark.parametrize("end", [["[DONE]"], [chunk({}, "stop")]])
def test_either_end_will_do(end: list[str]) -> None:
    assert read([chunk({"content": "a"}), *end]).stop_reason == "stop"


def test_an_error_in_a_stream_is_an_error() -> None:
    beside = chunk({"content": ""}, error={"code": 400, "message": "bad"})
    with pytest.raises(InvalidRequestError, match="openai answered 400: bad"):
        read([chunk({"content": "a"}), beside])


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"", b"<html>", b'{"choices": null}', b'{"object": "error"}', b"[" * 99_999]
)
def test_a_body_that_is_no_completion_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read([body], stream=False)
    assert caught.value.provider == "openai"


def test_reasoning_that_is_wanted_back_is_kept_as_it_came() -> None:
    parts = [
        {"index": 0, "type": "reasoning.text", "text": "h", "signature": None},
        {"index": 0, "type": "reasoning.text", "text": "m", "signature": "s"},
    ]
    deltas = [chunk({"reasoning": part["text"], "reasoning_details": [part]}) for part in parts]
    reply = read([*deltas, *END], provider="openrouter")
    whole_part = {"index": 0, "type": "reasoning.text", "text": "hm", "signature": "s"}
    assert reply.state == {"provider": "openrouter", "reasoning_details": [whole_part]}
    assert read([*deltas, *END]).state is None


def test_half_a_character_behind_text_waits_for_its_other_half() -> None:
    decoder = OpenAICodec("openai", MODEL).decoder(Request("", {}, True))
    assert decoder.feed(chunk({"content": "ab\ud83d"})) == [(GENERATING, "ab")]
    assert decoder.feed(chunk({"content": "\ude00c"})) == [(GENERATING, "\U0001f600c")]
