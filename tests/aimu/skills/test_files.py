"""Reading inside a folder: what may change between looking and opening."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aimu.skills import files

Swap = Callable[[Path], None]


def replace_file(root: Path) -> None:
    (root / "in" / "guide.md").unlink()
    (root / "in" / "guide.md").symlink_to(root.parent / "secret.md")


def replace_folder(root: Path) -> None:
    (root / "in").rename(root / "was")
    (root / "in").symlink_to(root.parent / "other")


def replace_by_pipe(root: Path) -> None:
    (root / "in" / "guide.md").unlink()
    os.mkfifo(root / "in" / "guide.md")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in (("skill/in/guide.md", "guide"), ("other/guide.md", "secret"), ("secret.md", "secret")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "skill"


@pytest.mark.parametrize("swap", [replace_file, replace_folder, replace_by_pipe])
def test_a_swap_after_the_look_is_noticed(root: Path, swap: Swap, monkeypatch: pytest.MonkeyPatch) -> None:
    look = files.located

    def located(folder: str, name: str) -> str:
        found = look(folder, name)
        swap(root)
        return found

    monkeypatch.setattr(files, "located", located)
    with pytest.raises((OSError, ValueError)):
        files.read_bytes(str(root), "in/guide.md", 100)


def test_what_is_not_swapped_is_read(root: Path) -> None:
    assert files.read_bytes(str(root), "in/guide.md", 5) == b"guide"
    (root.parent / "link").symlink_to(root)
    assert files.read_bytes(str(root.parent / "link"), "in/guide.md", 5) == b"guide"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../secret.md", "in/../../secret.md", "/etc/passwd", "in/..", "\ud800"]
)
def test_names_that_lead_elsewhere_are_refused(root: Path, name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        files.located(str(root), name)


def test_no_descriptor_is_left(root: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for name in ("in/guide.md", "in/none.md", "in", "in/guide.md/x"):
        try:
            files.read_bytes(str(root), name, 3)
        except (OSError, ValueError):
            continue
        pytest.fail(f"{name} was read")
    assert len(os.listdir("/dev/fd")) == before
