"""Conversations as the text that the micro model reads and writes; its chat template renders them the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance.models.speech import Conversation, Message

TEMPLATE = Path(__file__).with_name("micro") / "chat_template.jinja"
START, END = "<|im_start|>", "<|im_end|>"
# text, and whether the model has to learn to write it
Segment = tuple[str, bool]


def reply_text(message: Message) -> str:
    """What the model writes for an assistant message, without the token that ends it."""
    thinking, text = message.get("thinking"), message["content"] or ""
    blocks = [_call_text(call["function"]) for call in message.get("tool_calls", ())]
    head = f"<think>\n{thinking}\n</think>\n\n" if thinking else ""
    return head + "\n".join([text, *blocks] if text else blocks)


def prompt_text(messages: Sequence[Message], tools: Sequence[dict[str, Any]] = (), thinking: bool = False) -> str:
    """What the model reads before it writes."""
    has_system = bool(messages) and messages[0]["role"] == "system"
    said = messages[0]["content"] if has_system else ""
    offered = "\n".join(["# Tools", *(_signature(tool["function"]) for tool in tools)]) if tools else ""
    head = _block("system", "\n".join(filter(None, (said, offered)))) if has_system or tools else ""
    asked = max((place for place, message in enumerate(messages) if message["role"] == "user"), default=-1)
    rest = (
        _message_text(message, thinking and place == asked)
        for place, message in enumerate(messages)
        if message["role"] != "system"
    )
    return head + "".join(rest) + f"{START}assistant\n"


def samples(conversation: Conversation) -> Iterator[list[Segment]]:
    """What a conversation teaches: all its turns at once, or each by itself where old thinking is dropped."""
    texts = [
        (prompt_text(prompt, conversation.tools, conversation.thinking), reply_text(message) + END)
        for prompt, message in conversation.turns()
    ]
    if conversation.thinking:
        yield from ([(prompt, False), (reply, True)] for prompt, reply in texts)
        return
    segments: list[Segment] = []
    seen = 0
    for prompt, reply in texts:
        segments += [(prompt[seen:], False), (reply, True)]
        seen = len(prompt) + len(reply)
    yield segments


def _block(role: str, text: str) -> str:
    return f"{START}{role}\n{text}{END}\n"


def _message_text(message: Message, thinking: bool) -> str:
    role, text = message["role"], message["content"]
    if role == "tool":
        return _block(role, f"<tool_response>\n{text}\n</tool_response>")
    if role == "user":
        return _block(role, text + " /think" * thinking)
    return _block(role, reply_text({**message, "thinking": None}))


def _signature(function: dict[str, Any]) -> str:
    properties = function["parameters"]["properties"]
    parameters = ", ".join(f"{name}: {schema['type']}" for name, schema in properties.items())
    return f"{function['name']}({parameters})"


def _call_text(function: dict[str, Any]) -> str:
    name = json.dumps(function["name"])
    return f'<tool_call>\n{{"name": {name}, "arguments": {function["arguments"]}}}\n</tool_call>'
