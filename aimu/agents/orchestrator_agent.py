"""The sync OrchestratorAgent."""

from __future__ import annotations

from aimu.agents.agent import Agent
from aimu.agents.base import Runner
from aimu.clients.base import ModelClient
from aimu.core.orchestrator_agent import OrchestratorAgentState


class OrchestratorAgent(OrchestratorAgentState[ModelClient, Runner], Agent):
    """An agent whose tools are runners: it decides who does what (ORCHESTRATOR-1).

    Made by ``assemble``, or by a subclass whose ``__init__`` calls ``_init_orchestrator``.
    """
