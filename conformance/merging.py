"""The reports of all shards made into the report of the run that they are: `python -m conformance merge`.

Nothing is added up: the conclusion is drawn anew from the outcomes, by what draws it in a run of one piece.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from conformance import versions
from conformance.evidence import Evidence
from conformance.outcomes import BROKEN, HarnessError, Outcome, Result
from conformance.profiles import Standing, profile_of
from conformance.report import figures, validate, write
from conformance.report_digests import checks_digest
from conformance.settings import REPORT
from conformance.sharding import Shard

Report: TypeAlias = dict[str, Any]

# what the shards of one run differ in; all else in their reports has to be the same
OWN: Final = frozenset(
    (*("shard", "ran", "totals", "verdict", "exit_code", "sentence"), *("errors", "profiles", "checks"))
)


def main(argv: list[str]) -> int:
    """Merge reports: `python -m conformance merge REPORT.json... [--report DIR]`.

    Args:
        argv: list of str, without the word "merge".

    Returns:
        int: the exit code of the whole run; 2 where the reports are not its shards.
    """
    parser = argparse.ArgumentParser(prog="python -m conformance merge", description="One report of all shards.")
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT.json", help="the report of each shard")
    parser.add_argument("--report", type=Path, default=Path(REPORT), metavar="DIR", help="default: %(default)s")
    options = parser.parse_args(argv)
    try:
        merged = merge([_read(path) for path in options.reports])
        path = write(merged, options.report)
    except (HarnessError, OSError) as error:
        print(f"no verdict ({error})", file=sys.stderr)
        return BROKEN
    show(merged, path)
    code: int = merged["exit_code"]
    return code


def merge(reports: Sequence[Report]) -> Report:
    """The report of a run, of the reports of its shards.

    Args:
        reports: of all shards, in any order.

    Returns:
        dict: but for seconds and the order of checks, what the run in one piece would have said.

    Raises:
        HarnessError: they are not shards of one run, one is missing or given twice, or a check is in none or in two.
    """
    _refuse_foreign(reports)
    shards = sorted(reports, key=lambda report: int(report["shard"]["number"]))
    first = shards[0]
    checks = sorted((check for report in shards for check in report["checks"]), key=lambda check: str(check["id"]))
    errors = list(dict.fromkeys(error for report in shards for error in report["errors"]))
    _refuse_gaps(shards, checks, errors)
    evidence = _evidence(first, checks, errors)
    conclusion = evidence.conclude()
    results = list(evidence.results.values())
    merged = first | {"shard": None, "checks": checks, "errors": errors} | figures(results, conclusion)
    merged["exit_code"] = conclusion.code
    parts = {profile["name"]: profile for profile in first["profiles"]}
    merged["profiles"] = [_profile(parts[each.name], each) for each in evidence.standings()]
    return merged


def show(report: Report, path: Path | None) -> None:
    """Print the matrix of a report, as at the end of a run.

    Args:
        report: dict.
        path: Path or None, where it was written.
    """
    from rich.console import Console

    from conformance.matrix import lines

    console = Console(highlight=False, soft_wrap=True)
    for line in lines(report, console.width, console.is_terminal, path):
        print(line)


def _read(path: Path) -> Report:
    try:
        report: Report = json.loads(path.read_text(encoding="utf-8"))
        validate(report)
    except (OSError, ValueError, HarnessError) as error:
        raise HarnessError(f"{path} is no report of a shard: {error}") from error
    if report["shard"] is None:
        raise HarnessError(f"{path} is the report of no shard; run it with --shard 1/2, say")
    return report


def _refuse_foreign(reports: Sequence[Report]) -> None:
    """Refuse reports of different things, and other numbers of shards than there are."""
    first = reports[0]
    for report in reports[1:]:
        for key in sorted((first.keys() | report.keys()) - OWN):
            if report.get(key) != first.get(key):
                raise HarnessError(
                    f"shards {_name(first)} and {_name(report)} differ in {key}: {_short(first.get(key))} and "
                    f"{_short(report.get(key))}; run all shards with the same things"
                )
    parts = {report["shard"]["of"] for report in reports}
    if len(parts) != 1:
        told = " and in ".join(map(str, sorted(parts)))
        raise HarnessError(f"the shards are of runs in {told} parts; merge those of one run")
    numbers = Counter(report["shard"]["number"] for report in reports)
    if twice := sorted(number for number, count in numbers.items() if count > 1):
        raise HarnessError(f"shard {twice[0]}/{parts.pop()} is given {numbers[twice[0]]} times; give each once")
    if missing := sorted(set(range(1, first["shard"]["of"] + 1)) - set(numbers)):
        raise HarnessError(f"shard {missing[0]}/{first['shard']['of']} is missing; give the report of each")


def _refuse_gaps(shards: Sequence[Report], checks: Sequence[dict[str, Any]], errors: Collection[str]) -> None:
    """Refuse shards that are not the whole between them; where one broke it has said why, and that is told."""
    identities = Counter(check["id"] for check in checks)
    if twice := sorted(identity for identity, count in identities.items() if count > 1):
        raise HarnessError(f"{len(twice)} checks are in two shards, such as {twice[0]}; run all shards with one suite")
    first, scope = shards[0], shards[0]["scope"]
    asked = [part["declared"] for part in first["profiles"] if part["name"] in (scope or ())]
    declared = sum(asked) if scope else first["declared"]
    if len(identities) != declared:
        told = "; ".join([*errors, *(f"{_name(report)}: {report['sentence']}" for report in shards)])
        raise HarnessError(f"{declared - len(identities)} of {declared} checks are in no shard ({told})")
    if not scope and checks_digest(identities) != first["digests"]["checks"]:
        raise HarnessError("the shards have other checks between them than are declared; run all with one suite")


def _evidence(first: Report, checks: Sequence[dict[str, Any]], errors: Sequence[str]) -> Evidence:
    declared: Counter[str | None] = Counter()
    for area in first["areas"]:
        declared[area["profile"]] += area["declared"]
    return Evidence(
        results={check["id"]: _result(check) for check in checks},
        profiles={check["id"]: check["profile"] for check in checks},
        declared=declared,
        required=[target["name"] for target in first["targets"] if target["required"]],
        scope=tuple(first["scope"] or ()),
        expected={profile_of(each["chapter"]) for each in first["requirements"]} if _is_packaged(checks) else (),
        errors=errors,
    )


def _is_packaged(checks: Sequence[dict[str, Any]]) -> bool:
    """Whether any check is of the suite's own scenarios."""
    own = versions.load().scenarios
    return any(f"{check['area']}/{check['scenario']}" in own for check in checks)


def _result(check: dict[str, Any]) -> Result:
    return Result(
        check["id"], check["target"], Outcome(check["outcome"]), check["reason"], check["seconds"], check["derived"]
    )


def _profile(part: dict[str, Any], standing: Standing) -> dict[str, Any]:
    return part | figures(standing.results, standing.conclusion)


def _name(report: Report) -> str:
    return str(Shard(**report["shard"]))


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:80]}..."
