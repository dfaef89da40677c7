"""The matrix of a run: areas by targets and surfaces, and one line on what it comes to."""

import io
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.check import Check
from conformance.outcomes import OK, RAN, Conclusion, Outcome, Result, tally
from conformance.profiles import PROFILES, Standing, standings
from conformance.run import Run
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
BAD: Final = {Outcome.FAIL, Outcome.UNEXPECTED_PASS, Outcome.HARNESS_ERROR}


def lines(run: Run, conclusion: Conclusion, width: int, has_colour: bool = False) -> list[str]:
    """The matrix of the profiles asked for, where the run stands on each profile, and the conclusion.

    Args:
        run: Run, that has ended.
        conclusion: Conclusion, drawn from it.
        width: int, of the terminal.
        has_colour: bool, default False.

    Returns:
        list of str: lines.
    """
    checks = [run.declared[identity] for identity in run.within(run.settings.profiles)]
    table = _table(run, checks)
    wide = max(width, Console(width=10_000).measure(table).minimum)
    written = io.StringIO()
    console = Console(file=written, width=wide, force_terminal=has_colour, no_color=not has_colour, highlight=False)
    if checks:
        console.print(table)
        console.print(LEGEND, soft_wrap=True)
    for line in (*profile_lines(run), *cassette_lines(run)):
        console.print(line, soft_wrap=True, markup=False)
    console.print(summary(run, conclusion), soft_wrap=True, markup=False)
    return written.getvalue().splitlines()


def profile_lines(run: Run) -> list[str]:
    """One line for each profile; none for a suite that has nothing to do with them."""
    if not run.settings.profiles and not any(check.profile for check in run.declared.values()):
        return []
    return [_standing(standing) for standing in standings(run)]


def cassette_lines(run: Run) -> list[str]:
    """One line for each target that is replayed: where its cassettes come from, real servers and scripts apart."""
    found = sorted({check.target for check in run.declared.values()}, key=lambda target: target.name)
    counts = {target.name: target.cassettes(run.of(target)) or {} for target in found}
    told = {name: ", ".join(f"{n} {kind}" for kind, n in each.items()) for name, each in counts.items() if each}
    return [f"{name}  {sum(counts[name].values())} cassettes: {kinds}" for name, kinds in told.items()]


def summary(run: Run, conclusion: Conclusion) -> str:
    """One line: how many checks ran of how many, how they ended, the verdict, and where the report is."""
    results = list(run.results.values())
    ran = sum(result.outcome in RAN for result in results)
    counts = _counts(results)
    verdict = f"verdict: {conclusion.verdict}" if conclusion.verdict else "no verdict"
    report = f"; report: {run.settings.report / 'report.json'}" if run.settings.report else ""
    return f"{ran} of {len(run.declared)} checks ran: {counts}; {verdict} ({conclusion.sentence}){report}"


def _standing(standing: Standing) -> str:
    conclusion = standing.conclusion
    ran = sum(result.outcome in RAN for result in standing.results)
    verdict = conclusion.verdict or "no verdict"
    why = "" if conclusion.code == OK else f" ({conclusion.sentence})"
    name = standing.name.ljust(max(map(len, PROFILES)))
    return f"{name}  {standing.declared} declared, {ran} ran: {_counts(standing.results)}; {verdict}{why}"


def _counts(results: Sequence[Result]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in tally(results).items() if count) or "nothing"


def _table(run: Run, checks: Sequence[Check]) -> Table:
    columns = list(dict.fromkeys((check.target.name, surface) for check in checks for surface in (*SURFACES, PARITY)))
    areas = sorted({check.area for check in checks})
    table = Table(show_footer=True)
    table.add_column("area", footer="total")
    for target, surface in columns:
        column = [c for c in checks if (c.target.name, c.surface) == (target, surface)]
        table.add_column(f"{target}\n{surface}", footer=_cell(column, run))
    for area in areas:
        cells = [
            _cell([c for c in checks if (c.area, c.target.name, c.surface) == (area, target, surface)], run)
            for target, surface in columns
        ]
        table.add_row(area, *cells)
    return table


def _cell(checks: Sequence[Check], run: Run) -> Text:
    if not checks:
        return Text("-", style="dim")
    results: list[Result] = [run.results[check.id] for check in checks if check.id in run.results]
    outcomes = [result.outcome for result in results]
    passed = outcomes.count(Outcome.PASS)
    marks = "".join(f" {mark}{outcomes.count(outcome)}" for outcome, mark in MARKS.items() if outcome in outcomes)
    is_bad = any(outcome in BAD for outcome in outcomes)
    style = "red" if is_bad else "green" if passed == len(checks) else "yellow"
    return Text(f"{passed}/{len(checks)}{marks}", style=style)
