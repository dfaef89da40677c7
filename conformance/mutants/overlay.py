"""A copy of the implementation with one break in it, before which nothing else is found."""

import compileall
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from conformance.mutants.catalog import Mutant
from conformance.outcomes import HarnessError

SUITE: Final = "conformance"
ORIGINALS: Final = "originals"


class NotAppliedError(Exception):
    """The break cannot be made as it is written down."""


def package_folder(name: str) -> Path:
    """Where a package lies, installed or not.

    Args:
        name: str, a top-level package.

    Returns:
        Path: its folder.

    Raises:
        HarnessError: there is no such package.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise HarnessError(f"there is no package {name!r} to break; name one that can be imported")
    return Path(next(iter(spec.submodule_search_locations)))


def prepare(package: str, place: Path) -> None:
    """Copy a package and compile it, so that of its later copies only the broken file is compiled.

    Args:
        package: str, a top-level package.
        place: Path, the folder that overlays of it will be made in.

    Raises:
        HarnessError: there is no such package.
    """
    folder = place / ORIGINALS / package
    shutil.copytree(package_folder(package), folder, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder, quiet=2)


@contextmanager
def overlay(package: str, mutant: Mutant | None, root: Path | None, place: Path) -> Iterator[Path]:
    """A folder with a copy of a package, broken, and with links to all else that a checkout has.

    Args:
        package: str, the package to copy, which was prepared.
        mutant: Mutant or None, its break; None for a copy as it is.
        root: Path or None, the checkout; None where there is none.
        place: Path, the folder that it is made in.

    Yields:
        Path: the folder; removed at the end.

    Raises:
        NotAppliedError: the text to find is not there exactly once, or stays as it is.
    """
    with tempfile.TemporaryDirectory(prefix="mutant-", dir=place) as name:
        folder = Path(name).resolve()
        shutil.copytree(place / ORIGINALS / package, folder / package, copy_function=os.link)
        if mutant is not None:
            apply(mutant, folder)
        for entry in root.iterdir() if root else ():
            if entry.name != package and not entry.name.startswith("."):
                (folder / entry.name).symlink_to(entry)
        yield folder


def apply(mutant: Mutant, folder: Path) -> None:
    """Make the break.

    Args:
        mutant: Mutant.
        folder: Path, above the copy of its package.

    Raises:
        NotAppliedError: the text to find is not there exactly once, or stays as it is.
    """
    path = folder / mutant.file
    if not path.is_file():
        raise NotAppliedError(f"there is no {mutant.file}")
    text = path.read_text(encoding="utf-8")
    count = text.count(mutant.find)
    if count != 1:
        raise NotAppliedError(f"the text to find is {count} times in {mutant.file}; it has to be there once")
    if mutant.put == mutant.find:
        raise NotAppliedError("what is put there is what is there")
    path.unlink()  # it is a link, like all of the copy
    # a break of the same length, made in the same second, would pass for what is compiled
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
    path.write_text(text.replace(mutant.find, mutant.put), encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    """The variables under which a program finds the copy before all else, with a place for its files."""
    before = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return kept | {"PYTHONPATH": os.pathsep.join([str(folder), *before]), "TMPDIR": str(folder.parent)}
