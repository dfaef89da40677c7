"""Runners: whatever takes a task and answers it.

base    Runner, what they all are
agent   Agent: a client with a name, instructions and tools; and its view as a client
"""

from aimu.agents.agent import Agent
from aimu.agents.base import MessageHistory, Runner

__all__ = ["Agent", "MessageHistory", "Runner"]
