"""The versions of the spec: what each consists of, frozen, so that nothing of it can get lost unseen.

`spec/versions/1.0.json` holds the keyword and the SHA-256 of the normative sentence of each requirement, what each
scenario declares, and how many checks each built-in target has. While "released" is null it may be frozen again;
from its release on, a change needs a new version.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from conformance import suite
from conformance.outcomes import HarnessError
from conformance.requirement import Scenario
from conformance.spec import Requirement, Spec, default_folder

FOLDER: Final = "versions"
COMMAND: Final = "python -m conformance spec --freeze"


@dataclass(frozen=True)
class Frozen:
    """One version of the spec.

    Args:
        version: str, such as "1.0".
        released: str or None, the day of its release; None as long as it may still change.
        requirements: from id to keyword and SHA-256 of the normative sentence.
        retired: tuple of str, the ids that are no longer in use.
        scenarios: from "area/function" to what the scenario declares, as `declared` says it.
        checks: from the name of a built-in target to the number of its checks.
    """

    version: str
    released: str | None
    requirements: Mapping[str, Mapping[str, str]]
    retired: tuple[str, ...]
    scenarios: Mapping[str, Mapping[str, Any]]
    checks: Mapping[str, int]

    @property
    def remedy(self) -> str:
        """What to do when the chapters or the scenarios are no longer those of this version."""
        if self.released is None:
            return f"put it back, or run {COMMAND}"
        return f"put it back, or make a new version: {COMMAND} VERSION ({self.version} was released {self.released})"


def names(folder: Path | None = None) -> list[str]:
    """The versions there are, the oldest first.

    Args:
        folder: Path or None, default None: the folder of the suite's own chapters.
    """
    return sorted((path.stem for path in _folder(folder).glob("*.json")), key=_number)


def current(folder: Path | None = None) -> str:
    """The version that the chapters are: the newest.

    Args:
        folder: Path or None, default None: the folder of the suite's own chapters.

    Raises:
        HarnessError: there is none.
    """
    if not (found := names(folder)):
        raise HarnessError(f"{_folder(folder)} holds no version of the spec; make one: {COMMAND} 1.0")
    return found[-1]


def load(version: str | None = None, folder: Path | None = None) -> Frozen:
    """Read a version.

    Args:
        version: str or None, default None: the current one.
        folder: Path or None, default None: the folder of the suite's own chapters.

    Raises:
        HarnessError: there is no such version, or its file is not what `freeze` writes.
    """
    path = _path(version or current(folder), folder)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        frozen = Frozen(**found | {"retired": tuple(found["retired"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise HarnessError(f"{path} is no version of the spec: {error}; restore it from the repository") from error
    if frozen.version != path.stem:
        raise HarnessError(f"{path} says that it is version {frozen.version!r}; restore it from the repository")
    return frozen


def freeze(spec: Spec, scenarios: Mapping[str, Scenario], version: str | None = None) -> Path:
    """Write down what a version consists of.

    Args:
        spec: Spec, the chapters, beside which it is written.
        scenarios: the packaged scenarios, by "area/function".
        version: str or None, default None: the current one.

    Returns:
        Path: the file.

    Raises:
        HarnessError: the version is released already, is older than the current one, or is no version.
    """
    there = names(spec.folder)
    version = version or current(spec.folder)
    path = _path(version, spec.folder)
    if version in there and (released := load(version, spec.folder).released):
        raise HarnessError(f"version {version} was released {released}; freeze a new one: {COMMAND} VERSION")
    if there and _number(version) < _number(there[-1]):
        raise HarnessError(f"version {version} is older than {there[-1]}; freeze {there[-1]} or a newer one")
    path.parent.mkdir(exist_ok=True)
    path.write_text(_text(taken(spec, scenarios, version)), encoding="utf-8")
    return path


def taken(spec: Spec, scenarios: Mapping[str, Scenario], version: str) -> Frozen:
    """What the chapters and the scenarios come to, as a version that is not released."""
    return Frozen(
        version=version,
        released=None,
        requirements={each.id: stated(each) for each in spec.requirements.values()},
        retired=tuple(sorted(spec.retired)),
        scenarios={name: declared(each) for name, each in sorted(scenarios.items())},
        checks=suite.counts(scenarios),
    )


def stated(requirement: Requirement) -> dict[str, str]:
    """What must not change of a requirement: its keyword and its normative sentence."""
    return {"keyword": requirement.keyword, "sha256": hashlib.sha256(requirement.sentence.encode()).hexdigest()}


def declared(scenario: Scenario) -> dict[str, Any]:
    """What must not change of a scenario: what it checks, and all that decides for whom it does."""
    return {each.name: _plain(getattr(scenario, each.name)) for each in fields(scenario) if each.name != "body"}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _folder(folder: Path | None) -> Path:
    return (folder or default_folder()) / FOLDER


def _path(version: str, folder: Path | None) -> Path:
    _number(version)
    return _folder(folder) / f"{version}.json"


def _number(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError as error:
        raise HarnessError(f"{version!r} is no version; numbers with points are, such as 1.0") from error


def _text(frozen: Frozen) -> str:
    """One line for each requirement and scenario, so that a difference shows what it is about."""
    parts = [
        f'"version": {json.dumps(frozen.version)}',
        f'"released": {json.dumps(frozen.released)}',
        f'"checks": {json.dumps(dict(frozen.checks))}',
        f'"retired": {json.dumps(list(frozen.retired))}',
        f'"requirements": {{\n{_lines(frozen.requirements.items())}\n  }}',
        f'"scenarios": {{\n{_lines(frozen.scenarios.items())}\n  }}',
    ]
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _lines(entries: Iterable[tuple[str, object]]) -> str:
    return ",\n".join(f"    {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in entries)
