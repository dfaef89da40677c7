"""Recordings come from anywhere: small files that would fill a memory or a stack are refused, and soon."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from conformance.readings.recording import MOST_BYTES, Interaction, UnreadableError, interactions

ALIASES = "k0: &k0 [x]\n" + "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]\n" for n in range(1, 12))
PLACES = {
    "request": "{uri: 'http://x/v1/chat/completions', body: *k11}",
    "headers": "{uri: 'http://x/v1/chat/completions', headers: *k11}",
}


@pytest.mark.parametrize("request_", PLACES.values(), ids=PLACES)
def test_aliases_of_aliases(tmp_path: Path, request_: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"{ALIASES}interactions:\n- {{request: {request_}, response: {{status: 200, body: *k11}}}}\n")
    with pytest.raises(UnreadableError, match="aliases"):
        interactions(file)


def test_an_alias_inside_itself(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("interactions: &all\n- *all\n")
    with pytest.raises(UnreadableError, match="aliases"):
        interactions(tmp_path / "a.yaml")


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_brackets_without_end(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[" * 100_000 if name.endswith("json") else "interactions: " + "[" * 5_000)
    with pytest.raises(UnreadableError):
        interactions(tmp_path / name)


def packed(tmp_path: Path, body: bytes) -> Interaction | UnreadableError:
    """The one interaction of a recording whose answer is these bytes."""
    file = tmp_path / "a.yaml"
    response = f"{{status: 200, headers: {{}}, body: !!binary '{base64.b64encode(body).decode()}'}}"
    request = "{uri: 'http://x/v1/chat/completions', body: '{}'}"
    file.write_text(f"interactions:\n- {{request: {request}, response: {response}}}\n")
    (found,) = interactions(file)
    return found


def test_a_body_that_unpacks_without_end(tmp_path: Path) -> None:
    found = packed(tmp_path, gzip.compress(bytes(MOST_BYTES + 1)))
    assert isinstance(found, UnreadableError)
    assert "unpacks to more than" in str(found)


def test_a_body_in_two_packs_and_one_that_is_cut(tmp_path: Path) -> None:
    text = json.dumps({"id": "x"}).encode()
    found = packed(tmp_path, gzip.compress(text[:4]) + gzip.compress(text[4:]))
    assert isinstance(found, Interaction)
    assert found.body == text
    assert isinstance(packed(tmp_path, gzip.compress(text)[:-4]), UnreadableError)
