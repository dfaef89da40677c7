"""There and back: what a wire is sent of a message is, as a reply on that wire, the same message."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.messages import checked_history
from aimu.core.models import ModelSpec
from aimu.core.reply import Prompt, Request
from aimu.wire.anthropic import AnthropicCodec
from aimu.wire.openai import OpenAICodec
from tests.aimu.strategies import TEXTS, WORDS, Message, calls, histories

MODEL = ModelSpec("m", tools=True, thinking=True, vision=True)
CODECS: dict[str, Any] = {"openai": OpenAICodec("openai", MODEL), "anthropic": AnthropicCodec("anthropic", MODEL)}
WIRES = pytest.mark.parametrize("wire", list(CODECS))


def sent(wire: str, history: list[Message]) -> list[Message]:
    """The messages of a request, without the system message."""
    body = CODECS[wire].encode(Prompt(history, [], True, {}, False)).body
    return [message for message in json.loads(json.dumps(body["messages"])) if message["role"] != "system"]


def replied(wire: str, message: Message) -> Message:
    """What history would hold, had the server said that message itself."""
    if wire == "openai":
        body: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    else:
        body = {"type": "message", "role": "assistant", "content": message["content"], "stop_reason": "end_turn"}
    decoder = CODECS[wire].decoder(Request("", {}, False))
    decoder.feed(json.dumps(body).encode())
    decoder.finish()
    found: Message = decoder.reply.message()
    return found


def told(message: Message) -> Any:
    """What a message says: its text, its calls with the objects they are given."""
    made = [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls") or ()
    ]
    return message.get("content") or "", made


@WIRES
@given(history=histories())
def test_an_assistant_message_comes_back_as_it_was_sent(wire: str, history: list[Message]) -> None:
    spoken = [message for message in history if message["role"] == "assistant"]
    kept = [message for message in spoken if message.get("tool_calls") or message["content"].strip()]
    back = [replied(wire, message) for message in sent(wire, history) if message["role"] == "assistant"]
    # the anthropic wire takes no blank text, and so no message that says nothing
    back = [message for message in back if message.get("tool_calls") or (message["content"] or "").strip()]
    blank = [(text if text.strip() else "", made) for text, made in map(told, kept)]
    assert [(text if text.strip() else "", made) for text, made in map(told, back)] == blank


@given(st.builds(lambda text, made: {"role": "assistant", "content": text, "tool_calls": made}, WORDS, calls()), TEXTS)
def test_a_thoughtful_reply_comes_back_with_its_blocks(message: Message, thought: str) -> None:
    """Thinking is sent back with its signature, and a second reply that says the same has the same message."""
    block = {"type": "thinking", "thinking": thought, "signature": "s"}
    asked = [
        {"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": told_arguments(call)}
        for call in message["tool_calls"]
    ]
    first = replied("anthropic", {"content": [block, {"type": "text", "text": message["content"]}, *asked]})
    answers = [{"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in message["tool_calls"]]
    history = [{"role": "user", "content": "go"}, first, *answers]
    assert sent("anthropic", history)[1]["content"] == [block, {"type": "text", "text": message["content"]}, *asked]
    assert replied("anthropic", sent("anthropic", history)[1]) == first


def told_arguments(call: dict[str, Any]) -> Any:
    return json.loads(call["function"]["arguments"])


@given(histories())
def test_a_checked_history_is_checked_as_it_is_and_through_json(history: list[Message]) -> None:
    before = copy.deepcopy(history)
    checked = checked_history(history)
    assert checked_history(checked) == checked == checked_history(json.loads(json.dumps(history)))
    assert history == before


@WIRES
@given(history=histories())
def test_a_history_that_was_stored_as_json_is_sent_as_before(wire: str, history: list[Message]) -> None:
    assert sent(wire, json.loads(json.dumps(history))) == sent(wire, history)
