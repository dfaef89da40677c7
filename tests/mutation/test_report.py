"""The score, and the equivalents that are taken out of it."""

from textwrap import dedent
from typing import Any

import pytest

from tests.mutation import settings
from tests.mutation.report import Report, equivalents

SETTINGS = settings.load()


def result(outcome: str, new: str = "b") -> dict[str, Any]:
    return {"file": "aimu/core/turn.py", "line": 7, "within": "Turn.open", "old": "a", "new": new, "outcome": outcome}


def test_the_score_leaves_out_equivalents_and_what_cannot_be_imported() -> None:
    outcomes = ["killed", "killed", "timeout", "import", "survived"]
    report = Report(
        SETTINGS,
        99,
        [*map(result, outcomes), result("survived", "c")],
        {("aimu/core/turn.py", "Turn.open", "a", "c"): "changes nothing"},
    )
    assert report.score == 3 / 4
    assert [found["new"] for found in report.survivors] == ["b"]
    assert [found["new"] for found in report.equivalents] == ["c"]
    assert "`aimu/core/turn.py:7`, `Turn.open`: changes nothing" in report.lines()


def test_an_equivalent_that_is_noticed_is_none() -> None:
    key = ("aimu/core/turn.py", "Turn.open", "a", "b")
    report = Report(SETTINGS, 99, [result("killed"), result("killed", "c")], {key: "changes nothing"})
    assert report.disproved == [key]


def test_nothing_noticed_is_no_score() -> None:
    assert Report(SETTINGS, 99, [], {}).score == 0.0


@pytest.mark.parametrize("entry", equivalents(), ids=lambda entry: f"{entry['file']}: {entry['new'].strip()}")
def test_an_equivalent_is_of_code_that_still_stands_there(entry: dict[str, str]) -> None:
    assert entry["file"].rpartition("/")[0] in SETTINGS.folders
    lines = [line.strip() for line in (settings.ROOT / entry["file"]).read_text(encoding="utf-8").splitlines()]
    old = [line.strip() for line in dedent(entry["old"]).strip().splitlines()]
    assert any(lines[start : start + len(old)] == old for start in range(len(lines)))
    assert entry["reason"].strip()
