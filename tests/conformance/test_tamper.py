"""The suite, tampered with: an emptied scenario, a capability declared wrongly. Whatever is done, the gate turns red.

Each scenario that is deleted is missed by the floor: `test_versions.py`. Here each scenario is emptied and each
capability of ours flipped, before the judge itself, without a run around it; a few runs are tampered with as a whole.
"""

import ast
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import implementation, suite
from conformance.capabilities import contradictions
from conformance.check import Check, checks_of
from conformance.judge import Judge
from conformance.outcomes import Outcome, Result
from conformance.requirement import LIBRARY, Scenario
from conformance.targets import BUILT_IN, ENGINES, RECORDED, WIRES, Target, find
from conformance.vocabulary import CAPABILITIES, PARITY
from tests.conformance.toy import ROOT

TRIED = 4  # scenarios that are asked whether a capability is there
LIMIT = 60.0
RED = frozenset((Outcome.FAIL, Outcome.HARNESS_ERROR, Outcome.COULD_NOT_RUN))


@pytest.fixture(scope="module")
def targets() -> Iterator[dict[str, Target]]:
    """The built-in targets, which keep their models loaded for all tests here."""
    found = {name: find(name) for name in BUILT_IN}
    yield found
    for target in found.values():
        target.close()


@pytest.fixture
def judge() -> Judge:
    """A judge that has not asked any probe yet."""
    return Judge(implementation.load("aimu"), {}, LIMIT)


def sides(area: str, scenario: Scenario, target: Target) -> list[Check]:
    path = Path(suite.__file__).with_name(f"test_{area}.py")
    return [check for check in checks_of(area, scenario, target, path) if check.surface != PARITY]


# --- an emptied scenario


def emptied(path: Path) -> dict[str, Any]:
    """The functions of a file, each with its docstring and nothing else."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef):
            node.decorator_list = []
            node.body = [*node.body[:1], ast.Pass()] if ast.get_docstring(node) else [ast.Pass()]
    names: dict[str, Any] = dict(vars(suite.module(path)))
    exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), names)
    return names


@pytest.mark.parametrize("path", suite.files(), ids=suite.area_of)
def test_every_scenario_that_is_emptied_is_a_harness_error(path: Path, judge: Judge) -> None:
    """A scenario that asserts nothing any more, and passes."""
    area, bodies = suite.area_of(path), emptied(path)
    for scenario in suite.defined(vars(suite.module(path))):
        empty = replace(scenario, body=bodies[scenario.name], needs=(), recorded=None)
        target = find(LIBRARY if scenario.subject == LIBRARY else "openai")
        checks = sides(area, empty, target)
        assert checks
        results: dict[str, Result] = {}
        for check in checks:
            results[check.id] = judge.judge(check, results)
            assert results[check.id].outcome is Outcome.HARNESS_ERROR, results[check.id]
            assert "no library call" in results[check.id].reason


# --- a capability that is declared wrongly


def asked(target: Target, capability: str) -> Iterator[Check]:
    """The checks that would notice: the smallest scenarios that need it, and nothing that is not there."""
    found = [
        (area, scenario)
        for identity, scenario in suite.scenarios().items()
        for area in [identity.partition("/")[0]]
        if capability in scenario.needs and set(scenario.needs) - {capability} <= target.capabilities
    ]
    found.sort(key=lambda each: len(each[1].needs))
    return itertools.chain.from_iterable(sides(area, scenario, target)[:1] for area, scenario in found)


def noticed(target: Target, capability: str, judge: Judge) -> str | None:
    """What turns red, or None."""
    for problem in (*contradictions(target.capabilities), *target.problems([])):
        return problem
    for check in itertools.islice(asked(target, capability), TRIED):
        found = judge.judge(check, {})
        if found.outcome in RED:
            return f"{check.id}: {found.outcome}: {found.reason}"
    return None


@pytest.mark.parametrize("capability", CAPABILITIES)
@pytest.mark.parametrize("name", [*WIRES, *ENGINES, LIBRARY])
def test_every_capability_that_is_declared_wrongly_is_noticed(
    name: str, capability: str, targets: dict[str, Target], judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a target cannot do, claimed; what it can do, left out, so that its checks fall silent."""
    target = targets[name]
    assert name == LIBRARY or target.unavailable() or noticed(target, capability, judge) is None
    monkeypatch.setattr(target, "capabilities", target.capabilities ^ {capability})
    fresh = replace(judge, _probed={})
    assert noticed(target, capability, fresh), f"{name} with or without {capability}: nobody noticed"


@pytest.mark.parametrize("name", WIRES)
def test_a_replayed_target_declares_what_its_provider_does(name: str) -> None:
    """A capability that is declared in two places, of which one is not looked at above."""
    assert find(f"{name}{RECORDED}").capabilities == find(name).capabilities


# --- whole runs


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the suite, to be tampered with."""
    for name in ("conformance", "spec"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "micro"))
    return tmp_path


def gate(folder: Path) -> "subprocess.CompletedProcess[str]":
    """The gate on one small part of the suite."""
    words = ("--target=library", "--profile=tools", "--jobs=1", "--report=out")
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def victim() -> tuple[str, str]:
    """A scenario of that part: its area and its name."""
    found = (name for name, each in suite.scenarios().items() if each.subject == LIBRARY)
    area, _, name = next(each for each in found if each.startswith("tools")).partition("/")
    return area, name


@pytest.mark.parametrize("way", ["deleted", "renamed", "unmarked", "its file deleted"])
def test_a_run_that_misses_a_scenario_is_broken_and_names_it(copied: Path, way: str) -> None:
    """A scenario that is gone, and a verdict on the others."""
    area, name = victim()
    path = copied / "conformance" / f"test_{area}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node = next(node for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name == name)
    if way == "deleted":
        tree.body.remove(node)
    elif way == "renamed":
        node.name = "test_of_another_name"
    else:
        node.decorator_list = []
    path.write_text(ast.unparse(tree), encoding="utf-8")
    if way == "its file deleted":
        path.unlink()
    result = gate(copied)
    assert result.returncode == 2, result.stdout[-3000:]
    assert f"the scenario {area}/{name} of version " in result.stdout
    assert "verdict: " not in result.stdout
    if way == "renamed":
        entry = {f"{area}/{name}": f"{area}/test_of_another_name"}
        (copied / "spec" / "renames.json").write_text(json.dumps(entry))
        assert gate(copied).returncode == 0
