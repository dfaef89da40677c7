"""A live bar instead of pytest's dots, for a run in a terminal."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Status: TypeAlias = tuple[str, object, object]


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
