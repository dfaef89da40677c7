"""The suite's own scenarios, as they stand in its files."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from conformance.check import checks_of
from conformance.requirement import Scenario, scenario_of
from conformance.targets import BUILT_IN, find


def area_of(path: Path) -> str:
    """The area that a file is about: its name without `test_`."""
    return path.stem.removeprefix("test_")


def files() -> list[Path]:
    """The packaged files of scenarios, in the order in which they are collected."""
    return sorted(Path(__file__).parent.glob("test_*.py"))


def module_name(path: Path) -> str:
    """The name by which one of the packaged files is imported."""
    return f"{__package__}.{path.stem}"


def module(path: Path) -> ModuleType:
    """Import one of the packaged files."""
    return importlib.import_module(module_name(path))


def scenarios() -> dict[str, Scenario]:
    """All packaged scenarios, imported.

    Returns:
        dict of str to Scenario: by "area/function".
    """
    return {f"{area_of(path)}/{found.name}": found for path in files() for found in defined(vars(module(path)))}


def defined(names: Mapping[str, Any]) -> Iterator[Scenario]:
    """The scenarios among the names of a module."""
    for thing in names.values():
        if found := scenario_of(thing):
            yield found


def counts(among: Mapping[str, Scenario]) -> dict[str, int]:
    """How many checks some packaged scenarios make for each built-in target.

    Args:
        among: the scenarios, by "area/function".

    Returns:
        dict of str to int.
    """
    folder = Path(__file__).parent
    found = {}
    for name in BUILT_IN:
        target = find(name)
        split = [(area, each) for identity, each in among.items() for area, _, _ in [identity.partition("/")]]
        found[name] = sum(len(list(checks_of(area, each, target, folder))) for area, each in split)
    return found
