"""What changed between two recordings of a scenario."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from conformance.recorded.comparison import changes
from tests.conformance.recorded.shelf import NAMES, Data, shipped_data

LOOP = "openai/recorded.a_tool_loop.yaml"
ID = r'(?<="tool_call_id":")[^"]+'  # of the call that is answered first


def edited(name: str, edit: Callable[[Data], Any]) -> str:
    """What is said of a cassette and an edited one."""
    before = shipped_data(name)
    after = copy.deepcopy(before)
    edit(after)
    return changes(before, after)


def everywhere(shape: str, new: str) -> Callable[[Data], Any]:
    """Replaces a text in every body, whichever form it has there: what the first match of an expression is."""

    def edit(data: Data) -> None:
        match = re.search(shape, json.dumps(data).replace('\\"', '"'))
        assert match is not None
        old, found = match[0], 0
        for each in data["interactions"]:
            request, body = each["request"], each["response"]["body"]
            found += request["body"].count(old) + body["string"].count(old)
            request["body"], body["string"] = request["body"].replace(old, new), body["string"].replace(old, new)
        assert found > 1

    return edit


@pytest.mark.parametrize("name", NAMES)
def test_the_same_recording_has_not_changed(name: str) -> None:
    """A difference that is there every time."""
    assert edited(name, lambda _: None) == ""


@pytest.mark.parametrize(
    "edit",
    [
        everywhere(ID, "anotherName"),
        everywhere(r'"created":\d+', '"created":1'),
        everywhere(r'"system_fingerprint":"[^"]+"', '"system_fingerprint":"x"'),
        lambda data: data["metadata"].update(date="2031-01-01", versions={"aimu": "9"}),
        lambda data: data["interactions"][0]["response"]["headers"].update({"x-request-id": ["another"]}),
    ],
)
def test_what_is_another_one_every_time_is_no_change(edit: Callable[[Data], Any]) -> None:
    """A recording that is made again, shown as changed although the server said the same."""
    assert edited(LOOP, edit) == ""


@pytest.mark.parametrize(
    ("edit", "shown"),
    [
        (everywhere("Paris", "Rome"), "Rome"),
        (everywhere('"index":0', '"index":1'), '"index": 1'),
        (everywhere("completion_tokens", "tokens_of_completion"), "tokens_of_completion"),
        (lambda data: data["metadata"].update(model="other"), '+metadata  "model": "other"'),
        (lambda data: data["metadata"].update(provenance="recorded: x"), '"provenance": "recorded: x"'),
        (lambda data: data["interactions"].pop(), "-response 4: 200"),
        (lambda data: data["interactions"].reverse(), "data: [DONE]"),
        (lambda data: data["interactions"][0]["response"]["status"].update(code=201), "+response 1: 201"),
        (lambda data: data["interactions"][0]["request"].update(method="GET"), "+request 1: GET "),
        (lambda data: data["interactions"][0]["request"].update(uri="http://x/y"), "+request 1: POST http://x/y"),
        (lambda data: data["interactions"][0]["request"]["headers"].clear(), "+headers {}"),
        (lambda data: data["interactions"][0]["response"]["headers"].update({"retry-after": ["1"]}), '"retry-after"'),
        (lambda data: data["interactions"][0]["response"]["body"].update(string=b"\xff"), "b'\\xff'"),
    ],
)
def test_all_else_is_shown(edit: Callable[[Data], Any], shown: str) -> None:
    """A change of what a server says or is asked that is passed over."""
    told = edited(LOOP, edit)
    assert shown in told
    assert told.startswith("--- before\n+++ after\n")


def recorded(*bodies: Any) -> Data:
    """A recording of some request bodies."""
    answer = {"status": {"code": 200}, "headers": {}, "body": {"string": ""}}
    ask = {"method": "POST", "uri": "/", "headers": {}}
    return {
        "metadata": {},
        "interactions": [{"request": {**ask, "body": json.dumps(each)}, "response": answer} for each in bodies],
    }


def test_an_id_that_means_another_call_now_is_a_change() -> None:
    """Ids that are dropped instead of compared: a result that is sent for the wrong call."""
    before = recorded([{"id": "a"}, {"id": "b"}], {"tool_call_id": "a"})
    same = recorded([{"id": "x"}, {"id": "y"}], {"tool_call_id": "x"})
    other = recorded([{"id": "x"}, {"id": "y"}], {"tool_call_id": "y"})
    assert changes(before, same) == ""
    assert '-body  "tool_call_id": "1"' in changes(before, other)
    assert '+body  "tool_call_id": "2"' in changes(before, other)


def test_two_ids_that_became_one_are_a_change() -> None:
    """Two calls that can no longer be told apart."""
    assert changes(recorded([{"id": "a"}, {"id": "b"}]), recorded([{"id": "x"}, {"id": "x"}])) != ""


def test_the_order_of_keys_is_no_change_and_that_of_items_is() -> None:
    """A server that writes its keys in another order; or its calls."""
    assert changes(recorded({"a": 1, "b": 2}), recorded({"b": 2, "a": 1})) == ""
    assert changes(recorded([1, 2]), recorded([2, 1])) != ""


def test_events_are_compared_by_their_values() -> None:
    """A stream whose every line differs because of its ids and clocks."""

    def stream(identity: str, text: str) -> Data:
        data = recorded({})
        event = {"id": identity, "created": len(identity), "text": text}
        body = f"event: x\ndata: {json.dumps(event)}\n\ndata: [DONE]\n\n"
        data["interactions"][0]["response"] = {"status": {"code": 200}, "headers": {}, "body": {"string": body}}
        return data

    assert changes(stream("a", "t"), stream("bcd", "t")) == ""
    assert '+data  "text": "u"' in changes(stream("a", "t"), stream("a", "u"))
