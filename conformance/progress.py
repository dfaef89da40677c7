"""Live bars in a terminal: instead of pytest's dots in a run, and below the lines of the other commands."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Status: TypeAlias = tuple[str, object, object]
T = TypeVar("T")


class ProgressBar:
    """A plugin that shows how far the run is; it draws between checks only, so no thread of it runs beside one.

    Args:
        console: Console, on a stream that pytest does not capture.
    """

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(
            *columns, console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False, transient=True
        )
        self._task = self._progress.add_task("checks", total=None)
        self._failed = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin."""
        self._progress.start()
        self._progress.update(self._task, total=len(session.items), refresh=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a check."""
        self._failed += report.failed
        if report.when == "teardown":
            failed = f", [red]{self._failed} failed[/red]" if self._failed else ""
            self._progress.update(self._task, advance=1, description=f"checks{failed}", refresh=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Status, Status]:
        """Take letter and word away, so that the terminal reporter is silent."""
        category, _, _ = yield
        return category, "", ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End, before the summary."""
        self._progress.stop()


@contextmanager
def uncaptured() -> Iterator[Console]:
    """A console on a copy of standard output, which pytest's capture leaves alone."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stream:
        yield Console(file=stream, force_terminal=True)


@contextmanager
def told(task: str, things: Sequence[T]) -> Iterator[tuple[Iterator[T], Callable[[str], Any]]]:
    """The things to walk through, and a way to say a line meanwhile; a terminal gets a bar below the lines.

    Args:
        task: str, the word before the bar.
        things: Sequence of anything.

    Yields:
        tuple: an iterator of the things, and what says a line.
    """
    if not sys.stdout.isatty():
        yield iter(things), print
        return
    columns = (TextColumn(task), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(), transient=True) as progress:
        say = progress.console.out
        yield iter(progress.track(things, total=len(things))), lambda line: say(line, highlight=False)
