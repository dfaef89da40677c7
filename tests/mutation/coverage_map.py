"""Which tests run which line, and how long each takes: one run of all of them, unbroken.

As a program of its own (`python -m tests.mutation.coverage_map OUT`), so that nothing of what is measured stays loaded.
"""

import ast
import json
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage, CoverageData

from tests.mutation import settings
from tests.mutation.invocation import LEFT_OUT, PLAIN, SCENARIOS, targets


@dataclass(frozen=True)
class CoverageMap:
    """What a run of all tests told.

    Args:
        seconds: dict of str to float, how long each test took, by its node id.
        tests: dict of str to dict, by file and line number: the node ids of the tests that run it.
        imported: dict of str to list of int, by file the lines that run before any test, when something is imported.
    """

    seconds: dict[str, float]
    tests: dict[str, dict[str, list[str]]]
    imported: dict[str, list[int]]

    def limits(self, file: str, line: int, what: settings.Settings) -> dict[str, float]:
        """The tests that may notice a break, quickest first, and how long each may take.

        Args:
            file: str, relative to the repository.
            line: int, in a statement; when that is in no function, or run by no test, all tests of its module may
                notice. 0 is no break, and all tests.
            what: Settings.

        Returns:
            dict of str to float, seconds of the processor.
        """
        found = self._of(file, line) if line else set(self.seconds)
        order = sorted(found, key=lambda test: (self.seconds[test], test))
        return {test: what.grace + what.factor * self.seconds[test] for test in order}

    def is_imported(self, file: str, line: int) -> bool:
        """Whether a statement runs when something is imported.

        Args:
            file: str, relative to the repository.
            line: int.
        """
        return not set(_statement(file, line).lines).isdisjoint(self.imported[file])

    def _of(self, file: str, line: int) -> set[str]:
        lines = self.tests.get(file, {})
        statement = _statement(file, line)
        called = statement.lines if statement.is_called else ()
        here = {test for number in called for test in lines.get(str(number), ())}
        return here or self._readers(file).union(*lines.values())

    def _readers(self, file: str) -> set[str]:
        """The tests that are named after a module, and those that are said to read it."""
        folder, _, name = file.rpartition("/")
        readers = {f"tests/{folder}/test_{name}", *settings.load().readers.get(file, ())}
        return {test for test in self.seconds if test.partition("::")[0] in readers}


@dataclass(frozen=True)
class Statement:
    """A statement, or the head of a compound one.

    Args:
        lines: range.
        is_called: bool, whether it is in a function; any other runs once, whichever test is the first to import it.
    """

    lines: range
    is_called: bool


@cache
def _statements(file: str) -> list[Statement]:
    tree = ast.parse((settings.ROOT / file).read_text(encoding="utf-8"))
    return list(_below(tree, is_called=False))


def _below(node: ast.AST, *, is_called: bool) -> Iterator[Statement]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield Statement(range(child.lineno, _end(child) + 1), is_called)
        yield from _below(child, is_called=is_called or isinstance(child, ast.FunctionDef))


def _end(node: ast.stmt) -> int:
    body = getattr(node, "body", None)
    return max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno


def _statement(file: str, line: int) -> Statement:
    """The innermost statement around a line; what is around none, such as a decorator, is a line of the import."""
    around = [statement for statement in _statements(file) if line in statement.lines]
    return min(around, key=lambda found: len(found.lines), default=Statement(range(line, line + 1), is_called=False))


class Recorder:
    """A pytest plugin that notes which test runs what, and for how long.

    Args:
        coverage: Coverage, already started.
    """

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what cannot notice more."""
        items[:] = [item for item in items if not item.nodeid.endswith(LEFT_OUT)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Note what runs while one test does."""
        self.coverage.switch_context(item.nodeid)
        begin = time.perf_counter()
        result = yield
        self.seconds[item.nodeid] = time.perf_counter() - begin
        self.coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails although nothing is broken."""
        if report.failed:
            self.failed.append(report.nodeid)


def measured(what: settings.Settings, folder: Path) -> CoverageMap:
    """Run every test once.

    Args:
        what: Settings.
        folder: Path, for the file of coverage.

    Returns:
        CoverageMap.

    Raises:
        SystemExit: a test fails although nothing is broken.
    """
    coverage = Coverage(data_file=folder / ".coverage", include=[str(path) for path in what.modules])
    recorder = Recorder(coverage)
    coverage.start()
    pytest.main([*PLAIN, *what.tests], plugins=[recorder])
    pytest.main([*SCENARIOS, *targets(what), "conformance"], plugins=[recorder])
    coverage.stop()
    coverage.save()
    if recorder.failed or not recorder.seconds:
        raise SystemExit(f"unbroken, these fail: {', '.join(recorder.failed) or 'all, for nothing ran'}")
    return _told(recorder.seconds, coverage.get_data(), what)


def _told(seconds: dict[str, float], data: CoverageData, what: settings.Settings) -> CoverageMap:
    told = CoverageMap(seconds, {}, {})
    for path in what.modules:
        file = path.relative_to(settings.ROOT).as_posix()
        lines = data.contexts_by_lineno(str(path)).items()
        told.tests[file] = {str(line): sorted(filter(None, contexts)) for line, contexts in lines if any(contexts)}
        told.imported[file] = sorted(line for line, contexts in lines if "" in contexts)
    return told


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.write_text(json.dumps(asdict(measured(settings.load(), out.parent))), encoding="utf-8")
