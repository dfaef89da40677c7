"""The manifest: a row for each cassette, by which a file that was lost, added or changed is found out."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.readings.recording import MANIFEST
from conformance.recorded.cassette import SUFFIX, Cassette, CassetteError, load
from conformance.requirement import SERVER, Scenario

VERSION: Final = 1
HEAD: Final = {"version", "implementation", "cassettes"}


@dataclass(frozen=True)
class Expected:
    """What a scenario has to have on record.

    Args:
        target: str, the name of the provider.
        scenario: str, its "area/function".
        requirements: tuple of str.
        recorded: str, "server", or the wire facts that its script is written from.
    """

    target: str
    scenario: str
    requirements: tuple[str, ...]
    recorded: str

    @classmethod
    def of(cls, target: str, area: str, scenario: Scenario) -> "Expected":
        """What a scenario that is recorded has to have on record of a target."""
        return cls(target, f"{area}/{scenario.name}", scenario.requirements, str(scenario.recorded))

    @property
    def name(self) -> str:
        """The file, in the folder of all cassettes."""
        return f"{self.target}/{self.scenario.replace('/test_', '.')}{SUFFIX}"

    @property
    def synthetic(self) -> str:
        """The provenance of what its own script answers."""
        return f"synthetic: wire-facts {self.recorded}"

    def disagreements(self, cassette: Cassette) -> Iterator[str]:
        """Where a cassette says other than the scenario."""
        metadata = cassette.metadata
        mine = {"scenario": self.scenario, "target": self.target, "requirements": list(self.requirements)}
        for name, value in mine.items():
            if metadata[name] != value:
                yield f"its {name} is {metadata[name]!r}, and the scenario's {value!r}"
        provenance = str(metadata["provenance"])
        if self.recorded == SERVER and cassette.is_synthetic:
            yield f"its provenance is {provenance!r}, and the scenario is recorded from a server"
        if self.recorded != SERVER and provenance != self.synthetic:
            yield f"its provenance is {provenance!r}, and the scenario is written from wire-facts {self.recorded}"


def rows(folder: Path) -> dict[str, Any]:
    """The rows of a manifest, by file; none where there is no manifest.

    Raises:
        CassetteError: it cannot be read, or has a row twice.
    """
    return dict(_read(folder).get("cassettes", {}))


def write(folder: Path, name: str, recorded: Collection[str]) -> None:
    """Write the manifest anew: the rows of what was recorded now, and those of other files as they were.

    Args:
        folder: Path, of all cassettes; made where it does not exist.
        name: str, the implementation whose requests are on record.
        recorded: the files that were recorded now.

    Raises:
        CassetteError: a file is no cassette.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {file: row for file, row in rows(folder).items() if (folder / file).exists()}
    found = dict(sorted((kept | {file: load(folder / file).row for file in recorded}).items()))
    text = _dumped({"version": VERSION, "implementation": name, "cassettes": found})
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def trusted(folder: Path, expected: Expected) -> Cassette:
    """The cassette of a scenario, if it can be trusted.

    Args:
        folder: Path, of all cassettes.
        expected: Expected.

    Returns:
        Cassette.

    Raises:
        CassetteError: it is missing, not as the manifest has it, of another scenario, or holds a secret.
    """
    if not (folder / expected.name).exists():
        how = "with --base-url, from a server" if expected.recorded == SERVER else "without --base-url"
        raise CassetteError(f"{folder / expected.name} is missing; make it with `python -m conformance record`, {how}")
    cassette = load(folder / expected.name)
    if told := cassette.secrets():  # and nothing of what it says
        raise CassetteError(f"{cassette.path}: it holds what looks like {', '.join(told)}")
    head = _read(folder)
    wrong = [*_unlike(head.get("cassettes", {}).get(expected.name), cassette), *expected.disagreements(cassette)]
    if (owner := head.get("implementation")) != cassette.metadata["implementation"]:
        wrong.append(f"it has the requests of {cassette.metadata['implementation']!r}, and {MANIFEST} is of {owner!r}")
    if wrong:
        raise CassetteError(f"{cassette.path}: {'; '.join(wrong)}")
    return cassette


def provenances(folder: Path, expected: Collection[str]) -> dict[str, int]:
    """How many of some files are synthetic, and how many were recorded from which server, by the manifest."""
    try:
        known = rows(folder)
    except CassetteError:  # which is one of the strays, and told there
        return {}
    told = [str(known[name].get("provenance")) for name in expected if name in known]
    kinds = Counter("synthetic" if each.startswith("synthetic") else each for each in told)
    return dict(sorted(kinds.items()))


def strays(folder: Path, target: str, expected: Collection[str]) -> list[str]:
    """What is in the folder of a target, or in the manifest, without belonging to a scenario.

    Args:
        folder: Path, of all cassettes.
        target: str, whose part of it is looked at; what nobody has recorded is found in all of it.
        expected: the names of the files that have to be there.

    Returns:
        list of str: a line for each; nothing of those that are missing, which their checks say.
    """
    try:
        known = rows(folder)
    except CassetteError as error:
        return [str(error)]
    files = set(_files(folder))
    lost = set(known) - files
    idle = {name for name in files - set(expected) if name.startswith(f"{target}/") or name not in known}
    orphans = [f"{folder / name} is an orphan: no scenario is replayed from it" for name in sorted(idle)]
    return orphans + [f"{folder / MANIFEST} has a row for {name}, which does not exist" for name in sorted(lost)]


def _unlike(row: Mapping[str, Any] | None, cassette: Cassette) -> Iterator[str]:
    """Where a cassette is not as its row says."""
    if row is None:
        yield f"it has no row in {MANIFEST}"
        return
    if set(row) != set(cassette.row):
        yield f"its row in {MANIFEST} has the keys {', '.join(row)}; {', '.join(cassette.row)} are expected"
        return
    for name in ("scenario", "requirements", "provenance"):
        if row[name] != cassette.row[name]:
            yield f"its {name} is {cassette.row[name]!r}, and {row[name]!r} in {MANIFEST}"
    for name in ("requests", "responses"):
        before, after = row[name], cassette.row[name]
        if len(before) != len(after):
            yield f"it has {len(after)} {name}, and {len(before)} in {MANIFEST}"
        elif changed := [str(at) for at, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]]:
            yield f"{name[:-1]} {', '.join(changed)} was changed after it was recorded"
    if row["sha256"] != cassette.row["sha256"]:
        yield f"its digest is not the one in {MANIFEST}"


def _files(folder: Path) -> list[str]:
    """The files of a folder that are not its own: all but the manifest and what explains it."""
    own = {folder / MANIFEST, folder / "README.md"}
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path not in own
    )


def _read(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text, object_pairs_hook=_once)
        if found.keys() != HEAD or found["version"] != VERSION or not isinstance(found["cassettes"], dict):
            raise ValueError(f"it has to have {', '.join(sorted(HEAD))}, and the version {VERSION}")
        if _dumped(found) != text:
            raise ValueError("it is not in the form in which it is written: was it edited by hand?")
    except (AttributeError, ValueError) as error:
        raise CassetteError(f"{path} cannot be read: {error}") from error
    checked: dict[str, Any] = found
    return checked


def _dumped(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := sorted(name for name in set(names) if names.count(name) > 1):
        raise ValueError(f"{twice[0]!r} stands twice")
    return dict(pairs)
