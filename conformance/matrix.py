"""The matrix of a report as text: areas by targets and surfaces, and one line on what it comes to."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance import fault_table
from conformance.characters import one_line
from conformance.outcomes import Outcome
from conformance.profiles import PROFILES
from conformance.vocabulary import PARITY, SURFACES

MARKS: Final = {
    Outcome.FAIL: "F",
    Outcome.UNEXPECTED_PASS: "U",
    Outcome.HARNESS_ERROR: "H",
    Outcome.EXPECTED_FAIL: "x",
    Outcome.COULD_NOT_RUN: "?",
    Outcome.NOT_APPLICABLE: "n",
}
LEGEND: Final = "passed/declared; " + ", ".join(f"{mark} {outcome}" for outcome, mark in MARKS.items())
LONG: Final = 200  # characters of what is told of a profile
BAD: Final = {Outcome.FAIL, Outcome.UNEXPECTED_PASS, Outcome.HARNESS_ERROR}

Report = Mapping[str, Any]


def lines(report: Report, width: int, has_colour: bool = False, written: Path | None = None) -> list[str]:
    """The matrix of the profiles asked for, where the run stands on each profile, and the conclusion.

    Args:
        report: dict, as `conformance.report.build` makes it.
        width: int, of the terminal.
        has_colour: bool, default False.
        written: Path or None, default None: where the report was written, to be told.

    Returns:
        list of str: lines.
    """
    areas = scoped(report)
    table = _table(report, areas)
    wide = max(width, Console(width=10_000).measure(table).minimum)
    text = io.StringIO()
    console = Console(file=text, width=wide, force_terminal=has_colour, no_color=not has_colour, highlight=False)
    if areas:
        console.print(table)
        console.print(LEGEND, soft_wrap=True)
    for line in (*fault_table.text(report), *profile_lines(report), *cassette_lines(report)):
        console.print(line, soft_wrap=True, markup=False)
    told = f"; report: {written}" if written else ""
    console.print(summary(report) + told, soft_wrap=True, markup=False)
    return text.getvalue().splitlines()


def scoped(report: Report) -> list[Report]:
    """The areas of the profiles asked for; none asked for is all."""
    scope = report["scope"]
    return [each for each in report["areas"] if scope is None or each["profile"] in scope]


def profile_lines(report: Report) -> list[str]:
    """One line for each profile; none for a suite that has nothing to do with them."""
    if not report["scope"] and not any(each["profile"] for each in report["areas"]):
        return []
    return [_standing(profile) for profile in report["profiles"]]


def cassette_lines(report: Report) -> list[str]:
    """One line for each target that is replayed: where its cassettes come from, real servers and scripts apart."""
    counts = {target["name"]: target["cassettes"] for target in report["targets"] if target["cassettes"]}
    told = {name: ", ".join(f"{n} {kind}" for kind, n in each.items()) for name, each in sorted(counts.items())}
    return [f"{name}  {sum(counts[name].values())} cassettes: {kinds}" for name, kinds in told.items()]


def summary(report: Report) -> str:
    """One line: how many checks ran of how many, how they ended, and the verdict."""
    verdict = f"verdict: {report['verdict']}" if report["verdict"] else "no verdict"
    shard = f"shard {report['shard']['number']} of {report['shard']['of']}: " if report["shard"] else ""
    counts, why = counted(report["totals"]), one_line(report["sentence"])
    return f"{shard}{report['ran']} of {report['declared']} checks ran: {counts}; {verdict} ({why})"


def counted(totals: Mapping[str, int]) -> str:
    """The outcomes that there are, with their numbers."""
    return ", ".join(f"{count} {outcome}" for outcome, count in totals.items() if count) or "nothing"


def _standing(profile: Report) -> str:
    verdict = profile["verdict"] or "no verdict"
    why = "" if profile["verdict"] == "conformant" else f" ({one_line(profile['sentence'], LONG)})"
    name = profile["name"].ljust(max(map(len, PROFILES)))
    told = f"{profile['declared']} declared, {profile['ran']} ran: {counted(profile['totals'])}"
    return f"{name}  {told}; {verdict}{why}"


def _table(report: Report, areas: Sequence[Report]) -> Table:
    targets = dict.fromkeys(each["target"] for each in areas)
    columns = [(target, surface) for target in targets for surface in (*SURFACES, PARITY)]
    ends: dict[tuple[str, str, str], Counter[str]] = {}
    for check in report["checks"]:
        ends.setdefault((check["area"], check["target"], check["surface"]), Counter())[check["outcome"]] += 1
    declared = {(each["area"], each["target"], each["surface"]): each["declared"] for each in areas}
    names = sorted({each["area"] for each in areas})
    table = Table(show_footer=True)
    table.add_column("area", footer="total", no_wrap=True)
    for target, surface in columns:
        keys = [(name, target, surface) for name in names if (name, target, surface) in declared]
        total = sum((ends.get(key, Counter()) for key in keys), Counter[str]())
        table.add_column(f"{target}\n{surface}", footer=_cell(total, sum(declared[key] for key in keys)))
    for name in names:
        keys = [(name, *column) for column in columns]
        table.add_row(name, *(_cell(ends.get(key, Counter()), declared.get(key, 0)) for key in keys))
    return table


def _cell(outcomes: Counter[str], declared: int) -> Text:
    if not declared:
        return Text("-", style="dim")
    passed = outcomes[Outcome.PASS]
    marks = "".join(f" {mark}{outcomes[outcome]}" for outcome, mark in MARKS.items() if outcomes[outcome])
    is_bad = any(outcomes[outcome] for outcome in BAD)
    style = "red" if is_bad else "green" if passed == declared else "yellow"
    return Text(f"{passed}/{declared}{marks}", style=style)
