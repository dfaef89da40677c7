"""What a run leaves: report.json, by its published schema, and the matrix; pytest writes the JUnit file."""

import hashlib
import importlib
import json
import platform
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from conformance.index import digest
from conformance.matrix import lines
from conformance.outcomes import RAN, Conclusion, HarnessError, tally
from conformance.redaction import redact
from conformance.run import Run

SCHEMA_VERSION: Final = 1
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
        "declared": len(run.declared),
        "ran": sum(result.outcome in RAN for result in results),
        "totals": tally(results),
        "verdict": conclusion.verdict,
        "exit_code": conclusion.code,
        "sentence": redact(conclusion.sentence),
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
    total = sum(report["totals"].values())
    if total != len(report["checks"]):
        raise HarnessError(f"the report has {len(report['checks'])} checks and {total} outcomes")
    if report["verdict"] and total != report["declared"]:
        raise HarnessError(f"the report has a verdict on {report['declared']} checks from {total} outcomes")


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
        }
        for target in targets.values()
    ]


def _check(run: Run, identity: str) -> dict[str, Any]:
    check, result = run.declared[identity], run.results[identity]
    return {
        "id": identity,
        "area": check.area,
        "scenario": check.scenario.name,
        "requirements": list(check.scenario.requirements),
        "target": check.target.name,
        "surface": check.surface,
        "outcome": result.outcome.value,
        "reason": redact(result.reason),
        "seconds": round(result.seconds, 6),
    }
