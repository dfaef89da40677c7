"""Live bars in a terminal: of a run, and below the lines of the other commands."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.watch import State

T = TypeVar("T")


class Bar:
    """A bar at the bottom of a terminal.

    Args:
        console: Console, on a stream that pytest does not capture.
    """

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(
            *columns, console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False, transient=True
        )
        self._task = self._progress.add_task("checks", total=None)
        self._progress.start()

    def show(self, state: State) -> None:
        """Draw it."""
        failed = f", {state.failed} failed" if state.failed else ""
        words = f"checks{failed} {state.now}".rstrip()
        self._progress.update(
            self._task, total=state.total or None, completed=state.done, description=words, refresh=True
        )

    def close(self) -> None:
        """Wipe it."""
        self._progress.stop()


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
