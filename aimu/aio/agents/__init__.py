"""Runners, async: whatever takes a task and answers it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aimu.aio.agents.agent import Agent
from aimu.aio.agents.base import MessageHistory, Runner

if TYPE_CHECKING:
    from aimu.aio.agents.chain import Chain
    from aimu.aio.agents.evaluator_optimizer import EvaluatorOptimizer
    from aimu.aio.agents.orchestrator_agent import OrchestratorAgent
    from aimu.aio.agents.parallel import Parallel
    from aimu.aio.agents.plan_execute_evaluator import PlanExecuteEvaluator
    from aimu.aio.agents.router import Router
    from aimu.aio.agents.scorers import LLMJudgeScorer, Scorer
    from aimu.aio.agents.skill_agent import SkillAgent
    from aimu.core.scoring import ScoredRow

__all__ = [
    "Agent",
    "Chain",
    "EvaluatorOptimizer",
    "LLMJudgeScorer",
    "MessageHistory",
    "OrchestratorAgent",
    "Parallel",
    "PlanExecuteEvaluator",
    "Router",
    "Runner",
    "ScoredRow",
    "Scorer",
    "SkillAgent",
]

# loaded when they are asked for, so that whoever talks to a client alone does not wait for them
_HOMES = {
    "Chain": "chain",
    "EvaluatorOptimizer": "evaluator_optimizer",
    "LLMJudgeScorer": "scorers",
    "OrchestratorAgent": "orchestrator_agent",
    "Parallel": "parallel",
    "PlanExecuteEvaluator": "plan_execute_evaluator",
    "Router": "router",
    "ScoredRow": "scorers",
    "Scorer": "scorers",
    "SkillAgent": "skill_agent",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
