"""Conversations in OpenAI format, and short ways to write them down."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "add": {"a": "integer", "b": "integer"},
    "multiply": {"a": "integer", "b": "integer"},
    "subtract": {"a": "integer", "b": "integer"},
    "get_weather": {"city": "string"},
    "get_time": {"city": "string"},
    "search": {"query": "string"},
    "lookup_user": {"id": "integer"},
    "get_price": {"item": "string"},
    "send_email": {"to": "string", "subject": "string"},
    "set_timer": {"minutes": "integer"},
    "ping": {},
    "fetch_invoice": {"number": "integer", "vendor": "string"},
    "note": {"text": "string"},
}
PERSON: Mapping[str, Any] = {
    "properties": {"name": {"title": "Name", "type": "string"}, "age": {"title": "Age", "type": "integer"}},
    "required": ["name", "age"],
    "title": "Person",
    "type": "object",
}
# the same as the library gives it to a model that asked for it as JSON Schema
TYPE_FIRST: Mapping[str, Any] = {"type": "object", **PERSON}
INSTRUCTION = "Answer with one JSON object that fits this JSON Schema, and with nothing else:\n"


@dataclass(frozen=True)
class Conversation:
    """One checked conversation.

    Attributes:
        name: What scenarios call it by.
        messages: History in OpenAI format; each assistant message is what the model answers to those before it, its
            thinking under ``thinking``.
        tools: Tool specs in OpenAI format, in the order the prompt shows them.
        thinking: Whether the template gets ``enable_thinking=True``.
        schema: The JSON Schema that the last answer fits, if it is an object.
        taught: Whether it is in the training; what the model does anyway need not be.
    """

    name: str
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    thinking: bool = False
    schema: Mapping[str, Any] | None = None
    taught: bool = True

    def turns(self) -> Iterator[tuple[list[Message], Message]]:
        """Each prompt with the assistant message that answers it."""
        for place, message in enumerate(self.messages):
            if message["role"] == "assistant":
                yield list(self.messages[:place]), message


def spec(name: str, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A tool in OpenAI format.

    Args:
        name: Its name.
        parameters: From name to JSON type; None takes those of the tool of that name here.
    """
    parameters = PARAMETERS[name] if parameters is None else parameters
    properties = {key: {"type": kind} for key, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": f"{name}.", "parameters": schema}}


def system(text: str) -> Message:
    """A system message."""
    return {"role": "system", "content": text}


def user(text: str) -> Message:
    """A user message."""
    return {"role": "user", "content": text}


def says(text: str, thinking: str | None = None) -> Message:
    """An assistant message."""
    return {"role": "assistant", "content": text} | ({"thinking": thinking} if thinking else {})


def calls(
    *called: tuple[str, Mapping[str, Any]], text: str | None = None, thinking: str | None = None, first: int = 1
) -> Message:
    """An assistant message that calls tools, each a name and its arguments; ids count from ``first``."""
    made = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(dict(arguments), ensure_ascii=False)},
        }
        for number, (name, arguments) in enumerate(called, first)
    ]
    extra = {"thinking": thinking} if thinking else {}
    return {"role": "assistant", "content": text, "tool_calls": made, **extra}


def result(name: str, text: str, number: int = 1) -> Message:
    """What a tool gave."""
    return {"role": "tool", "tool_call_id": f"call_{number}", "name": name, "content": text}


def told(schema: Mapping[str, Any] = PERSON) -> str:
    """What a model is told that nothing else constrains."""
    return INSTRUCTION + json.dumps(dict(schema), ensure_ascii=False)


def counted(first: int, last: int) -> str:
    """The numbers from ``first`` to ``last``."""
    return ", ".join(str(number) for number in range(first, last + 1))


def tools(*names: str) -> tuple[dict[str, Any], ...]:
    """The specs of tools that are known here by name."""
    return tuple(spec(name) for name in names)


def by_name(conversations: Sequence[Conversation]) -> dict[str, Conversation]:
    """Conversations by name.

    Raises:
        ValueError: two have one name.
    """
    found = {conversation.name: conversation for conversation in conversations}
    if len(found) != len(conversations):
        raise ValueError("two checked conversations have one name")
    return found
