"""A checked history is one that every provider accepts; what is refused is refused by its index."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.messages import checked_history, text_of
from tests.aimu.strategies import JSON, OBJECTS, Message, histories


def call(call_id: Any = "c1", name: Any = "add", arguments: Any = "{}") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def asks(*made: Any) -> Message:
    return {"role": "assistant", "content": None, "tool_calls": list(made)}


def answers(call_id: Any = "c1") -> Message:
    return {"role": "tool", "tool_call_id": call_id, "content": "3"}


USER: Message = {"role": "user", "content": "hi"}
REFUSED: dict[str, tuple[int, list[Any]]] = {
    "no role": (0, [{"content": "hi"}]),
    "an unknown role": (1, [USER, {"role": "developer", "content": "hi"}]),
    "not a dict": (1, [USER, "hi"]),
    "empty user text": (0, [{"role": "user", "content": ""}]),
    "no user content": (0, [{"role": "user"}]),
    "content of a strange type": (0, [{"role": "user", "content": 5}]),
    "a text part without a text": (0, [{"role": "user", "content": [{"type": "text"}]}]),
    "an image part without a URL": (0, [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]),
    "an image part without an image": (0, [{"role": "user", "content": [{"type": "image_url"}]}]),
    "content parts that are no dicts": (0, [{"role": "user", "content": ["hi"]}]),
    "an assistant that says and calls nothing": (1, [USER, {"role": "assistant", "content": None}]),
    "a system message without text": (0, [{"role": "system", "content": None}]),
    "a tool message without id": (2, [USER, asks(call()), {"role": "tool", "content": "3"}]),
    "an answer to no call": (1, [USER, answers()]),
    "an answer to another call": (2, [USER, asks(call("c2")), answers("c1")]),
    "two answers to one call": (3, [USER, asks(call()), answers(), answers()]),
    "a late answer": (1, [USER, asks(call()), USER, answers()]),
    "a call without answer": (1, [USER, asks(call()), {"role": "assistant", "content": "3"}]),
    "a call without answer at the end": (1, [USER, asks(call(), call("c2")), answers()]),
    "two calls of one id": (1, [USER, asks(call(), call()), answers()]),
    "calls of a user": (0, [{**USER, "tool_calls": [call()]}, answers()]),
    "a call without id": (1, [USER, asks(call(None)), answers()]),
    "a call without name": (1, [USER, asks(call(name="")), answers()]),
    "a call that is no dict": (1, [USER, asks("add"), answers()]),
    "calls that are no list": (1, [USER, {"role": "assistant", "content": None, "tool_calls": 5}]),
    "arguments without a JSON form": (1, [USER, asks(call(arguments={1j})), answers()]),
}


@given(histories())
def test_what_is_sendable_is_accepted_as_it_is(history: list[Message]) -> None:
    assert checked_history(history) == history


@given(histories(), st.data())
def test_a_history_that_lost_a_tool_message_is_refused(history: list[Message], data: st.DataObject) -> None:
    tool_messages = [index for index, message in enumerate(history) if message["role"] == "tool"]
    if tool_messages:
        del history[data.draw(st.sampled_from(tool_messages))]
        with pytest.raises(ValueError, match=r"messages\[\d+\] has tool calls without a tool message"):
            checked_history(history)


@given(histories(), OBJECTS)
def test_checking_twice_changes_nothing_and_the_caller_keeps_his_dicts(history: list[Message], given: Any) -> None:
    for message in history:
        for made in message.get("tool_calls", ()):
            made["function"]["arguments"] = given
    before = copy.deepcopy(history)
    once = checked_history(history)
    assert history == before
    assert checked_history(once) == once
    strings = [made["function"]["arguments"] for message in once for made in message.get("tool_calls", ())]
    assert all(json.loads(text) == given for text in strings)


@pytest.mark.parametrize("why", REFUSED)
def test_what_no_provider_takes_is_refused_by_its_index(why: str) -> None:
    index, history = REFUSED[why]
    with pytest.raises(ValueError, match=rf"messages\[{index}\]"):
        checked_history(history)


@given(
    st.lists(JSON | st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "tool"]), "content": JSON}))
)
def test_whatever_is_assigned_is_accepted_or_a_value_error(history: list[Any]) -> None:
    told = ""
    try:
        assert checked_history(history) == history
    except ValueError as exc:
        told = str(exc)
    assert told.startswith("messages[") == bool(told)


def test_extra_keys_and_empty_replies_stay() -> None:
    history = [USER, {"role": "assistant", "content": "", "thinking": "hm", "provider_state": {"provider": "x"}}]
    assert checked_history(history) == history


def test_absent_arguments_are_none_at_all() -> None:
    bare = {"id": "c1", "function": {"name": "add"}}
    checked = checked_history([USER, asks(bare), answers()])
    assert checked[1]["tool_calls"] == [call()]


def test_a_long_value_is_not_shown_in_full() -> None:
    with pytest.raises(ValueError, match=r"\.\.\.$") as caught:
        checked_history([{"role": "x" * 500}])
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("hi", "hi"),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}], "ab"),
        ([{"type": "text", "text": None}, "x"], ""),
    ],
)
def test_the_text_of_any_content(content: Any, text: str) -> None:
    assert text_of(content) == text


def test_a_tool_may_have_said_nothing() -> None:
    history = [USER, asks(call()), {"role": "tool", "tool_call_id": "c1", "content": None}]
    assert checked_history(history) == history
