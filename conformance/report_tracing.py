"""Each requirement with its clause, the scenarios that check it and the breaks that show that they do."""

from typing import Any

from conformance import mutants
from conformance.index import traceability
from conformance.run import Run


def requirements(run: Run) -> list[dict[str, Any]]:
    """The requirements of the chapters that a run was judged by.

    Args:
        run: Run.

    Returns:
        list of dict: as the schema of the report has them, in the order of the chapters.
    """
    scenarios, breaks = _scenarios(run), mutants.names() if run.is_packaged else {}
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
            "mutants": list(breaks.get(each.id, ())),
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
