"""Each requirement with its clause, the scenarios that check it and the breaks that show that they do."""

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

from conformance.index import traceability
from conformance.run import Run


def requirements(run: Run) -> list[dict[str, Any]]:
    """The requirements of the chapters that a run was judged by.

    Args:
        run: Run.

    Returns:
        list of dict: as the schema of the report has them, in the order of the chapters.
    """
    scenarios, mutants = _scenarios(run), _mutants() if run.is_packaged else {}
    return [
        {
            "id": each.id,
            "title": each.title,
            "keyword": each.keyword,
            "sentence": each.sentence,
            "link": each.link,
            "chapter": each.chapter,
            "surfaces": list(each.surfaces),
            "capability": each.capability,
            "checked_by": each.checked_by,
            "scenarios": scenarios.get(each.id, []),
            "mutants": list(mutants.get(each.id, ())),
        }
        for each in run.spec.requirements.values()
    ]


def _scenarios(run: Run) -> dict[str, list[str]]:
    """The scenarios by requirement: those declared, and in the suite's own those of targets not selected too."""
    found: dict[str, dict[str, None]] = {}
    if run.is_packaged:
        found = {identity: dict.fromkeys(names) for identity, names in traceability().items()}
    for check in run.declared.values():
        for identity in check.scenario.requirements:
            found.setdefault(identity, {})[f"{check.area}/{check.scenario.name}"] = None
    return {identity: list(names) for identity, names in found.items()}


def _mutants() -> Mapping[str, list[str]]:
    if importlib.util.find_spec("conformance.mutants") is None:
        return {}
    names: Mapping[str, list[str]] = importlib.import_module("conformance.mutants").names()
    return names
