"""The thorough trials: a process without `aimu` imports the broken module in place of the whole one."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutation.chosen import Chosen
from tests.mutation.invocation import PLAIN, SCENARIOS
from tests.mutation.mutants import Mutant
from tests.mutation.settings import ROOT
from tests.mutation.trial import Tell


class Overlay(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a source in memory.

    Args:
        name: str, the module.
        path: Path, the file it seems to come from.
        source: str.
    """

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name = name
        self.path = str(path)
        self.source = source

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The module, if it is this one."""
        if fullname != self.name:
            return None
        spec = importlib.util.spec_from_loader(fullname, self, origin=self.path)
        assert spec is not None
        spec.has_location = True
        return spec

    def get_source(self, fullname: str) -> str:  # noqa: ARG002
        """The source."""
        return self.source

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002
        """The file it seems to come from."""
        return self.path

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        exec(compile(self.source, self.path, "exec", dont_inherit=True), vars(module))


def attempt(
    mutant: Mutant, limits: Mapping[str, float], known: Collection[str], targets: Sequence[str], tell: Tell
) -> None:
    """Try a break.

    Args:
        mutant: Mutant.
        limits: mapping of str to float, the tests and the seconds each may take, in their order.
        known: collection of str, all tests there are.
        targets: sequence of str, the options that select the targets.
        tell: callable, told the verdict.
    """
    sys.meta_path.insert(0, Overlay(mutant.module, ROOT / mutant.file, mutant.source))
    if reason := _import_error(mutant.module):
        tell("import", reason=reason)
    for arguments, part in _sessions(limits, targets):
        chosen = Chosen(part, known, lambda by, reason: tell("killed", by, reason))
        code = pytest.main([*arguments, *sorted({_file(test) for test in part})], plugins=[chosen])
        if not chosen.kept or chosen.ran != chosen.kept:
            raise RuntimeError(f"pytest ended with {code}; {chosen.ran} of {chosen.kept} tests ran")
    tell("survived", ran=len(limits))


def _sessions(limits: Mapping[str, float], targets: Sequence[str]) -> list[tuple[list[str], dict[str, float]]]:
    """Our own tests first, then the scenarios, which take longer to get going."""
    scenarios = {test: limit for test, limit in limits.items() if test.startswith("conformance")}
    tests = {test: limit for test, limit in limits.items() if test not in scenarios}
    sessions = [(list(PLAIN), tests), ([*SCENARIOS, *targets], scenarios)]
    return [session for session in sessions if session[1]]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _import_error(module: str) -> str:
    try:
        for name in ("aimu", "aimu.aio", module):
            importlib.import_module(name)
    except Exception as error:  # whatever it is: a break that cannot be imported is no test of the tests
        return f"{type(error).__name__}: {error}"
    return ""
