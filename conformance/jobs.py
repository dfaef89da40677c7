"""A run as several processes, one for each shard, and their reports merged into one."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.crash import terminable
from conformance.merging import merge, show
from conformance.outcomes import BROKEN, CODES, INCOMPLETE, HarnessError
from conformance.report import write
from conformance.settings import cleared
from conformance.sharding import Shard
from conformance.watch import Journal, Meter, State, uncaptured

POLL: Final = 0.1  # seconds between two looks at the processes
GRACE: Final = 5.0  # seconds for a process to end by itself
SHOWN: Final = ("fail", "unexpected-pass", "harness-error")
TAIL: Final = 40  # lines of the output of a process that crashed


class CrashError(Exception):
    """A shard ended without a report; says which, how and where."""


@dataclass
class Job:
    """One shard in a process of its own.

    Args:
        shard: Shard.
        folder: Path, for its report, its journal and its output.
        process: subprocess.Popen.
    """

    shard: Shard
    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def state(self) -> State:
        """How far it is."""
        return Journal.read(self.folder / "journal")

    @property
    def output(self) -> str:
        """What it printed."""
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    @property
    def has_ended(self) -> bool:
        """Whether it has ended.

        Raises:
            CrashError: it has, and left no report.
        """
        code = self.process.poll()
        if code is None:
            return False
        if code not in CODES or not (self.folder / "report.json").is_file():
            where = self.state.now or "its beginning"
            tail = "\n".join(self.output.splitlines()[-TAIL:])
            raise CrashError(f"{tail}\nno verdict (shard {self.shard} {_told(code)} without a report, in {where})")
        return True

    def report(self) -> dict[str, Any]:
        """What it found."""
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return found


def run(words: Sequence[str], count: int, report: Path) -> int:
    """Run all of it in several processes.

    Args:
        words: the options of `python -m conformance`, without those on jobs, shards and the report.
        count: int, how many processes.
        report: Path, the folder for the merged report.

    Returns:
        int: the exit code of a run in one piece; 2 where a process crashed, 3 where the user interrupted.
    """
    cleared(report)
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder, terminable(), uncaptured() as meter:
        jobs: list[Job] = []
        try:
            for number in range(1, count + 1):
                job = _start(words, Shard(number, count), Path(folder))
                jobs.append(job)  # one by one, so that an interruption finds those that were started
            _watch(jobs, meter)
        except CrashError as crash:
            meter.close()
            print(crash)
            return BROKEN
        except KeyboardInterrupt:
            meter.close()
            state = _sum(jobs)
            print(f"no verdict (interrupted after {state.done} of {state.total} checks)")
            return INCOMPLETE
        finally:
            _end(jobs)
        meter.close()
        return _conclude(jobs, report)


def _start(words: Sequence[str], shard: Shard, parent: Path) -> Job:
    folder, claims = parent / str(shard.number), parent / "claims"
    folder.mkdir()
    claims.mkdir(exist_ok=True)
    own = ["--jobs", "1", "--shard", str(shard), "--claims", str(claims)]
    own += ["--report", str(folder), "--journal", str(folder / "journal")]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance", *words, *own],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # who interrupts the terminal speaks to us, and we to them
        )
    return Job(shard, folder, process)


def _watch(jobs: Sequence[Job], meter: Meter) -> None:
    """Tell how far they are until all have ended."""
    running = list(jobs)
    while running:
        meter.show(_sum(jobs))
        with suppress(subprocess.TimeoutExpired):
            running[0].process.wait(POLL)
        running = [job for job in running if not job.has_ended]


def _sum(jobs: Sequence[Job]) -> State:
    """How far all are together."""
    states = [job.state for job in jobs]
    alive = [state for job, state in zip(jobs, states, strict=True) if job.process.poll() is None]
    now = ", ".join(state.now for state in alive if state.now)
    total = max(state.total for state in states)  # each has collected all
    return State(total, sum(s.done for s in states), sum(s.failed for s in states), now)


def _conclude(jobs: Sequence[Job], folder: Path) -> int:
    """Merge what they found, explain the failures and show the matrix."""
    reports = [job.report() for job in jobs]
    try:
        merged = merge(reports)
        path = write(merged, folder)
    except HarnessError as error:
        broken = [job for job, report in zip(jobs, reports, strict=True) if report["errors"]]
        print(broken[0].output if broken else f"no verdict ({error})")
        return BROKEN
    for check in merged["checks"]:
        if check["outcome"] in SHOWN:
            print(f"{check['id']:_^80}", _explained(check), sep="\n")
    show(merged, path)
    code: int = merged["exit_code"]
    return code


def _explained(check: dict[str, Any]) -> str:
    from conformance.explanation import Explanation

    return Explanation(check["details"] or check["reason"], check["trace"], check["reproduce"] or "").text


def _end(jobs: Sequence[Job]) -> None:
    """End those that still run, and what they started."""
    running = [job for job in jobs if job.process.poll() is None]
    for job in running:
        job.process.terminate()
    for job in running:
        try:
            job.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            _kill(job)


def _kill(job: Job) -> None:
    if hasattr(os, "killpg"):
        os.killpg(job.process.pid, signal.SIGKILL)
    job.process.kill()
    job.process.wait()


def _told(code: int) -> str:
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended with code {code}"
