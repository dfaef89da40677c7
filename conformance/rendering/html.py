"""The matrix as one HTML file, that asks for nothing from elsewhere and is read without JavaScript."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from conformance import fault_table
from conformance.characters import printable
from conformance.matrix import MARKS, cassette_lines, counted, summary
from conformance.outcomes import Outcome
from conformance.rendering.badge import counts
from conformance.rendering.grid import Column, chapters, columns, failures

LISTED: Final = 300  # failures in the list at the top


def page(report: Mapping[str, Any]) -> str:
    """The page of a report.

    Args:
        report: dict.

    Returns:
        str: HTML.
    """
    explained, there = failures(report), columns(report)
    passed, declared = counts(report)
    return _template().render(
        report=report,
        verdict=report["verdict"] or "no verdict",
        kind={0: "pass", 1: "bad"}.get(report["exit_code"], "other"),
        passed=passed,
        declared=declared,
        sentence=summary(report),
        counted=counted,
        missing=_missing(report),
        cassettes=cassette_lines(report),
        faults=fault_table.table(report),
        faults_title=fault_table.TITLE,
        columns=list(enumerate(there)),
        heads=_heads(there),
        chapters=chapters(report, explained),
        failures=list(explained.values())[:LISTED],
        hidden=max(0, len(explained) - LISTED),
        outcomes=[outcome.value for outcome in Outcome],
        marks={outcome.value: mark for outcome, mark in MARKS.items()},
    )


def _missing(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the requirements ask for and a target does not declare."""
    asked = {requirement["capability"] for requirement in report["requirements"]} - {"any"}
    return {target["name"]: sorted(asked - set(target["capabilities"])) for target in report["targets"]}


def _heads(there: list[Column]) -> list[tuple[str, int]]:
    """The targets, and how many columns each has."""
    return [(name, len(list(group))) for name, group in groupby(there, lambda column: column[0])]


def _clause(text: str) -> Markup:
    """A clause as HTML: what stands between backticks is code, and everything else is text."""
    parts = [escape(part) for part in re.split(r"`([^`]+)`", printable(text))]
    parts[1::2] = [Markup("<code>{}</code>").format(part) for part in parts[1::2]]
    return Markup("").join(parts)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters["clause"] = _clause
    return environment.get_template("template.html")
