"""The three entries: the command, pytest on the package, a class among the author's own tests."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.toy import ROOT

pytest_plugins = "pytester"

TARGET = """
from conformance.targets import WireTarget

class Acme(WireTarget):
    '''Says that it cannot think, and thinks.'''
    provider = "openai"
    def __init__(self):
        super().__init__("openai")
        self.name = "acme"
        self.capabilities -= {"thinking"}
    def client(self, driver, **kwargs):
        return WireTarget("openai").client(driver, **kwargs)

class Narrow(Acme):
    def __init__(self):
        super().__init__()
        self.profiles = ("streaming",)
"""

CLASS = """
from conformance.entry import ConformanceTests
from acme_target import Acme, Narrow

class TestAcme(ConformanceTests):
    target = Acme
    profiles = ("streaming",)

    def test_of_its_own(self):
        assert issubclass(Narrow, Acme)
"""
OPTIONS = ("-q", "--disable-plugin-autoload", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An author's folder: a target and a test file."""
    (tmp_path / "acme_target.py").write_text(TARGET)
    (tmp_path / "test_acme.py").write_text(CLASS)
    return tmp_path


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in the author's folder."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def by_pytest(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest in the author's folder."""
    return run(folder, "pytest", *OPTIONS, "-p", "conformance.plugin", *words)


def outcomes(folder: Path, report: str) -> dict[str, str]:
    """The outcome of each check in a report."""
    written: dict[str, Any] = json.loads((folder / report / "report.json").read_text())
    return {check["id"]: check["outcome"] for check in written["checks"]}


def test_all_entries_find_the_same(folder: Path) -> None:
    """An entry that declares other checks, judges otherwise, or ends with another exit code."""
    asked = ("--target=acme_target:Acme", "--profile=streaming")
    ends = [
        run(folder, "conformance", *asked, "--report=a", "--jobs=1"),
        run(folder, "conformance", *asked, "--report=b", "--jobs=2"),
        by_pytest(folder, "--pyargs", "conformance", *(f"--conformance-{o[2:]}" for o in (*asked, "--report=c"))),
        by_pytest(folder, "test_acme.py", "--conformance-report=d"),
    ]
    assert [end.returncode for end in ends] == [1, 1, 1, 1], [end.stdout[-2000:] + end.stderr for end in ends]
    found = [outcomes(folder, name) for name in "abcd"]
    assert found[0] == found[1] == found[2] == found[3]
    assert {"pass", "fail"} <= set(found[0].values())
    assert [end.stdout.count("verdict: not conformant in streaming (") for end in ends] == [1, 1, 1, 1]


def test_a_failure_of_a_class_is_reproduced_by_the_command_it_shows(folder: Path) -> None:
    """A command that names a target that only the class knows."""
    by_pytest(folder, "test_acme.py", "--conformance-report=out")
    report = json.loads((folder / "out" / "report.json").read_text())
    failed = next(check for check in report["checks"] if check["outcome"] == "fail")
    assert failed["reproduce"].startswith("python -m pytest test_acme.py ")
    result = by_pytest(folder, "test_acme.py", "--conformance-only", failed["id"])
    assert result.returncode == 1
    assert failed["id"] in result.stdout


def edited(folder: Path, old: str, new: str) -> None:
    path = folder / "test_acme.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_class_runs_its_own_tests_too_and_they_count(folder: Path) -> None:
    """A test of the author's beside the checks that is dropped, or fails unseen."""
    edited(folder, "assert issubclass", "assert not issubclass")
    result = by_pytest(folder, "test_acme.py", "--conformance-only=stream/test_nothing[acme-sync]")
    assert result.returncode == 2
    result = by_pytest(folder, "test_acme.py", "-k", "of_its_own or named_tuple")
    assert result.returncode == 1
    assert "test_of_its_own" in result.stdout


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("target = Acme", "pass", "TestAcme: it has no target"),
        ("target = Acme", "target = 'nobody'", "no target 'nobody'"),
        ("target = Acme", "target = int", "not a named conformance.Target"),
        ('("streaming",)', '("streamin",)', "no profile is called 'streamin'"),
        ('("streaming",)', '()\n    baseline = "gone.json"', "gone.json"),
    ],
    ids=["no target", "unknown target", "no such thing", "unknown profile", "no baseline"],
)
def test_a_class_that_is_wrong_is_a_usage_error(folder: Path, old: str, new: str, complaint: str) -> None:
    """A class that runs nothing and fails nothing."""
    edited(folder, old, new)
    result = by_pytest(folder, "test_acme.py")
    assert result.returncode == 2, result.stdout[-2000:]
    assert complaint in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("class TestAgain(ConformanceTests):\n    target = Acme\n", "another class has a target of the name 'acme'"),
        (
            "class TestNext(ConformanceTests):\n    target = 'anthropic'\n    profiles = ('core',)\n",
            "profiles is ('core',), and another class says ('streaming',)",
        ),
    ],
    ids=["same target", "other profiles"],
)
def test_classes_that_contradict_each_other_are_a_usage_error(folder: Path, second: str, complaint: str) -> None:
    """Two classes of which one silently decides for both."""
    (folder / "test_acme.py").write_text(f"{CLASS}\n{second}")
    result = by_pytest(folder, "test_acme.py")
    assert result.returncode == 2
    assert complaint in result.stdout


def test_classes_of_two_targets_are_judged_in_one_session(folder: Path) -> None:
    """A second target that takes the place of the first, or whose absence from the command line drops it."""
    edited(folder, "target = Acme", "target = Narrow")
    (folder / "test_next.py").write_text(CLASS.replace("target = Acme", "target = 'anthropic'"))
    by_pytest(folder, "test_acme.py", "test_next.py", "--conformance-report=out", "-k", "named_tuple")
    report = json.loads((folder / "out" / "report.json").read_text())
    assert [target["name"] for target in report["targets"]] == ["acme", "anthropic"]
    assert {area["target"] for area in report["areas"]} == {"acme", "anthropic"}


def test_a_file_of_a_class_that_is_run_in_part_has_no_verdict(folder: Path) -> None:
    """A choice by pytest's own means that passes for the whole."""
    result = by_pytest(folder, "test_acme.py", "-k", "sync and stream_end")
    assert result.returncode in (1, 3)
    assert "no verdict" in result.stdout
