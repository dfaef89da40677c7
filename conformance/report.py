"""What a run leaves: report.json, by its published schema, and the matrix; pytest writes the JUnit file."""

import hashlib
import importlib
import json
import platform
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from conformance.index import digest
from conformance.matrix import lines
from conformance.outcomes import OK, RAN, Conclusion, HarnessError, tally
from conformance.profiles import PROFILES, Standing, standings
from conformance.redaction import redact
from conformance.run import Run

SCHEMA_VERSION: Final = 3
MATRIX_WIDTH: Final = 120


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
    return loaded


def build(run: Run, conclusion: Conclusion) -> dict[str, Any]:
    """The report of a run.

    Args:
        run: Run, that has ended.
        conclusion: Conclusion, drawn from it.

    Returns:
        dict: JSON data, with keys and tokens taken out.
    """
    results = list(run.results.values())
    return {
        "schema_version": SCHEMA_VERSION,
        "implementation": {"name": run.settings.implementation, "version": _version(run)},
        "python": platform.python_version(),
        "platform": {"system": sys.platform, "machine": platform.machine()},
        "digests": {"spec": digest(run.spec), "suite": suite_digest({c.path for c in run.declared.values()})},
        "targets": _targets(run),
        "scope": list(run.settings.profiles) or None,
        "declared": len(run.declared),
        "ran": sum(result.outcome in RAN for result in results),
        "totals": tally(results),
        "verdict": conclusion.verdict,
        "exit_code": conclusion.code,
        "sentence": redact(conclusion.sentence),
        "profiles": [_profile(standing) for standing in standings(run)],
        "checks": [_check(run, identity) for identity in run.declared if identity in run.results],
    }


def suite_digest(paths: Iterable[Path]) -> str:
    """The SHA-256 over scenario files, by name and content, wherever they lie.

    Args:
        paths: iterable of Path.

    Returns:
        str: in hexadecimal.
    """
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.name):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{path.name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


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
    complaints = [*_wrong_sums(report), *_wrong_verdicts(report)]
    if complaints:
        raise HarnessError(f"the report contradicts itself: {'; '.join(complaints)}")


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


def write(run: Run, conclusion: Conclusion) -> Path:
    """Write the report of a run.

    Args:
        run: Run, whose settings name the folder.
        conclusion: Conclusion.

    Returns:
        Path: report.json.

    Raises:
        HarnessError: the report is not valid; nothing is written.
    """
    report = build(run, conclusion)
    validate(report)
    folder = run.settings.report or Path()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    matrix = "\n".join(lines(run, conclusion, MATRIX_WIDTH))
    (folder / "matrix.txt").write_text(matrix + "\n", encoding="utf-8")
    return path


def _version(run: Run) -> str | None:
    if "judge" in vars(run):
        return run.judge.implementation.version
    try:
        return metadata.version(run.settings.implementation)
    except metadata.PackageNotFoundError:
        return None


def _targets(run: Run) -> list[dict[str, Any]]:
    try:
        required, targets = run.required, run.targets
    except HarnessError:
        return []
    return [
        {
            "name": target.name,
            "capabilities": sorted(target.capabilities),
            "required": target.name in required,
            "unavailable": target.unavailable(),
            "cassettes": target.cassettes(run.of(target)),
        }
        for target in targets.values()
    ]


def _profile(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "chapters": list(PROFILES[standing.name]),
        "declared": standing.declared,
        "ran": sum(result.outcome in RAN for result in standing.results),
        "totals": tally(standing.results),
        "verdict": standing.conclusion.verdict,
        "sentence": redact(standing.conclusion.sentence),
    }


def _check(run: Run, identity: str) -> dict[str, Any]:
    check, result = run.declared[identity], run.results[identity]
    return {
        "id": identity,
        "area": check.area,
        "profile": check.profile,
        "scenario": check.scenario.name,
        "requirements": list(check.scenario.requirements),
        "target": check.target.name,
        "surface": check.surface,
        "outcome": result.outcome.value,
        "reason": redact(result.reason),
        "seconds": round(result.seconds, 6),
    }
