"""What the schema accepts the function accepts, and what it refuses never reaches the body."""

import enum
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Optional

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from aimu.errors import ToolError, ToolSignatureError
from aimu.tools.schema import ToolSignature, read_signature
from tests.aimu.strategies import JSON, TEXTS


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    x: int
    y: float = 0.0


class Nameless:
    """Nothing that JSON could fill."""


@dataclass
class Place:
    name: str
    at: Point


INTS = st.integers(-(2**53), 2**53)
FLOATS = st.floats(-1e9, 1e9)
POINTS = st.fixed_dictionaries({"x": INTS}, optional={"y": FLOATS | INTS})
# a type hint, and the JSON values that fit it
TYPES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "str": (str, TEXTS),
    "int": (int, INTS),
    "float": (float, FLOATS | INTS),
    "bool": (bool, st.booleans()),
    "list": (list[int], st.lists(INTS, max_size=3)),
    "dict": (dict[str, int], st.dictionaries(TEXTS, INTS, max_size=3)),
    "tuple": (tuple[int, str], st.tuples(INTS, TEXTS).map(list)),
    "literal": (Literal["a", "b"], st.sampled_from(["a", "b"])),
    "enum": (Colour, st.sampled_from(["red", "blue"])),
    "union": (int | list[str], INTS | st.lists(TEXTS, max_size=2)),
    "model": (Point, POINTS),
    "models": (list[Point], st.lists(POINTS, max_size=2)),
    "dataclass": (Place, st.fixed_dictionaries({"name": TEXTS, "at": POINTS})),
    "any": (Any, JSON),
    "bounded": (Annotated[int, Field(ge=0, le=9)], st.integers(0, 9)),
}


def signature_of(hint: Any, default: Any = ...) -> ToolSignature:
    """The signature of a function with one parameter of that type."""

    def probe(value: Any) -> None: ...

    probe.__annotations__["value"] = hint
    if default is not ...:
        probe.__defaults__ = (default,)
    return read_signature(probe)


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = read_signature(function).spec["function"]["parameters"]
    return found


def is_valid(value: Any, schema: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


def accepts(signature: ToolSignature, arguments: dict[str, Any]) -> bool:
    try:
        signature.validate(arguments)
    except ToolError:
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
@given(data=st.data())
def test_what_fits_the_type_fits_the_schema_and_is_accepted(name: str, data: st.DataObject) -> None:
    hint, fitting = TYPES[name]
    signature, value = signature_of(hint), data.draw(fitting)
    assert is_valid({"value": value}, signature.spec["function"]["parameters"])
    assert accepts(signature, {"value": value})


@pytest.mark.parametrize("name", TYPES)
@given(value=JSON)
def test_what_the_schema_accepts_is_accepted(name: str, value: Any) -> None:
    signature = signature_of(TYPES[name][0])
    if is_valid({"value": value}, signature.spec["function"]["parameters"]):
        assert accepts(signature, {"value": value})


@pytest.mark.parametrize("name", [name for name in TYPES if name != "any"])
@pytest.mark.parametrize("value", [{"of": {"another": "kind"}}, [[None]], None])
def test_what_is_of_another_kind_is_refused_by_both(name: str, value: Any) -> None:
    signature = signature_of(TYPES[name][0])
    assert not is_valid({"value": value}, signature.spec["function"]["parameters"])
    assert not accepts(signature, {"value": value})


@pytest.mark.parametrize("arguments", [{}, {"value": 1, "other": 1}, {"Value": 1}])
def test_a_missing_and_an_unknown_argument_are_refused_by_both(arguments: dict[str, Any]) -> None:
    signature = signature_of(int)
    assert not is_valid(arguments, signature.spec["function"]["parameters"])
    assert not accepts(signature, arguments)


@pytest.mark.parametrize(
    ("hint", "given_value", "value"),
    [
        (int, "4", 4),
        (float, 1, 1.0),
        (Colour, "red", Colour.RED),
        (Point, {"x": 1}, Point(x=1)),
        (tuple[int, ...], [1], (1,)),
    ],
)
def test_arguments_reach_the_body_in_the_types_it_asks_for(hint: Any, given_value: Any, value: Any) -> None:
    found = signature_of(hint).validate({"value": given_value})["value"]
    assert (found, type(found)) == (value, type(value))


def test_only_what_was_given_is_passed_on() -> None:
    assert signature_of(int, 3).validate({}) == {}
    assert signature_of(list[int], []).validate({"value": [1]}) == {"value": [1]}


@pytest.mark.parametrize("hint", [int | None, Optional[int], None | int])  # noqa: UP045
def test_an_optional_is_shown_as_its_type_and_null_is_accepted_all_the_same(hint: Any) -> None:
    signature = signature_of(hint, None)
    assert signature.spec["function"]["parameters"]["properties"]["value"] == {"type": "integer"}
    assert signature.validate({"value": None}) == {"value": None}
    with_default = signature_of(hint, 3).spec["function"]["parameters"]["properties"]["value"]
    assert with_default == {"type": "integer", "default": 3}


def test_an_error_names_each_bad_argument_with_its_value() -> None:
    def probe(a: int, b: list[Point]) -> None: ...

    with pytest.raises(ToolError) as caught:
        read_signature(probe).validate({"a": "x", "b": [{"x": 1}, {"x": "y"}], "c": 1})
    text = str(caught.value)
    for part in ("argument 'a'", "(got 'x')", "argument 'b.1.x'", "(got 'y')", "argument 'c'"):
        assert part in text
    assert "parameter_" not in text


def test_a_parameter_may_have_any_name() -> None:
    def probe(model_config: int, schema: int, copy: int, _hidden: int, json: int, class_: int) -> None: ...

    names = ["model_config", "schema", "copy", "_hidden", "json", "class_"]
    signature = read_signature(probe)
    assert list(signature.spec["function"]["parameters"]["properties"]) == names
    assert signature.validate(dict.fromkeys(names, 1)) == dict.fromkeys(names, 1)


def test_descriptions_come_from_the_docstring_and_annotations_are_stronger() -> None:
    def probe(
        a: int, b: Annotated[int, "Told here."], c: Annotated[int, Field(description="And here.")], d: int = 1
    ) -> None:
        """Do it.

        In two lines.

        Args:
            a: Told there.
            b: Not this.
        """

    spec = read_signature(probe).spec["function"]
    assert spec["description"] == "Do it.\n\nIn two lines."
    told = {name: part.get("description") for name, part in spec["parameters"]["properties"].items()}
    assert told == {"a": "Told there.", "b": "Told here.", "c": "And here.", "d": None}


def test_defaults_are_shown_and_what_has_none_is_required() -> None:
    def probe(a: int, b: str = "x", c=2, d=None) -> None:  # type: ignore[no-untyped-def]
        ...

    assert parameters(probe) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["a"],
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "string", "default": "x"},
            "c": {"type": "integer", "default": 2},
            "d": {"default": None},
        },
    }


