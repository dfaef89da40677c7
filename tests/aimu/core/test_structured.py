"""schema= read: names, copies, references, caches; answers read: strictly."""

import dataclasses
import datetime
import decimal
import json
import re
import sys
import typing
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, NotRequired, Required, TypedDict, TypeVar

import pydantic.dataclasses
import pytest
import typing_extensions
from hypothesis import given
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from aimu.core.structured import OutputSchema, as_text, output_schema, unfit
from aimu.errors import StructuredOutputError
from tests.aimu.strategies import OBJECTS

T = TypeVar("T")
DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def read(schema: Any) -> OutputSchema:
    found = output_schema(schema)
    assert found is not None
    return found


class Inner(TypedDict, total=False):
    """One of typing."""

    a: Required[int]
    b: str


class Outer(TypedDict):
    """Holds others everywhere."""

    inner: list[Inner]
    maybe: typing.Optional[Inner]  # noqa: UP045 - as users write it
    other: "Inner | int"
    named: dict[str, Inner]
    some: tuple[Inner, ...]
    least: Annotated[int, Field(ge=3)]
    late: NotRequired[Inner]


class Modern(typing_extensions.TypedDict):
    """One of typing_extensions."""

    kids: "list[Modern]"


class Circle(TypedDict):
    """One of typing that leads back to itself."""

    kids: "list[Circle]"


class Loop(TypedDict):
    """One that leads back to itself through an annotation."""

    next: Annotated["Loop", Field(description="the next")]


class Unknown(TypedDict):
    """Names what is not there."""

    a: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@dataclasses.dataclass
class Pair(Generic[T]):
    """A generic dataclass."""

    left: T
    right: list[T] = dataclasses.field(default_factory=list)


@pydantic.dataclasses.dataclass
class Checked:
    """One of pydantic's."""

    n: Annotated[int, Field(le=5)]


class Box(BaseModel, Generic[T]):
    """A generic model."""

    value: T


class Cat(BaseModel):
    """A cat."""

    kind: Literal["cat"]
    born: datetime.date


class Dog(BaseModel):
    """A dog."""

    kind: Literal["dog"]
    weight: decimal.Decimal


class Pet(BaseModel):
    """One of two."""

    model_config = ConfigDict(extra="forbid")
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


FELIX = Pet(pet=Cat(kind="cat", born=datetime.date(2026, 1, 2)))


class Root(RootModel[Pet]):
    """A model that is its root."""


class Odd(BaseModel):
    """Has a default without a JSON form."""

    x: Any = object()


class Even(BaseModel):
    """Has a validator of its own."""

    n: int

    @field_validator("n")
    @classmethod
    def is_even(cls, n: int) -> int:
        if n % 2:
            raise ValueError(f"{n} is odd")
        return n


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        (Outer, '{"inner":[{"a":1}],"maybe":null,"other":{"a":2},"named":{"k":{"a":3}},"some":[],"least":3}', None),
        (Modern, '{"kids":[{"kids":[]}]}', None),
        (Pair[int], '{"left":"1"}', Pair(1)),
        (Checked, '{"n":5}', Checked(5)),
        (Box[int], '{"value":2}', Box[int](value=2)),
        (Pet, '{"pet":{"kind":"dog","weight":"1.50"}}', Pet(pet=Dog(kind="dog", weight=decimal.Decimal("1.50")))),
        (Root, '{"pet":{"kind":"cat","born":"2026-01-02"}}', Root(FELIX)),
        ({"properties": {"a": {"type": "integer"}}}, '{"a":1,"a":2}', {"a": 2}),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"type": "object"}}}, '{"a":[]}', {"a": []}),
    ],
)  # fmt: skip
def test_an_answer_becomes_what_was_asked_for(schema: Any, text: str, expected: Any) -> None:
    found = read(schema).read(text)
    assert json.loads(as_text(found)) == json.loads(text) if expected is None else found == expected


