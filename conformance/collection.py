"""Which checks pytest finds: in the scenarios of a file, and in a class of the author's own that names a target."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import suite, targets
from conformance.check import Check
from conformance.entry import ConformanceTests
from conformance.item import CheckItem
from conformance.outcomes import HarnessError
from conformance.requirement import scenario_of
from conformance.run import Run
from conformance.session import run_of
from conformance.targets import Target


class TargetClass(pytest.Class):
    """A subclass of `ConformanceTests`: the packaged scenarios on its target, and the tests that it has of its own."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """The checks, then the class's own tests.

        Raises:
            pytest.Collector.CollectError: it names no target, or what it says contradicts another class.
        """
        run = run_of(self)
        try:
            yield from self._checks(run)
        except HarnessError as error:
            raise self.CollectError(f"{self.name}: {error}") from error
        yield from super().collect()

    def _checks(self, run: Run) -> Iterator[CheckItem]:
        target = self._target()
        _adopt(run, target)
        _settle(run, self.obj, self.path.parent)
        for path in suite.files():
            pytest.register_assert_rewrite(suite.module_name(path))
            run.modules.add(path)
            for scenario in suite.defined(vars(suite.module(path))):
                for check in run.declare(path, scenario, [target]):
                    yield CheckItem.from_parent(self, name=check.id, path=path, check=check, run=run)

    def _target(self) -> Target:
        given = getattr(self.obj, "target", None)
        if given is None:
            raise HarnessError("it has no target; say target = YourTarget in its body")
        return targets.find(given) if isinstance(given, str) else targets.made(given, self.name)


def found(collector: pytest.Module | pytest.Class, name: str, thing: object) -> list[CheckItem] | TargetClass | None:
    """The checks of a scenario, one for each target and surface and the comparison; or a class that brings its target.

    Args:
        collector: where it stands.
        name: str, what it is called there.
        thing: object.

    Returns:
        None where it is neither.

    Raises:
        pytest.Collector.CollectError: a scenario is wrong, or stands in a class.
    """
    if isinstance(thing, type) and issubclass(thing, ConformanceTests):
        return None if thing is ConformanceTests else TargetClass.from_parent(collector, name=name, obj=thing)
    scenario = scenario_of(thing)
    if scenario is None:
        return None
    if not isinstance(collector, pytest.Module):
        raise collector.CollectError(f"{name}: a scenario is a function of a module, not of a class")
    run = run_of(collector)
    try:
        checks: list[Check] = run.declare(collector.path, scenario)
    except HarnessError as error:
        raise collector.CollectError(str(error)) from error
    return [CheckItem.from_parent(collector, name=check.name, check=check, run=run) for check in checks]


def _adopt(run: Run, target: Target) -> None:
    if target.name in run.adopted:
        raise HarnessError(f"another class has a target of the name {target.name!r}; judge each in one class")
    run.adopted[target.name] = target


def _settle(run: Run, chosen: type[ConformanceTests], folder: Path) -> None:
    """Let a class say what the command line leaves open; it is said of the whole run."""
    said: dict[str, Any] = {"profiles": tuple(chosen.profiles)} if chosen.profiles else {}
    if chosen.baseline is not None:
        said["baseline"] = folder / chosen.baseline
    for name, value in said.items():
        if name in run.said and run.said[name] != value:
            raise HarnessError(f"{name} is {value}, and another class says {run.said[name]}; run them one by one")
        run.said[name] = value
        if not getattr(run.settings, name):
            run.settings = replace(run.settings, **{name: value})
