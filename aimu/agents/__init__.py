"""Runners: whatever takes a task and answers it.

base                    Runner, what they all are
agent                   Agent: a client with a name, instructions and tools; and its view as a client
skill_agent             SkillAgent: an agent that can look up skills
orchestrator_agent      OrchestratorAgent: an agent whose tools are runners
workflow                the loop that takes the steps of a workflow
chain                   Chain: one runner after the other
router                  Router: one runner says whose task it is
parallel                Parallel: several runners at the same time
crew                    generators run at the same time, and what they yield in one stream
evaluator_optimizer     EvaluatorOptimizer: draft and criticise until it passes
plan_execute_evaluator  PlanExecuteEvaluator: plan, execute, score, plan again
scorers                 Scorer, and LLMJudgeScorer, a model that scores
scripts                 running the scripts of a skill
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aimu.agents.agent import Agent
from aimu.agents.base import MessageHistory, Runner

if TYPE_CHECKING:
    from aimu.agents.chain import Chain
    from aimu.agents.evaluator_optimizer import EvaluatorOptimizer
    from aimu.agents.orchestrator_agent import OrchestratorAgent
    from aimu.agents.parallel import Parallel
    from aimu.agents.plan_execute_evaluator import PlanExecuteEvaluator
    from aimu.agents.router import Router
    from aimu.agents.scorers import LLMJudgeScorer, Scorer
    from aimu.agents.skill_agent import SkillAgent
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
