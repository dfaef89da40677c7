"""Whether a report can be true: its schema, its numbers against each other, and its verdict against both. Pure."""

import importlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.index import OBLIGING
from conformance.outcomes import OK, RAN, HarnessError

MOST: Final = 10  # contradictions that are told
EXPLAINED: Final = ("fail", "unexpected-pass", "harness-error", "expected-fail")


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
    return loaded


def validate(report: dict[str, Any]) -> None:
    """Hold a report against its schema, and its numbers against each other.

    Args:
        report: dict, as `build` makes it.

    Raises:
        HarnessError: it does not match, or its outcomes do not add up.
    """
    jsonschema = importlib.import_module("jsonschema")
    try:
        jsonschema.validate(report, schema(), cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError as error:
        raise HarnessError(f"the report does not match its schema at {error.json_path}: {error.message}") from error
    found = (_wrong_sums, _wrong_areas, _wrong_links, _wrong_rows, _wrong_verdicts)
    complaints = [complaint for look in found for complaint in look(report)]
    if complaints:
        raise HarnessError(f"the report contradicts itself: {'; '.join(complaints[:MOST])}")


def _wrong_sums(report: dict[str, Any]) -> Iterator[str]:
    """Where the numbers of the whole or of a profile are not those of their checks."""
    names = [profile["name"] for profile in report["profiles"]]
    if len(set(names)) != len(names):
        yield f"a profile is listed twice in {names}"
    if strays := {check["profile"] for check in report["checks"]} - {None, *names}:
        yield f"checks belong to profiles that are not listed: {sorted(strays)}"
    if (parts := sum(profile["declared"] for profile in report["profiles"])) > report["declared"]:
        yield f"{report['declared']} checks are declared, and {parts} in the profiles"
    yield from _wrong_counts("the report", report, report["checks"])
    for profile in report["profiles"]:
        checks = [check for check in report["checks"] if check["profile"] == profile["name"]]
        yield from _wrong_counts(profile["name"], profile, checks)


def _wrong_areas(report: dict[str, Any]) -> Iterator[str]:
    """Where what the matrix counts against is not what was declared."""
    declared: Counter[tuple[str, ...]] = Counter()
    for each in report["areas"]:
        declared[each["area"], each["target"], each["surface"]] += each["declared"]
    if declared.total() != report["declared"]:
        yield f"{report['declared']} checks are declared, and {declared.total()} in the areas"
    ended = Counter((check["area"], check["target"], check["surface"]) for check in report["checks"])
    if strays := sorted(key for key in ended if ended[key] > declared[key]):
        area, target, surface = strays[0]
        yield f"{area} on {target}-{surface} has {ended[strays[0]]} checks and declares {declared[strays[0]]}"


def _wrong_links(report: dict[str, Any]) -> Iterator[str]:
    """Where checks and requirements do not find each other, or a check is explained that needs no explanation."""
    named: dict[str, set[str]] = {}
    for each in report["requirements"]:
        if each["id"] in named:
            yield f"the requirement {each['id']} is listed twice"
        named[each["id"]] = set(each["scenarios"])
    if twice := [
        identity for identity, count in Counter(check["id"] for check in report["checks"]).items() if count > 1
    ]:
        yield f"the check {min(twice)} is listed twice"
    for check in report["checks"]:
        if lost := [
            name for name in check["requirements"] if f"{check['area']}/{check['scenario']}" not in named.get(name, ())
        ]:
            yield f"{check['id']} checks {lost[0]}, which does not name its scenario"
        is_explained = any(check[name] is not None for name in ("details", "trace", "reproduce"))
        if is_explained and check["outcome"] not in EXPLAINED:
            yield f"{check['id']} is explained, and ended in {check['outcome']}"
    if report["spec_version"] and (untracked := [each["id"] for each in report["requirements"] if is_untracked(each)]):
        yield f"nothing checks {', '.join(untracked)}"


def _wrong_rows(report: dict[str, Any]) -> Iterator[str]:
    """Where the rows of a check do not add up, or one fell in a check that passed."""
    for check in report["checks"]:
        if (rows := check.get("rows")) is None:
            continue
        fell = len(rows["fallen"])
        if rows["tried"] != rows["held"] + fell:
            yield f"{check['id']} tried {rows['tried']} rows, of which {rows['held']} held and {fell} fell"
        if fell and check["outcome"] not in ("fail", "expected-fail", "harness-error"):
            yield f"{check['id']} ended in {check['outcome']}, and the row {rows['fallen'][0]!r} fell"


def _wrong_counts(name: str, numbers: dict[str, Any], checks: list[dict[str, Any]]) -> Iterator[str]:
    outcomes = Counter(check["outcome"] for check in checks)
    if found := {outcome for outcome, count in numbers["totals"].items() if outcomes[outcome] != count}:
        yield f"{name} has other totals than its {len(checks)} checks for {', '.join(sorted(found))}"
    if numbers["ran"] != (ran := sum(outcomes[outcome] for outcome in RAN)):
        yield f"{name} says that {numbers['ran']} checks ran, and {ran} did"
    if len(checks) > numbers["declared"]:
        yield f"{name} has {len(checks)} checks and declares {numbers['declared']}"


def _wrong_verdicts(report: dict[str, Any]) -> Iterator[str]:
    """Where a verdict is not on all that it claims to be on, or not borne out by its outcomes."""
    if (shard := report["shard"]) and shard["number"] > shard["of"]:
        yield f"it is shard {shard['number']} of {shard['of']}"
    if report["verdict"] and report["errors"]:
        yield f"there is a verdict, although something went wrong outside of any check: {report['errors'][0]}"
    asked = report["scope"]
    scope = [profile for profile in report["profiles"] if profile["name"] in (asked or ())]
    if report["verdict"] and asked and not report["verdict"].endswith(f"conformant in {', '.join(asked)}"):
        yield f"the verdict {report['verdict']!r} is on other profiles than {', '.join(asked)}"
    if report["verdict"] and not asked and " in " in report["verdict"]:
        yield f"the verdict {report['verdict']!r} is on profiles, and none was asked for"
    declared = sum(profile["declared"] for profile in scope) if asked else report["declared"]
    yield from _wrong_verdict("the report", report | {"declared": declared})
    for profile in report["profiles"]:
        yield from _wrong_verdict(profile["name"], profile)
    weighed = scope if asked else [p for p in report["profiles"] if p["verdict"] is not None]
    if report["exit_code"] == OK and (open_ := [p["name"] for p in weighed if p["verdict"] != "conformant"]):
        yield f"the report is conformant without {', '.join(open_)}"


def _wrong_verdict(name: str, numbers: dict[str, Any]) -> Iterator[str]:
    verdict, totals = numbers["verdict"], numbers["totals"]
    if verdict and (total := sum(totals.values())) != numbers["declared"]:
        yield f"{name} has a verdict on {numbers['declared']} checks from {total} outcomes"
    bad = totals["fail"] + totals["unexpected-pass"]
    if verdict and verdict.startswith("not ") and not bad:
        yield f"{name} is not conformant, and nothing failed"
    if verdict and not verdict.startswith("not ") and (bad or not totals["pass"]):
        yield f"{name} is conformant, with {totals['pass']} checks passed and {bad} failed"


def is_untracked(requirement: Mapping[str, Any]) -> bool:
    """Whether a requirement of a report obliges and nothing checks it."""
    return requirement["keyword"] in OBLIGING and not requirement["scenarios"] and not requirement["checked_by"]
