"""The table of the rows that scenarios tried: a line a scenario, a column a target and surface, held/tried. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.characters import one_line

TITLE: Final = "Faults: rows held/tried"
NONE: Final = "-"

Report = Mapping[str, Any]
Column = tuple[str, str]


@dataclass(frozen=True)
class Cell:
    """Rows of one column.

    Args:
        text: str, such as "51/52"; "-" where none was tried.
        fallen: tuple of str, the rows that did not hold.
    """

    text: str
    fallen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Faults:
    """The table.

    Args:
        columns: list of (target, surface).
        lines: list of (scenario, cells); the last one has the sums.
    """

    columns: list[Column]
    lines: list[tuple[str, list[Cell]]]


def table(report: Report) -> Faults | None:
    """The table of a report.

    Args:
        report: dict.

    Returns:
        Faults, or None where no scenario tried rows.
    """
    checks = [check for check in report["checks"] if check.get("rows")]
    if not checks:
        return None
    columns = list(dict.fromkeys((check["target"], check["surface"]) for check in checks))
    order = [target["name"] for target in report["targets"]]
    columns.sort(key=lambda column: order.index(column[0]) if column[0] in order else len(order))
    names = sorted({_name(check) for check in checks})
    lines = [(name, _cells([check for check in checks if _name(check) == name], columns)) for name in names]
    return Faults(columns, [*lines, ("total", _cells(checks, columns))])


def text(report: Report) -> list[str]:
    """The table as lines of text of equal columns."""
    if (found := table(report)) is None:
        return []
    head = [TITLE, *(f"{one_line(target)} {surface}" for target, surface in found.columns)]
    lines = [head, *([one_line(name), *(cell.text for cell in cells)] for name, cells in found.lines)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["", *(_padded(line, widths) for line in lines)]


def _padded(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (word.ljust(width) for word, width in zip(line, widths, strict=True))
    return "  ".join([first, *others]).rstrip()


def _name(check: Report) -> str:
    return f"{check['area'].removeprefix('faults_')}: {check['scenario'].removeprefix('test_').replace('_', ' ')}"


def _cells(checks: Iterable[Report], columns: Sequence[Column]) -> list[Cell]:
    by_column: dict[Column, list[Report]] = {column: [] for column in columns}
    for check in checks:
        by_column[check["target"], check["surface"]].append(check["rows"])
    return [_cell(by_column[column]) for column in columns]


def _cell(rows: Sequence[Report]) -> Cell:
    if not rows:
        return Cell(NONE)
    fallen = tuple(name for each in rows for name in each["fallen"])
    return Cell(f"{sum(each['held'] for each in rows)}/{sum(each['tried'] for each in rows)}", fallen)
