"""What of a request counts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.recorded.canonical import canonical, difference, digest, leaves
from tests.aimu.strategies import JSON
from tests.conformance.recorded.wrappings import SECRETS


def form(body: bytes | str, query: str = "", *, method: str = "POST", path: str = "/messages") -> dict[str, Any]:
    return canonical(method, path, query, body.encode() if isinstance(body, str) else body)


def test_the_order_of_keys_and_white_space_do_not_count() -> None:
    """A replay that fails because a client was rewritten."""
    one, other = form('{"a": 1, "b": {"c": [], "d": "é"}}'), form('{"b":{"d":"\\u00e9","c":[]},"a":1}')
    assert one == other
    assert digest(one) == digest(other)
    assert difference(one, other) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[1, 2]", "[2, 1]"),
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": null}', "{}"),
        ('{"a": []}', '{"a": {}}'),
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": true}', '{"a": 1}'),
        ('{"a": 0}', '{"a": false}'),
        ('{"a": 1}', '{"a": 1.0}'),
        ('{"a": "b "}', '{"a": "b"}'),
        ("", "null"),
        ("", "{}"),
    ],
)
def test_values_their_types_and_their_order_count(one: str, other: str) -> None:
    """A value that is taken for another one: a number for a flag, a missing one for null."""
    assert digest(form(one)) != digest(form(other))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("", "key=k", True),
        ("key=a", "key=b", True),
        ("beta=true", "", False),
        ("beta=true", "beta=false", False),
        ("api-version=1&key=k", "api-version=1", True),
        ("api-version=1", "api-version=2", False),
        ("beta=true&api-version=1", "api-version=1&beta=true", True),
        ("beta=", "", False),
        ("beta=a&beta=b", "beta=b", False),
    ],
)
def test_of_a_query_counts_what_changes_the_meaning(one: str, other: str, is_same: bool) -> None:
    """A version that does not count, or a key that does and so has to be kept."""
    assert (form("{}", one) == form("{}", other)) is is_same


def test_method_and_path_count() -> None:
    """A request to another endpoint."""
    assert form("{}", method="post") == form("{}", method="POST")
    assert form("{}", method="GET") != form("{}", method="POST")
    assert form("{}", path="/messages/") != form("{}", path="/messages")


def test_what_is_no_json_counts_by_its_digest() -> None:
    """Bytes that are left out because they are no text, or that are kept whole."""
    one, other = form(b"\xff" * 2000 + b"a"), form(b"\xff" * 2000 + b"b")
    assert one != other
    assert one["body"]["bytes"] == 2001
    assert len(difference(one, other)) < 400
    assert form(b"") != form(b"\xff")


def test_keys_do_not_count_and_are_not_shown() -> None:
    """A key that makes a recording useless for everyone else, or that a difference gives away."""
    key = SECRETS["an API key"]
    one, other = form(json.dumps({"a": key})), form(json.dumps({"a": "test-key"}))
    assert one == other
    assert one["body"] == {"a": "[redacted]"}
    assert key not in difference(one, form("{}"))


@pytest.mark.parametrize("text", ["api_key=abc", "api_key='abc'", "bearer abc", "api-key: abc", "sk-abcdef"])
def test_a_text_with_a_key_in_it_is_still_json(text: str) -> None:
    """A key that is taken out together with the quote behind it."""
    found = form(json.dumps({"a": text, "b": 1}))
    assert set(found["body"]) == {"a", "b"}


def test_a_difference_shows_both_values_and_where() -> None:
    """A message from which nobody can tell what changed."""
    told = difference(form('{"a": {"b": "old", "c": 1}}'), form('{"a": {"b": "new", "c": 1}}'))
    assert '-   "b": "old",' in told
    assert '+   "b": "new",' in told
    assert told.startswith("--- recorded\n+++ sent\n")


def test_leaves_are_all_that_holds_nothing() -> None:
    """A value that the gate on the gate never changes."""
    assert list(leaves({"a": [1, {"b": None}], "c": "", "d": {"e": [2]}})) == [
        ("a", 0),
        ("a", 1, "b"),
        ("c",),
        ("d", "e", 0),
    ]


@given(JSON, st.randoms())
def test_any_json_is_the_same_in_any_order_of_keys(value: Any, dice: Any) -> None:
    """An order of keys, somewhere deep, that counts."""

    def shuffled(each: Any) -> Any:
        if isinstance(each, list):
            return [shuffled(inner) for inner in each]
        if not isinstance(each, dict):
            return each
        keys = list(each)
        dice.shuffle(keys)
        return {key: shuffled(each[key]) for key in keys}

    body = {"value": value}
    assert digest(form(json.dumps(body))) == digest(form(json.dumps(shuffled(body), indent=1)))
