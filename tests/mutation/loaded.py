"""The quick trials: all tests are collected once, and each break is put into functions that are loaded already.

What survives here is tried again with a fresh import: what a module has done at its import stays as it was.
"""

import gc
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import CodeType, FunctionType

import pytest

from tests.mutation import trial
from tests.mutation.coverage_map import CoverageMap
from tests.mutation.invocation import LEFT_OUT, PLAIN, targets
from tests.mutation.settings import ROOT, Settings
from tests.mutation.swap import Live

Chosen = Sequence[tuple[pytest.Item, float]]


class Trials:
    """A pytest plugin that runs no test itself, but forks a process for each break.

    Args:
        trials: sequence of Trial.
        covered: CoverageMap.
        what: Settings.
        jobs: int, how many run at a time.
    """

    def __init__(self, trials: Sequence[trial.Trial], covered: CoverageMap, what: Settings, jobs: int) -> None:
        self.trials = trials
        self.covered = covered
        self.what = what
        self.jobs = jobs
        self.tell: trial.Tell | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all breaks that are in functions alone, and what breaks nothing."""
        items = {item.nodeid: item for item in session.items if not item.nodeid.endswith(LEFT_OUT)}
        if missing := sorted(set(self.covered.seconds) - set(items)):
            raise pytest.UsageError(f"{len(missing)} tests were not collected, such as {missing[0]}")
        if threading.active_count() != 1:
            raise pytest.UsageError(f"a process with threads cannot be forked: {threading.enumerate()}")
        live = Live(self.what.modules)
        gc.collect()
        gc.freeze()  # children have nothing to look for in it
        trial.run(self._attempts(live, items), self.jobs)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell of a test that fails."""
        if report.failed and self.tell:
            self.tell("killed", report.nodeid, report.longreprtext)

    def _attempts(self, live: Live, items: Mapping[str, pytest.Item]) -> Iterator[tuple[trial.Trial, trial.Attempt]]:
        for one in self.trials:
            file, line = one.mutant.file, one.mutant.line
            swaps = live.swaps(ROOT / file, (ROOT / file).read_text(encoding="utf-8"), one.mutant.source)
            if swaps or not line:
                limits = self.covered.limits(file, line, self.what)
                yield one, partial(self._attempt, swaps, [(items[test], limits[test]) for test in limits])

    def _attempt(self, swaps: Sequence[tuple[FunctionType, CodeType]], chosen: Chosen, tell: trial.Tell) -> None:
        self.tell = tell
        for function, code in swaps:
            function.__code__ = code
        following = [*(item for item, _ in chosen[1:]), None]
        for (item, limit), after in zip(chosen, following, strict=True):
            with trial.timed(limit):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        tell("survived", ran=len(chosen))


def run(trials: Sequence[trial.Trial], covered: CoverageMap, what: Settings, jobs: int) -> None:
    """Try what can be tried quickly; the other trials are left without a verdict.

    Args:
        trials: sequence of Trial.
        covered: CoverageMap.
        what: Settings.
        jobs: int, how many run at a time.

    Raises:
        SystemExit: pytest could not begin.
    """
    arguments = [*PLAIN, "-s", "-p", "conformance.plugin", *targets(what), *what.tests, "conformance"]
    code = pytest.main(arguments, plugins=[Trials(trials, covered, what, jobs)])
    if code == pytest.ExitCode.USAGE_ERROR:
        raise SystemExit("the tests could not be collected")
