"""What both PlanExecuteEvaluators decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeVar

from aimu.core.colour import colour_of
from aimu.core.runners import RunnerState, Task
from aimu.core.runs import Plan
from aimu.core.scoring import FALLBACK_CRITERIA, ScoredRow, Scoring, check_scorer
from aimu.core.steps import Step
from aimu.core.structured import as_text
from aimu.core.toolcalls import Tool
from aimu.core.verdicts import Score, check_keyword
from aimu.core.workflows import WorkflowState, check_rounds, member_name
from aimu.errors import VerdictError

R = TypeVar("R", bound=RunnerState)
SHOWN = 500


@dataclass(eq=False)
class PlanExecuteEvaluatorState(WorkflowState, Generic[R]):
    """Plan, execute, score, and plan again with what was learnt (PLAN-EXECUTE-EVALUATOR-1).

    Attributes:
        planner: Makes a plan of the task, and the criteria where none are given.
        executor: Carries the plan out.
        scorer: A function of a row, or an object with ``score(row)``; gives (0 to 1, feedback).
        criteria: What a good output is; None lets the planner say.
        name: What the workflow is called.
        max_rounds: Plans there may be.
        pass_threshold: The score, 0 to 1, that accepts an output.
        pass_keyword: A line of the feedback that accepts it as well; None for none.
        last_attempts: After a run, a dict for each round: round, plan, criteria, output, score, feedback.
    """

    planner: R
    executor: R
    scorer: Any
    criteria: str | None = None
    name: str = "plan_execute_evaluator"
    max_rounds: int = 3
    pass_threshold: float = 0.7
    pass_keyword: str | None = None
    _skill_agent_class: ClassVar[Any]
    last_attempts: list[dict[str, Any]] = field(default_factory=list, init=False, repr=False)

    def _check(self) -> None:
        check_rounds(self.max_rounds)
        if not isinstance(self.pass_threshold, (int, float)) or not 0 <= self.pass_threshold <= 1:
            raise ValueError(f"pass_threshold={self.pass_threshold!r} must be from 0 to 1")
        if self.pass_keyword is not None:
            check_keyword(self.pass_keyword)
        check_scorer(self.scorer, colour_of(self) or "sync")
        super()._check()

    @classmethod
    def _planner(cls, client: Any, name: str, system_message: str | None, skills: Any) -> Any:
        kind = cls._agent_class if skills is None else cls._skill_agent_class
        manager = {} if skills is None else {"skill_manager": skills}
        return kind.from_config({**cls._config(name, "planner", system_message), **manager}, client)

    @classmethod
    def _executor(cls, client: Any, name: str, system_message: str | None, tools: Iterable[Tool] | None) -> Any:
        return cls._agent({**cls._config(name, "executor", system_message), "tools": list(tools or ())}, client)

    @staticmethod
    def _config(name: str, part: str, system_message: str | None) -> dict[str, Any]:
        own = member_name(name, "plan_execute_evaluator", part)
        return {"name": own, "system_message": system_message, "reset_messages_on_run": True}

    def _members(self) -> Sequence[tuple[str, RunnerState]]:
        return [("planner", self.planner), ("executor", self.executor)]

    def _plan(self, task: Task) -> Plan:
        self.last_attempts = []
        outputs: list[Any] = []
        for number in range(self.max_rounds):
            planning = Step(self.planner, self._planning(task.text), iteration=number)
            yield planning
            criteria, plan = self._read(as_text(planning.result))
            execution = Step(self.executor, plan, task.images, task.schema, iteration=number)
            yield execution
            outputs.append(execution.result)
            scoring = Scoring(self.scorer, ScoredRow(task.text, as_text(execution.result), criteria))
            yield scoring
            self._note(number, plan, scoring)
            if self._passes(scoring.result):
                return execution.result
        scores = [attempt["score"] for attempt in self.last_attempts]
        return outputs[scores.index(max(scores))]

    def _fork(self, suffix: str, forks: dict[int, Any]) -> Self:
        twin = super()._fork(suffix, forks)
        twin.last_attempts = []
        return twin

    def _passes(self, found: Score) -> bool:
        accepted = self.pass_keyword is not None and self.pass_keyword in map(str.strip, found.feedback.splitlines())
        return accepted or found.score >= self.pass_threshold

    def _note(self, number: int, plan: str, scoring: Scoring) -> None:
        self.last_attempts.append(
            {
                "round": number + 1,
                "plan": plan,
                "criteria": scoring.row.reference,
                "output": scoring.row.output,
                "score": scoring.result.score,
                "feedback": scoring.result.feedback,
            }
        )

    def _planning(self, task: str) -> str:
        """What the planner is told: the task, what went before, and the form of the answer."""
        parts = [f"Task:\n{task}"]
        if self.criteria is not None:
            parts.append(f"Evaluation criteria:\n{self.criteria}")
        if self.last_attempts:
            parts.append(_learnt(self.last_attempts[-1]))
        if self.criteria is not None:
            parts.append("Write a numbered plan that meets the criteria. Answer with the plan only.")
        else:
            parts.append(
                "Answer in Markdown with two sections: '## Evaluation criteria', what a good result is, "
                "and '## Plan', a numbered plan."
            )
        return "\n\n".join(parts)

    def _read(self, answer: str) -> tuple[str, str]:
        """The criteria and the plan in a planner's answer (PLAN-EXECUTE-EVALUATOR-3)."""
        answer = answer.strip()
        if self.criteria is not None:
            return self.criteria, answer
        before, header, plan = _parted(answer, "Plan")
        if not header:
            return FALLBACK_CRITERIA, answer
        preface, header, criteria = _parted(before, "Evaluation criteria")
        if not plan.strip():
            name = getattr(self.planner, "name", None) or type(self.planner).__name__
            raise VerdictError(f"{name!r} gave a plan with nothing in it; tell it what a plan is", text=answer)
        return (criteria if header else preface).strip() or FALLBACK_CRITERIA, plan.strip()


def _parted(text: str, header: str) -> tuple[str, str, str]:
    """``text`` before and after the first line that is this header."""
    found = re.search(rf"(?mi)^\s*##\s*{header}\s*:?\s*$", text)
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")


def _learnt(attempt: Mapping[str, Any]) -> str:
    output = attempt["output"]
    shown = output if len(output) <= SHOWN else output[:SHOWN] + "…"
    return (
        f"Previous plan:\n{attempt['plan']}\n\nIts output:\n{shown}\n\n"
        f"It scored {attempt['score']:.2f}. Feedback:\n{attempt['feedback']}\n\nMake a better plan."
    )
