"""What a run leaves: report.json, by its published schema, and everything that is made of it."""

import json
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from conformance import versions
from conformance.outcomes import RAN, Conclusion, HarnessError, Result, tally
from conformance.profiles import PROFILES, Standing
from conformance.redaction import redact, withhold
from conformance.report_digests import digests, suite_digest
from conformance.report_tracing import requirements
from conformance.report_validation import schema, validate
from conformance.run import Run
from conformance.spec import default_folder

__all__ = ["SCHEMA_VERSION", "build", "figures", "schema", "suite_digest", "validate", "write"]

SCHEMA_VERSION: Final = 4


def build(run: Run, conclusion: Conclusion) -> dict[str, Any]:
    """The report of a run.

    Args:
        run: Run, that has ended.
        conclusion: Conclusion, drawn from it.

    Returns:
        dict: JSON data, with keys and tokens taken out.
    """
    evidence = run.evidence
    return {
        "schema_version": SCHEMA_VERSION,
        "spec_version": _spec_version(run),
        "implementation": {"name": run.settings.implementation, "version": _version(run)},
        "python": platform.python_version(),
        "platform": {"system": sys.platform, "machine": platform.machine()},
        "digests": digests(run),
        "targets": _targets(run),
        "scope": list(evidence.scope) or None,
        "shard": _shard(run),
        "declared": len(run.declared),
        **figures(list(evidence.results.values()), conclusion),
        "exit_code": conclusion.code,
        "errors": [redact(error) for error in evidence.errors],
        "profiles": [_profile(standing) for standing in evidence.standings()],
        "areas": _areas(run),
        "requirements": requirements(run),
        "checks": [_check(run, identity) for identity in run.declared if identity in run.results],
    }


def figures(results: Sequence[Result], conclusion: Conclusion) -> dict[str, Any]:
    """What a report says in the same words of a run and of each profile.

    Args:
        results: the ends of the checks that have one.
        conclusion: Conclusion, drawn from them.

    Returns:
        dict: how many ran, how many there are of each outcome, the verdict and the sentence.
    """
    return {
        "ran": sum(result.outcome in RAN for result in results),
        "totals": tally(results),
        "verdict": conclusion.verdict,
        "sentence": redact(conclusion.sentence),
    }


def write(report: dict[str, Any], folder: Path) -> Path:
    """Write a report and all that is made of it.

    Args:
        report: dict, as `build` makes it.
        folder: Path, made where it does not exist.

    Returns:
        Path: report.json.

    Raises:
        HarnessError: the report is not valid; nothing is written.
    """
    validate(report)
    from conformance.rendering import RENDERINGS

    texts = {name: render(report) for name, render in RENDERINGS.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    path = folder / "report.json"
    path.write_text(json.dumps(report, indent=2, ensure_ascii=True) + "\n", encoding="utf-8")
    return path


def _spec_version(run: Run) -> str | None:
    """The version of the suite's own chapters; None for others."""
    if run.spec.folder != default_folder():
        return None
    return versions.current()


def _version(run: Run) -> str | None:
    if "judge" in vars(run):
        return run.judge.implementation.version
    try:
        return metadata.version(run.settings.implementation)
    except metadata.PackageNotFoundError:
        return None


def _shard(run: Run) -> dict[str, int] | None:
    shard = run.settings.shard
    return None if shard is None else {"number": shard.number, "of": shard.of}


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
        **figures(standing.results, standing.conclusion),
    }


def _areas(run: Run) -> list[dict[str, Any]]:
    """How many checks are declared of each area, on each target and surface: what the matrix counts against."""
    counts = Counter((c.area, c.profile, c.target.name, c.surface) for c in run.declared.values())
    names = ("area", "profile", "target", "surface", "declared")
    return [dict(zip(names, (*key, count), strict=True)) for key, count in counts.items()]


def _check(run: Run, identity: str) -> dict[str, Any]:
    check, result = run.declared[identity], run.results[identity]
    explained = run.explanations.get(identity)
    return {
        "id": identity,
        "area": check.area,
        "profile": check.profile,
        "scenario": check.scenario.name,
        "requirements": list(check.scenario.requirements),
        "target": check.target.name,
        "surface": check.surface,
        "outcome": result.outcome.value,
        "reason": withhold(result.reason) if explained else redact(result.reason),
        "derived": result.is_derived,
        "seconds": round(result.seconds, 6),
        "rows": result.rows,
        "details": explained.details if explained else None,
        "trace": explained.trace if explained else None,
        "reproduce": explained.command if explained else None,
    }
