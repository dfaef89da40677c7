"""Names, arguments and results between MCP and a model."""

import re
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.errors import ToolError
from aimu.tools.mcp_format import (
    TEXT_LIMIT,
    checked_arguments,
    mcp_tools_to_openai,
    result_text,
    sendable_params,
    wire_names,
)

INTEGER = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def described(name: str, description: str | None = "Do it.", schema: Any = None) -> Any:
    return SimpleNamespace(name=name, description=description, input_schema=schema)


def result(*parts: Any, structured: Any = None) -> Any:
    return SimpleNamespace(content=list(parts), structured_content=structured)


def text(words: str) -> Any:
    return SimpleNamespace(type="text", text=words)


@given(st.lists(st.text(max_size=80), max_size=8))
def test_any_names_become_legal_unique_and_complete(names: list[str]) -> None:
    wires = wire_names(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", wire) for wire in wires)
    assert list(wires.values()) == list(dict.fromkeys(names))
    assert all(wires[name] == name for name in names if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name))


def test_names_that_would_meet_are_told_apart() -> None:
    wires = wire_names(["a.b", "a/b", "a_c", "a.c"])
    assert list(wires)[::2] == ["a_b", "a_c"]
    assert len(wires) == 4
    assert wire_names(["a.b", "a/b"]).keys() == dict(list(wires.items())[:2]).keys()  # the same on every listing


def test_of_two_tools_of_one_name_the_first_is_shown() -> None:
    specs = mcp_tools_to_openai([described("a", "first"), described("b"), described("a", "second")])
    assert [spec["function"]["name"] for spec in specs] == ["a", "b"]
    assert specs[0]["function"]["description"] == "first"


def test_a_tool_without_description_and_schema_still_has_a_spec() -> None:
    (spec,) = mcp_tools_to_openai([described("a", None)])
    assert spec["function"] == {"name": "a", "description": "", "parameters": {"type": "object", "properties": {}}}


def test_arguments_that_fit_are_handed_on_as_they_are() -> None:
    arguments = {"a": 1, "more": [1]}
    assert checked_arguments(INTEGER, arguments) is arguments


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"a": "x"}, "'a'"), ({}, "'a'"), ({"a": {"b": "y" * 1000}}, r"\.\.\.")],
    ids=["type", "missing", "long"],
)
def test_arguments_that_do_not_fit_are_named(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ToolError, match=told) as caught:
        checked_arguments(INTEGER, arguments)
    assert len(str(caught.value)) < 500


def test_every_bad_argument_is_named_up_to_five() -> None:
    schema = {"type": "object", "additionalProperties": {"type": "integer"}}
    with pytest.raises(ToolError) as caught:
        checked_arguments(schema, dict.fromkeys("abcdefgh", "x"))
    assert str(caught.value).count("argument '") == 5


def test_an_older_draft_is_read_by_its_own_rules() -> None:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": {"maximum": 3}}}
    with pytest.raises(ToolError, match="'a'"):
        checked_arguments(schema, {"a": 4})


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}},
        {"patternProperties": {"^(a+)+$": {"type": "integer"}}, "additionalProperties": False},
        {"patternProperties": {"^(a+)+$": {"type": "integer"}}, "unevaluatedProperties": False},
    ],
    ids=str,
)
def test_no_pattern_of_a_stranger_is_tried(schema: dict[str, Any]) -> None:
    """It would take longer than anybody waits."""
    text = "a" * 60 + "!"
    arguments = {"a": text, text: 1}
    assert checked_arguments({"type": "object", **schema}, arguments) is arguments


WORDS = st.sampled_from(["type", "properties", "$ref", "pattern", "items", "allOf", "a"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.dictionaries(WORDS, inner | st.lists(inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, ANYTHING))
def test_no_schema_of_a_stranger_crashes(schema: dict[str, Any]) -> None:
    given = {"a": 1}
    with suppress(ToolError):
        assert checked_arguments(schema, given) is given


def test_texts_are_lines_and_what_is_none_is_a_note() -> None:
    image = SimpleNamespace(type="image", mime_type="image/png", data="AAA=")
    assert result_text(result(text("a"), image, text("b"))) == "a\n[image/png, 2 bytes]\nb"


def test_structured_content_counts_only_without_a_text() -> None:
    image = SimpleNamespace(type="image", mime_type="image/png", data="AAAA")
    assert result_text(result(text("a"), structured={"a": 1})) == "a"
    assert result_text(result(image, structured={"a": "é"})) == '{"a": "é"}\n[image/png, 3 bytes]'
    assert result_text(result()) == ""


def test_a_kind_of_the_future_is_a_note() -> None:
    assert result_text(result(SimpleNamespace(type="hologram"))) == "[hologram, 0 bytes]"


def test_text_beyond_the_limit_is_cut() -> None:
    assert result_text(result(text("x" * TEXT_LIMIT))) == "x" * TEXT_LIMIT
    assert result_text(result(text("x" * TEXT_LIMIT), text("yz"))).endswith("x\n[cut: 3 more characters]")


def test_params_without_a_json_form_are_refused() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    for params in ({"a": object()}, loop):
        with pytest.raises(TypeError, match="'add'"):
            sendable_params("add", params)
    assert sendable_params("add", None) == {}
