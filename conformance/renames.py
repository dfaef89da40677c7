"""Scenarios that were renamed: what a baseline or an older report calls by the old name is found under the new one.

`spec/renames.json` maps each old "area/function" to the one that stands in its place today.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from conformance.outcomes import HarnessError
from conformance.spec import default_folder

FILE: Final = "renames.json"


def load(folder: Path | None = None) -> dict[str, str]:
    """Read the map.

    Args:
        folder: Path or None, default None: the folder of the suite's own chapters.

    Returns:
        dict of str to str: from the old "area/function" to the new one; empty where there is no map.

    Raises:
        HarnessError: it cannot be read, names something twice, or is no map of names.
    """
    path = (folder or default_folder()) / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise HarnessError(f"{path}: {error}; an object from old to new 'area/function' is expected") from error
    if not isinstance(found, dict) or not all(isinstance(new, str) for new in found.values()):
        raise HarnessError(f"{path}: an object from old to new 'area/function' is expected")
    return found


def current(name: str, renamed: Mapping[str, str]) -> str:
    """What a scenario or one of its checks is called today.

    Args:
        name: str, "area/function", or a check id, which has its target and surface in brackets behind that.
        renamed: from the old names to the new.

    Returns:
        str: the name given, where it is not an old one.
    """
    scenario, bracket, rest = name.partition("[")
    return f"{renamed.get(scenario, scenario)}{bracket}{rest}"


def problems(renamed: Mapping[str, str], existing: Collection[str]) -> Iterator[str]:
    """What is wrong with the map.

    Args:
        renamed: from the old names to the new.
        existing: the names of the scenarios that there are.

    Yields:
        str: one line a problem.
    """
    for old, new in renamed.items():
        if old in existing:
            yield f"spec/{FILE}: {old} is called renamed, and still exists; take the entry out or rename the scenario"
        elif _is_cycle(old, renamed):
            yield f"spec/{FILE}: {old} is renamed to itself in the end; name the scenario that exists"
        elif new in renamed:
            yield f"spec/{FILE}: {old} -> {new} -> {renamed[new]} is a chain; let {old} name {renamed[new]}"
        elif new not in existing:
            yield f"spec/{FILE}: {old} is renamed to {new}, which does not exist; name the scenario that exists"


def _is_cycle(old: str, renamed: Mapping[str, str]) -> bool:
    name, seen = renamed[old], {old}
    while name in renamed and name not in seen:
        seen.add(name)
        name = renamed[name]
    return name in seen


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]!r} is renamed twice")
    return dict(pairs)
