"""Whole rounds: calls and their answers, in a history and in what a provider is sent, on any wire."""

from collections.abc import Mapping
from typing import Any

from conformance.scripted import Request


def require_whole(history: list[dict[str, Any]]) -> None:
    """See that a history holds whole rounds and nothing else, in OpenAI's format.

    Raises:
        AssertionError: it does not.
    """
    rest = [message for message in history if message["role"] != "system"]
    assert not rest or rest[0]["role"] == "user", f"it begins with {rest[0]}"
    assert not rest or rest[-1]["role"] in ("assistant", "tool"), f"it ends with {rest[-1]}"
    _require_answered(rest)


def require_sendable(request: Request) -> None:
    """See that a provider would take the messages of a request, on either wire.

    Raises:
        AssertionError: a call has no answer, or there is nothing to answer.
    """
    messages = [one for message in request.body["messages"] for one in _in_one_form(message)]
    assert messages, "a request without a message"
    assert messages[-1]["role"] in ("user", "tool"), f"it ends with {messages[-1]}"
    _require_answered(messages)


def _require_answered(messages: list[dict[str, Any]]) -> None:
    for index, message in enumerate(messages):
        asked = [call.get("id") for call in message.get("tool_calls") or ()]
        found = [answer.get("tool_call_id") for answer in messages[index + 1 : index + 1 + len(asked)]]
        assert asked == found, f"the calls {asked} are answered by {found}"
        if message["role"] == "tool":
            assert any(one.get("tool_calls") for one in messages[:index]), f"nobody asked for {message}"


def _in_one_form(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A message of either wire in the form of OpenAI's, as far as its calls go."""
    blocks = message["content"] if isinstance(message["content"], list) else []
    if calls := [block for block in blocks if block["type"] == "tool_use"]:
        return [{"role": "assistant", "tool_calls": calls}]
    results = [{"role": "tool", "tool_call_id": one["tool_use_id"]} for one in blocks if one["type"] == "tool_result"]
    return results or [dict(message)]


def rounds_at_end(request: Request) -> int:
    """How many rounds of tools end its history."""
    count = 0
    for message in reversed(request.body["messages"]):
        one = _in_one_form(message)[0]
        if not one.get("tool_calls") and one["role"] != "tool":
            break
        count += bool(one.get("tool_calls"))
    return count
