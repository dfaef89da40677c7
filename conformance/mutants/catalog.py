"""The mutants as they are written down: one file a chapter, an array of tables for each requirement.

[[TOOLS-4]]
break = "the description of a parameter is lost"
file = "aimu/tools/schema.py"
find = "exact text that occurs once in the file"
put = "what stands there instead"
check = "tools_schema/test_parameters_are_described[openai-sync]"
reason = "a part of what the check then says"

[[TOOLS-5]]
equivalent = "why no break of it can ever be seen"
"""

import hashlib
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.outcomes import HarnessError

KEYS: Final = ("break", "file", "find", "put", "check", "reason")
TESTS: Final = "tests/"


class CatalogError(HarnessError):
    """The catalogue cannot be read, or what was asked for is not in it."""


@dataclass(frozen=True)
class Mutant:
    """One break, in one place.

    Args:
        name: str, the requirement; from its second mutant on with a number, such as "TOOLS-4.2".
        requirement: str, the id.
        chapter: str, the file that it stands in, without its ending.
        broken: str, in words, what is wrong now.
        file: str, the broken file, from the folder above the package on.
        find: str, what occurs once in it.
        put: str, what stands there instead.
        check: str, the id of the check that has to fail, or the name of a test below `tests/`.
        reason: str, a part of what that check then says.
    """

    name: str
    requirement: str
    chapter: str
    broken: str
    file: str
    find: str
    put: str
    check: str
    reason: str

    @property
    def package(self) -> str:
        """The top-level package that is broken."""
        return self.file.partition("/")[0]

    @property
    def module(self) -> str:
        """The broken module, as it is imported."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_tested(self) -> bool:
        """Whether a test below `tests/` has to fail, and not a scenario."""
        return self.check.startswith(TESTS)


@dataclass(frozen=True)
class Equivalent:
    """A requirement of which no break can be seen, and why."""

    requirement: str
    chapter: str
    reason: str


@dataclass(frozen=True)
class Catalog:
    """All mutants.

    Args:
        mutants: tuple of Mutant, by chapter and in the order they are written in.
        equivalents: tuple of Equivalent.
        digest: str, the SHA-256 of the files.
    """

    mutants: tuple[Mutant, ...]
    equivalents: tuple[Equivalent, ...]
    digest: str

    @property
    def entries(self) -> tuple[Mutant | Equivalent, ...]:
        """All that is written down."""
        return self.mutants + self.equivalents

    @property
    def requirements(self) -> frozenset[str]:
        """The ids of which there is anything."""
        return frozenset(entry.requirement for entry in self.entries)

    @property
    def chapters(self) -> list[str]:
        """The chapters of which there is anything, sorted."""
        return sorted({entry.chapter for entry in self.entries})

    def of(self, names: Collection[str] = (), chapter: str | None = None) -> "Catalog":
        """A part of the catalogue.

        Args:
            names: of requirements or mutants; none means all.
            chapter: str or None, default None: of any chapter.

        Returns:
            Catalog: with the same digest.

        Raises:
            CatalogError: something that is asked for is not there.
        """

        def is_asked(entry: Mutant | Equivalent) -> bool:
            called = {entry.requirement, getattr(entry, "name", entry.requirement)}
            return chapter in (None, entry.chapter) and (not names or not called.isdisjoint(names))

        part = Catalog(tuple(filter(is_asked, self.mutants)), tuple(filter(is_asked, self.equivalents)), self.digest)
        found = part.requirements | {mutant.name for mutant in part.mutants}
        if unknown := sorted(set(names) - found):
            raise CatalogError(f"no mutant is called {', '.join(unknown)}{f' in {chapter}' if chapter else ''}")
        if not found:
            raise CatalogError(f"there is no mutant{f' in the chapter {chapter!r}' if chapter else ''}")
        return part


def default_folder() -> Path:
    """Where the suite's own catalogue lies."""
    return Path(__file__).parent


def load(folder: Path | None = None) -> Catalog:
    """Read a catalogue.

    Args:
        folder: Path or None, default None: the suite's own.

    Returns:
        Catalog.

    Raises:
        CatalogError: a file cannot be read, or an entry has a word too many or too few.
    """
    paths = sorted((folder or default_folder()).glob("*.toml"))
    entries = [entry for path in paths for entry in _entries(path)]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return Catalog(
        tuple(entry for entry in entries if isinstance(entry, Mutant)),
        tuple(entry for entry in entries if isinstance(entry, Equivalent)),
        digest.hexdigest(),
    )


def names(folder: Path | None = None) -> dict[str, list[str]]:
    """The names of the mutants of each requirement; an empty list where all are equivalent.

    Args:
        folder: Path or None, default None: the suite's own catalogue.

    Returns:
        dict of str to list of str: from requirement id to names such as "TOOLS-4".
    """
    catalog = load(folder)
    found: dict[str, list[str]] = {identity: [] for identity in sorted(catalog.requirements)}
    for mutant in catalog.mutants:
        found[mutant.requirement].append(mutant.name)
    return found


def _entries(path: Path) -> Iterator[Mutant | Equivalent]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogError(f"{path}: {error}") from error
    for identity, tables in content.items():
        if not isinstance(tables, list):
            raise CatalogError(f"{path}: {identity} is no array of tables; write [[{identity}]]")
        for number, table in enumerate(tables, 1):
            name = identity if number == 1 else f"{identity}.{number}"
            yield _entry(f"{path}: {name}", table, identity, name, path.stem)


def _entry(where: str, table: dict[str, Any], identity: str, name: str, chapter: str) -> Mutant | Equivalent:
    known = ("equivalent",) if "equivalent" in table else KEYS
    if odd := sorted(set(table) ^ set(known)):
        raise CatalogError(f"{where} has {', '.join(table)}; expected are {', '.join(known)}: see {', '.join(odd)}")
    if wrong := [key for key in known if not isinstance(table[key], str) or (key != "put" and not table[key].strip())]:
        raise CatalogError(f"{where}: {wrong[0]} is {table[wrong[0]]!r}; some text is expected")
    if known != KEYS:
        return Equivalent(identity, chapter, table["equivalent"])
    return Mutant(name, identity, chapter, *(table[key] for key in KEYS))
