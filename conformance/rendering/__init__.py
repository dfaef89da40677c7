"""What is made of report.json, and of nothing else.

html.py        the matrix in one HTML file, by template.html; grid.py: what it shows, counted
markdown.py    the summary for CI
junit.py       the checks as JUnit's test cases
badge.py       the badge, which prints n/m
comparison.py  the command that says what differs between two reports, or from the outcomes expected
command.py     the command that renders a report again
reading.py     a stored report, read and held against its schema
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.matrix import lines
from conformance.rendering.badge import svg
from conformance.rendering.html import page
from conformance.rendering.junit import xml
from conformance.rendering.markdown import summary

WIDTH: Final = 120  # of the matrix as text


def _matrix(report: Mapping[str, Any]) -> str:
    return "\n".join(lines(report, WIDTH)) + "\n"


RENDERINGS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "matrix.txt": _matrix,
    "matrix.html": page,
    "summary.md": summary,
    "junit.xml": xml,
    "badge.svg": svg,
}
