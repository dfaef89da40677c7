"""`report` and `compare`: what a stored report is enough for, and every way in which two can differ."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.outcomes import HarnessError
from conformance.rendering import RENDERINGS
from conformance.rendering.command import main as report_main
from conformance.rendering.comparison import compare
from conformance.rendering.comparison import main as compare_main
from tests.conformance.reports import ENDS, HOSTILE, small
from tests.conformance.toy import PASSES, Suite

pytest_plugins = "pytester"

OPTIONS = {"html": "matrix.html", "markdown": "summary.md", "junit": "junit.xml", "badge": "badge.svg"}


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., str]:
    """Writes something as JSON; returns the path."""

    def write(name: str, content: Any) -> str:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)

    return write


# --- report


def test_the_json_alone_is_enough(suite: Suite) -> None:
    """Catches a rendering that looks at the run, at the chapters, or at files beside the report."""
    suite.run(PASSES.replace('== "hi"', '== "bye"'), "--conformance-report=out")
    path = suite.pytester.path
    (path / "empty").mkdir()
    stored = shutil.copy(path / "out" / "report.json", path / "empty")
    for name in ("spec", "toy", "toytargets.py", "test_area.py"):
        moved = path / name
        shutil.rmtree(moved) if moved.is_dir() else moved.unlink()
    words = [f"--{option}=empty/{name}" for option, name in OPTIONS.items()]
    result = suite.pytester.run(sys.executable, "-m", "conformance", "report", stored, *words, timeout=60)
    assert result.ret == 0, result.stderr.str()
    for name in OPTIONS.values():
        assert (path / "empty" / name).read_bytes() == (path / "out" / name).read_bytes()
    printed = suite.pytester.run(sys.executable, "-m", "conformance", "report", stored, timeout=60)
    assert printed.stdout.str().strip() == (path / "out" / "matrix.txt").read_text(encoding="utf-8").strip()


def test_each_rendering_is_written_where_it_was_asked_for(
    stored: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option, name in OPTIONS.items():
        assert report_main([stored("r", small()), f"--{option}", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text(encoding="utf-8") == RENDERINGS[name](small())
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["wrote"] * len(OPTIONS)


def test_outcomes_are_kept_to_be_compared_with(stored: Callable[..., str], tmp_path: Path) -> None:
    kept = tmp_path / "expected.json"
    assert report_main([stored("r", small()), "--outcomes", str(kept)]) == 0
    assert json.loads(kept.read_text()) == ENDS
    assert list(json.loads(kept.read_text())) == sorted(ENDS)
    assert compare_main([str(kept), stored("r", small())]) == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([], "a JSON object is expected"),
        ({}, "does not match its schema"),
        (small() | {"schema_version": 3}, "does not match its schema at $.schema_version"),
        (small() | {"ran": 8}, "contradicts itself: the report says that 8 checks ran, and 6 did"),
    ],
    ids=["no object", "no report", "another version", "a contradiction"],
)
def test_what_is_no_report_is_a_usage_error(
    stored: Callable[..., str], capsys: pytest.CaptureFixture[str], content: object, told: str
) -> None:
    path = stored("r", content)
    assert report_main([path]) == 2
    error = capsys.readouterr().err
    assert path in error
    assert told in error


def test_a_file_that_is_not_there_or_cannot_be_written_is_a_usage_error(
    stored: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_main([str(tmp_path / "none.json")]) == 2
    assert report_main([stored("r", small()), "--html", str(tmp_path / "no" / "folder.html")]) == 2
    assert capsys.readouterr().err.count("No such file") == 2


# --- compare


def test_equal_outcomes_are_equal_whatever_else_differs(
    stored: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = small() | {"python": "3.11.0"}
    other["digests"]["suite"] = "e" * 64
    for check in other["checks"]:
        check["seconds"] = 9.0
    assert compare_main([stored("a", small()), stored("b", other)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "differs   python: 3.13.1 -> 3.11.0",
        f"differs   digest of suite: {'b' * 60} -> {'e' * 60}",
        "9 checks ended alike; 0 changed, 0 appeared, 0 vanished",
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"area/test_good[alpha-sync]": "fail"}, "changed   area/test_good[alpha-sync]: pass -> fail"),
        ({"area/test_bad[alpha-sync]": "pass"}, "changed   area/test_bad[alpha-sync]: fail -> pass"),
        ({"new/test_new[alpha-sync]": "pass"}, "appeared  new/test_new[alpha-sync]: pass"),
        ({"area/test_good[beta-sync]": None}, "vanished  area/test_good[beta-sync]: not-applicable"),
    ],
    ids=["worse", "better", "appeared", "vanished"],
)
def test_every_kind_of_difference_is_told_and_counts(
    stored: Callable[..., str], capsys: pytest.CaptureFixture[str], change: dict[str, str | None], told: str
) -> None:
    after = {identity: outcome for identity, outcome in (ENDS | change).items() if outcome is not None}
    assert compare_main([stored("a", ENDS), stored("b", after)]) == 1
    assert capsys.readouterr().out.splitlines()[0] == told


def test_an_expectation_is_compared_with_a_report(
    stored: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Failures that are expected are expected: a provider that no longer fails differs too."""
    expected = stored("a", ENDS | {"area/test_bad[alpha-sync]": "pass"})
    assert compare_main([expected, stored("b", small())]) == 1
    assert "changed   area/test_bad[alpha-sync]: pass -> fail" in capsys.readouterr().out


