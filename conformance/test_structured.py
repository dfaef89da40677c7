"""What schema= takes, what it gives, and what it refuses."""

import copy
import dataclasses
import enum
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Literal, NotRequired, Optional, TypedDict, TypeVar
from unittest import mock

import pytest
from pydantic import BaseModel, Field

from conformance import Driver, requirement
from conformance.props import on_wire
from conformance.scripted import Call, Fault, Reply

SCRIPTED = ("scripted",)
SCHEMA_FILE = Path(__file__).with_name("report.schema.json")
T = TypeVar("T")


class Colour(enum.Enum):
    """Colours."""

    RED = "red"


class Person(BaseModel):
    """Someone."""

    name: str
    age: int = Field(alias="years", ge=0)
    likes: list[Colour] = []


class Box(BaseModel, Generic[T]):
    """Something that holds one thing."""

    value: T


@dataclasses.dataclass
class Point:
    """A place."""

    x: int
    y: int = 7


class Street(TypedDict):
    """A nested one."""

    name: str


class Town(TypedDict):
    """One of typing."""

    name: Literal["Ulm"]
    streets: list[Street]
    main: NotRequired[Optional[Street]]  # noqa: UP045 - as users write it
    twin: Street | None


class Node(BaseModel):
    """One that leads back to itself."""

    kids: "list[Node]" = []


class Callback(BaseModel):
    """One that no JSON value can fill."""

    go: Callable[[int], int]


