"""Schemas for the wires: what they accept fits the original's shape, and the endpoints' rules are kept."""

import copy
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from anthropic import transform_schema
from anthropic.lib._parse._transform import to_json_output_format
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openai.lib._parsing._completions import type_to_response_format_param
from openai.lib._pydantic import to_strict_json_schema
from pydantic import BaseModel, Field

from aimu.core.models import ModelSpec
from aimu.core.reply import Prompt
from aimu.core.structured import output_schema
from aimu.wire.anthropic import AnthropicCodec
from aimu.wire.openai import OpenAICodec
from aimu.wire.schemas import for_grammar, has_grammar, is_closed, is_recursive, strict, without_limits
from tests.aimu.strategies import JSON, NAMES

Node = dict[str, Any]
LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.sampled_from(["string", "integer", "number", "boolean", "null"]).map(lambda name: {"type": name}),
    st.just({"type": ["string", "null"], "description": "maybe"}),
    st.lists(st.none() | st.integers(0, 3) | st.sampled_from(["a", "b"]), min_size=1, unique=True).map(
        lambda values: {"enum": values}
    ),
    st.sampled_from([{"const": "a"}, {"type": "integer", "minimum": 2}, {"type": "string", "maxLength": 1}]),
    st.sampled_from([{"$ref": "#/$defs/leaf"}, {"$ref": "#/$defs/tree", "description": "nested"}]),
)


def objects(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def built(properties: dict[str, Node], optional: bool, title: str) -> Node:
        required = [] if optional else sorted(properties)
        return {"type": "object", "title": title, "properties": properties, "required": required}

    return st.builds(built, st.dictionaries(NAMES, inner, max_size=3), st.booleans(), NAMES)


def nested(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        LEAVES,
        objects(inner),
        inner.map(lambda item: {"type": "array", "items": item, "minItems": 1}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
    )


NODES = nested(nested(LEAVES))
TREE = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}
SCHEMAS = objects(NODES).map(lambda node: {**node, "$defs": {"leaf": {"type": "integer"}, "tree": TREE}})


@st.composite
def values(draw: st.DrawFn, schema: Node, node: Node) -> Any:
    """A value that fits a node, all properties given."""
    if "$ref" in node:
        return draw(values(schema, schema["$defs"][node["$ref"].rpartition("/")[2]]))
    if "anyOf" in node:
        return draw(values(schema, draw(st.sampled_from(node["anyOf"]))))
    if "enum" in node or "const" in node:
        return draw(st.sampled_from(node.get("enum") or [node["const"]]))
    if node["type"] == "object":
        return {name: draw(values(schema, part)) for name, part in node["properties"].items()}
    if node["type"] == "array":
        return [draw(values(schema, node["items"]))] if "minItems" in node else []
    simple = {"string": "", "integer": 2, "number": 2.5, "boolean": True, "null": None}
    return simple[node["type"] if isinstance(node["type"], str) else node["type"][0]]


@pytest.mark.parametrize("form", [strict, without_limits, for_grammar])
@given(SCHEMAS, st.data())
def test_a_form_accepts_a_part_of_what_the_schema_does(
    form: Callable[[Node], Node], schema: Node, data: st.DataObject
) -> None:
    before = copy.deepcopy(schema)
    made = form(schema)
    assert schema == before
    Draft202012Validator.check_schema(made)
    assert is_closed(schema)
    given_all = data.draw(values(schema, schema))
    assert Draft202012Validator(made).is_valid(given_all), (made, given_all)
    other = {name: data.draw(JSON | st.just(value)) for name, value in given_all.items() if data.draw(st.booleans())}
    other |= data.draw(st.dictionaries(NAMES, JSON, max_size=1))
    # what only bounds a value is told in words; the answer is validated against it afterwards
    loosened = without_bounds(schema) if form is without_limits else without_bounds(schema, "maxLength")
    assert Draft202012Validator(loosened).is_valid(other) or not Draft202012Validator(made).is_valid(other)


def without_bounds(node: Any, *names: str) -> Any:
    names = names or ("minimum", "maxLength")
    if isinstance(node, dict):
        return {key: without_bounds(value, *names) for key, value in node.items() if key not in names}
    return [without_bounds(item, *names) for item in node] if isinstance(node, list) else node


def wrapped(**node: Any) -> Node:
    return {"type": "object", "properties": {"a": node}}


LOOSE = [
    {"type": "object"},
    {"type": "object", "properties": {}, "additionalProperties": True},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]},
    {"type": "object", "properties": {"a": True}},
    {"type": "object", "properties": {}, "patternProperties": {"^a": {}}},
    {"type": "object", "properties": {}, "anyOf": [{"required": ["a"]}]},
    wrapped(),
    wrapped(type="array"),
    wrapped(type="array", prefixItems=[{"type": "integer"}], items=False),
    wrapped(type=["array", "null"]),
    wrapped(type=["object", "null"]),
    wrapped(allOf=[{"type": "integer"}]),
    wrapped(type="integer", **{"not": {"const": 1}}),
    wrapped(enum=[{"a": 1}]),
    wrapped(const=[1]),
    wrapped(**{"$ref": "#", "minimum": 1}),
    wrapped(type="integer", anyOf=[{"minimum": 1}, {"maximum": -1}]),
    wrapped(**{"$dynamicRef": "#a"}),
]


