"""What both EvaluatorOptimizers decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aimu.core.runners import RunnerState, Task
from aimu.core.runs import Plan
from aimu.core.steps import Step
from aimu.core.structured import as_text
from aimu.core.verdicts import check_keyword, whether_it_passes
from aimu.core.workflows import WorkflowState, check_rounds

R = TypeVar("R", bound=RunnerState)


@dataclass(eq=False)
class EvaluatorOptimizerState(WorkflowState, Generic[R]):
    """One runner drafts, another one criticises, until it passes (EVALUATOR-OPTIMIZER-1).

    Attributes:
        generator: Writes the drafts.
        evaluator: Says whether a draft passes, and what to do better.
        name: What the workflow is called.
        max_rounds: Drafts there may be; the last one is not evaluated.
        pass_keyword: The verdict that accepts a draft.
    """

    generator: R
    evaluator: R
    name: str = "evaluator_optimizer"
    max_rounds: int = 3
    pass_keyword: str = "PASS"

    def _check(self) -> None:
        check_rounds(self.max_rounds)
        check_keyword(self.pass_keyword)
        super()._check()

    def _members(self) -> Sequence[tuple[str, RunnerState]]:
        return [("generator", self.generator), ("evaluator", self.evaluator)]

    def _plan(self, task: Task) -> Plan:
        question = whether_it_passes(self.pass_keyword)
        draft = Step(self.generator, task.text, task.images, task.schema, iteration=0)
        yield draft
        for number in range(1, self.max_rounds):
            text = as_text(draft.result)
            verdict = yield from question.asked_of(self.evaluator, f"Task:\n{task.text}\n\nResponse:\n{text}")
            if verdict.passed:
                break
            draft = Step(
                self.generator, _revision(task.text, text, verdict.feedback), schema=task.schema, iteration=number
            )
            yield draft
        answer: Any = draft.result
        return answer


def _revision(task: str, draft: str, feedback: str) -> str:
    return f"Task:\n{task}\n\nYour draft:\n{draft}\n\nFeedback on it:\n{feedback}\n\nWrite an improved version."
