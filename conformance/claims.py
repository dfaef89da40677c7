"""How the processes of one run share its checks: each takes the next ones that no other has taken.

What is dealt out beforehand ends unevenly, since nobody knows how long a check takes; so only shards on machines of
their own, which know nothing of each other, are dealt out.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.check import Check
from conformance.item import CheckItem
from conformance.run import Run


class Claims:
    """A plugin that runs what this process has taken, in place of pytest's own loop.

    Args:
        run: Run, whose `selected` is what was taken.
        folder: Path, common to the processes of the run: a file for each thing that is taken.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._asked: dict[tuple[str, ...], bool] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Take the next check before the last one runs, since pytest wants to know what follows."""
        if session.testsfailed:
            return None  # pytest says what could not be collected
        mine = self._taken(session)
        item = next(mine, None)
        while item is not None:
            following = next(mine, None)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail or session.shouldstop:
                raise session.Interrupted(session.shouldfail or session.shouldstop)
            item = following
        return True

    def _taken(self, session: pytest.Session) -> Iterator[pytest.Item]:
        self._run.selected.clear()
        for item in session.items:
            if isinstance(item, CheckItem) and self.takes(item.check):
                self._run.selected.add(item.check.id)
                yield item

    def takes(self, check: Check) -> bool:
        """Whether a check is for this process: with those of its scenario and target, or all of a heavy target."""
        key = (check.target.name,) if check.target.weight > 1 else check.group
        if key not in self._asked:
            self._asked[key] = self._is_first(key)
        return self._asked[key]

    def _is_first(self, key: tuple[str, ...]) -> bool:
        name = hashlib.sha256("\n".join(key).encode()).hexdigest()
        try:
            (self._folder / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True
