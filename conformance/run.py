"""One run of the suite: its settings, the checks it declared, and how they ended."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from conformance import baseline, extent, implementation, spec, suite, targets
from conformance.check import Check, checks_of
from conformance.evidence import Evidence, counted
from conformance.explanation import Explanation
from conformance.index import scenario_folder
from conformance.judge import GOES_THROUGH, Judge
from conformance.outcomes import Conclusion, HarnessError, Outcome, Result
from conformance.profiles import PROFILES, covers, profile_of, refuse_unknown
from conformance.requirement import Scenario
from conformance.settings import Settings
from conformance.targets import Target


@dataclass
class Run:
    """The state of a run; checks are declared while they are collected, before any runs.

    Attributes:
        declared: dict of str to Check, all of them.
        selected: set of str, the ids of those that are to run.
        results: dict of str to Result, of those that ended.
        explanations: dict of str to Explanation, by check: of those that are to be explained.
        modules: set of Path, the files that were collected.
        packaged: dict of str to Scenario, those of the suite's own that were met, by "area/function".
        adopted: dict of str to Target, those of test classes, by their names.
        faults: list of str, what went wrong outside of any check; `errors` has what is missing besides.
        said: dict of str to anything, what test classes say of the run, as settings.
        notes: list of str, what is to be said at the end and decides nothing.
        running: str, the id of the check that runs just now, or "".
        others_failed: bool, whether a test that is no check failed in the same session.
        was_stopped: bool, whether the run was ended before its end.
    """

    settings: Settings
    declared: dict[str, Check] = field(default_factory=dict)
    selected: set[str] = field(default_factory=set)
    results: dict[str, Result] = field(default_factory=dict)
    explanations: dict[str, Explanation] = field(default_factory=dict)
    modules: set[Path] = field(default_factory=set)
    packaged: dict[str, Scenario] = field(default_factory=dict)
    adopted: dict[str, Target] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    running: str = ""
    others_failed: bool = False
    was_stopped: bool = False

    @cached_property
    def named(self) -> dict[str, Target]:
        """The targets that were asked for, by the name they were asked for."""
        if not self.settings.targets:
            words = "name one by --target module:Class, or offer it as an entry point of the group"
            raise HarnessError(f"{self.settings.implementation} offers no targets; {words} {targets.GROUP}")
        return {name: targets.find(name, self.settings.cassettes) for name in self.settings.targets}

    @property
    def targets(self) -> dict[str, Target]:
        """All targets: those asked for, unless only test classes brought theirs."""
        is_named = "named" in vars(self) or not self.adopted
        return (self.named if is_named else {}) | self.adopted

    @property
    def required(self) -> frozenset[str]:
        """The names of the targets that have to be able to run."""
        known = self.targets
        names = self.settings.required or tuple(known)
        if unknown := sorted(set(names) - set(known)):
            raise HarnessError(f"required but not selected: {', '.join(unknown)}; selected are {', '.join(known)}")
        return frozenset(known[name].name for name in names)

    @cached_property
    def spec(self) -> spec.Spec:
        """The requirements."""
        return spec.load(self.settings.spec)

    @cached_property
    def judge(self) -> Judge:
        """What runs the checks."""
        excuses, notes = baseline.read(self.settings.baseline) if self.settings.baseline else ({}, [])
        self.notes += notes
        return Judge(
            implementation.load(self.settings.implementation), excuses, self.settings.limit, self.settings.is_live
        )

    @property
    def is_active(self) -> bool:
        """Whether this session is a run of the suite at all."""
        return bool(self.declared) or self.settings.is_command

    def declare(self, path: Path, scenario: Scenario, among: Collection[Target] | None = None) -> list[Check]:
        """Declare the checks of a scenario.

        Args:
            path: Path, its file.
            scenario: Scenario.
            among: the targets, default None: those that were asked for.

        Returns:
            list of Check.

        Raises:
            HarnessError: an unknown requirement or row of the ledger, no such target, or an id that is taken.
        """
        area = suite.area_of(path)
        name = f"{area}/{scenario.name}"
        for identity in scenario.requirements:
            if identity not in self.spec.requirements:
                raise HarnessError(f"{name} names {identity}, which no chapter in {self.spec.folder} has")
        if scenario.ledger is not None and not self.spec.mentions(scenario.ledger):
            raise HarnessError(f"{name}: no chapter has row {scenario.ledger} of the parity ledger")
        if path.parent == scenario_folder():
            self.packaged[name] = scenario
        judged_by = self.named.values() if among is None else among
        checks = [check for target in judged_by for check in checks_of(area, scenario, target, path)]
        for check in checks:
            other = self.declared.get(check.id, check)
            if other.path != path or other.target is not check.target:
                raise HarnessError(f"two checks are called {check.id}: {path} and {other.path}")
            self.declared[check.id] = check
        return checks

    def prepare(self) -> None:
        """Load what the checks need, before the first.

        Raises:
            HarnessError: the implementation, a target, the baseline, a profile, `only` or the shard is wrong, or a
                scenario is missing.
        """
        _ = self.required
        refuse_unknown(self.settings.profiles)
        only = self.settings.only
        if only is not None and only not in self.declared:
            raise HarnessError(f"no check is called {only!r}; --collect-only lists them")
        if self.settings.shard and self.settings.is_partial:
            raise HarnessError("--shard is for a whole run; leave it out where --only or --scenario chooses a part")
        if lost := extent.lost(self):
            raise HarnessError("; ".join(lost))
        if not self.settings.is_partial and not extent.missing_files(self, ()):
            judged = [(target, checks) for target in self.targets.values() if (checks := self.of(target))]
            self.faults += [problem for target, checks in judged for problem in target.problems(checks)]
        self._refuse_unknown_excuses()

    def perform(self, check: Check) -> Result:
        """Run one check and keep how it ended."""
        self.running = check.id
        try:
            self.results[check.id] = self.judge.judge(check, self.results)
        except GOES_THROUGH:
            self.was_stopped = True
            raise
        self.running = ""
        return self.results[check.id]

    def correct(self, check: Check, outcome: Outcome, reason: str) -> None:
        """Keep what came to light outside of the body; a worse outcome stands."""
        found = self.results.get(check.id)
        if found is None or found.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            self.results[check.id] = Result(check.id, check.target.name, outcome, reason)

    def conclude(self) -> Conclusion:
        """Draw the conclusion of what has ended by now."""
        return self.evidence.conclude()

    @property
    def evidence(self) -> Evidence:
        """What a verdict would rest on by now."""
        profiles = {identity: check.profile for identity, check in self.declared.items()}
        chapters = {each.chapter for each in self.spec.requirements.values()} if self.is_packaged else set()
        errors = self.errors
        return Evidence(
            results=self.results,
            profiles=profiles,
            declared=counted(profiles),
            required=() if errors else self.required,
            scope=self.scope,
            expected={profile_of(chapter) for chapter in chapters},
            errors=errors,
            partial=lambda names: extent.partial(self, names),
        )

    @property
    def errors(self) -> list[str]:
        """What went wrong outside of any check, and what is missing although nothing was left out."""
        errors = list(self.faults)
        unended = self.selected - set(self.results)
        if unended and not self.was_stopped and not self.settings.is_listing:
            errors.append(f"{len(unended)} checks have no outcome, such as {min(unended)}")
        try:
            _ = self.required
            refuse_unknown(self.settings.profiles)
            errors += [] if errors else extent.lost(self)
        except HarnessError as error:
            errors.append(str(error))
        return list(dict.fromkeys(errors))

    def within(self, names: Collection[str]) -> list[str]:
        """The ids of the declared checks of some profiles; none named means all checks."""
        return [identity for identity, check in self.declared.items() if check.is_in(names)]

    def of(self, target: Target) -> list[Check]:
        """The declared checks of a target."""
        return [check for check in self.declared.values() if check.target is target]

    @property
    def scope(self) -> tuple[str, ...]:
        """The profiles that the verdict is on: those asked for, or what its targets declare where all declare some."""
        if self.settings.profiles or not self.is_packaged:
            return self.settings.profiles
        named = [target.profiles for target in self.targets.values()]
        return tuple(name for name in PROFILES if all(named) and any(name in each for each in named))

    @property
    def is_packaged(self) -> bool:
        """Whether any check is of the suite's own scenarios."""
        return any(check.path.parent == scenario_folder() for check in self.declared.values())

    def close(self) -> None:
        """Release what the targets hold."""
        for target in (*vars(self).get("named", {}).values(), *self.adopted.values()):
            target.close()

    def _refuse_unknown_excuses(self) -> None:
        asked, collected = self.settings.profiles, {check.area for check in self.declared.values()}
        areas = {name: name.partition("/")[0] for name in self.judge.excuses if covers(asked, name.partition("/")[0])}
        is_whole = not extent.missing_files(self, asked)
        known = [name for name, area in areas.items() if is_whole or area in collected]
        idle = set(targets.BUILT_IN) - {target.name for target in self.targets.values()}
        if unknown := baseline.unknown(known, self.declared, idle):
            raise HarnessError(
                f"baseline {self.settings.baseline}: no check is called {', '.join(unknown)}; take the entry out, or "
                "correct its name"
            )