@pytest.mark.parametrize(
    ("schema", "text", "why"),
    [
        (Outer, '{"inner":[{"b":"x"}],"maybe":null,"other":1,"named":{},"some":[],"least":2}', "inner.0.a: .*; least"),
        (Checked, '{"n":6}', "n: Input should be less than or equal to 5"),
        (Pet, '{"pet":{"kind":"cow"}}', "pet: .*'cow'"),
        (Pet, '{"pet":{"kind":"cat","born":"2026-01-02"},"more":1}', "more: Extra"),
        (Even, '{"n":3}', "n: Value error, 3 is odd"),
        ({"properties": {"a": {"items": {"type": "integer"}}}}, '{"a":[1,"x"]}', "a.1: 'x' is not of type 'integer'"),
        ({"type": "object"}, '{"a":' + "9" * 5000 + "}", "Invalid JSON"),
        ({"type": "object"}, '{"a":1e999}', "Invalid JSON"),
        ({"type": "object"}, '{"a":"\\ud800"}', "Invalid JSON"),
        ({"type": "object"}, '{"a":"\ud800"}', "Invalid JSON"),
        ({"type": "object"}, "", "Invalid JSON"),
        (Even, '{"n":"\ud800"}', "surrogates not allowed"),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_where(schema: Any, text: str, why: str) -> None:
    with pytest.raises(StructuredOutputError, match=why) as caught:
        read(schema).read(text)
    assert caught.value.text == text


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic reads it as it is from Python 3.12 on")
def test_a_typed_dict_that_leads_back_to_itself_says_what_to_do_before_python_3_12() -> None:
    for schema in (Circle, Loop):
        with pytest.raises(TypeError, match=r"typing_extensions\.TypedDict"):
            output_schema(schema)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (Unknown, "Nowhere" if sys.version_info < (3, 12) else "Unknown"),
        (dict, "not <class 'dict'>"),
        (list[Pet], "not list"),
        (Pet | Even, "a JSON Schema, not"),
        (True, "not True"),
        (Even(n=2), "not Even"),
    ],
)
def test_what_is_no_schema(schema: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        output_schema(schema)


def of(**node: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": node}}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (RootModel[list[int]], "must describe an object"),
        ({"anyOf": [{"type": "object"}]}, "must describe an object"),
        ({"type": ["object", "null"]}, "must describe an object"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, "must describe an object"),
        (of(const=float("nan")), "no JSON"),
        (of(const=object()), "no JSON"),
        (of(**{"$ref": "#/$defs/a"}), "refers to '#/\\$defs/a', which is not in it"),
        (of(**{"$dynamicRef": "#a"}), "refers to '#a'"),
        (of(items={"$ref": "http://127.0.0.1:9/"}), "refers to 'http://127.0.0.1:9/'"),
        ({"$id": "http://example.com/a", **of(**{"$ref": "b"})}, "refers to 'b'"),
    ],
)
def test_what_is_no_usable_json_schema(schema: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        output_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        of(enum=[{"$ref": "nowhere"}]),
        {"type": "object", "properties": {"$ref": {"type": "string"}}},
        {"$id": "http://example.com/a", **of(**{"$ref": "http://example.com/a"})},
        {"$id": "http://example.com/a", **of(**{"$ref": "#/$defs/b"}), "$defs": {"b": {}}},
        {"$schema": DRAFT_07, **of(**{"$ref": "#/definitions/b"}), "definitions": {"b": {}}},
        {"$schema": "http://example.com/unknown", "type": "object"},
    ],
)  # fmt: skip
def test_what_only_looks_like_a_reference_out_is_none(schema: dict[str, Any]) -> None:
    assert read(schema).read("{}") == {}


def test_a_default_without_a_json_form_is_left_out() -> None:
    assert read(Odd).json_schema["properties"] == {"x": {"title": "X"}}


def test_a_type_is_read_once_and_a_mapping_each_time() -> None:
    assert output_schema(Outer) is output_schema(Outer)
    assert output_schema(schema := {"type": "object"}) is not output_schema(schema)


@given(OBJECTS)
def test_a_mapping_is_copied(values: dict[str, Any]) -> None:
    schema = of(enum=[values])
    frozen: Mapping[str, Any] = MappingProxyType({**schema, "properties": MappingProxyType(schema["properties"])})
    assert read(schema).json_schema == read(frozen).json_schema == schema
    assert read(schema).json_schema["properties"] is not schema["properties"]


@pytest.mark.parametrize(
    ("title", "name"), [("a.b/c d", "a_b_c_d"), ("é", "answer"), (None, "answer"), ("x" * 99, "x" * 64)]
)
def test_names_fit_every_wire(title: Any, name: str) -> None:
    assert read({"type": "object", **({"title": title} if title else {})}).name == name
    assert read(Box[int]).name == "Box_int"


def test_results_are_text_for_the_next_reader() -> None:
    assert as_text("as it is") == "as it is"
    assert json.loads(as_text(Pair(1, [2]))) == {"left": 1, "right": [2]}
    assert json.loads(as_text(Box(value=datetime.date(2026, 1, 2)))) == {"value": "2026-01-02"}


@pytest.mark.parametrize(
    ("is_cut", "is_second", "words"),
    [
        (True, False, r"^the answer was cut off at its length limit, raise max_tokens; it is none$"),
        (False, True, r"^it is none, even when asked once more; ask in other words, or for less$"),
        (False, False, r"^it is none, and max_iterations leaves no request to ask again; raise it$"),
    ],
)
def test_an_answer_given_up_says_why_and_what_to_do(is_cut: bool, is_second: bool, words: str) -> None:
    failure = unfit(StructuredOutputError("it is none", text="x"), is_cut=is_cut, is_second=is_second)
    assert re.search(words, str(failure))
    assert failure.text == "x"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"output_config": {"effort": "low", "format": {"type": "json_schema"}}}, "output_config.format"),
    ],
)
def test_another_word_for_a_schema_is_refused_by_its_name(parameters: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"^generate_kwargs has '{named}', and schema= is given; leave one"):
        output_schema(Even, parameters)
    assert output_schema(Even, {"output_config": {"effort": "low"}})


@pytest.mark.parametrize("first", ["a", "b", "c"])
def test_a_reference_to_nothing_is_found_wherever_it_stands(first: str) -> None:
    names = sorted("abc", key=lambda name: name != first)
    parts = {name: {"$ref": "#/$defs/none"} if name == "b" else {"items": {"type": "null"}} for name in names}
    with pytest.raises(ValueError, match="none"):
        output_schema({"type": "object", "properties": parts})
