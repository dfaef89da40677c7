"""How far the mutants are, and the table at the end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from conformance.mutants.catalog import Catalog
from conformance.mutants.verdicts import Finding, Verdict

SHOWN = 700  # characters of what a check said


class Teller:
    """Says what became of each mutant: in a terminal a bar, and a line for what was not killed; else a line each.

    Args:
        console: Console, on a stream that pytest does not capture.
        total: int, how many there are.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        columns = (TextColumn("mutants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        # without the thread that redraws it: a process that has threads cannot be forked safely
        self._progress = Progress(*columns, console=console, auto_refresh=False, transient=True)
        self._task = self._progress.add_task("mutants", total=total)

    def __call__(self, finding: Finding) -> None:
        """Say what became of one."""
        is_killed = finding.verdict is Verdict.KILLED
        if not (is_killed and self._console.is_terminal):
            line = f"{finding.mutant.name:14} {finding.verdict}"
            said = "" if is_killed else f"  ({finding.mutant.check})\n{_indented(finding.said)}"
            self._console.print(Text(line + said), soft_wrap=True)
        self._progress.update(self._task, advance=1, refresh=self._console.is_terminal)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """The bar, in a terminal."""
        if self._console.is_terminal:
            self._progress.start()
        try:
            yield
        finally:
            self._progress.stop()


def table(catalog: Catalog, findings: Sequence[Finding]) -> Table:
    """What became of all of them, by chapter.

    Args:
        catalog: Catalog, those that were tried.
        findings: Sequence of Finding.

    Returns:
        Table: of rich.
    """
    made = Table(box=SIMPLE)
    made.add_column("chapter")
    for heading in ("requirements", "mutants", "killed", "equivalent", "score"):
        made.add_column(heading, justify="right")
    for chapter in catalog.chapters:
        made.add_row(chapter, *_figures(catalog.of(chapter=chapter), findings))
    made.add_section()
    made.add_row("all", *_figures(catalog, findings))
    return made


def _figures(catalog: Catalog, findings: Sequence[Finding]) -> list[str]:
    there = {mutant.name for mutant in catalog.mutants}
    verdicts = Counter(finding.verdict for finding in findings if finding.mutant.name in there)
    killed = verdicts[Verdict.KILLED]
    counts = (len(catalog.requirements), len(there), killed, len(catalog.equivalents))
    return [*map(str, counts), f"{killed}/{len(there)}"]


def _indented(text: str) -> str:
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."
    return "\n".join(f"    {line}" for line in shown.splitlines())
