"""One check run alone: in this process, forked for it, or in one of its own. Called in a forked process only."""

import importlib
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from conformance.deadline import DeadlineExceeded
from conformance.implementation import Implementation
from conformance.item import CheckItem
from conformance.judge import Judge
from conformance.mutants.catalog import TESTS, Mutant
from conformance.mutants.overlay import NotAppliedError, environment, overlay
from conformance.mutants.verdicts import Answer, Verdict
from conformance.outcomes import HarnessError, Outcome

WHERE: Final = "import importlib, sys; print(importlib.import_module(sys.argv[1]).__file__)"
ENDS: Final = {"error": Outcome.HARNESS_ERROR, "failure": Outcome.FAIL, "skipped": Outcome.COULD_NOT_RUN}
LAST: Final = 2000  # characters of what a program said that could not even begin


@dataclass(frozen=True)
class Job:
    """One check to run.

    Args:
        check: str, its id, or the name of a test.
        package: str, the package that is copied.
        mutant: Mutant or None, the break; None is the control.
    """

    check: str
    package: str
    mutant: Mutant | None = None

    @property
    def is_outside(self) -> bool:
        """Whether it needs a process that begins anew."""
        return self.check.startswith(TESTS)


@dataclass(frozen=True)
class Worker:
    """Runs jobs.

    Args:
        name: str, the implementation.
        items: dict of str to CheckItem, the collected checks by id.
        root: Path or None, the checkout.
        place: Path, where the copies are put.
        limit: float, seconds that one check may take.
    """

    name: str
    items: dict[str, CheckItem]
    root: Path | None
    place: Path
    limit: float

    def work(self, job: Job) -> Answer:
        """Run the check of a job on a copy of its package.

        Args:
            job: Job.

        Returns:
            Answer.
        """
        begin = time.perf_counter()
        try:
            with overlay(job.package, job.mutant, self.root, self.place) as folder:
                answer = self._outside(job, folder) if job.is_outside else self._inside(job, folder)
        except NotAppliedError as error:
            return Answer(Verdict.NOT_APPLIED, str(error))
        return replace(answer, seconds=time.perf_counter() - begin)

    def _inside(self, job: Job, folder: Path) -> Answer:
        self._enter(folder)
        known = set(sys.modules)
        front, twin = self.name, f"{self.name}.aio"
        if wrong := _not_imported(front, folder) or _not_imported(twin, folder):
            return wrong
        item = self.items[job.check]
        # without its version, which takes longer to find than most checks take
        loaded = Implementation(front, sys.modules[front], sys.modules[twin], None)
        item.run.judge = Judge(loaded, {}, self.limit)
        for identity in (*item.check.sides, job.check):
            self._run(self.items[identity])
        result = item.run.results[job.check]
        if job.mutant and (wrong := _not_imported(job.mutant.module, folder)):  # what is only imported when needed
            return wrong
        if isinstance(result.error, DeadlineExceeded):
            return Answer(Verdict.TIMED_OUT, result.reason)
        return Answer(result.outcome, result.reason, loaded=self._loaded(known))

    def _run(self, item: CheckItem) -> None:
        """As in any run, but for the explanation of a failure, which takes longer to write than the check."""
        vars(item)["runtest"] = partial(item.run.perform, item.check)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def _loaded(self, known: set[str]) -> tuple[str, ...]:
        new = [name for name in sys.modules if name not in known and name.partition(".")[0] != self.name]
        return tuple(name for name in new if getattr(sys.modules[name], "__file__", None))

    def _enter(self, folder: Path) -> None:
        """Let the copy be found before all else, here and in the programs that are started from here."""
        os.environ.update(environment(folder))
        tempfile.tempdir = None  # it is found anew
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        for module in [each for each in sys.modules if each.partition(".")[0] == self.name]:
            del sys.modules[module]
        importlib.invalidate_caches()

    def _outside(self, job: Job, folder: Path) -> Answer:
        module = job.mutant.module if job.mutant else job.package
        found = _python(["-c", WHERE, module], folder)
        if not Path(found.stdout.strip()).is_relative_to(folder):
            return Answer(Verdict.NO_IMPORT, (found.stderr or found.stdout).strip()[-LAST:])
        return _tested(job.check, folder)


def _not_imported(module: str, folder: Path) -> Answer | None:
    """Why a module of the copy cannot be imported, or None; whatever it raises, it is broken."""
    try:
        found = importlib.import_module(module)
    except BaseException as error:
        return Answer(Verdict.NO_IMPORT, f"{type(error).__name__}: {error}")
    if not Path(str(found.__file__)).is_relative_to(folder):
        raise HarnessError(f"{module} comes from {found.__file__}, and not from the copy in {folder}")
    return None


def _tested(test: str, folder: Path) -> Answer:
    with tempfile.TemporaryDirectory() as out:
        report = Path(out, "junit.xml")
        words = ["-q", "--color=no", "--maxfail=1", "--tb=short", "-p", "no:cacheprovider", f"--junit-xml={report}"]
        ended = _python(["-m", "pytest", *words, test], folder)
        parsed = ElementTree.parse(report).getroot().iter("testcase") if report.is_file() else ()  # noqa: S314 - pytest wrote it
        if cases := list(parsed):
            return _ended(cases)
        return Answer(Outcome.HARNESS_ERROR, f"no test ran: {(ended.stdout + ended.stderr).strip()[-LAST:]}")


def _ended(cases: list[ElementTree.Element]) -> Answer:
    for kind, outcome in ENDS.items():
        if found := [part for case in cases for part in case.findall(kind)]:
            return Answer(outcome, f"{found[0].get('message')}\n{found[0].text}")
    return Answer(Outcome.PASS)


def _python(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
