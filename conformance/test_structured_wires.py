"""How a schema reaches the model: on each wire, in words, or as a grammar."""

import datetime
import decimal
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from conformance import Driver, requirement
from conformance.scripted import Reply

OPENAI, ANTHROPIC = ("scripted", "openai_wire"), ("scripted", "anthropic_wire")


class Part(BaseModel):
    """A part."""

    name: Annotated[str, Field(min_length=1, max_length=9)]
    made: datetime.datetime


class Order(BaseModel):
    """What was ordered."""

    kind: Literal["a", "b"] = "a"
    parts: Annotated[list[Part], Field(min_length=1, max_length=3)]
    main: Part = Field(description="The main one.")
    price: decimal.Decimal
    note: str | None = None


class Open(BaseModel):
    """Anything goes."""

    model_config = ConfigDict(extra="allow")
    x: int


class Tree(BaseModel):
    """Leads back to itself."""

    kids: "list[Tree]" = []


PART = '{"name":"p","made":"2026-01-01T00:00:00Z"}'
ORDER = f'{{"kind":"b","parts":[{PART}],"main":{PART},"price":"1.5","note":null}}'
DOTTED = {"title": "Ünits.v2 of " + "x" * 80, "type": "object", "properties": {"a": {"type": "integer"}}}


async def sent(d: Driver, schema: Any, text: str, *arguments: Any, **options: Any) -> dict[str, Any]:
    """The request that a schema makes."""
    d.script(Reply(text))
    await d(d.client(**options).chat("Go", *arguments, schema=schema))
    return d.server.requests[-1].body


