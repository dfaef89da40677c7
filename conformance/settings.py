"""What was asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance import targets

IMPLEMENTATION: Final = "aimu"


def defaults(implementation: str) -> tuple[str, ...]:
    """The targets of an implementation where none is named; on record are the requests of our own only."""
    is_ours = implementation == IMPLEMENTATION
    return tuple(name for name in targets.BUILT_IN if is_ours or not name.endswith(targets.RECORDED))


@dataclass(frozen=True)
class Settings:
    """What was asked for.

    Args:
        targets: tuple of str, names to be found by `conformance.targets.find`.
        required: tuple of str, the targets that have to be able to run; empty means all.
        implementation: str, the top-level module under test.
        report: Path or None, the folder for the report.
        baseline: Path or None, the file of expected failures.
        spec: Path or None, the folder of the chapters; None is the suite's own.
        cassettes: Path or None, the folder of all cassettes; None is the suite's own.
        profiles: tuple of str, the profiles to judge; empty means all.
        only: str or None, the one check to run.
        scenario: str or None, a part of the "area/function" of those to run.
        limit: float, seconds that one check may take.
        is_command: bool, whether the suite is all that runs, so that an empty run is one too.
        is_listing: bool, whether the checks are only collected.
    """

    targets: tuple[str, ...] = targets.BUILT_IN
    required: tuple[str, ...] = ()
    implementation: str = IMPLEMENTATION
    report: Path | None = None
    baseline: Path | None = None
    spec: Path | None = None
    cassettes: Path | None = None
    profiles: tuple[str, ...] = ()
    only: str | None = None
    scenario: str | None = None
    limit: float = 60.0
    is_command: bool = False
    is_listing: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether single checks or scenarios were asked for."""
        return self.only is not None or self.scenario is not None
