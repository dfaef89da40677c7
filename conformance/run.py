"""One run of the suite: its settings, the checks it declared, and how they ended."""

import shlex
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from conformance import baseline, implementation, spec, targets
from conformance.check import Check, checks_of
from conformance.index import scenario_folder
from conformance.judge import GOES_THROUGH, Judge
from conformance.outcomes import Conclusion, HarnessError, Outcome, Result, conclude, qualify
from conformance.profiles import covers, refuse_unknown, weighty
from conformance.requirement import Scenario
from conformance.settings import IMPLEMENTATION, Settings
from conformance.targets import Target


@dataclass
class Run:
    """The state of a run; checks are declared while they are collected, before any runs.

    Attributes:
        declared: dict of str to Check, all of them.
        selected: set of str, the ids of those that are to run.
        results: dict of str to Result, of those that ended.
        modules: set of Path, the files that were collected.
        errors: list of str, what went wrong outside of any check.
        others_failed: bool, whether a test that is no check failed in the same session.
        was_stopped: bool, whether the run was ended before its end.
    """

    settings: Settings
    declared: dict[str, Check] = field(default_factory=dict)
    selected: set[str] = field(default_factory=set)
    results: dict[str, Result] = field(default_factory=dict)
    modules: set[Path] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    others_failed: bool = False
    was_stopped: bool = False

    @cached_property
    def targets(self) -> dict[str, targets.Target]:
        """The selected targets, by the name they were selected by."""
        return {name: targets.find(name, self.settings.cassettes) for name in self.settings.targets}

    @cached_property
    def required(self) -> frozenset[str]:
        """The names of the targets that have to be able to run."""
        named = self.settings.required or self.settings.targets
        if unknown := sorted(set(named) - set(self.targets)):
            raise HarnessError(f"required but not selected: {', '.join(unknown)}")
        return frozenset(self.targets[name].name for name in named)

    @cached_property
    def spec(self) -> spec.Spec:
        """The requirements."""
        return spec.load(self.settings.spec)

    @cached_property
    def judge(self) -> Judge:
        """What runs the checks."""
        excuses = baseline.load(self.settings.baseline) if self.settings.baseline else {}
        return Judge(implementation.load(self.settings.implementation), excuses, self.settings.limit)

    @property
    def is_active(self) -> bool:
        """Whether this session is a run of the suite at all."""
        return bool(self.declared) or self.settings.is_command

    def declare(self, path: Path, scenario: Scenario) -> list[Check]:
        """Declare the checks of a scenario.

        Args:
            path: Path, its file.
            scenario: Scenario.

        Returns:
            list of Check.

        Raises:
            HarnessError: an unknown requirement or row of the ledger, no such target, or an id that is taken.
        """
        area = path.stem.removeprefix("test_")
        name = f"{area}/{scenario.name}"
        for identity in scenario.requirements:
            if identity not in self.spec.requirements:
                raise HarnessError(f"{name} names {identity}, which no chapter in {self.spec.folder} has")
        if scenario.ledger is not None and not self.spec.mentions(scenario.ledger):
            raise HarnessError(f"{name}: no chapter has row {scenario.ledger} of the parity ledger")
        checks = [c for target in self.targets.values() for c in checks_of(area, scenario, target, path)]
        for check in checks:
            if self.declared.get(check.id, check).path != path:
                raise HarnessError(f"two checks are called {check.id}: {path} and {self.declared[check.id].path}")
            self.declared[check.id] = check
        return checks

    def prepare(self) -> None:
        """Load what the checks need, before the first.

        Raises:
            HarnessError: the implementation, a target, the baseline, a profile or `only` is wrong.
        """
        _ = self.required
        refuse_unknown(self.settings.profiles)
        only = self.settings.only
        if only is not None and only not in self.declared:
            raise HarnessError(f"no check is called {only!r}")
        if not self.settings.is_partial and not self._missing_files(()):
            self.errors += [problem for target in self.targets.values() for problem in target.problems(self.of(target))]
        asked, collected = self.settings.profiles, {check.area for check in self.declared.values()}
        areas = {name: name.partition("/")[0] for name in self.judge.excuses if covers(asked, name.partition("/")[0])}
        known = [name for name, area in areas.items() if not self._missing_files(asked) or area in collected]
        idle = set(targets.BUILT_IN) - {target.name for target in self.targets.values()}
        if unknown := baseline.unknown(known, self.declared, idle):
            raise HarnessError(f"baseline {self.settings.baseline}: no check is called {', '.join(unknown)}")

    def is_wanted(self, check: Check) -> bool:
        """Whether the settings select a check; with a parity check go the two that it compares."""
        only, part = self.settings.only, self.settings.scenario
        if only is not None and check.id != only and check.id not in self.declared[only].sides:
            return False
        is_part = part is None or part in f"{check.area}/{check.scenario.name}"
        return is_part and check.is_in(self.settings.profiles)

    def perform(self, check: Check) -> Result:
        """Run one check and keep how it ended."""
        try:
            self.results[check.id] = self.judge.judge(check, self.results)
        except GOES_THROUGH:
            self.was_stopped = True
            raise
        return self.results[check.id]

    def correct(self, check: Check, outcome: Outcome, reason: str) -> None:
        """Keep what came to light outside of the body; a worse outcome stands."""
        found = self.results.get(check.id)
        if found is None or found.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            self.results[check.id] = Result(check.id, check.target.name, outcome, reason)

    def conclude(self) -> Conclusion:
        """Draw the conclusion of what has ended by now."""
        parts, missing = weighty(self)
        return qualify(self.concluded(self.settings.profiles), parts, self.settings.profiles, missing)

    def concluded(self, names: Collection[str]) -> Conclusion:
        """Draw the conclusion of some profiles by themselves; none named means all checks."""
        checks = self.within(names)
        results = [self.results[identity] for identity in checks if identity in self.results]
        required, errors = self._faults()
        return conclude(results, len(checks), required, self._partial(checks, names), errors)

    def within(self, names: Collection[str]) -> list[str]:
        """The ids of the declared checks of some profiles; none named means all checks."""
        return [identity for identity, check in self.declared.items() if check.is_in(names)]

    def of(self, target: Target) -> list[Check]:
        """The declared checks of a target."""
        return [check for check in self.declared.values() if check.target is target]

    @property
    def is_packaged(self) -> bool:
        """Whether any check is of the suite's own scenarios."""
        return any(check.path.parent == scenario_folder() for check in self.declared.values())

    def close(self) -> None:
        """Release what the targets hold."""
        if "targets" in vars(self):
            for target in self.targets.values():
                target.close()

    def reproduce(self, check: Check, node: str) -> str:
        """The command that runs one check again.

        Args:
            check: Check.
            node: str, its pytest node id, for scenarios that are not packaged.
        """
        is_packaged = check.path.parent == scenario_folder()
        prefix = "" if is_packaged else "conformance-"
        words = ["python", "-m", "conformance"] if is_packaged else ["python", "-m", "pytest", node]
        if self.settings.implementation != IMPLEMENTATION:
            words += [f"--{prefix}implementation", self.settings.implementation]
        given = next(name for name, target in self.targets.items() if target is check.target)
        if given not in targets.BUILT_IN:
            words += [f"--{prefix}target", given]
        if self.settings.cassettes is not None:
            words += [f"--{prefix}cassettes", str(self.settings.cassettes)]
        return shlex.join(words + (["--only", check.id] if is_packaged else []))

    def _faults(self) -> tuple[frozenset[str], list[str]]:
        """The required targets, and what went wrong outside of any check."""
        errors = list(self.errors)
        unended = self.selected - set(self.results)
        if unended and not self.was_stopped and not self.settings.is_listing:
            errors.append(f"{len(unended)} checks have no outcome, such as {min(unended)}")
        required: frozenset[str] = frozenset()
        try:
            required = self.required
            refuse_unknown(self.settings.profiles)
        except HarnessError as error:
            errors.append(str(error))
        return required, errors

    def _missing_files(self, names: Collection[str]) -> list[str]:
        """The packaged files of some profiles that were not collected, where any file was."""
        if not self.is_packaged:
            return []
        missing = set(scenario_folder().glob("test_*.py")) - self.modules
        return sorted(path.name for path in missing if covers(names, path.stem.removeprefix("test_")))

    def _partial(self, checks: Collection[str], names: Collection[str]) -> str | None:
        if self.settings.is_listing:
            return "partial run: the checks were only collected"
        if missing := self._missing_files(names):
            return f"partial run: not collected: {', '.join(missing)}"
        if left_out := set(checks) - self.selected:
            return f"partial run: {len(left_out)} of {len(checks)} checks were not selected"
        if self.settings.is_partial:
            return "partial run: single checks or scenarios were asked for"
        if unended := set(checks) - set(self.results):
            return f"partial run: stopped before {len(unended)} of {len(checks)} checks had ended"
        return None
