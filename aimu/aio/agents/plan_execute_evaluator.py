"""The async PlanExecuteEvaluator."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any, Self

from aimu.aio.agents.base import Runner
from aimu.aio.agents.scorers import LLMJudgeScorer, scored
from aimu.aio.agents.skill_agent import SkillAgent
from aimu.aio.agents.workflow import Workflow
from aimu.aio.clients.base import ModelClient
from aimu.core.chunks import StreamChunk
from aimu.core.plan_execute_evaluator import PlanExecuteEvaluatorState
from aimu.core.runs import WorkflowRun
from aimu.core.scoring import Scoring
from aimu.core.toolcalls import Tool
from aimu.skills.discovery import SkillManager


class PlanExecuteEvaluator(PlanExecuteEvaluatorState[Runner], Workflow):
    """Plan, execute, score, and plan again with what was learnt (PLAN-EXECUTE-EVALUATOR-1)."""

    _skill_agent_class = SkillAgent

    @classmethod
    def from_client(
        cls,
        client: ModelClient,
        *,
        judge_client: ModelClient | None = None,
        criteria: str | None = None,
        executor_tools: Iterable[Tool] | None = None,
        skill_manager: SkillManager | None = None,
        planner_system_message: str | None = None,
        executor_system_message: str | None = None,
        max_rounds: int = 3,
        pass_threshold: float = 0.7,
        pass_keyword: str | None = None,
        name: str = "plan_execute_evaluator",
    ) -> Self:
        """A planner, an executor and a judge, each on a fork of ``client`` (PLAN-EXECUTE-EVALUATOR-6).

        Args:
            client: Model, connection and defaults to fork; the agents are called ``planner`` and ``executor``,
                behind ``name`` where the workflow has one of its own. Each run starts new histories.
            judge_client: What the judge asks; None for ``client``.
            criteria: As the field.
            executor_tools: Tools of the executor.
            skill_manager: Skills of the planner, which then is a SkillAgent; None for none.
            planner_system_message: Instructions of the planner.
            executor_system_message: Instructions of the executor.
            max_rounds: As the field.
            pass_threshold: As the field.
            pass_keyword: As the field.
            name: As the field.
        """
        judge = LLMJudgeScorer(judge_client or client, criteria)
        planner = cls._planner(client, name, planner_system_message, skill_manager)
        executor = cls._executor(client, name, executor_system_message, executor_tools)
        return cls(planner, executor, judge, criteria, name, max_rounds, pass_threshold, pass_keyword)

    async def _take(self, step: Any, run: WorkflowRun) -> AsyncGenerator[StreamChunk, None]:
        if isinstance(step, Scoring):
            step.take(await scored(step))
            return
        async with aclosing(super()._take(step, run)) as chunks:
            async for chunk in chunks:
                yield chunk