@pytest.mark.parametrize("schema", LOOSE, ids=str)
def test_what_would_lose_something_is_not_closed(schema: Node) -> None:
    Draft202012Validator.check_schema(schema)
    assert not is_closed(schema)


@pytest.mark.parametrize(
    "schema",
    [
        wrapped(**{"$ref": "#"}),
        wrapped(type="string", **{"$ref": "#/$defs/a"}),
        wrapped(allOf=[{"type": "integer"}]),
        wrapped(),
        {"type": "object", "properties": {"a": False}},
        {"type": "object", "properties": {'a "b"': {"type": "string"}}},
        wrapped(enum=['5" nail']),
        wrapped(const="two\nlines"),
        wrapped(enum=["\N{GRINNING FACE}"]),
        {**wrapped(**{"$ref": "#/$defs/a%20b"}), "$defs": {"a b": {"type": "string"}}},
        {**wrapped(**{"$ref": "#/$defs/n"}), "$defs": {"n": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}},
        {**wrapped(**{"$ref": "#/$defs/n"}), "$defs": {"n": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/n"}]}}},
    ],
    ids=str,
)
def test_what_no_grammar_can_be_made_of_is_known(schema: Node) -> None:
    assert not has_grammar(schema)


@pytest.mark.parametrize("pattern", ["(?!x)y", r"^\d+$", "abc", "^(a|b)$", '^"$'])
def test_a_pattern_the_grammar_cannot_read_is_left_out(pattern: str) -> None:
    made = for_grammar(wrapped(type="string", pattern=pattern))
    assert made == wrapped(type="string")


def test_a_plain_pattern_stays_in_the_grammar() -> None:
    schema = wrapped(type="string", pattern="^[a-c]{2}-x*$")
    assert for_grammar(schema) == schema


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (wrapped(**{"$ref": "#"}), True),
        ({**wrapped(**{"$ref": "#/$defs/a"}), "$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {}}}, False),
        (
            {**wrapped(type="null"), "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}},
            True,
        ),
        ({**wrapped(type="null"), "definitions": {"a": {"items": {"$ref": "#/definitions/a"}}}}, True),
    ],
)
def test_recursion_is_seen(schema: Node, expected: bool) -> None:
    assert is_recursive(schema) is expected


class Inner(BaseModel):
    """Inner."""

    kind: Literal["x"]
    n: int


class Plain(BaseModel):
    """Nothing on which we and the SDKs differ."""

    a: str
    b: list[Inner]
    c: Inner | None
    d: Literal["p", "q"]
    e: Annotated[float, Field(description="A number.")]


class Rich(BaseModel):
    """What we and the SDKs treat differently."""

    inner: Inner = Field(description="The inner one.")
    n: Annotated[int, Field(ge=1)] = 3
    s: Annotated[str, Field(max_length=5)]


def untitled(node: Any) -> Any:
    """Without titles: both SDKs send them, and we save the tokens."""
    if not isinstance(node, dict):
        return [untitled(item) for item in node] if isinstance(node, list) else node
    is_map = all(isinstance(value, dict) for value in node.values())
    return {key: untitled(value) for key, value in node.items() if key != "title" or is_map}


def untyped(node: Any) -> Any:
    """Without a type beside the values: Anthropic's SDK leaves it out."""
    if not isinstance(node, dict):
        return [untyped(item) for item in node] if isinstance(node, list) else node
    has_values = "enum" in node or "const" in node
    return {key: untyped(value) for key, value in node.items() if key != "type" or not has_values}


def test_openais_sdk_makes_the_same_of_a_plain_model() -> None:
    assert strict(Plain.model_json_schema()) == untitled(to_strict_json_schema(Plain))


def test_the_bodies_are_those_of_the_sdks() -> None:
    prompt = Prompt([{"role": "user", "content": "hi"}], [], True, {"max_tokens": 5}, False, output_schema(Plain))
    ours = OpenAICodec("openai", ModelSpec("m")).encode(prompt).body["response_format"]
    assert ours == untitled(type_to_response_format_param(Plain))
    ours = AnthropicCodec("anthropic", ModelSpec("m")).encode(prompt).body["output_config"]["format"]
    assert untyped(ours["schema"]) == untyped(untitled(to_json_output_format(Plain)["schema"]))
    assert ours["type"] == to_json_output_format(Plain)["type"]


def test_openais_sdk_inlines_and_keeps_what_strict_mode_refuses() -> None:
    ours, theirs = strict(Rich.model_json_schema())["properties"], to_strict_json_schema(Rich)["properties"]
    assert ours["inner"] == {"anyOf": [{"$ref": "#/$defs/Inner"}], "description": "The inner one."}
    assert theirs["inner"]["properties"].keys() == {"kind", "n"}
    assert (ours["n"], untitled(theirs["n"])["default"]) == ({"type": "integer", "minimum": 1}, 3)
    assert (ours["s"]["description"], theirs["s"]["maxLength"]) == ("(maxLength: 5)", 5)


def test_anthropics_sdk_makes_the_same_of_a_plain_model() -> None:
    ours = without_limits(Plain.model_json_schema())
    assert untyped(ours) == untyped(untitled(transform_schema(Plain.model_json_schema())))


def test_anthropics_sdk_drops_a_description_beside_a_reference_and_tells_defaults() -> None:
    schema = Rich.model_json_schema()
    ours, theirs = without_limits(schema)["properties"], untitled(transform_schema(schema))["properties"]
    assert ours["inner"] == {"anyOf": [{"$ref": "#/$defs/Inner"}], "description": "The inner one."}
    assert theirs["inner"] == {"$ref": "#/$defs/Inner"}
    assert (ours["n"]["description"], theirs["n"]["description"]) == ("(minimum: 1)", "{default: 3, minimum: 1}")


@pytest.mark.parametrize(
    ("node", "for_openai", "for_anthropic"),
    [
        (
            {"type": "string", "pattern": "(?!x)y"},
            {"type": "string", "description": "(pattern: (?!x)y)"},
            {"type": "string", "description": "(pattern: (?!x)y)"},
        ),
        (
            {"type": "string", "pattern": "^x$", "format": "uri"},
            {"type": "string", "pattern": "^x$", "description": "(format: uri)"},
            {"type": "string", "format": "uri", "description": "(pattern: ^x$)"},
        ),
        (
            {"type": "array", "items": {"type": "null"}, "uniqueItems": True, "minItems": 2, "maxItems": 3},
            {
                "type": "array",
                "items": {"type": "null"},
                "minItems": 2,
                "maxItems": 3,
                "description": "(uniqueItems: True)",
            },
            {
                "type": "array",
                "items": {"type": "null"},
                "description": "(maxItems: 3, minItems: 2, uniqueItems: True)",
            },
        ),
        (
            {"type": "integer", "minimum": 1, "multipleOf": 2, "description": "d", "title": "T", "default": 4},
            {"type": "integer", "minimum": 1, "multipleOf": 2, "description": "d"},
            {"type": "integer", "description": "d (minimum: 1, multipleOf: 2)"},
        ),
        (
            {"type": ["string", "null"], "minLength": 2, "format": "date"},
            {"type": ["string", "null"], "format": "date", "description": "(minLength: 2)"},
            {
                "description": "(minLength: 2)",
                "anyOf": [{"type": "string", "format": "date"}, {"type": "null", "format": "date"}],
            },
        ),
        (
            {"type": ["object", "array"], "properties": {}, "items": {"type": "null"}, "minItems": 1},
            {
                "type": ["object", "array"],
                "properties": {},
                "required": [],
                "additionalProperties": False,
                "items": {"type": "null"},
                "minItems": 1,
            },
            {
                "anyOf": [
                    {"type": "object", "properties": {}, "additionalProperties": False},
                    {"type": "array", "items": {"type": "null"}, "minItems": 1},
                ]
            },
        ),
        (
            {"oneOf": [{"$ref": "#", "description": "d"}, {"type": "null"}]},
            {"anyOf": [{"description": "d", "anyOf": [{"$ref": "#"}]}, {"type": "null"}]},
            {"anyOf": [{"description": "d", "anyOf": [{"$ref": "#"}]}, {"type": "null"}]},
        ),
    ],
    ids=str,
)
def test_what_a_wire_refuses_is_said_in_words(node: Node, for_openai: Node, for_anthropic: Node) -> None:
    assert strict(wrapped(**node))["properties"]["a"] == for_openai
    assert without_limits(wrapped(**node))["properties"]["a"] == for_anthropic


@pytest.mark.parametrize("key", ["minLength", "maxLength", "minItems", "maxItems"])
def test_a_length_the_grammar_cannot_read_is_left_out(key: str) -> None:
    kind = {"type": "string"} if key.endswith("Length") else {"type": "array", "items": {"type": "null"}}
    assert for_grammar(wrapped(**kind, **{key: 999})) == wrapped(**kind, **{key: 999})
    assert for_grammar(wrapped(**kind, **{key: 1000})) == wrapped(**kind)


@pytest.mark.parametrize(
    "key",
    ["title", "default", "discriminator", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$comment"],
)
@pytest.mark.parametrize("form", [strict, without_limits])
def test_what_says_nothing_about_the_shape_is_left_out(form: Callable[[Node], Node], key: str) -> None:
    assert form(wrapped(type="null", **{key: True})) == form(wrapped(type="null"))
    assert is_closed(wrapped(type="null", **{key: True}))
