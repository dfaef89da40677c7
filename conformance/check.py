"""One check: a scenario, a target, and a surface or the comparison of both."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.requirement import Scenario
from conformance.targets import Target
from conformance.vocabulary import PARITY, SURFACES


@dataclass(frozen=True, eq=False)
class Check:
    """What is run and reported as one.

    Args:
        area: str, the subject: the scenario's file without `test_`.
        scenario: Scenario.
        target: Target.
        surface: "sync", "aio" or "parity".
        path: Path, the scenario's file.
    """

    area: str
    scenario: Scenario
    target: Target
    surface: str
    path: Path

    @property
    def name(self) -> str:
        """The name inside its file."""
        return self.on(self.surface)

    @property
    def id(self) -> str:
        """The name by which reports and baselines know it."""
        return f"{self.area}/{self.name}"

    @property
    def profile(self) -> str | None:
        """The profile that it counts for."""
        return self.target.profile_of(self.area)

    def is_in(self, profiles: Collection[str]) -> bool:
        """Whether it counts for one of some profiles; none named means everything."""
        return not profiles or self.profile in profiles

    @property
    def group(self) -> tuple[str, str, str]:
        """What the checks of one scenario on one target have in common."""
        return self.area, self.scenario.name, self.target.name

    @property
    def sides(self) -> tuple[str, ...]:
        """The ids of the checks that this one compares; none unless it is a parity check."""
        return tuple(f"{self.area}/{self.on(surface)}" for surface in SURFACES if self.surface == PARITY)

    def on(self, surface: str) -> str:
        """The name of the same check on another surface."""
        return f"{self.scenario.name}[{self.target.name}-{surface}]"


def checks_of(area: str, scenario: Scenario, target: Target, path: Path) -> Iterator[Check]:
    """The checks of a scenario on a target that is judged on it: its surfaces in order, then their comparison.

    Args:
        area: str, the subject.
        scenario: Scenario.
        target: Target.
        path: Path, the scenario's file.
    """
    if not target.is_judged_by(area, scenario):
        return
    surfaces = [surface for surface in SURFACES if surface in scenario.surfaces]
    for surface in [*surfaces, PARITY] if scenario.has_parity else surfaces:
        yield Check(area, scenario, target, surface, path)
