"""How far a run is: a bar in a terminal, a line now and then where machines read; never from another thread."""

import os
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TextIO, TypeAlias

import pytest

from conformance.item import CheckItem
from conformance.outcomes import INCOMPLETE

Status: TypeAlias = tuple[str, object, object]

SECONDS: Final = 5.0  # between two lines
LAST: Final = 4096  # bytes of a journal, in which its last line is


@dataclass
class State:
    """How far a run is.

    Args:
        total: int, how many checks there are to run.
        done: int, how many have ended.
        failed: int, how many of them pytest counts as failed.
        now: str, what runs just now.
    """

    total: int = 0
    done: int = 0
    failed: int = 0
    now: str = ""

    def __str__(self) -> str:
        return f"{self.done} of {self.total} checks, {self.failed} failed; {self.now or 'collecting'}"


class Meter(Protocol):
    """What shows a state."""

    def show(self, state: State) -> None:
        """Show it, if it is time to."""

    def close(self) -> None:
        """Make room for what is printed next."""


class Lines:
    """A line every few seconds.

    Args:
        stream: text stream, that pytest does not capture.
        seconds: float, between two lines.
    """

    def __init__(self, stream: TextIO, seconds: float = SECONDS) -> None:
        self._stream = stream
        self._seconds = seconds
        self._last = time.monotonic()

    def show(self, state: State) -> None:
        """Write it, if the last one is long enough ago."""
        if (now := time.monotonic()) - self._last >= self._seconds:
            self._last = now
            print(state, file=self._stream)
            self._stream.flush()

    def close(self) -> None:
        """Nothing is in the way."""


class Journal:
    """A file that another process reads: which check runs, and how many have ended. It survives a crash.

    Args:
        path: Path, of the file.
    """

    def __init__(self, path: Path) -> None:
        self._stream = path.open("a", encoding="utf-8")
        self._parent = os.getppid()

    def show(self, state: State) -> None:
        """Write it; a run that nobody reads of any more is ended."""
        print(state.total, state.done, state.failed, state.now, file=self._stream, flush=True)
        if os.getppid() != self._parent:
            pytest.exit("what started this shard is gone", returncode=INCOMPLETE)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    @classmethod
    @contextmanager
    def kept(cls, path: Path) -> "Iterator[Journal]":
        """A journal for the time of a run."""
        journal = cls(path)
        try:
            yield journal
        finally:
            journal.close()

    @staticmethod
    def read(path: Path) -> State:
        """The last state that was written whole; none of a file that is not there yet."""
        if not path.exists():
            return State()
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LAST))
            lines = stream.read().decode("utf-8", "replace").rpartition("\n")[0].splitlines()
        if not lines:
            return State()
        total, done, failed, now = lines[-1].split(" ", 3)
        return State(int(total), int(done), int(failed), now)


class Watch:
    """A plugin that tells a meter how far the run is, instead of pytest's dots; between checks only.

    Args:
        meter: Meter.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._state = State()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin."""
        self._state.total = len(session.items)
        self._meter.show(self._state)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Tell what runs now."""
        self._state.now = item.check.id if isinstance(item, CheckItem) else item.name
        self._meter.show(self._state)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a check."""
        self._state.failed += report.failed
        if report.when == "teardown":
            self._state.done += 1
            self._meter.show(self._state)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Status, Status]:
        """Take letter and word away, so that the terminal reporter is silent."""
        category, _, _ = yield
        return category, "", ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End, before the summary."""
        self._meter.close()


@contextmanager
def uncaptured() -> Iterator[Meter]:
    """A meter on a copy of standard output, which pytest's capture leaves alone: a bar where that is a terminal."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as stream:
        yield _bar(stream) if sys.stdout.isatty() else Lines(stream)


def _bar(stream: TextIO) -> Meter:
    from rich.console import Console

    from conformance.progress import Bar

    return Bar(Console(file=stream, force_terminal=True))
