"""The state machine of one turn, driven as a surface drives it, by replies of every kind in any order."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from types import NoneType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimu import tool
from aimu.core.chunks import GENERATING, THINKING, TOOL_CALLING, StreamChunk
from aimu.core.conversation import Conversation
from aimu.core.messages import checked_history
from aimu.core.reply import Reply
from aimu.core.turn import Turn
from aimu.errors import (
    AimuError,
    ConcurrentTurnError,
    EmptyReplyError,
    IterationLimitError,
    MalformedResponseError,
    ProviderError,
    RefusalError,
    TruncatedReplyError,
)
from aimu.wire.anthropic import AnthropicDecoder
from aimu.wire.openai import OpenAIDecoder
from tests.aimu.core.codec import PlainCodec, a_turn, calling
from tests.aimu.strategies import JSON, Message


@tool
def look() -> str:
    """Look."""
    return "seen"


@tool
def fail() -> str:
    """Fail."""
    raise OSError("no disk")


@tool
def stop() -> str:
    """Interrupt."""
    raise KeyboardInterrupt


TOOLS = [look, fail, stop]
ANSWER = Reply("done", stop_reason="stop")
EMPTY = Reply("", stop_reason="stop")
PAUSED = Reply("first ", stop_reason="pause", state={"provider": "x", "content": [{"type": "text", "text": "first "}]})
REPLIES = {
    "answer": ANSWER,
    "thoughtful": Reply("done", "hm", stop_reason="stop"),
    "empty": EMPTY,
    "only thoughts": Reply("", "hm", stop_reason="stop"),
    "stopped": Reply("", stop_reason="stop_sequence"),
    "cut": Reply("", stop_reason="length"),
    "cut text": Reply("so", stop_reason="length"),
    "pause": PAUSED,
    "refusal": Reply("", refusal="no", stop_reason="refusal"),
    "look": calling("look"),
    "look twice": calling("look", "look", text="let me see"),
    "same ids": Reply(calls=[*calling("look").calls, *calling("look").calls], stop_reason="tool_calls"),
    "unknown": calling("nothing"),
    "torn": calling("look", arguments='{"a": '),
    "fails": calling("look", "fail", "look"),
    "interrupts": calling("look", "stop", "look"),
}


def drive(turn: Turn, replies: Sequence[Reply]) -> Iterator[StreamChunk]:
    """What the sync surface does, with replies for a network that fails when there are no more."""
    answers = deepcopy(list(replies))
    turn.open()
    try:
        for _ in turn.requests():
            if not answers:
                raise ConnectionError
            yield from turn.feed(answers.pop(0))
            yield from turn.finish()
            try:
                for call in turn.calls:
                    if call.is_open:
                        with call.running():
                            call.accept(call.invoke())
            except BaseException:
                turn.settle()
                raise
            yield from turn.settle()
    finally:
        turn.close()


def ended(turn: Turn, replies: Sequence[Reply]) -> BaseException | None:
    """How the turn ended: None when it has a result."""
    try:
        list(drive(turn, replies))
    except (AimuError, OSError, KeyboardInterrupt) as exc:
        return exc
    return None


def said(talk: Conversation) -> list[Any]:
    return [message["content"] for message in talk.messages]


@settings(max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from(sorted(REPLIES)), min_size=1, max_size=6), min_size=1, max_size=3),
    st.integers(2, 5),
    st.sampled_from(["raise", "report"]),
)
def test_history_grows_by_whole_rounds_and_can_always_be_sent(
    turns: list[list[str]], limit: int, on_tool_error: Any
) -> None:
    talk, codec = Conversation("be brief"), PlainCodec()
    for names in turns:
        before, asked_before = deepcopy(talk.messages), len(codec.prompts)
        turn = a_turn(talk, codec, tools=TOOLS, max_iterations=limit, on_tool_error=on_tool_error)
        failure = ended(turn, [REPLIES[name] for name in names])
        asked = codec.prompts[asked_before:]
        assert not talk.is_busy
        assert talk.messages[: len(before)] == before
        assert checked_history(talk.messages) == talk.messages
        assert len(asked) <= limit
        assert [prompt.may_call for prompt in asked] == [number < limit for number in range(1, len(asked) + 1)]
        assert turn.is_done == (failure is None)
        if failure is None:
            assert talk.messages[-1]["role"] == "assistant"
            assert talk.messages[-1]["content"] == turn.result
        for prompt in asked:
            assert checked_history(prompt.messages)


@settings(max_examples=100)
@given(st.lists(st.sampled_from(sorted(REPLIES)), min_size=1, max_size=4), st.integers(0, 12))
def test_a_consumer_may_stop_anywhere(names: list[str], chunks: int) -> None:
    talk = Conversation()
    stream = drive(a_turn(talk, tools=TOOLS), [REPLIES[name] for name in names])
    try:
        for _ in range(chunks):
            next(stream)
    except (AimuError, OSError, KeyboardInterrupt, StopIteration):
        assert not talk.is_busy
    stream.close()  # type: ignore[attr-defined]
    assert not talk.is_busy
    assert checked_history(talk.messages) == talk.messages


@pytest.mark.parametrize("limit", [2, 3, 4])
def test_the_last_request_forbids_calls_and_its_calls_are_not_stored(limit: int) -> None:
    talk, codec = Conversation(), PlainCodec()
    failure = ended(a_turn(talk, codec, tools=TOOLS, max_iterations=limit), [calling("look")] * limit)
    assert isinstance(failure, IterationLimitError)
    assert len(codec.prompts) == limit
    assert said(talk) == ["hi", *[None, "seen"] * (limit - 1)]


def test_text_beside_calls_that_came_too_late_is_the_answer() -> None:
    talk = Conversation()
    turn = a_turn(talk, tools=TOOLS, max_iterations=2)
    assert ended(turn, [calling("look"), calling("look", text="seen it")]) is None
    assert turn.result == "seen it"
    assert "tool_calls" not in talk.messages[-1]


def test_one_tool_round_and_an_answer_are_two_requests() -> None:
    talk, codec = Conversation(), PlainCodec()
    turn = a_turn(talk, codec, tools=TOOLS)
    assert ended(turn, [calling("look"), ANSWER]) is None
    assert (len(codec.prompts), turn.result, said(talk)) == (2, "done", ["hi", None, "seen", "done"])
    assert [message["role"] for message in codec.prompts[1].messages] == ["user", "assistant", "tool"]


def test_an_empty_reply_is_asked_once_more_and_neither_is_stored() -> None:
    talk, codec = Conversation(), PlainCodec()
    turn = a_turn(talk, codec, continuation_prompt="well?")
    assert ended(turn, [EMPTY, ANSWER]) is None
    assert said(talk) == ["hi", "done"]
    assert [message["content"] for message in codec.prompts[1].messages] == ["hi", "well?"]


def test_two_empty_replies_are_an_error_and_history_is_as_it_was() -> None:
    talk = Conversation()
    assert isinstance(ended(a_turn(talk), [EMPTY, EMPTY]), EmptyReplyError)
    assert talk.messages == []


def test_each_round_may_be_empty_once() -> None:
    talk, codec = Conversation(), PlainCodec()
    assert ended(a_turn(talk, codec, tools=TOOLS), [EMPTY, calling("look"), EMPTY, ANSWER]) is None
    assert len(codec.prompts) == 4


@pytest.mark.parametrize(
    ("replies", "limit", "error"),
    [
        ([EMPTY], 1, EmptyReplyError),
        ([REPLIES["cut"]], 10, TruncatedReplyError),
        ([EMPTY, REPLIES["cut"]], 10, TruncatedReplyError),
        ([calling("look"), EMPTY], 2, IterationLimitError),
        ([REPLIES["refusal"]], 10, RefusalError),
    ],
)
def test_a_turn_without_text_says_why(replies: list[Reply], limit: int, error: type[Exception]) -> None:
    assert type(ended(a_turn(Conversation(), tools=TOOLS, max_iterations=limit), replies)) is error


def test_a_stop_sequence_may_leave_nothing() -> None:
    talk, codec = Conversation(), PlainCodec()
    turn = a_turn(talk, codec)
    assert ended(turn, [REPLIES["stopped"]]) is None
    assert (turn.result, said(talk), len(codec.prompts)) == ("", ["hi", ""], 1)


def test_a_refusal_has_what_was_said_before_it_and_stores_nothing() -> None:
    talk = Conversation()
    failure = ended(a_turn(talk, provider="openai"), [Reply("I was ab", refusal="no", stop_reason="refusal")])
    assert isinstance(failure, RefusalError)
    assert (failure.text, failure.provider, talk.messages) == ("I was ab", "openai", [])
    assert talk.stop_reason == "refusal"


def test_a_paused_reply_goes_on_and_is_stored_as_one() -> None:
    talk, codec = Conversation(), PlainCodec()
    turn = a_turn(talk, codec)
    assert ended(turn, [PAUSED, PAUSED, Reply("last", stop_reason="stop")]) is None
    assert turn.result == "first first last"
    assert said(talk) == ["hi", "first first last"]
    assert [len(prompt.messages) for prompt in codec.prompts] == [1, 2, 2]
    assert codec.prompts[1].messages[-1]["provider_state"] == PAUSED.state


def test_pauses_count_as_requests() -> None:
    talk, codec = Conversation(), PlainCodec()
    turn = a_turn(talk, codec, max_iterations=2)
    assert ended(turn, [PAUSED, PAUSED]) is None
    assert (turn.result, len(codec.prompts)) == ("first first ", 2)


def test_a_failing_tool_leaves_a_round_that_can_be_resumed() -> None:
    talk, codec = Conversation(), PlainCodec()
    assert isinstance(ended(a_turn(talk, codec, tools=TOOLS), [REPLIES["fails"]]), OSError)
    assert said(talk)[2:] == [
        "seen",
        "Tool 'fail' failed: OSError: no disk",
        "Tool 'look' was not started: the turn was interrupted.",
    ]
    again = a_turn(talk, codec, None, tools=TOOLS)
    assert ended(again, [ANSWER]) is None
    assert codec.prompts[-1].messages == talk.messages[:-1]


def test_ids_that_are_missing_or_twice_in_a_reply_are_made_and_never_used_before() -> None:
    talk = Conversation()
    first = calling("look", "look", "look")
    first.calls[0].id, first.calls[1].id, first.calls[2].id = "", "own", "own"
    second = calling("look", "look")
    second.calls[0].id, second.calls[1].id = "", "call_00003"
    assert ended(a_turn(talk, tools=TOOLS), [first, second, ANSWER]) is None
    ids = [call["id"] for message in talk.messages for call in message.get("tool_calls", ())]
    assert ids == ["call_00001", "own", "call_00002", "call_00004", "call_00003"]


def test_a_first_fresh_round_takes_the_place_of_the_history() -> None:
    talk, codec = Conversation("be brief"), PlainCodec()
    assert ended(a_turn(talk, codec), [ANSWER]) is None
    kept = deepcopy(talk.messages)
    assert isinstance(ended(a_turn(talk, codec, "new", fresh=True), [EMPTY, EMPTY]), EmptyReplyError)
    assert talk.messages == kept
    assert ended(a_turn(talk, codec, "new", fresh=True, tools=TOOLS), [calling("look"), ANSWER]) is None
    assert said(talk) == ["be brief", "new", None, "seen", "done"]
    assert [message["content"] for message in codec.prompts[-2].messages] == ["be brief", "new"]


def test_an_overlaid_system_message_is_sent_and_not_stored() -> None:
    talk, codec = Conversation("be brief"), PlainCodec()
    assert ended(a_turn(talk, codec, system="be kind"), [ANSWER]) is None
    assert [message["content"] for message in codec.prompts[0].messages] == ["be kind", "hi"]
    assert said(talk) == ["be brief", "hi", "done"]


def test_chunks_carry_phase_agent_and_round() -> None:
    stream = drive(a_turn(Conversation(), tools=TOOLS, agent="scout"), [calling("look"), REPLIES["thoughtful"]])
    call = {"id": "c1", "name": "look", "arguments": {}, "response": "seen"}
    assert list(stream) == [
        StreamChunk(TOOL_CALLING, call, "scout", 0),
        StreamChunk(THINKING, "hm", "scout", 1),
        StreamChunk(GENERATING, "done", "scout", 1),
    ]


@pytest.mark.parametrize("phase", [THINKING, GENERATING, TOOL_CALLING])
def test_only_the_wanted_phases_are_yielded(phase: Any) -> None:
    replies = [calling("look"), REPLIES["thoughtful"]]
    chunks = list(drive(a_turn(Conversation(), tools=TOOLS, include=frozenset({phase})), replies))
    assert [chunk.phase for chunk in chunks] == [phase]


def test_readings_are_of_this_turn_and_usage_is_summed() -> None:
    talk = Conversation()
    asked = calling("look", thinking="first", usage={"input_tokens": 1})
    assert ended(a_turn(talk, tools=TOOLS), [asked, Reply("x", usage={"input_tokens": 2}, stop_reason="stop")]) is None
    assert (talk.last_thinking, talk.last_usage, talk.stop_reason) == ("first", {"input_tokens": 3}, "stop")
    a_turn(talk).open()
    assert (talk.last_thinking, talk.last_usage, talk.stop_reason) == ("", None, None)


def test_without_tools_in_use_a_call_finds_none_and_none_may_be_made() -> None:
    talk, codec = Conversation(), PlainCodec()
    assert ended(a_turn(talk, codec, tools=TOOLS, use_tools=False), [calling("look"), ANSWER]) is None
    assert said(talk)[2] == "Tool 'look' not found. Available tools: none."
    assert [(prompt.may_call, len(prompt.tools)) for prompt in codec.prompts] == [(False, 3), (False, 3)]


def test_there_is_no_result_before_the_end_and_no_second_turn() -> None:
    talk = Conversation()
    turn = a_turn(talk)
    with pytest.raises(RuntimeError, match="no result"):
        _ = turn.result
    turn.open()
    with pytest.raises(ConcurrentTurnError):
        turn.open()


@settings(max_examples=100)
@given(JSON | st.dictionaries(st.sampled_from(["choices", "usage", "error", "type"]), JSON), st.booleans(), st.data())
def test_whatever_json_a_provider_sends_the_error_is_one_of_ours(event: Any, stream: bool, data: st.DataObject) -> None:
    shape = st.recursive(
        JSON, lambda inner: st.dictionaries(st.sampled_from(WIRE_WORDS), inner, max_size=4), max_leaves=6
    )
    decoders: list[OpenAIDecoder | AnthropicDecoder] = [
        OpenAIDecoder("openai", stream, False, ("reasoning_details",)),
        AnthropicDecoder("anthropic", stream),
    ]
    for decoder in decoders:
        turn = a_turn(Conversation())
        turn._decoder = decoder
        with suppress(ProviderError, EmptyReplyError, TruncatedReplyError):
            turn.feed(json.dumps(event))
            turn.feed(json.dumps(data.draw(shape)))
            turn.finish()
            assert isinstance(decoder.reply.message()["content"], (str, NoneType))


WIRE_WORDS = [
    "choices",
    "delta",
    "message",
    "content",
    "text",
    "thinking",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "index",
    "finish_reason",
    "usage",
    "type",
    "content_block",
    "error",
    "reasoning",
    "reasoning_details",
    "refusal",
    "message_start",
    "stop_reason",
]


def test_an_unreadable_part_is_malformed_and_its_cause_is_kept() -> None:
    turn = a_turn(Conversation())
    turn._decoder = OpenAIDecoder("openai", True, False, ())
    with pytest.raises(MalformedResponseError, match="unexpected shape") as caught:
        turn.feed('{"choices": [5]}')
    assert isinstance(caught.value.__cause__, AttributeError)


def test_what_shows_only_at_the_end_of_a_reply_is_malformed_too() -> None:
    turn = a_turn(Conversation())
    turn._decoder = AnthropicDecoder("anthropic", False)
    turn.feed('{"content": [{"type": "tool_use"}]}')
    with pytest.raises(MalformedResponseError, match="unexpected shape") as caught:
        turn.finish()
    assert isinstance(caught.value.__cause__, KeyError)


def test_messages_are_plain_json() -> None:
    talk = Conversation()
    ended(a_turn(talk, tools=TOOLS), [REPLIES["look twice"], ANSWER])
    messages: list[Message] = json.loads(json.dumps(talk.messages))
    assert messages == talk.messages


def test_an_answer_keeps_what_its_provider_wants_back() -> None:
    talk = Conversation()
    state = {"provider": "x", "content": [{"type": "text", "text": "done"}]}
    assert ended(a_turn(talk), [Reply("done", stop_reason="stop", state=state)]) is None
    assert talk.messages[-1]["provider_state"] == state


@pytest.mark.parametrize(
    ("limit", "words"),
    [(1, r"tool call to the last of 1 requests; ask in other words$"), (3, r"even when asked once more; ask in other")],
)
def test_an_empty_reply_says_whether_it_was_asked_for_again(limit: int, words: str) -> None:
    failure = ended(a_turn(Conversation(), max_iterations=limit), [EMPTY, EMPTY])
    assert re.search(rf"^the model replied with neither text nor a .*{words}", str(failure))
