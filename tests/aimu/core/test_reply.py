"""Replies as history holds them, and usage summed."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.messages import checked_history
from aimu.core.reply import Prompt, Reply, ToolCall, Usage, summed, usage_of
from tests.aimu.strategies import TEXTS

KEYS = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"]
USAGES = st.none() | st.dictionaries(st.sampled_from(KEYS), st.integers(0, 99), min_size=1)


@given(st.lists(USAGES, max_size=4))
def test_usage_is_summed_key_by_key(usages: list[Any]) -> None:
    total: Usage | None = None
    for usage in usages:
        total = summed(total, usage)
    told = [usage for usage in usages if usage]
    keys = {key for usage in told for key in usage}
    assert total == ({key: sum(usage.get(key, 0) for usage in told) for key in keys} or None)


def test_a_count_that_is_not_known_is_left_out() -> None:
    assert usage_of({"input_tokens": 0, "output_tokens": None, "reasoning_tokens": "3"}) == {"input_tokens": 0}


CALL = ToolCall("c1", "add", '{"a": 1}')
ENTRY = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply("hi"), {"content": "hi"}),
        (Reply(""), {"content": ""}),
        (Reply("", calls=[CALL]), {"content": None, "tool_calls": [ENTRY]}),
        (Reply("so", calls=[CALL], thinking="hm"), {"content": "so", "tool_calls": [ENTRY], "thinking": "hm"}),
        (Reply("hi", state={"provider": "x"}), {"content": "hi", "provider_state": {"provider": "x"}}),
    ],
)
def test_a_reply_is_one_assistant_message(reply: Reply, message: dict[str, Any]) -> None:
    assert reply.message() == {"role": "assistant", **message}


@given(TEXTS, TEXTS, st.booleans())
def test_a_reply_is_always_sendable(text: str, thinking: str, calls: bool) -> None:
    reply = Reply(text, thinking, [CALL] if calls else [])
    answer = [{"role": "tool", "tool_call_id": "c1", "content": ""}] if calls else []
    assert checked_history([reply.message(), *answer])


def test_a_reply_without_its_calls_loses_the_state_that_may_name_them() -> None:
    reply = Reply("so", "hm", [CALL], {"input_tokens": 1}, "tool_calls", state={"provider": "x"})
    assert reply.without_calls() == Reply("so", "hm", [], {"input_tokens": 1}, "tool_calls")
    assert reply.calls == [CALL]


def test_a_paused_reply_and_the_rest_are_one() -> None:
    paused = Reply("a", "x", state={"provider": "p", "content": [1]}, stop_reason="pause", usage={"input_tokens": 1})
    rest = Reply("b", "y", [CALL], {"input_tokens": 2}, "stop", state={"provider": "p", "content": [2]})
    whole = paused.continued(rest)
    assert (whole.text, whole.thinking, whole.calls, whole.stop_reason) == ("ab", "xy", [CALL], "stop")
    assert whole.state == {"provider": "p", "content": [1, 2]}
    assert paused.continued(Reply("b")).state == paused.state


def test_a_call_is_sendable_too() -> None:
    found = Reply(calls=[ToolCall("c\ud800", "n\ud800", "{\ud800}")]).sendable().calls
    assert found == [ToolCall("c\ufffd", "n\ufffd", "{\ufffd}")]


def test_nothing_changes_a_prompt_after_it_was_made() -> None:
    prompt = Prompt([], [], True, {}, False)
    with pytest.raises(FrozenInstanceError):
        prompt.stream = True  # type: ignore[misc]