JSON_SCHEMA = {"title": "Wert", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
FITTING: list[tuple[Any, str, Any]] = [
    (Person, '{"name": "Ada", "years": "36", "likes": ["red"]}', Person(name="Ada", years=36, likes=[Colour.RED])),
    (Box[int], '{"value": 3}', Box[int](value=3)),
    (Point, '{"x": 1}', Point(1, 7)),
    (
        Town,
        '{"name": "Ulm", "streets": [{"name": "A"}], "twin": null}',
        {"name": "Ulm", "streets": [{"name": "A"}], "twin": None},
    ),
    (Node, '{"kids": [{"kids": []}]}', Node(kids=[Node()])),
    (JSON_SCHEMA, '{"n": 5, "more": [1]}', {"n": 5, "more": [1]}),
]
BROKEN: list[tuple[Any, type[Exception], str]] = [
    (int, TypeError, "not <class 'int'>"),
    (Person | Point, TypeError, "a pydantic model, a dataclass, a TypedDict or a JSON Schema"),
    (Point(1), TypeError, "not Point"),
    ("Person", TypeError, "not 'Person'"),
    (Callback, TypeError, "Callback has a field no JSON value can fill"),
    ({}, ValueError, "must describe an object"),
    ({"type": "array", "items": {"type": "integer"}}, ValueError, "must describe an object"),
    ({"type": "objekt"}, ValueError, "no valid JSON Schema: 'objekt'"),
    ({"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}, ValueError, "no valid JSON Schema"),
    ({"type": "object", "enum": {1}}, ValueError, "no JSON"),
    ({"type": "object", "properties": {"a": {"$ref": "#/$defs/gone"}}}, ValueError, "'#/\\$defs/gone'"),
]


@requirement("SCHEMA-1", needs=SCRIPTED)
async def test_each_kind_gives_an_object_of_its_own(d: Driver) -> None:
    """Models with aliases, generics, dataclasses, TypedDicts, recursion, JSON Schemas."""
    client = d.client()
    for schema, text, expected in FITTING if on_wire(d) else FITTING[1:5]:  # what a grammar lets pass
        d.script(Reply(text))
        found = await d(client.chat("Make one", schema=schema))
        assert found == expected
        assert type(found) is type(expected)


@requirement("SCHEMA-2", needs=SCRIPTED)
async def test_what_is_no_schema_is_refused_by_the_call(d: Driver) -> None:
    """Streamed or not, before anything is awaited, iterated or sent; the client is as before."""
    client = d.client()
    for schema, error, words in BROKEN:
        for stream in (False, True):
            with d.raises(error, match=words):
                client.chat("Make one", stream=stream, schema=schema)
        with d.raises(error, match=words):
            client.generate("Make one", schema=schema)
    assert d.server.requests == []
    assert client.messages == []


@requirement("SCHEMA-15", needs=SCRIPTED)
async def test_a_reference_that_leads_out_is_never_followed(d: Driver) -> None:
    """A server listens where it leads to, and nobody comes; a file is there that would fit, and nobody reads it."""
    client = d.client()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        there = f"http://127.0.0.1:{listener.getsockname()[1]}/x.json"
        for ref in (there, f"{there}#/a", "other.json", SCHEMA_FILE.as_uri(), str(SCHEMA_FILE)):
            with d.raises(ValueError, match="refers to"):
                client.chat("Hi", schema={"type": "object", "properties": {"a": {"$ref": ref}}})
        with pytest.raises(TimeoutError):
            listener.accept()
    assert d.server.requests == []


@requirement("SCHEMA-12", needs=SCRIPTED)
async def test_a_second_voice_is_refused(d: Driver) -> None:
    """In the call and in the client's defaults."""
    client = d.client()
    rivals: list[dict[str, Any]] = [
        {"response_format": {"type": "json_object"}},
        {"grammar": "root ::= [0-9]"},
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
    ]
    for rival in rivals:
        with d.raises(ValueError, match=next(iter(rival))):
            client.chat("Hi", rival, schema=Point)
        with d.raises(ValueError, match="leave one of them out"):
            client.generate("Hi", rival, schema=Point)
    client.default_generate_kwargs = rivals[0]
    with d.raises(ValueError, match="response_format"):
        client.chat("Hi", schema=Point)
    assert d.server.requests == []
    if on_wire(d):
        d.script(Reply("[]"))
        assert await d(client.chat("Hi")) == "[]"


@requirement("SCHEMA-17", needs=SCRIPTED)
async def test_the_callers_schema_is_neither_changed_nor_watched(d: Driver) -> None:
    """Read-only for us, and read once: what is done to it during a stream has no effect."""
    d.script(Reply('{"n": 0}'), Reply('{"n": 1}'))
    schema: dict[str, Any] = copy.deepcopy(JSON_SCHEMA)
    client = d.client()
    stream = client.chat("One", stream=True, schema=schema)
    assert schema == JSON_SCHEMA
    schema["properties"]["n"]["minimum"] = -5
    await d.collect(stream)
    assert stream.result == {"n": 1}
    assert schema == {**JSON_SCHEMA, "properties": {"n": {"type": "integer", "minimum": -5}}}


@requirement("SCHEMA-16", needs=SCRIPTED)
async def test_every_way_to_an_answer_takes_a_schema(d: Driver) -> None:
    """chat, generate, run, an agent as a client, its fork; positional text is still the default."""
    d.script(*[Reply('{"x": 1}')] * 6)
    client = d.client()
    agent = d.api.Agent(client.fork(), name="scout")
    as_client = agent.as_model_client()
    assert await d(client.chat("a", schema=Point)) == Point(1)
    assert await d(client.generate("b", schema=Point)) == Point(1)
    assert len(client.messages) == 2
    assert await d(agent.run("c", schema=Point)) == Point(1)
    assert await d(as_client.chat("d", schema=Point)) == Point(1)
    assert await d(as_client.fork().chat("e", schema=Point)) == Point(1)
    assert await d(client.chat("f")) == '{"x": 1}'


@requirement("SCHEMA-16", needs=("scripted", "tools", "wire"))
async def test_resuming_takes_a_schema(d: Driver) -> None:
    """A client's resume and an agent's, after a failure behind a tool round."""

    def ping() -> str:
        """Do it."""
        return "pong"

    client = d.client(tools=[d.lib.tool(ping)])
    for thing, ask in ((client, client.chat), (agent := d.api.Agent(client.fork(), name="scout"), agent.run)):
        d.script(Reply(calls=[Call("ping")]), Fault(400))
        with d.raises(d.lib.errors.InvalidRequestError):
            await d(ask("Go", schema=Point))
        d.script(Reply('{"x": 2}'))
        assert await d(thing.resume(schema=Point)) == Point(2)


@requirement("SCHEMA-16", needs=("scripted", "wire"))
async def test_the_front_doors_chat_takes_a_schema(d: Driver) -> None:
    """One line, from a model's name to an object; streamed too."""
    d.script(*[Reply('{"x": 1}')] * 2)
    name = d.target.provider
    there = {f"{name.upper()}_BASE_URL": d.server.url(name), f"{name.upper()}_API_KEY": "test-key"}
    with mock.patch.dict(os.environ, there):
        assert await d(d.api.chat("a", model=f"{name}:scripted-model;tools", schema=Point)) == Point(1)
        stream = d.api.chat("a", model=f"{name}:scripted-model;tools", schema=Point, stream=True)
        await d.collect(stream)
    assert stream.result == Point(1)