def nodes(schema: Any) -> list[dict[str, Any]]:
    """Each object in it, however deep."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return [*([schema] if isinstance(schema, dict) else []), *(node for part in inner for node in nodes(part))]


@requirement("SCHEMA-3", needs=OPENAI)
async def test_strict_where_every_property_is_named(d: Driver) -> None:
    """Each property is required, no other allowed; what strict mode refuses is said in words."""
    kept = (await sent(d, Order, ORDER))["response_format"]
    assert (kept["type"], kept["json_schema"]["name"], kept["json_schema"]["strict"]) == ("json_schema", "Order", True)
    schema = kept["json_schema"]["schema"]
    assert schema["required"] == ["kind", "parts", "main", "price", "note"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["main"]["description"] == "The main one."
    part = schema["$defs"]["Part"]
    assert (part["required"], part["additionalProperties"]) == (["name", "made"], False)
    assert part["properties"]["name"]["description"] == "(maxLength: 9, minLength: 1)"
    assert part["properties"]["made"]["format"] == "date-time"
    refused = {"title", "default", "minLength", "maxLength", "oneOf", "allOf"}
    assert not [node for node in nodes(schema) if refused.intersection(node)]
    assert "(?" not in str([node.get("pattern") for node in nodes(schema)])


@requirement("SCHEMA-3", needs=OPENAI)
async def test_not_strict_where_properties_are_open(d: Driver) -> None:
    """Sent as it is, so that nothing is lost."""
    integer = {"type": "integer"}
    schemas: list[tuple[Any, str]] = [
        (Open, '{"x": 1}'),
        ({"type": "object", "properties": {"x": {}}}, "{}"),
        ({"type": "object", "properties": {"x": {"type": "object"}}}, "{}"),
        ({"type": "object", "properties": {"x": integer}, "required": ["x", "y"]}, '{"x": 1, "y": 2}'),
        ({"type": "object", "allOf": [{"properties": {"x": integer}}]}, "{}"),
    ]
    for schema, text in schemas:
        kept = (await sent(d, schema, text))["response_format"]["json_schema"]
        assert kept["strict"] is False
        assert kept["schema"] == (schema if isinstance(schema, dict) else schema.model_json_schema())


@requirement("SCHEMA-3", needs=OPENAI)
async def test_recursion_and_definitions_of_any_draft_stay(d: Driver) -> None:
    """References are kept, and what they lead to is as strict as the rest."""
    schema = (await sent(d, Tree, "{}"))["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["kids"]["items"] == {"$ref": "#/$defs/Tree"}
    assert schema["$defs"]["Tree"]["required"] == ["kids"]
    old = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "definitions": {"P": {"type": "object", "properties": {"a": {"type": "integer"}}}},
        "properties": {"p": {"$ref": "#/definitions/P"}},
    }
    kept = (await sent(d, old, '{"p": {}}'))["response_format"]["json_schema"]
    assert kept["strict"] is True
    assert kept["schema"]["definitions"]["P"]["additionalProperties"] is False
    assert "$schema" not in kept["schema"]


@requirement("SCHEMA-3", needs=OPENAI)
async def test_the_name_is_one_the_wire_takes(d: Driver) -> None:
    """Generic types, dots, other alphabets, long titles, none at all."""
    generic = type("Box[int]", (Tree,), {})
    names = [
        (await sent(d, schema, "{}"))["response_format"]["json_schema"]["name"]
        for schema in (DOTTED, generic, {"type": "object"}, {"title": "日本", "type": "object"})
    ]
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for name in names)
    assert names[1:] == ["Box_int", "answer", "answer"]


@requirement("SCHEMA-4", needs=ANTHROPIC)
async def test_output_config_has_no_bounds(d: Driver) -> None:
    """Bounds are in the descriptions, nothing is left that the endpoint refuses, and optional stays optional."""
    kept = (await sent(d, Order, ORDER))["output_config"]["format"]
    assert kept["type"] == "json_schema"
    schema = kept["schema"]
    assert schema["required"] == ["parts", "main", "price"]
    assert schema["properties"]["parts"]["description"] == "(maxItems: 3)"
    assert schema["properties"]["parts"]["minItems"] == 1
    assert schema["properties"]["main"]["description"] == "The main one."
    refused = {"default", "minLength", "maxLength", "maxItems", "pattern", "minimum", "oneOf"}
    assert not [node for node in nodes(schema) if refused.intersection(node)]
    objects = [node for node in nodes(schema) if node.get("type") == "object"]
    assert [node["additionalProperties"] for node in objects] == [False] * 2


@requirement("SCHEMA-4", needs=ANTHROPIC)
async def test_a_node_of_two_types_becomes_two(d: Driver) -> None:
    """A list of types is not told to this endpoint."""
    wanted = {"type": "object", "properties": {"x": {"type": ["string", "null"], "description": "It."}}}
    kept = (await sent(d, wanted, '{"x": null}'))["output_config"]["format"]["schema"]
    assert kept["properties"]["x"] == {"description": "It.", "anyOf": [{"type": "string"}, {"type": "null"}]}


@requirement("SCHEMA-4", needs=(*ANTHROPIC, "thinking"))
async def test_the_format_stands_beside_what_was_asked_for(d: Driver) -> None:
    """An effort of the caller's stays where it is."""
    body = await sent(d, Tree, "{}", {"output_config": {"effort": "low"}})
    assert body["output_config"] == {"effort": "low"}
    body = await sent(d, DOTTED, "{}", {"output_config": {"effort": "low"}})
    assert body["output_config"]["effort"] == "low"
    assert body["output_config"]["format"]["type"] == "json_schema"


@requirement("SCHEMA-4", "SCHEMA-13", needs=ANTHROPIC)
async def test_what_the_wire_cannot_constrain_is_told(d: Driver) -> None:
    """Recursive and open schemas stand in the system parameter, behind the client's own, for that request."""
    for schema, text in ((Tree, "{}"), (Open, '{"x": 1}'), ({"type": "object"}, "{}")):
        body = await sent(d, schema, text, system="Be brief.")
        assert "output_config" not in body
        assert body["system"].startswith("Be brief.\n\nAnswer with one JSON object")
        assert '"type": "object"' in body["system"]


