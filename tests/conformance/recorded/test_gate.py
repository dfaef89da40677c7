"""The gate on the gate: no recorded request can change in anything without its check failing."""

import copy
import functools
import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from conformance.outcomes import Outcome
from conformance.recorded.canonical import Canonical, canonical, difference, leaves
from conformance.vocabulary import SURFACES
from tests.conformance.recorded.shelf import NAMES, REAL, SHIPPED, ReadOnce, judged, plays, shipped_data
from tests.conformance.recorded.transport import Transport, between, reordered, with_body, with_url

Path = tuple[str | int, ...]


def other(value: Any) -> Any:
    """A value of the same type that is not this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"~{value}"
    return 0 if value is None else value + 1


def put(body: Any, path: Path, value: Any) -> Any:
    """The body with another value at a path."""
    changed = copy.deepcopy(body)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed


def value_at(body: Any, path: Path) -> Any:
    for step in path:
        body = body[step]
    return body


def bodies(name: str) -> list[Any]:
    """The request bodies of a cassette."""
    return [json.loads(each["request"]["body"]) for each in shipped_data(name)["interactions"]]


def one_leaf_changed(turn: int, request: httpx2.Request) -> httpx2.Request:
    """The request with one of its values changed; which, goes around."""
    body = json.loads(request.content)
    paths = list(leaves(body))
    path = paths[turn % len(paths)]
    return with_body(request, json.dumps(put(body, path, other(value_at(body, path)))).encode())


def test_what_is_on_record_is_what_has_to_be() -> None:
    """A cassette that no test below looks at, or a scenario that was never recorded."""
    assert sorted(plays()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_one_value_of_any_request_changed_on_its_way_out_fails_the_check(name: str) -> None:
    """A request whose changes are not seen; each one of every cassette, in turns on the two surfaces."""
    count = len(bodies(name))
    first = zlib.crc32(name.encode())
    target = ReadOnce(name.partition("/")[0])
    for number in range(1, count + 1):
        for surface in SURFACES if count == 1 else [SURFACES[(first + number) % 2]]:
            turn = first + number
            with between(Transport(functools.partial(one_leaf_changed, turn), number)) as transport:
                result = judged(name, surface, target)
            assert transport.changed == 1, f"request {number} was not sent on {surface}"
            assert result.outcome is Outcome.FAIL, f"request {number} on {surface}: {result.outcome}"
            assert f"request {number} is not the recorded one" in result.reason
            assert f"{SHIPPED / name} is the record of {plays()[name][0].scenario}" in result.reason


@pytest.mark.parametrize("name", NAMES)
def test_the_same_request_written_otherwise_passes_the_check(name: str) -> None:
    """A test above that fails whatever is sent; or an order of keys that counts."""
    surface = SURFACES[zlib.crc32(name.encode()) % 2]
    with between(Transport(reordered)) as transport:
        result = judged(name, surface)
    assert result.outcome is Outcome.PASS, result.reason
    assert transport.changed == len(bodies(name))


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("old", "new"),
    [("/chat/completions", "/chat/completion"), ("/v1/", "/v2/"), ("completions", "completions?beta=true")],
)
def test_another_path_or_query_fails_the_check(surface: str, number: int, old: str, new: str) -> None:
    """A request that goes elsewhere, with the body that was recorded."""
    with between(Transport(lambda sent: with_url(sent, old, new), number)):
        result = judged(REAL, surface)
    assert result.outcome is Outcome.FAIL
    assert f"request {number} is not the recorded one; {SHIPPED / REAL}" in result.reason


@pytest.mark.parametrize("surface", SURFACES)
def test_another_method_fails_the_check(surface: str) -> None:
    """A method that does not count."""

    def put_instead(request: httpx2.Request) -> httpx2.Request:
        request.method = "PUT"
        return request

    with between(Transport(put_instead, 2)):
        result = judged(REAL, surface)
    assert result.outcome is Outcome.FAIL
    assert "request 2 is not the recorded one" in result.reason


@pytest.mark.parametrize("surface", SURFACES)
def test_a_header_and_an_unknown_query_do_not_count(surface: str) -> None:
    """A replay that depends on the version of an SDK, or on a key in a URL."""

    def more(request: httpx2.Request) -> httpx2.Request:
        request.headers["user-agent"] = "something else"
        return with_url(request, "completions", "completions?key=k")

    with between(Transport(more)) as transport:
        assert judged(REAL, surface).outcome is Outcome.PASS
    assert transport.changed == 2


# --- any change, without a server


def changed_bodies(body: Any) -> Iterator[tuple[Path, Any]]:
    """The body with one thing of it changed, for each leaf and each way."""
    for path in leaves(body):
        value = value_at(body, path)
        ways: list[Any] = [other(value), [value], {"value": value}]
        ways += [None] if value is not None else []
        if isinstance(value, str):
            ways += [value + " ", value.swapcase()] if value.swapcase() != value else [value + " "]
        for way in ways:
            yield path, put(body, path, way)
        yield path, put(body, path[:-1], grown(value_at(body, path[:-1]))) if len(path) > 1 else {**body, "~": 0}
        yield path, without(body, path)
    for path in lists(body):
        if (turned := value_at(body, path)[::-1]) != value_at(body, path):
            yield path, put(body, path, turned)


def lists(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all lists in plain data."""
    if isinstance(value, list):
        yield path
    if isinstance(value, (list, dict)):
        for key, each in enumerate(value) if isinstance(value, list) else value.items():
            yield from lists(each, (*path, key))


def grown(holder: Any) -> Any:
    return [*holder, holder[0]] if isinstance(holder, list) else {**holder, "~": 0}


def without(body: Any, path: Path) -> Any:
    changed = copy.deepcopy(body)
    del value_at(changed, path[:-1])[path[-1]]
    return changed


def form(body: Any) -> Canonical:
    return canonical("POST", "/messages", "", json.dumps(body).encode())


@pytest.mark.parametrize("name", NAMES)
def test_any_change_of_any_value_is_another_request(name: str) -> None:
    """A value, somewhere in a request, that does not count; or a change that is not shown."""
    distinct = {json.dumps(each): each for each in bodies(name)}
    for body in distinct.values():
        recorded = form(body)
        unseen = [path for path, changed in changed_bodies(body) if form(changed) == recorded]
        assert unseen == []
        assert all(difference(recorded, form(put(body, path, ["~"]))) for path in leaves(body))
