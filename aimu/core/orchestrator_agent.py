"""What both OrchestratorAgents decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Self, TypeVar

from aimu.core.agents import AgentState
from aimu.core.client import ClientState
from aimu.core.runners import RunnerState, require_colour
from aimu.core.toolcalls import Tool
from aimu.core.workflows import checked_workers

C = TypeVar("C", bound=ClientState)
R = TypeVar("R", bound=RunnerState)


class OrchestratorAgentState(AgentState[C], Generic[C, R]):
    """An agent whose tools are runners: it decides who does what (ORCHESTRATOR-1)."""

    def _init_orchestrator(
        self,
        model_client: C,
        *,
        name: str,
        system_message: str | None,
        tools: Iterable[Tool],
        concurrent_tool_calls: bool = False,
    ) -> None:
        """Set up an orchestrator; for the ``__init__`` of a subclass (ORCHESTRATOR-5).

        Args:
            model_client: What the orchestrator itself talks through.
            name: What it is called.
            system_message: Its instructions.
            tools: Its tools: runners as tools, and others.
            concurrent_tool_calls: Whether the workers called in one reply run at the same time.
        """
        AgentState.__init__(
            self, model_client, system_message, name, list(tools), concurrent_tool_calls=concurrent_tool_calls
        )

    @classmethod
    def assemble(
        cls,
        model_client: C,
        system_message: str | None,
        *,
        workers: Iterable[R],
        name: str = "orchestrator",
        concurrent_tool_calls: bool = True,
    ) -> Self:
        """An orchestrator of these workers, on a fork of ``model_client`` (ORCHESTRATOR-2).

        Args:
            model_client: Model, connection and defaults to fork.
            system_message: The orchestrator's instructions.
            workers: Runners, each a tool under its name that takes a task.
            name: What the orchestrator is called.
            concurrent_tool_calls: Whether the workers called in one reply run at the same time.

        Raises:
            ColourError: a worker is of the other surface.
            TypeError: a worker is no runner, or ``model_client`` no client.
            ValueError: there are no workers, or two of them share a conversation or a name.
        """
        require_colour(model_client, cls, "model_client", ClientState)
        orchestrator = cls.__new__(cls)
        orchestrator._init_orchestrator(
            model_client.fork(),
            name=name,
            system_message=system_message,
            tools=[worker.as_tool() for worker in checked_workers(workers, cls)],
            concurrent_tool_calls=concurrent_tool_calls,
        )
        return orchestrator
