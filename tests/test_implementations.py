"""Another implementation is judged without ours: what is imported, what it is called, how a run ends that cannot be."""

import fnmatch
import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.implementations.judge import EXPECTED, JUDGED, differences, imported, judged

ROOT = Path(__file__).parents[1]
POCKET = ROOT / "tests/implementations/pocket"
CHECK = "chat/test_chat_returns_and_records_the_answer[pocket-sync]"
DOOR = "def client(model, **kwargs): raise NotImplementedError\n"

# what another implementation may look like: its files, and what the run says of it
BROKEN = {
    "nothing": ({}, "the implementation 'other' cannot be imported: ModuleNotFoundError: No module named 'other'"),
    "no aio": ({"other/__init__.py": DOOR}, "No module named 'other.aio'"),
    "no client": ({"other/__init__.py": DOOR, "other/aio.py": "clients = 1\n"}, "other.aio has no client()"),
    "broken": ({"other/__init__.py": "1 / 0\n"}, "cannot be imported: ZeroDivisionError: division by zero"),
}


def run(words: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A run in one process, from this checkout, with pocket beside it."""
    return judged([*words, "--jobs", "1"], folder, [folder, POCKET, ROOT])


def test_pocket_is_judged_and_named_and_nothing_of_ours_is_imported(tmp_path: Path) -> None:
    done = run([*JUDGED, "--only", CHECK], tmp_path)
    assert done.returncode == 3, done.stdout
    assert imported(tmp_path) == ""
    assert outcomes_of(tmp_path)[CHECK] == "pass"
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert report["implementation"] == {"name": "pocket", "version": "0.3.0"}
    assert report["digests"]["implementation"]


def test_the_witness_sees_who_imports_ours(tmp_path: Path) -> None:
    """Otherwise the test above proves nothing."""
    done = run(["--implementation", "aimu", "--target", "pocket.target:Pocket", "--only", CHECK], tmp_path)
    assert done.returncode == 2, done.stdout
    assert imported(tmp_path).startswith("aimu by ")


@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_judged_ends_with_2_and_without_a_verdict(kind: str, tmp_path: Path) -> None:
    files, words = BROKEN[kind]
    written(files, tmp_path)
    done = run(["--implementation", "other", "--target", "pocket.target:Pocket"], tmp_path)
    assert done.returncode == 2, done.stdout
    assert words in done.stdout
    assert "no verdict" in done.stdout
    assert "verdict: " not in done.stdout


def test_without_a_target_nothing_of_another_implementation_is_judged(tmp_path: Path) -> None:
    """Not by the clients of ours, which it need not have."""
    written({"other/__init__.py": DOOR, "other/aio.py": DOOR}, tmp_path)
    done = run(["--implementation", "other"], tmp_path)
    assert done.returncode == 2, done.stdout
    assert "other offers no targets; name one by --target module:Class" in done.stdout


def test_the_target_on_the_page_for_implementers_judges(tmp_path: Path) -> None:
    page = (ROOT / "docs/implementations.md").read_text()
    block = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert block
    written({"mine.py": block[1]}, tmp_path)
    check = CHECK.replace("pocket-", "mine-")
    done = run(["--implementation", "pocket", "--target", "mine:Mine", "--only", check], tmp_path)
    assert done.returncode == 3, done.stdout
    assert outcomes_of(tmp_path)[check] == "pass"


def test_what_is_expected_to_fail_is_what_its_readme_says() -> None:
    rows = re.findall(r"(?m)^\| `([^`]+)` \|", (POCKET / "README.md").read_text())
    outcomes: dict[str, str] = json.loads(EXPECTED.read_text())
    failing = {name.partition("[")[0] for name, outcome in outcomes.items() if outcome == "fail"}
    unsaid = {name for name in failing if not any(fnmatch.fnmatch(name, row) for row in rows)}
    untrue = {row for row in rows if not fnmatch.filter(failing, row)}
    assert (unsaid, untrue) == (set(), set())
    assert set(outcomes.values()) <= {"pass", "fail", "not-applicable", "could-not-run"}


def test_a_difference_names_the_check_and_both_outcomes() -> None:
    expected, found = {"a": "pass", "b": "fail", "c": "pass"}, {"a": "pass", "b": "pass", "d": "fail"}
    assert differences(expected, found) == [
        "b: expected fail, found pass",
        "c: expected pass, found not declared",
        "d: expected not declared, found fail",
    ]


def outcomes_of(folder: Path) -> dict[str, str]:
    """How the checks of the run in a folder ended."""
    report = json.loads((folder / "report/report.json").read_text())
    return {check["id"]: check["outcome"] for check in report["checks"]}


def written(files: dict[str, str], folder: Path) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
