"""Any signature: its schema accepts what the function accepts, judged by jsonschema and by calling it."""

import json
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from aimu.errors import ToolError
from aimu.tools.schema import read_signature
from tests.aimu.signatures import Signature, is_of, signatures
from tests.aimu.strategies import JSON, NAMES


def is_valid(made: Signature, arguments: dict[str, Any], *, but_for_null: bool = False) -> bool:
    """Whether the schema takes them; ``but_for_null``: without null, which is taken and not shown (TOOLS-3)."""
    schema = read_signature(made.function).spec["function"]["parameters"]
    jsonschema.Draft202012Validator.check_schema(schema)
    if but_for_null:
        arguments = {name: value for name, value in arguments.items() if value is not None}
        schema = {**schema, "required": []}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(arguments))


def called(made: Signature, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """What the function is called with; None when the arguments are refused before."""
    try:
        return made.function(**read_signature(made.function).validate(arguments))
    except ToolError:
        return None


@given(signatures(), st.data())
def test_what_fits_the_hints_fits_the_schema_and_reaches_the_function(made: Signature, data: st.DataObject) -> None:
    arguments = data.draw(made.arguments)
    assert is_valid(made, arguments, but_for_null=True)
    received = called(made, arguments)
    assert received is not None
    assert received.keys() == arguments.keys()
    assert all(is_of(made.hints[name], value) or value is None for name, value in received.items())


@given(signatures(), st.data())
def test_whatever_the_schema_accepts_is_accepted_and_has_the_type_of_the_hint(
    made: Signature, data: st.DataObject
) -> None:
    arguments = _changed(data.draw, data.draw(made.arguments))
    if is_valid(made, arguments):
        received = called(made, arguments)
        assert received is not None, arguments
        assert all(is_of(made.hints[name], value) or value is None for name, value in received.items())


@given(signatures(), st.data())
def test_whatever_is_accepted_is_what_the_schema_says_once_it_is_coerced(made: Signature, data: st.DataObject) -> None:
    arguments = _changed(data.draw, data.draw(made.arguments))
    if (received := called(made, arguments)) is not None:
        again = json.loads(to_json(received, by_alias=True))
        assert is_valid(made, again, but_for_null=True), (arguments, again)


def _changed(draw: Any, value: Any) -> Any:
    """The same with something in it replaced, added or left out."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: _changed(draw, value[name])}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [_changed(draw, value[0]), *value[1:]]
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if draw(st.integers(0, 3))}
        return kept | draw(st.dictionaries(NAMES, JSON, max_size=1))
    return draw(JSON | st.just(str(value)))
