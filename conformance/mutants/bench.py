"""The pytest session in which mutants are tried: it collects the checks, and runs them in forked processes only."""

import contextlib
import importlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from conformance import spec
from conformance.certificates import one_certificate
from conformance.index import OBLIGING
from conformance.item import CheckItem
from conformance.mutants.catalog import Catalog, Mutant
from conformance.mutants.checking import Job, Worker
from conformance.mutants.overlay import SUITE, prepare
from conformance.mutants.server import serve
from conformance.mutants.verdicts import Answer, Finding, Verdict, find
from conformance.targets import BUILT_IN

CHECK: Final = re.compile(r"(?P<area>\w+)/\w+\[(?P<target>.+)-(sync|aio|parity)\]")
HARD: Final = 3.0  # times the limit of a check, after which its process is killed
OUTSIDE: Final = 5.0  # the same, where it is a test, which has no limit of its own


@dataclass
class Bench:
    """Tries mutants.

    Args:
        catalog: Catalog, those to try.
        name: str, the implementation.
        spec: Spec.
        scenarios: Path, the folder of the scenarios.
        place: Path, where the copies are put.
        limit: float, seconds that one check may take.
        count: int, how many run at a time.
        targets: tuple of str, as given to `--target`; empty means the built-in ones that the checks name.
        tell: told each finding.

    Attributes:
        findings: list of Finding, in the order of the catalogue.
    """

    catalog: Catalog
    name: str
    spec: spec.Spec
    scenarios: Path
    place: Path
    limit: float
    count: int
    targets: tuple[str, ...]
    tell: Callable[[Finding], None]
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = (CHECK.fullmatch(mutant.check) for mutant in self.catalog.mutants)
        self._named = [match for match in found if match]
        if not self.targets:
            self.targets = tuple(sorted({match["target"] for match in self._named} & set(BUILT_IN)))

    @property
    def files(self) -> list[Path]:
        """The files of the scenarios that the catalogue names."""
        paths = {self.scenarios / f"test_{match['area']}.py" for match in self._named}
        return sorted(path for path in paths if path.is_file())

    @property
    def root(self) -> Path | None:
        """The checkout that the chapters lie in, or None."""
        root = self.spec.folder.resolve().parent
        return root if (root / "tests").is_dir() else None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try the mutants instead of running the checks; the session itself judges nothing."""
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} files could not be collected")
        self.run({item.check.id: item for item in session.items if isinstance(item, CheckItem)})
        session.config.pluginmanager.unregister(name="conformance.plugin")
        return True

    def run(self, items: dict[str, CheckItem]) -> None:
        """Try the mutants.

        Args:
            items: dict of str to CheckItem, the collected checks by id.
        """
        ready = []
        for mutant in self.catalog.mutants:
            if refusal := self._refusal(mutant, items):
                self._settle(refusal)
            else:
                ready.append(mutant)
        _warm()
        for package in {mutant.package for mutant in ready}:
            prepare(package, self.place)
        worker = Worker(self.name, items, self.root, self.place, self.limit)
        answers: dict[Job, Answer] = {}
        for job, answer in serve(_jobs(ready), worker.work, self._limit, self.count):
            answers[job] = answer
            _load(answer.loaded if job.mutant is None else ())
            for mutant in [each for each in ready if answers.keys() >= {_control(each), _job(each)}]:
                ready.remove(mutant)
                self._settle(find(mutant, answers[_job(mutant)], answers[_control(mutant)]))
        order = {mutant.name: number for number, mutant in enumerate(self.catalog.mutants)}
        self.findings.sort(key=lambda finding: order[finding.mutant.name])

    def problems(self, is_whole: bool) -> list[str]:
        """What is called equivalent and is no requirement; of the whole, also what obliges and has no mutant.

        Args:
            is_whole: bool, whether the catalogue is all there is.

        Returns:
            list of str: one line a problem.
        """
        obliging = [each.id for each in self.spec.requirements.values() if each.keyword in OBLIGING]
        there = self.catalog.requirements
        missing = [f"{identity} has no mutant" for identity in obliging if is_whole and identity not in there]
        unknown = [each for each in self.catalog.equivalents if not self._is_of(each.requirement, each.chapter)]
        return missing + [f"{each.requirement} is not in the chapter {each.chapter}" for each in unknown]

    def _settle(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.tell(finding)

    def _limit(self, job: Job) -> float:
        return self.limit * (OUTSIDE if job.is_outside else HARD)

    def _refusal(self, mutant: Mutant, items: dict[str, CheckItem]) -> Finding | None:
        """Why a mutant is not even tried, or None."""
        if wrong := self._misnamed(mutant, items):
            return Finding(mutant, Verdict.MISNAMED, wrong)
        if mutant.is_tested and self.root is None:
            return Finding(mutant, Verdict.COULD_NOT_RUN, "there is no checkout here, so there are no tests")
        return None

    def _misnamed(self, mutant: Mutant, items: dict[str, CheckItem]) -> str | None:
        if not self._is_of(mutant.requirement, mutant.chapter):
            return f"{mutant.requirement} is not in the chapter {mutant.chapter}"
        packages = (self.name, SUITE) if mutant.is_tested else (self.name,)
        if mutant.package not in packages:
            return f"{mutant.file} is not of {' or '.join(packages)}"
        if mutant.is_tested:
            tests = self.spec.requirements[mutant.requirement].tests
            is_it = mutant.check.partition("[")[0] in tests
            return None if is_it else f"{mutant.requirement} is checked by {', '.join(tests) or 'scenarios'}"
        if mutant.check not in items:
            return f"no check is called {mutant.check}"
        named = items[mutant.check].check.scenario.requirements
        is_named = mutant.requirement in named
        return None if is_named else f"{mutant.check} is of {', '.join(named)}, and not of {mutant.requirement}"

    def _is_of(self, identity: str, chapter: str) -> bool:
        return identity in self.spec.requirements and self.spec.requirements[identity].chapter == chapter


def _job(mutant: Mutant) -> Job:
    return Job(mutant.check, mutant.package, mutant)


def _control(mutant: Mutant) -> Job:
    return Job(mutant.check, mutant.package)


def _jobs(mutants: Sequence[Mutant]) -> list[Job]:
    """Each check without a break, and with each of its breaks; what takes long comes first."""
    jobs = dict.fromkeys(job for mutant in mutants for job in (_control(mutant), _job(mutant)))
    return sorted(jobs, key=lambda job: not job.is_outside)


def _warm() -> None:
    """Make once what each fork would make for itself."""
    # a process that has threads cannot be forked safely
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    with one_certificate():
        pass


def _load(names: Sequence[str]) -> None:
    """Load what a fork had to load, so that those after it find it."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
