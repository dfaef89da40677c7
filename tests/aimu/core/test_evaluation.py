"""What the planner of a PlanExecuteEvaluator is told, and what is read from its answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.plan_execute_evaluator import SHOWN, PlanExecuteEvaluatorState
from aimu.core.runners import RunnerState
from aimu.core.scoring import FALLBACK_CRITERIA
from aimu.core.verdicts import Score


class Member(RunnerState):
    __aimu_colour__ = "sync"

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def messages(self) -> dict[str, Any]:
        return {self.name or "": []}


class Workflow(PlanExecuteEvaluatorState[Member]):
    __aimu_colour__ = "sync"


def workflow(**options: Any) -> Workflow:
    return Workflow(Member("planner"), Member("executor"), lambda _: (1.0, ""), **options)


@pytest.mark.parametrize(
    ("answer", "criteria", "plan"),
    [
        ("## Evaluation criteria\nA\n## Plan\nB", "A", "B"),
        ("##plan\nB", FALLBACK_CRITERIA, "B"),
        ("  ## PLAN :  \nB", FALLBACK_CRITERIA, "B"),
        ("A\n## Plan\nB\n## Plan\nC", "A", "B\n## Plan\nC"),
        ("x\n## Evaluation criteria\nA\n## Plan\nB", "A", "B"),
        ("### Plan\nB", FALLBACK_CRITERIA, "### Plan\nB"),
        ("## Plan B\nB", FALLBACK_CRITERIA, "## Plan B\nB"),
        ("the ## Plan\nB", FALLBACK_CRITERIA, "the ## Plan\nB"),
        ("", FALLBACK_CRITERIA, ""),
    ],
)
def test_sections_are_read_by_their_headers(answer: str, criteria: str, plan: str) -> None:
    assert workflow()._read(answer) == (criteria, plan)


def test_with_criteria_of_ones_own_the_whole_answer_is_the_plan() -> None:
    assert workflow(criteria="A")._read(" ## Plan\nB ") == ("A", "## Plan\nB")


@given(st.text())
def test_no_answer_leaves_the_criteria_empty(answer: str) -> None:
    criteria, plan = workflow()._read(answer)
    assert criteria.strip()
    assert plan == plan.strip()


def test_a_keyword_is_a_line() -> None:
    own = workflow(pass_keyword="OK", pass_threshold=0.5)
    assert own._passes(Score(0.0, "so\n OK \nso"))
    assert own._passes(Score(0.5, "bad"))
    assert not own._passes(Score(0.4, "not OK\nOKAY\nok"))
    assert not workflow()._passes(Score(0.6, "PASS"))


@pytest.mark.parametrize(("length", "tail"), [(SHOWN, "x\n"), (SHOWN + 1, "x…\n")])
def test_a_long_output_is_cut(length: int, tail: str) -> None:
    own = workflow()
    own.last_attempts = [{"plan": "P", "output": "x" * length, "score": 0.456, "feedback": "F"}]
    told = own._planning("T")
    assert "x" * (SHOWN - 1) + tail in told
    assert "0.46" in told
    assert "x" * (SHOWN + 1) not in told


def test_the_planner_is_told_the_form_of_its_answer() -> None:
    assert workflow()._planning("T") == (
        "Task:\nT\n\nAnswer in Markdown with two sections: '## Evaluation criteria', what a good result is, "
        "and '## Plan', a numbered plan."
    )
    assert workflow(criteria="C")._planning("T") == (
        "Task:\nT\n\nEvaluation criteria:\nC\n\n"
        "Write a numbered plan that meets the criteria. Answer with the plan only."
    )


def test_attempts_are_not_shown_among_the_fields() -> None:
    own = workflow()
    own.last_attempts = [{"plan": "secret"}]
    assert "secret" not in repr(own)