@requirement("SCHEMA-13", needs=OPENAI)
async def test_a_server_that_keeps_to_no_schema_is_told(d: Driver) -> None:
    """groq and deepseek: in the system text of that turn's requests; system message and history are as they were."""
    for provider in ("groq", "deepseek"):
        settings = {"base_url": d.server.url("openai"), "api_key": "test-key", "max_retries": 0}
        client = d.track(d.api.client(f"{provider}:scripted-model;tools", system="Be brief.", **settings))
        d.script(Reply('{"kids": 1}'), Reply('{"kids": []}'), Reply("Bye"))
        assert await d(client.chat("Go", schema=Tree)) == Tree()
        await d(client.chat("Bye"))
        first, second, third = [request.body["messages"] for request in d.server.requests[-3:]]
        assert not [request for request in d.server.requests if "response_format" in request.body]
        for told in (first, second):
            assert told[0]["content"].startswith("Be brief.\n\nAnswer with one JSON object")
            assert '"kids"' in told[0]["content"]
        assert third[0] == {"role": "system", "content": "Be brief."}
        assert client.system_message == "Be brief."
        assert client.messages[0] == {"role": "system", "content": "Be brief."}


@requirement("SCHEMA-11", needs=("in_process", "constrained"))
async def test_a_grammar_keeps_any_model_to_the_schema(d: Driver) -> None:
    """A tiny model, asked for something else, gives objects of the shape; on chat, generate and run, streamed too."""
    wanted = {
        "type": "object",
        "properties": {"sure": {"type": "boolean"}, "mark": {"enum": ["low", "high"]}},
        "required": ["sure", "mark"],
    }
    client, kwargs = d.client(), {"max_tokens": 40, "temperature": 0}
    answers = [
        await d(client.chat("Tell me a story.", kwargs, schema=wanted)),
        await d(client.generate("Tell me a story.", kwargs, schema=wanted)),
        await d(d.api.Agent(client.fork(), name="scout").run("Tell me a story.", kwargs, schema=wanted)),
    ]
    stream = client.chat("Another.", kwargs, stream=True, schema=wanted)
    chunks = await d.collect(stream)
    answers.append(stream.result)
    assert all(list(answer) == ["sure", "mark"] and answer["mark"] in ("low", "high") for answer in answers)
    assert client.messages[-1]["content"] == "".join(chunk.content for chunk in chunks)


@requirement("SCHEMA-11", needs=("in_process",))
async def test_a_schema_without_a_grammar_is_told(d: Driver) -> None:
    """The model cannot follow; the error is ours, with what it said, and not the grammar maker's."""
    wanted = {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"not": {"type": "null"}}}, "required": ["b"]}
    client = d.client()
    with d.raises(d.lib.errors.StructuredOutputError) as caught:
        await d(client.chat("Say hello.", {"max_tokens": 5, "temperature": 0}, schema=wanted))
    error: Any = caught.value
    assert error.text
    assert client.messages == []


@requirement("SCHEMA-11", needs=("in_process",))
async def test_what_a_grammar_cannot_say_ends_nothing(d: Driver) -> None:
    """Texts with quotes, long limits and endless references: the model is told, or the answer checked afterwards."""
    endless = {"$ref": "#/$defs/a"}, {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}}
    for part, beside in (({"enum": ['5" nail']}, {}), ({"type": "string", "maxLength": 100_000}, {}), endless):
        wanted = {"type": "object", "properties": {"a": part}, "required": ["a"], **beside}
        client = d.client()
        with d.raises(d.lib.errors.StructuredOutputError):
            await d(client.chat("Hello.", {"max_tokens": 1, "temperature": 0}, schema=wanted))
        assert client.messages == []


@requirement("SCHEMA-7", "SCHEMA-11", needs=("in_process",))
async def test_a_generation_cut_off_says_so(d: Driver) -> None:
    """Two tokens are no object."""
    with d.raises(d.lib.errors.StructuredOutputError, match="max_tokens"):
        await d(d.client().chat("Say hello.", {"max_tokens": 2, "temperature": 0}, schema=Tree))
