"""The dict shapes of history (OpenAI format), and what makes a history unsendable."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

Message = dict[str, Any]

ROLES = ("system", "user", "assistant", "tool")


def system_entry(text: str) -> Message:
    """The entry that opens a history."""
    return {"role": "system", "content": text}


def sendable(value: Any) -> Any:
    """``value`` with its text fit for UTF-8: halves of a surrogate pair joined, lone ones replaced."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [sendable(item) for item in value]
    return {sendable(key): sendable(item) for key, item in value.items()} if isinstance(value, dict) else value


def text_of(content: Any) -> str:
    """The text of a message's content, whether a string, a list of parts, or None."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content or () if isinstance(part, dict))


def checked_history(messages: Iterable[Message]) -> list[Message]:
    """A history fit to be sent (HISTORY-6): dict ``arguments`` become JSON strings, the caller's dicts stay.

    Raises:
        ValueError: a message would be refused by every provider; the text gives its index.
    """
    history = [_checked_message(index, message) for index, message in enumerate(messages)]
    _check_calls_answered(history)
    return history


def _checked_message(index: int, message: Message) -> Message:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise ValueError(f"messages[{index}] has no role of {', '.join(ROLES)}: {_shown(message)}")
    role, content, calls = message["role"], message.get("content"), message.get("tool_calls")
    if not (content is None or isinstance(content, str) or _is_parts(content)):
        raise ValueError(f"messages[{index}] has content of type {type(content).__name__}; use text or a list of parts")
    if torn := [part for part in content if not _is_whole(part)] if isinstance(content, list) else []:
        raise ValueError(f"messages[{index}] has a part without its text or its URL: {_shown(torn[0])}")
    if role == "user" and not content:
        raise ValueError(f"messages[{index}] is a user message without content")
    if role == "tool" and not _is_name(message.get("tool_call_id")):
        raise ValueError(f"messages[{index}] is a tool message without tool_call_id")
    if calls and not (role == "assistant" and isinstance(calls, list)):
        raise ValueError(f"messages[{index}] has tool calls, which only an assistant message has, in a list")
    if sendable(message) != message:
        raise ValueError(f"messages[{index}] has text that is not Unicode: half of a surrogate pair")
    if not isinstance(message.get("provider_state", {}), dict):
        raise ValueError(f"messages[{index}] has a provider_state that is not a dict")
    if content is None and not calls and role != "tool":
        raise ValueError(f"messages[{index}] has neither content nor tool calls")
    return {**message, "tool_calls": [_checked_call(index, call) for call in calls]} if calls else dict(message)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_parts(content: Any) -> bool:
    return isinstance(content, list) and all(isinstance(part, dict) for part in content)


def _is_whole(part: dict[str, Any]) -> bool:
    """Whether a part of a kind that we know has what makes it one; others are for a provider to judge."""
    if part.get("type") == "text":
        return isinstance(part.get("text"), str)
    image = part.get("image_url")
    return part.get("type") != "image_url" or (isinstance(image, dict) and isinstance(image.get("url"), str))


def _checked_call(index: int, call: Any) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not (isinstance(function, dict) and _is_name(function.get("name")) and _is_name(call.get("id"))):
        raise ValueError(f"messages[{index}] has a tool call without id or function name: {_shown(call)}")
    arguments = function.get("arguments", "{}")
    if not isinstance(arguments, str):
        try:
            arguments = json.dumps(arguments)
        except (TypeError, ValueError) as exc:
            raise ValueError(f"messages[{index}] has arguments without a JSON form: {_shown(arguments)}") from exc
    return {**call, "type": "function", "function": {**function, "arguments": arguments}}


def _check_calls_answered(history: list[Message]) -> None:
    """Each call is answered by the tool messages right behind it, each tool message answers a call."""
    open_ids: set[str] = set()
    asked_at = 0
    for index, message in enumerate(history):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_ids:
                raise ValueError(f"messages[{index}] answers no open tool call: {message['tool_call_id']!r}")
            open_ids.remove(message["tool_call_id"])
            continue
        if open_ids:
            break
        calls = message.get("tool_calls") or ()
        asked_at, open_ids = index, {call["id"] for call in calls}
        if len(open_ids) < len(calls):
            raise ValueError(f"messages[{index}] has two tool calls of one id")
    if open_ids:
        raise ValueError(f"messages[{asked_at}] has tool calls without a tool message: {', '.join(sorted(open_ids))}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
