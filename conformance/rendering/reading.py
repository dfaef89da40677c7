"""A stored report, read and held against its schema, or the outcomes that are expected of one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.outcomes import HarnessError, Outcome
from conformance.report_validation import validate

OUTCOMES = {outcome.value for outcome in Outcome}


def read(path: Path) -> dict[str, Any]:
    """Read a report.

    Args:
        path: Path, of report.json.

    Returns:
        dict: JSON data, valid.

    Raises:
        HarnessError: it cannot be read, is no report of this version, or contradicts itself.
    """
    loaded = _loaded(path)
    try:
        validate(loaded)
    except HarnessError as error:
        raise HarnessError(f"{path}: {error}") from error
    return loaded


def outcomes(path: Path) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Read outcomes by check.

    Args:
        path: Path, of a report, or of a JSON object from check id to outcome.

    Returns:
        dict of str to str, and the report that it is of; None for an object of outcomes.

    Raises:
        HarnessError: it is neither, or it says nothing of any check.
    """
    loaded = _loaded(path)
    if "schema_version" in loaded:
        report = read(path)
        found = outcomes_of(report)
    else:
        report, found = None, loaded
        if wrong := [each for each in found.items() if each[1] not in OUTCOMES]:
            raise HarnessError(f"{path}: {wrong[0][0]!r} has {wrong[0][1]!r}; one of {', '.join(sorted(OUTCOMES))}")
    if not found:
        raise HarnessError(f"{path}: there is no check in it, so there is nothing to compare")
    return found, report


def outcomes_of(report: Mapping[str, Any]) -> dict[str, str]:
    """The outcomes of a report by check, in the order of the ids."""
    return dict(sorted((check["id"], check["outcome"]) for check in report["checks"]))


def _loaded(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"{path} cannot be read: {error}") from error
    if not isinstance(loaded, dict):
        raise HarnessError(f"{path} is no report: a JSON object is expected")
    return loaded
