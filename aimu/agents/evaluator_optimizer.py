"""The sync EvaluatorOptimizer."""

from __future__ import annotations

from aimu.agents.base import Runner
from aimu.agents.workflow import Workflow
from aimu.core.evaluator_optimizer import EvaluatorOptimizerState


class EvaluatorOptimizer(EvaluatorOptimizerState[Runner], Workflow):
    """One runner drafts, another one criticises, until it passes (EVALUATOR-OPTIMIZER-1)."""
