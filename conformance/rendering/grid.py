"""What the page shows, counted: requirements by targets and surfaces, and under each what checked it. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from conformance.characters import one_line
from conformance.matrix import BAD, MARKS
from conformance.outcomes import Outcome
from conformance.report_validation import EXPLAINED, is_untracked
from conformance.trace import told
from conformance.vocabulary import PARITY, SURFACES

Report = Mapping[str, Any]
Column = tuple[str, str]

SIGNS: Final = {Outcome.PASS: "✓"} | {outcome: "✗" if outcome in BAD else "–" for outcome in MARKS}
MOST: Final = 200  # checks that are explained in full; report.json has the others


@dataclass(frozen=True)
class Cell:
    """How checks of one column ended.

    Args:
        column: int, which.
        text: str, such as "2/3 F1", which says it without a colour.
        kind: "pass", "bad", "idle" where the rest does not apply, "other" or "none".
        told: str, the same in words.
    """

    column: int
    text: str
    kind: str
    told: str


@dataclass(frozen=True)
class Ended:
    """The checks of a scenario that ended alike.

    Args:
        sign: str; outcome: str.
        where: str, such as "openai, anthropic: sync, aio, parity".
        why: str, the reason; "" where it is told elsewhere.
    """

    sign: str
    outcome: str
    where: str
    why: str


@dataclass(frozen=True)
class Failure:
    """A check that is explained.

    Args:
        anchor: str, where it stands in the page.
        check: dict, of the report.
        sign: str.
        brief: str, the reason in one line.
        lines: of the details, each with its kind: "add", "del" or "".
        wire: str, the trace as text.
        is_short: bool, whether the explanation is left out.
    """

    anchor: str
    check: Report
    sign: str
    brief: str
    lines: list[tuple[str, str]]
    wire: str
    is_short: bool


@dataclass(frozen=True)
class Row:
    """One requirement.

    Args:
        requirement: dict, of the report.
        cells: list of Cell, one for each column.
        scenarios: the name of each scenario, and how its checks ended.
        failures: list of Failure, that are explained here.
        elsewhere: list of Failure, that are explained under another requirement.
        is_untracked: bool.
    """

    requirement: Report
    cells: list[Cell]
    scenarios: list[tuple[str, list[Ended]]]
    failures: list[Failure]
    elsewhere: list[Failure]
    is_untracked: bool


@dataclass(frozen=True)
class Chapter:
    """The requirements of one chapter.

    Args:
        name: str.
        rows: list of Row.
        cells: list of Cell, of all checks of the chapter.
        whole: Cell, of all columns together.
        is_bad: bool, whether any failed or is untracked.
    """

    name: str
    rows: list[Row]
    cells: list[Cell]
    whole: Cell
    is_bad: bool


def columns(report: Report) -> list[Column]:
    """The targets and surfaces that have checks, targets in the order of the report."""
    there = {(each["target"], each["surface"]) for each in report["areas"]}
    names = dict.fromkeys([*(each["name"] for each in report["targets"]), *sorted(name for name, _ in there)])
    return [(name, side) for name in names for side in (*SURFACES, PARITY) if (name, side) in there]


def failures(report: Report) -> dict[str, Failure]:
    """What is explained, by check: what failed before what was expected to."""
    found = [check for check in report["checks"] if check["outcome"] in EXPLAINED]
    found.sort(key=lambda check: EXPLAINED.index(check["outcome"]))
    return {check["id"]: _failure(number, check) for number, check in enumerate(found)}


def chapters(report: Report, explained: Mapping[str, Failure]) -> list[Chapter]:
    """The requirements by chapter.

    Args:
        report: dict.
        explained: as `failures` gives them.
    """
    by_requirement: dict[str, list[Report]] = {}
    for check in report["checks"]:
        for identity in check["requirements"]:
            by_requirement.setdefault(identity, []).append(check)
    there, shown, found = columns(report), set[str](), []
    for name, requirements in groupby(report["requirements"], lambda each: each["chapter"]):
        rows, checks = [], dict[str, Report]()
        for requirement in requirements:
            own = by_requirement.get(requirement["id"], [])
            rows.append(_row(requirement, own, there, explained, shown))
            checks |= {check["id"]: check for check in own}
        cells = _cells(checks.values(), there)
        is_bad = any(row.is_untracked for row in rows) or any(cell.kind == "bad" for cell in cells)
        whole = _cell(0, Counter(check["outcome"] for check in checks.values()))
        found.append(Chapter(name, rows, cells, whole, is_bad))
    return found


def _row(
    requirement: Report,
    checks: Sequence[Report],
    there: Sequence[Column],
    explained: Mapping[str, Failure],
    shown: set[str],
) -> Row:
    mine = [explained[check["id"]] for check in checks if check["id"] in explained]
    here = [failure for failure in mine if failure.anchor not in shown]
    elsewhere = [failure for failure in mine if failure.anchor in shown]
    shown.update(failure.anchor for failure in here)
    scenarios = [(name, list(_ends(checks, name))) for name in _names(requirement, checks)]
    return Row(requirement, _cells(checks, there), scenarios, here, elsewhere, is_untracked(requirement))


def _names(requirement: Report, checks: Sequence[Report]) -> list[str]:
    return list(dict.fromkeys([*requirement["scenarios"], *(f"{c['area']}/{c['scenario']}" for c in checks)]))


def _cells(checks: Iterable[Report], there: Sequence[Column]) -> list[Cell]:
    ends: dict[Column, Counter[str]] = {}
    for check in checks:
        ends.setdefault((check["target"], check["surface"]), Counter())[check["outcome"]] += 1
    return [_cell(number, ends.get(column, Counter())) for number, column in enumerate(there)]


def _cell(number: int, outcomes: Counter[str]) -> Cell:
    total, passed = outcomes.total(), outcomes[Outcome.PASS]
    if not total:
        return Cell(number, "", "none", "no check")
    marks = " ".join(f"{mark}{outcomes[outcome]}" for outcome, mark in MARKS.items() if outcomes[outcome])
    words = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in Outcome if outcomes[outcome])
    kind = _kind(outcomes, total)
    return Cell(number, f"{passed}/{total} {marks}".strip() if passed or kind == "bad" else marks, kind, words)


def _kind(outcomes: Counter[str], total: int) -> str:
    if any(outcomes[outcome] for outcome in BAD):
        return "bad"
    if outcomes[Outcome.PASS] == total:
        return "pass"
    return "idle" if outcomes[Outcome.PASS] + outcomes[Outcome.NOT_APPLICABLE] == total else "other"


def _ends(checks: Sequence[Report], name: str) -> Iterator[Ended]:
    """How the checks of a scenario ended, those together that ended alike."""
    mine = [check for check in checks if f"{check['area']}/{check['scenario']}" == name]
    for outcome in (outcome for outcome in Outcome if any(check["outcome"] == outcome for check in mine)):
        alike = [check for check in mine if check["outcome"] == outcome]
        why = (
            ""
            if outcome in EXPLAINED
            else "; ".join(dict.fromkeys(one_line(c["reason"]) for c in alike if c["reason"]))
        )
        yield Ended(SIGNS[outcome], outcome.value, _where(alike), why)


def _where(checks: Sequence[Report]) -> str:
    surfaces: dict[str, list[str]] = {}
    for check in checks:
        surfaces.setdefault(check["target"], []).append(check["surface"])
    together: dict[str, list[str]] = {}
    for target, sides in surfaces.items():
        together.setdefault(", ".join(sides), []).append(target)
    return "; ".join(f"{', '.join(targets)}: {sides}" for sides, targets in together.items())


def _failure(number: int, check: Report) -> Failure:
    is_short = number >= MOST
    lines = [] if is_short else list(_marked(check["details"] or ""))
    wire = "" if is_short else "\n".join(told(check["trace"] or ()))
    sign = SIGNS[Outcome(check["outcome"])]
    return Failure(f"f{number + 1}", check, sign, one_line(check["reason"], 300), lines, wire, is_short)


def _marked(details: str) -> Iterator[tuple[str, str]]:
    """The lines below the clauses; those of a diff are told apart, and their sign is part of them."""
    for line in details.split("\n\n", 2)[-1].splitlines():
        bare = line.removeprefix("E").lstrip() if line.startswith("E   ") else line
        kind = {"+": "add", "-": "del"}.get(bare[:1], "")
        yield kind, line
