"""The sync Chain."""

from __future__ import annotations

from aimu.agents.base import Runner
from aimu.agents.workflow import Workflow
from aimu.core.chain import ChainState


class Chain(ChainState[Runner], Workflow):
    """Runners one after the other, each given the answer of the one before (CHAIN-1)."""
