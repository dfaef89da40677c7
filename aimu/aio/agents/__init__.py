"""Runners: whatever takes a task and answers it, awaited.

base    Runner, what they all are
agent   Agent: a client with a name, instructions and tools; and its view as a client
"""

from aimu.aio.agents.agent import Agent
from aimu.aio.agents.base import MessageHistory, Runner

__all__ = ["Agent", "MessageHistory", "Runner"]
