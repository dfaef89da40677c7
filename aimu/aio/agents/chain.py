"""The async Chain."""

from __future__ import annotations

from aimu.aio.agents.base import Runner
from aimu.aio.agents.workflow import Workflow
from aimu.core.chain import ChainState


class Chain(ChainState[Runner], Workflow):
    """Runners one after the other, each given the answer of the one before (CHAIN-1)."""
