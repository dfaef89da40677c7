"""Any byte of what is on record: one that is changed, or one that is cut off, is found out."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.outcomes import HarnessError
from conformance.recorded.cassette import KNOWN
from tests.conformance.recorded.shelf import REAL, SMALL, SYNTHETIC, Shelf

FLIPS = 60  # positions in each file


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "cassettes", *SMALL)


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


@pytest.mark.parametrize("name", SMALL)
def test_a_flipped_bit_of_a_cassette_is_found(shelf: Shelf, name: str) -> None:
    """A part of a file that may change: its text is compared by less than its bytes."""
    dice = random.Random(name)
    data = (shelf.folder / name).read_bytes()
    for at in sorted(dice.sample(range(len(data)), FLIPS)):
        bit = dice.randrange(8)
        (shelf.folder / name).write_bytes(flipped(data, at, bit))
        assert f"{shelf.folder / name}" in shelf.complaint(name), (at, bit)


@pytest.mark.parametrize("name", [SYNTHETIC, REAL])
def test_a_flipped_bit_in_every_line_of_a_cassette_is_found(shelf: Shelf, name: str) -> None:
    """A field that a sample misses."""
    data = (shelf.folder / name).read_bytes()
    start = 0
    for line in data.splitlines(keepends=True):
        at = start + len(line.rstrip(b"\n")) - 1 if line.strip() else start
        (shelf.folder / name).write_bytes(flipped(data, at, 0))
        assert str(shelf.folder / name) in shelf.complaint(name), line
        start += len(line)


def words(text: str) -> Iterator[int]:
    """A position in every key, string and number of a JSON text that is written over lines."""
    start = 0
    for line in text.splitlines(keepends=True):
        for number, char in enumerate(line):
            if char.isalnum() and (number == 0 or not line[number - 1].isalnum()):
                yield start + number
        start += len(line)


def test_a_flipped_bit_in_any_word_of_the_manifest_is_found(tmp_path: Path) -> None:
    """A field of a row, or of the manifest itself, that nothing is compared with."""
    shelf = Shelf(tmp_path / "cassettes", SYNTHETIC, SMALL[3])
    text = shelf.manifest.read_text(encoding="utf-8")
    places = list(words(text))
    missed = []
    for at in places:
        shelf.manifest.write_bytes(flipped(text.encode(), at, 0))
        if not shelf.complaints():
            missed.append(text[max(0, at - 20) : at + 10])
    assert missed == []
    assert len(places) >= 50


@pytest.mark.parametrize("key", ["version", "implementation"])
def test_the_head_of_the_manifest_counts(shelf: Shelf, key: str) -> None:
    """A manifest of another form, or of another implementation's requests, that is taken for ours."""
    data: dict[str, Any] = json.loads(shelf.manifest.read_bytes())
    shelf.manifest.write_text(json.dumps({**data, key: "other"}), encoding="utf-8")
    assert any("manifest.json" in line for line in shelf.complaints())


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("name", SMALL)
def test_a_truncated_cassette_is_found(shelf: Shelf, name: str, share: float) -> None:
    """A file that was cut where the rest is still a cassette."""
    path = shelf.folder / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert str(path) in shelf.complaint(name)


def test_a_cassette_cut_between_exchanges_or_by_its_last_byte_is_found(shelf: Shelf) -> None:
    """A cut after which all is well-formed."""
    path = shelf.folder / REAL
    data = path.read_bytes()
    for cut in (data.rindex(b"- request:"), len(data) - 1):
        path.write_bytes(data[:cut])
        assert str(path) in shelf.complaint(REAL)


@pytest.mark.parametrize("at", range(len("openai/"), len(SYNTHETIC)))
def test_a_flipped_bit_of_a_name_is_found(shelf: Shelf, at: int) -> None:
    """A file that is no longer where it is looked for."""
    new = flipped(SYNTHETIC.encode(), at, 1).decode()
    (shelf.folder / SYNTHETIC).rename(shelf.folder / new)
    told = shelf.complaints()
    assert f"{shelf.folder / new} is an orphan: no scenario is replayed from it" in told
    assert any(line.startswith(f"{shelf.folder / SYNTHETIC} is missing") for line in told)


@pytest.mark.parametrize("field", KNOWN)
def test_what_has_to_be_known_of_a_recording_cannot_be_left_out(shelf: Shelf, field: str) -> None:
    """A recording of which nobody knows where it came from."""
    shelf.change(SYNTHETIC, lambda data: data["metadata"].pop(field))
    with pytest.raises(HarnessError, match=r"stream_asks_for_usage\.yaml"):
        shelf.settle()
    assert SYNTHETIC in shelf.complaint(SYNTHETIC)
