"""Replies of any shape: each value of a reply in turn is missing, or of another kind than it should be (ERRORS-3)."""

import copy
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import aimu
from aimu.clients.anthropic import AnthropicClient
from aimu.clients.http import HTTPClient
from aimu.clients.openai import OpenAIClient
from aimu.core.messages import checked_history
from aimu.core.reply import Request
from conformance.scripted import Call, Reply, anthropic, openai

ODD: list[Any] = [None, True, 5, 1.5, "", "odd", [], [5], {}, {"a": 5}, [[]], [{}]]
GONE = object()
ASKED = {"stream_options": {"include_usage": True}}
SAID = Reply("Hello there", thinking="Hm", calls=[Call("clock", {"zone": "CET"}, id="c1")])
WIRES: dict[str, Any] = {"openai": (OpenAIClient, openai), "anthropic": (AnthropicClient, anthropic)}


@aimu.tool
def clock(zone: str = "UTC") -> str:
    """Tell the time."""
    return f"noon in {zone}"


def said(wire: Any, reply: Reply, stream: bool) -> list[Any]:
    """The events of a reply as JSON, or its one body."""
    if not stream:
        return [wire.whole(reply, ASKED, 1)]
    texts = [event.partition(b"data: ")[2].decode().strip() for event in wire.events(reply, ASKED, 1)]
    return [text if text == "[DONE]" else json.loads(text) for text in texts]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values inside a value."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(value[key], (*path, key))


def put(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The value with another one in a place of it, or without that place."""
    changed = inner = copy.deepcopy(value)
    for key in path[:-1]:
        inner = inner[key]
    if odd is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = odd
    return changed


def written(events: list[Any], stream: bool) -> list[str | bytes]:
    texts = [event if event == "[DONE]" else json.dumps(event) for event in events]
    return [*texts] if stream else [text.encode() for text in texts]


def client_of(kind: type[HTTPClient], name: str, answers: list[list[str | bytes]]) -> HTTPClient:
    """A client whose answers are in a list, which the test fills."""

    class Told(kind):  # type: ignore[misc, valid-type]
        @contextmanager
        def _open(self, request: Request) -> Generator[Any, None, None]:  # noqa: ARG002
            yield iter(answers.pop(0))

    made: HTTPClient = Told(f"{name}:m;tools,thinking", api_key="none", tools=[clock])
    return made


def check(client: Any) -> None:
    """What is left can be stored, assigned and sent again."""
    messages = json.loads(json.dumps(client.messages))
    checked_history(messages)
    for message in messages:
        assert isinstance(message.get("content") or "", str)
        assert isinstance(message.get("thinking", ""), str)
        for call in message.get("tool_calls") or ():
            assert all(isinstance(text, str) for text in (call["id"], *call["function"].values()))
    assert isinstance(client.stop_reason or "", str)
    assert all(isinstance(count, int) for count in (client.last_usage or {}).values())


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", WIRES)
def test_a_reply_of_any_shape_is_read_or_refused(name: str, stream: bool) -> None:
    kind, wire = WIRES[name]
    events, fine = said(wire, SAID, stream), written(said(wire, Reply("Fine"), stream), stream)
    answers: list[list[str | bytes]] = []
    client = client_of(kind, name, answers)
    tried = refused = 0
    for at, event in enumerate(events):
        for path in places(event) if event != "[DONE]" else ():
            for odd in [*ODD, GONE]:
                answers[:] = [written([*events[:at], put(event, path, odd), *events[at + 1 :]], stream), fine, fine]
                client.reset()
                tried += 1
                try:
                    for _ in client.chat("hi", stream=True) if stream else [client.chat("hi")]:
                        pass
                except aimu.errors.AimuError:
                    refused += 1
                check(client)
    assert 0 < refused < tried
