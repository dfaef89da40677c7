"""Secrets in cassettes, and in what is about to be one."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.recorded.recording import Source
from tests.conformance.recorded.shelf import REAL, SYNTHETIC, Data, Shelf
from tests.conformance.recorded.toys import Toy
from tests.conformance.recorded.wrappings import GITHUB, SECRETS, WRAPPINGS


def in_request(data: Data, text: str) -> None:
    request = data["interactions"][0]["request"]
    body = json.loads(request["body"])
    body["messages"][0]["content"] = text
    request["body"] = json.dumps(body)


def in_response(data: Data, text: str) -> None:
    data["interactions"][-1]["response"]["body"]["string"] = json.dumps({"choices": [{"text": text}]})


def in_header(data: Data, text: str) -> None:
    data["interactions"][0]["response"]["headers"]["x-request-id"] = [text]


def in_metadata(data: Data, text: str) -> None:
    data["metadata"]["model"] = text


PLACES: dict[str, Callable[[Data, str], None]] = {
    "request": in_request,
    "response": in_response,
    "header": in_header,
    "metadata": in_metadata,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("place", PLACES)
def test_a_cassette_with_a_secret_is_not_trusted(tmp_path: Path, place: str, wrapping: str) -> None:
    """A secret that is in the repository already, and that nothing tells."""
    shelf = Shelf(tmp_path / "c", SYNTHETIC)
    shelf.change(SYNTHETIC, lambda data: PLACES[place](data, WRAPPINGS[wrapping](GITHUB)))
    shelf.settle()
    complaint = shelf.complaint(SYNTHETIC)
    assert complaint.startswith(f"{shelf.folder / SYNTHETIC}: it holds what looks like a GitHub token (ghp_")
    assert GITHUB not in complaint


@pytest.mark.parametrize("length", [0, 400])
def test_a_packed_answer_with_a_secret_is_not_trusted(tmp_path: Path, length: int) -> None:
    """`!!binary`, which is base64 of gzip over several lines."""
    noise = " ".join(f"{number:x}" for number in range(length))
    shelf = Shelf(tmp_path / "c", SYNTHETIC)

    def pack(data: Data) -> None:
        body = gzip.compress(f"{noise} {GITHUB} {noise}".encode(), mtime=0)
        data["interactions"][0]["response"]["body"]["string"] = body

    shelf.change(SYNTHETIC, pack)
    shelf.settle()
    assert "!!binary" in (shelf.folder / SYNTHETIC).read_text(encoding="utf-8")
    assert f"{SYNTHETIC}: it holds what looks like a GitHub token" in shelf.complaint(SYNTHETIC)


@pytest.mark.parametrize("field", ["scenario", "target", "requirements", "provenance", "implementation", "date"])
def test_no_complaint_of_a_cassette_repeats_a_secret(tmp_path: Path, field: str) -> None:
    """A secret that is not trusted, and told whole for another reason beside it."""
    shelf = Shelf(tmp_path / "c", REAL)
    value: Any = [GITHUB] if field == "requirements" else f"recorded: {GITHUB}" if field == "provenance" else GITHUB
    shelf.change(REAL, lambda data: data["metadata"].update({field: value}))
    shelf.settle()
    assert "a GitHub token (ghp_" in shelf.complaint(REAL)
    assert GITHUB not in shelf.complaint(REAL)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("place", ["request", "response", "header", "metadata"])
def test_what_holds_a_secret_is_not_recorded(tmp_path: Path, place: str, wrapping: str) -> None:
    """A file with a secret, written; or a line of the command that gives it away."""
    text = WRAPPINGS[wrapping](GITHUB)
    toy = Toy(question=text if place == "request" else "hi", answer=text if place == "response" else "hello")
    toy.headers = {"x-request-id": text} if place == "header" else {}
    line = toy.recorded(tmp_path, Source(model=text if place == "metadata" else "m"))
    assert line.startswith(f"{toy.expected.name}  NOT RECORDED: HarnessError: it would hold what looks like a GitHub")
    assert GITHUB not in line
    assert list(tmp_path.rglob("*.yaml")) == []


def test_keys_of_the_usual_form_are_taken_out_before_they_are_recorded(tmp_path: Path) -> None:
    """A key in a text that is kept as it was."""
    key = SECRETS["an API key"]
    toy = Toy(question=f"is {key} a key?", answer=f"{key} is one")
    assert toy.recorded(tmp_path).endswith("recorded, 1 exchange")
    text = (tmp_path / toy.expected.name).read_text(encoding="utf-8")
    assert key not in text
    assert text.count("[redacted]") == 2
