"""How much of the suite a run is: what was asked for, what was left out, and what is lost."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from conformance import floor, renames, suite, versions
from conformance.check import Check
from conformance.profiles import covers
from conformance.sharding import deal

if TYPE_CHECKING:
    from conformance.run import Run


def wanted(run: "Run") -> set[str]:
    """The ids of the checks that the settings select.

    Args:
        run: Run, that has declared all its checks.
    """
    asked = [check for check in run.declared.values() if _is_asked_for(run, check)]
    shard = run.settings.shard
    if shard is None or run.settings.claims:
        return {check.id for check in asked}
    weights = {check.target.name: check.target.weight for check in asked}
    dealt = deal((check.group for check in asked), shard.of, weights)
    return {check.id for check in asked if dealt[check.group] == shard.number}


def partial(run: "Run", names: Collection[str]) -> str | None:
    """Why a run is not all of some profiles, or None where it is.

    Args:
        run: Run.
        names: the profiles; none named means all.
    """
    checks = set(run.within(names))
    if run.settings.is_listing:
        return "partial run: the checks were only collected"
    if missing := missing_files(run, names):
        return f"partial run: not collected: {', '.join(missing)}"
    mine = checks & _own(run) if run.settings.shard else checks
    if left_out := mine - run.selected:
        return f"partial run: {len(left_out)} of {len(mine)} checks were not selected"
    if run.settings.is_partial:
        return "partial run: single checks or scenarios were asked for"
    if unended := mine - set(run.results):
        return f"partial run: stopped before {len(unended)} of {len(mine)} checks had ended"
    if run.settings.shard:
        return f"shard {run.settings.shard}, {len(mine)} of {len(checks)} checks: merge the reports of all shards"
    return None


def missing_files(run: "Run", names: Collection[str]) -> list[str]:
    """The packaged files of some profiles that were not collected, where any file was.

    Args:
        run: Run.
        names: the profiles; none named means all.
    """
    if not run.is_packaged:
        return []
    missing = set(suite.files()) - run.modules
    return sorted(path.name for path in missing if covers(names, suite.area_of(path)))


def lost(run: "Run") -> list[str]:
    """What the version of the spec has and a run that is meant to be whole has not met: scenarios, or checks of ours.

    Args:
        run: Run.

    Raises:
        HarnessError: the version, or the map of renamed scenarios, cannot be read.
    """
    if not run.is_packaged or run.settings.is_partial or run.settings.is_listing:
        return []
    frozen = floor.within(versions.load(), run.settings.profiles, run.modules)
    scenarios = list(floor.lost(frozen, run.packaged, renames.load()))
    if scenarios or missing_files(run, ()):
        return scenarios
    counts = {target.name: len(run.of(target)) for target in run.targets.values()}
    fewer = {name: count for name, count in counts.items() if count < frozen.checks.get(name, 0)}
    return [f"{line}; {frozen.remedy}" for line in floor.miscounted(frozen, fewer)]


def _own(run: "Run") -> set[str]:
    """The ids of the checks that are this shard's."""
    return run.selected if run.settings.claims else wanted(run)


def _is_asked_for(run: "Run", check: Check) -> bool:
    """Whether the settings name a check; with a parity check go the two that it compares."""
    only, part = run.settings.only, run.settings.scenario
    if only is not None and check.id != only and check.id not in run.declared[only].sides:
        return False
    is_part = part is None or part in f"{check.area}/{check.scenario.name}"
    return is_part and check.is_in(run.settings.profiles)