def test_a_renamed_scenario_is_the_same_one() -> None:
    renamed = {"area/test_old": "area/test_good"}
    before = {identity.replace("test_good", "test_old"): outcome for identity, outcome in ENDS.items()}
    found = compare(before, ENDS, renamed)
    assert found.is_equal
    assert found.equal == len(ENDS)
    assert found.renamed["area/test_old[alpha-sync]"] == "area/test_good[alpha-sync]"
    assert not compare(before, ENDS, {}).is_equal


def test_two_checks_that_are_one_today_are_an_error() -> None:
    with pytest.raises(HarnessError, match="is called area/test_good"):
        compare({**ENDS, "area/test_old[alpha-sync]": "pass"}, ENDS, {"area/test_old": "area/test_good"})


def test_the_map_of_the_suite_is_used(
    stored: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conformance.renames.load", lambda: {"area/test_old": "area/test_good"})
    before = {"area/test_old[alpha-sync]": "pass"}
    assert compare_main([stored("a", before), stored("b", {"area/test_good[alpha-sync]": "pass"})]) == 0
    assert "renamed   area/test_old[alpha-sync] is area/test_good[alpha-sync] today" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, "there is no check in it"),
        (small({}) | {"exit_code": 3, "verdict": None}, "there is no check in it"),
        ({"area/test_a[x-sync]": "passed"}, "'area/test_a[x-sync]' has 'passed'; one of"),
        ({"area/test_a[x-sync]": None}, "has None; one of"),
        (["a"], "a JSON object is expected"),
        (small() | {"ran": 8}, "contradicts itself"),
    ],
    ids=["empty", "empty report", "no outcome", "null", "no object", "a contradiction"],
)
def test_what_cannot_be_compared_is_a_usage_error(
    stored: Callable[..., str], capsys: pytest.CaptureFixture[str], content: object, told: str
) -> None:
    """Two empty files are equal, and show nothing."""
    assert compare_main([stored("a", content), stored("a", content)]) == 2
    assert told in capsys.readouterr().err


def test_hostile_names_do_not_reach_the_terminal(
    stored: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = {f"area/test_a[{HOSTILE}-sync]": "pass"}, {"area/test_b[x-sync]": "pass"}
    assert compare_main([stored("a", before), stored("b", after)]) == 1
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["a.json"], ["a.json", "b.json", "c.json"], ["--nonsense", "a.json", "b.json"]])
def test_wrong_use_is_a_usage_error(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        compare_main(words)
    assert caught.value.code == 2
