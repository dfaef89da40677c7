"""History as the Messages wire wants it: alternating roles, content in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aimu.core.images import split_data_url
from aimu.core.messages import Message
from aimu.core.toolcalls import parsed_arguments
from aimu.wire.ids import accepted_id

Block = dict[str, Any]
_CALL_ID = r"[A-Za-z0-9_-]+"


def message_blocks(provider: str, messages: Sequence[Message]) -> list[Message]:
    """Tool results go in user messages, and neighbours of one role become one message."""
    merged: list[Message] = []
    for message in messages:
        if message["role"] == "system" or not (blocks := _blocks(provider, message)):
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        if merged and merged[-1]["role"] == role:
            merged[-1]["content"] += blocks
        else:
            merged.append({"role": role, "content": blocks})
    return merged


def _blocks(provider: str, message: Message) -> list[Block]:
    content = message.get("content")
    if message["role"] == "tool":
        call_id = accepted_id(message["tool_call_id"], _CALL_ID)
        return [{"type": "tool_result", "tool_use_id": call_id, "content": content or ""}]
    state = {"content": None} | (message.get("provider_state") or {})
    if state.get("provider") == provider and _still_says(state["content"], message):
        blocks = state["content"]
    else:
        blocks = [_text_block(content)] if isinstance(content, str) else [_part_block(part) for part in content or ()]
        blocks += map(_call_block, message.get("tool_calls") or ())
    # the wire refuses blank text, also that which it has sent itself
    return [block for block in blocks if block.get("type") != "text" or block["text"].strip()]


def _still_says(blocks: Any, message: Message) -> bool:
    """Whether the stored blocks are still this message: a user may have edited its text or calls, or the blocks."""
    if not (isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)):
        return False
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    ids = [block.get("id") for block in blocks if block.get("type") == "tool_use"]
    if not all(isinstance(text, str) for text in texts):
        return False
    text = "".join(texts)
    return text == (message.get("content") or "") and ids == [call["id"] for call in message.get("tool_calls") or ()]


def _text_block(text: str) -> Block:
    return {"type": "text", "text": text}


def _call_block(call: dict[str, Any]) -> Block:
    name, arguments = call["function"]["name"], parsed_arguments(call["function"]["arguments"])
    return {"type": "tool_use", "id": accepted_id(call["id"], _CALL_ID), "name": name, "input": arguments}


def _part_block(part: dict[str, Any]) -> Block:
    if part.get("type") != "image_url":
        return part
    url = part["image_url"]["url"]
    if split := split_data_url(url):
        return {"type": "image", "source": {"type": "base64", "media_type": split[0], "data": split[1]}}
    return {"type": "image", "source": {"type": "url", "url": url}}
