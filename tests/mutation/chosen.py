"""A pytest plugin: some tests, quickest first, each within its time."""

from collections.abc import Callable, Collection, Generator, Mapping
from typing import Any

import pytest

from tests.mutation.invocation import LEFT_OUT
from tests.mutation.trial import IDLE, timed


class Chosen:
    """Keeps the chosen tests, tells of the first that fails, and ends the process when one takes too long.

    Args:
        limits: mapping of str to float: the node ids, in the order they are to run in, with the seconds each may take.
        known: collection of str, the node ids of all tests as long as nothing is broken. A test beside them stands for
            data that are broken, and runs too.
        tell: callable, called with the node id of the first test that fails, and with what it said.

    Attributes:
        kept: int, how many tests were to run.
        ran: int, how many ended.
    """

    def __init__(self, limits: Mapping[str, float], known: Collection[str], tell: Callable[[str, str], None]) -> None:
        self.limits = limits
        self.known = known
        self.tell = tell
        self.kept = self.ran = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, Any, Any]:
        """Keep the chosen tests, in their order, whatever other plugins did."""
        result = yield
        order = {identity: number for number, identity in enumerate(self.limits)}
        items[:] = sorted(filter(self._is_wanted, items), key=lambda item: order.get(item.nodeid, -1))
        self.kept = len(items)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Give a test its time."""
        with timed(self.limits.get(item.nodeid, IDLE)):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell of a test that fails."""
        self.ran += report.when == "teardown"
        if report.failed:
            self.tell(report.nodeid, report.longreprtext)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell of a file of tests that cannot even be read."""
        if report.failed:
            self.tell(report.nodeid, report.longreprtext)

    def _is_wanted(self, item: pytest.Item) -> bool:
        is_new = item.nodeid not in self.known and not item.nodeid.endswith(LEFT_OUT)
        return item.nodeid in self.limits or is_new
