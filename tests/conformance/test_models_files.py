"""The files of the micro model: that they are the checked ones, and that the model card tells the truth about them."""

import json
import re
import shutil
import struct
from pathlib import Path

import pytest

from conformance.models import CHECKSUMS, MICRO_FOLDER, MICRO_GGUF, ModelFilesError, pin, pinned, verify
from conformance.models.conversations import CONVERSATIONS

CARD = (MICRO_FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(MICRO_FOLDER, tmp_path / "micro")


def test_the_files_are_the_checked_ones() -> None:
    verify()
    assert {MICRO_GGUF.name, "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= set(pinned())


def test_every_file_is_pinned() -> None:
    assert {path.name for path in MICRO_FOLDER.iterdir()} == {*pinned(), CHECKSUMS, "README.md"}


def test_a_changed_byte_is_told(copy: Path) -> None:
    changed = copy / MICRO_GGUF.name
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)
    with pytest.raises(ModelFilesError, match=r"micro\.gguf has SHA-256 [0-9a-f]{64}, and SHA256SUMS says"):
        verify(copy)


def test_a_missing_file_is_told(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelFilesError, match=r"tokenizer\.json is missing"):
        verify(copy)


@pytest.mark.parametrize("text", [None, "", "abc\n", "abc  model.safetensors\n"])
def test_a_bad_list_is_told(copy: Path, text: str | None) -> None:
    (copy / CHECKSUMS).unlink()
    if text is not None:
        (copy / CHECKSUMS).write_text(text, encoding="utf-8")
    with pytest.raises(ModelFilesError, match=r"SHA256SUMS is (missing|no list)"):
        verify(copy)


def test_pinning_makes_what_verifying_takes(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{}", encoding="utf-8")
    pin(copy)
    verify(copy)
    assert set(pinned(copy)) == set(pinned())


def test_the_card_gives_the_sizes_of_the_files() -> None:
    told = {name: int(size.replace(",", "")) for name, size in re.findall(r"\| `([\w.]+)` \| ([\d,]+) \|", CARD)}
    assert told == {name: (MICRO_FOLDER / name).stat().st_size for name in pinned()}
    assert sum(told.values()) < 5_000_000


def test_the_card_gives_the_number_of_parameters_and_of_checked_turns() -> None:
    with (MICRO_FOLDER / "model.safetensors").open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    shapes = [value["shape"] for name, value in header.items() if name != "__metadata__"]
    parameters = sum(shape[0] * (shape[1] if len(shape) > 1 else 1) for shape in shapes)
    turns = sum(1 for one in CONVERSATIONS.values() for _ in one.turns())
    assert f"{parameters:,} parameters" in CARD
    assert f"{len(CONVERSATIONS)} conversations with {turns} turns" in " ".join(CARD.split())
