"""What was asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance import targets
from conformance.sharding import Shard

IMPLEMENTATION: Final = "aimu"
REPORT: Final = "conformance-report"  # the folder, where the command is given none


def defaults(implementation: str) -> tuple[str, ...]:
    """The targets where none is named: of ours the built-in ones, of another implementation those that it offers."""
    return targets.BUILT_IN if implementation == IMPLEMENTATION else targets.offered_by(implementation)


WRITTEN: Final = ("report.json", "junit.xml", "matrix.txt", "matrix.html", "summary.md", "badge.svg")


def cleared(folder: Path) -> None:
    """Take away what an earlier run left in the folder for the report, so that a crash does not leave it standing."""
    for name in WRITTEN:
        (folder / name).unlink(missing_ok=True)


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
        shard: Shard or None, the part to run; None is all of it.
        claims: Path or None, the folder by which shards on this machine share the checks; None deals them out.
        limit: float, seconds that one check may take.
        is_live: bool, whether targets on a real endpoint may run.
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
    shard: Shard | None = None
    claims: Path | None = None
    limit: float = 60.0
    is_live: bool = False
    is_command: bool = False
    is_listing: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether single checks or scenarios were asked for."""
        return self.only is not None or self.scenario is not None
