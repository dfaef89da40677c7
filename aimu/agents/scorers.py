"""What scores outputs, on the sync surface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from aimu.clients.base import ModelClient
from aimu.core.scoring import JudgeState, ScoredRow, Scoring


class Scorer(ABC):
    """Scores outputs; a plain function of a row will do as well (SCORER-1)."""

    @abstractmethod
    def score(self, row: ScoredRow) -> tuple[float, str]:
        """Score one output.

        Args:
            row: The task in ``content``, what was made of it in ``output``, the criteria in ``reference``.

        Returns:
            A score from 0 to 1, and feedback.
        """


class LLMJudgeScorer(JudgeState[ModelClient], Scorer):
    """A model that scores outputs (SCORER-3)."""

    __aimu_colour__ = "sync"

    def score(self, row: ScoredRow) -> tuple[float, str]:
        """Ask the judge.

        Raises:
            VerdictError: it gave no score, even when asked once more.
        """
        asking = self._asking(row)
        for step in asking.steps():
            with step.running():
                step.result = self.judge_client.generate(step.text, self.generate_kwargs, schema=step.schema)
        verdict: tuple[float, str] = asking.result
        return verdict


def scored(step: Scoring) -> Any:
    """What the scorer of a step returns (SCORER-1)."""
    return step.invoke()
