"""Cassettes are read as vcrpy reads them, and written as they were."""

import gzip
from pathlib import Path

import pytest
from vcr.serialize import deserialize
from vcr.serializers import yamlserializer

from conformance.outcomes import HarnessError
from conformance.recorded import cassette
from conformance.recorded.canonical import canonical
from conformance.recorded.cassette import LARGEST, PROVENANCE, CassetteError
from tests.conformance.recorded.shelf import NAMES, REAL, SHIPPED, SYNTHETIC, Shelf, expected, shipped_data


def with_answer(shelf: Shelf, body: str | bytes) -> None:
    """Puts another body in the place of the first answer's."""
    shelf.change(SYNTHETIC, lambda data: data["interactions"][0]["response"]["body"].update(string=body))


@pytest.mark.parametrize("name", NAMES)
def test_vcrpy_reads_what_is_shipped(name: str) -> None:
    """A file in a form of our own, that no other tool can read, or that it reads otherwise than we do."""
    requests, responses, *_ = deserialize((SHIPPED / name).read_text(encoding="utf-8"), yamlserializer)
    ours = cassette.load(SHIPPED / name).exchanges
    assert len(requests) == len(responses) == len(ours) > 0
    for asked, answered, exchange in zip(requests, responses, ours, strict=True):
        below = asked.path.removeprefix("/v1") if expected(name).target == "openai" else asked.path
        assert canonical(asked.method, below, "", asked.body) == exchange.request
        assert answered["body"]["string"] == exchange.body
        assert answered["status"]["code"] == exchange.status


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shipped_is_written_as_it_was(name: str) -> None:
    """A file that changes as a whole when one line of it does."""
    text = (SHIPPED / name).read_text(encoding="utf-8")
    assert cassette.dumped(shipped_data(name)) == text
    assert len(text.encode()) <= LARGEST


@pytest.mark.parametrize(
    "body",
    ["", "plain", "é 🦩 \u2028 \x85", "two\nlines\n", "ends\n\n\n", " indented\n", "\ttab", "a\r\nb", "- x: 'y'", "~"],
)
def test_any_text_comes_back_as_it_was(tmp_path: Path, body: str) -> None:
    """An answer that YAML changes: its line breaks, its spaces, its quotes."""
    shelf = Shelf(tmp_path / "c", SYNTHETIC)
    with_answer(shelf, body)
    assert cassette.load(shelf.folder / SYNTHETIC).exchanges[0].body == body.encode()


def test_bytes_come_back_as_they_were(tmp_path: Path) -> None:
    """An answer that is no text."""
    body = gzip.compress(b"x" * 300) + bytes(range(256))
    shelf = Shelf(tmp_path / "c", SYNTHETIC)
    with_answer(shelf, body)
    assert cassette.load(shelf.folder / SYNTHETIC).exchanges[0].body == body


def test_the_base_url_does_not_count(tmp_path: Path) -> None:
    """A recording that is good for the server alone that it was made from."""
    shelf = Shelf(tmp_path / "c", REAL)
    before = cassette.load(shelf.folder / REAL).exchanges
    text = (shelf.folder / REAL).read_text(encoding="utf-8")
    (shelf.folder / REAL).write_text(text.replace("http://localhost/v1", "https://api.example.com/a/b/v1"))
    after = cassette.load(shelf.folder / REAL).exchanges
    assert [each.request for each in after] == [each.request for each in before]
    assert after[0].request["path"] == "/chat/completions"


@pytest.mark.parametrize(
    ("words", "is_known"),
    [
        ("recorded: llama.cpp 0.5.0", True),
        ("recorded: api.openai.com", True),
        ("synthetic: wire-facts A7", True),
        ("synthetic: wire-facts A7, A8", True),
        ("synthetic: wire-facts Errors", True),
        ("recorded: ", False),
        ("recorded:", False),
        ("synthetic: wire-facts ", False),
        ("synthetic: wire-facts a7", False),
        ("synthetic", False),
        ("made up", False),
        ("", False),
    ],
)
def test_provenance_says_where_it_came_from(words: str, is_known: bool) -> None:
    """A recording that says nothing of its origin in so many words."""
    assert bool(PROVENANCE.fullmatch(words)) is is_known


@pytest.mark.parametrize("name", [SYNTHETIC, REAL])
def test_what_is_missing_says_how_it_is_made(tmp_path: Path, name: str) -> None:
    """An error that does not tell what to do."""
    shelf = Shelf(tmp_path / "c", name)
    path = shelf.folder / name
    path.unlink()
    how = "with --base-url, from a server" if name == REAL else "without --base-url"
    again = f"`python -m conformance record`, {how}"
    assert shelf.complaint(name) == f"{path} is missing; make it with {again}"
    with pytest.raises(CassetteError, match=r"\.yaml cannot be read: No such file"):
        cassette.load(path)
    assert issubclass(CassetteError, HarnessError)


def test_the_largest_is_still_read(tmp_path: Path) -> None:
    """A limit that is off by the file that just fits."""
    shelf = Shelf(tmp_path / "c", SYNTHETIC)
    path = shelf.folder / SYNTHETIC
    with_answer(shelf, "x")
    spare = LARGEST - len(path.read_bytes())
    for more, fits in ((spare, True), (spare + 1, False)):
        with_answer(shelf, "x" * (more + 1))
        assert ("at most" not in shelf.complaint(SYNTHETIC)) is fits