def test_a_default_without_a_json_form_is_left_out_and_stays_the_functions() -> None:
    signature = signature_of(int, object())
    assert signature.spec["function"]["parameters"]["properties"]["value"] == {"type": "integer"}
    assert signature.validate({}) == {}


def test_a_function_without_parameters_and_docstring_is_offered_as_such() -> None:
    def probe() -> None: ...

    assert read_signature(probe).spec == {
        "type": "function",
        "function": {
            "name": "probe",
            "description": "",
            "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
        },
    }


def variadic(*words: str) -> None: ...
def keywords(**words: str) -> None: ...
def positional(a: int, /) -> None: ...
def hintless(a) -> None: ...  # type: ignore[no-untyped-def]
def unresolved(a: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821
def no_json(a: Nameless) -> None: ...
def generator(a: int) -> Iterator[int]:
    yield a


async def async_generator(a: int) -> AsyncIterator[int]:
    yield a


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (variadic, r"variadic parameter \*words"),
        (keywords, r"variadic parameter \*\*words"),
        (positional, "positional-only parameter 'a'"),
        (hintless, "parameter 'a' has no type hint and no default"),
        (unresolved, "a type hint that cannot be resolved: name 'Nowhere'"),
        (no_json, "a parameter no JSON value can fill"),
        (generator, "is a generator function"),
        (async_generator, "is a generator function"),
        (lambda: 1, "'<lambda>' cannot name a tool"),
    ],
)
def test_a_signature_that_cannot_be_offered_is_refused_with_the_reason(function: Any, why: str) -> None:
    with pytest.raises(ToolSignatureError, match=why):
        read_signature(function)


@pytest.mark.parametrize(
    ("name", "fits"), [("a" * 64, True), ("a" * 65, False), ("ä", False), ("a-b_C9", True), ("", False)]
)
def test_a_name_is_one_that_every_provider_takes(name: str, fits: bool) -> None:
    def probe() -> None: ...

    probe.__name__ = name
    if fits:
        assert read_signature(probe).spec["function"]["name"] == name
    else:
        with pytest.raises(ToolSignatureError, match="cannot name a tool"):
            read_signature(probe)
