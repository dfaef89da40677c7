"""One break tried in a process of its own, and the verdict that it leaves in a file."""

import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, NoReturn, Protocol

from tests.mutation.mutants import Mutant

MEMORY: Final = 6 * 2**30
IDLE: Final = 60.0  # seconds of the processor, for what is no test: imports and collecting
LONGEST: Final = 300  # seconds by the clock, for what waits and does nothing
OVERDUE: Final = (signal.SIGPROF, signal.SIGALRM)


@dataclass(frozen=True)
class Verdict:
    """How one trial ended.

    Args:
        outcome: str, "killed", "survived", "timeout" (a test did not end in its time), "import" (the package could not
            be imported) or "crash" (there is no verdict).
        by: str, the test that failed, or "".
        reason: str, what it said.
        ran: int, how many tests ran, if all did.
        seconds: float.
    """

    outcome: str
    by: str = ""
    reason: str = ""
    ran: int = 0
    seconds: float = 0.0


class Tell(Protocol):
    """Writes a verdict and ends the process, at once and without tidying up."""

    def __call__(self, outcome: str, by: str = "", reason: str = "", ran: int = 0) -> NoReturn:
        """The fields of a Verdict."""


Attempt = Callable[[Tell], None]


@dataclass(frozen=True)
class Trial:
    """One break and where its process writes.

    Args:
        mutant: Mutant.
        folder: Path.
    """

    mutant: Mutant
    folder: Path

    @property
    def verdict(self) -> Verdict | None:
        """How it ended; None before that."""
        with suppress(FileNotFoundError):
            return Verdict(**json.loads((self.folder / "verdict.json").read_text(encoding="utf-8")))
        return None

    def forget(self) -> None:
        """Take away the verdict."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "verdict.json").unlink(missing_ok=True)

    def start(self, attempt: Attempt) -> int:
        """Try it in a forked process.

        Args:
            attempt: callable, what is done there; it is given what tells the verdict.

        Returns:
            int: the process.
        """
        self.forget()
        process = os.fork()
        if process:
            return process
        try:
            begin = time.perf_counter()
            _isolate(self.folder / "out")
            attempt(lambda *told, **named: self._leave(replace(Verdict(*told, **named), seconds=_since(begin))))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def end(self, process: int, status: int) -> None:
        """Note how the process ended, and end what it has started, such as MCP servers.

        Args:
            process: int.
            status: int, as `os.wait` gave it.
        """
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        if self.verdict is None:
            code = os.waitstatus_to_exitcode(status)
            self._write(Verdict("timeout" if -code in OVERDUE else "crash", reason=f"exit status {code}"))

    def _leave(self, verdict: Verdict) -> NoReturn:
        self._write(replace(verdict, reason=verdict.reason[-2000:]))
        os._exit(0)

    def _write(self, verdict: Verdict) -> None:
        (self.folder / "verdict.json").write_text(json.dumps(asdict(verdict)), encoding="utf-8")


def run(trials: Iterable[tuple[Trial, Attempt]], jobs: int) -> None:
    """Try some at a time, until all have their verdicts.

    Args:
        trials: iterable of Trial and what is done in its process.
        jobs: int, how many at a time.
    """
    running: dict[int, Trial] = {}
    begin = time.monotonic()
    waiting = iter(trials)
    while True:
        for trial, attempt in waiting:
            running[trial.start(attempt)] = trial
            if len(running) >= jobs:
                break
        if not running:
            return
        process, status = os.wait()
        trial = running.pop(process)
        trial.end(process, status)
        verdict = trial.verdict
        assert verdict is not None
        place = f"{trial.mutant.file}:{trial.mutant.line}"
        print(f"{time.monotonic() - begin:6.0f} s  {verdict.outcome:8}  {place}  {verdict.by}", flush=True)


@contextmanager
def timed(limit: float) -> Iterator[None]:
    """End the process when a test takes too long.

    Args:
        limit: float, seconds of the processor, so that a busy machine makes no difference.
    """
    # without handlers in Python, which a regular expression could keep waiting
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, limit)
    signal.alarm(LONGEST)
    yield
    signal.setitimer(signal.ITIMER_PROF, IDLE)


def _isolate(file: Path) -> None:
    os.setsid()
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(out, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.dont_write_bytecode = True
    signal.setitimer(signal.ITIMER_PROF, IDLE)
    signal.alarm(LONGEST)


def _since(begin: float) -> float:
    return time.perf_counter() - begin
