"""The sync Agent."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Literal, Self, overload

from aimu.agents.base import Runner
from aimu.clients.base import ModelClient
from aimu.core.agents import AgentState
from aimu.core.options import Overlay
from aimu.core.reply import Request
from aimu.core.turn import Turn
from aimu.stream import ChunkStream


class Agent(AgentState[ModelClient], Runner):
    """A client with a name, instructions, tools and a bound; its loop is the client's turn (AGENT-1)."""

    __aimu_colour__ = "sync"

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: Literal[False] = False,
        images: Iterable[Any] | None = None,
    ) -> str: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        *,
        stream: Literal[True],
        images: Iterable[Any] | None = None,
    ) -> ChunkStream: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        images: Iterable[Any] | None = None,
    ) -> str | ChunkStream: ...

    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        images: Iterable[Any] | None = None,
    ) -> str | ChunkStream:
        """Work on a task until the model answers in text (AGENT-2).

        Args:
            task: What to do; not empty.
            generate_kwargs: As in ``ModelClient.chat``.
            stream: True returns the chunks as they come, labelled with the agent's name.
            images: As in ``ModelClient.chat``.

        Returns:
            The final text, or a ChunkStream of the run.

        Raises:
            IterationLimitError: ``max_iterations`` requests brought no text.
            ProviderError: the provider failed; ``resume`` goes on from the finished rounds.
        """
        client = self.model_client
        overlay = self._overlay(fresh=self.reset_messages_on_run)
        return client._run(client._turn(task, generate_kwargs, stream=stream, images=images, overlay=overlay))

    @overload
    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: Literal[False] = False) -> str: ...

    @overload
    def resume(self, generate_kwargs: dict[str, Any] | None = None, *, stream: Literal[True]) -> ChunkStream: ...

    @overload
    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: bool = False) -> str | ChunkStream: ...

    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: bool = False) -> str | ChunkStream:
        """Go on with a run that failed or was interrupted, from its last finished round (HISTORY-5).

        Args:
            generate_kwargs: As in ``ModelClient.chat``.
            stream: As in ``run``.

        Raises:
            ValueError: there is nothing to resume.
        """
        client = self.model_client
        return client._run(client._resumption(generate_kwargs, stream, self._overlay(fresh=False)))

    def as_model_client(self) -> ModelClient:
        """This agent as a client: ``chat`` runs it, everything else is the inner client's (AGENT-5)."""
        return AgentClient(self)


class AgentClient(ModelClient):
    """An agent where a client is expected; made by ``Agent.as_model_client``."""

    __slots__ = ("_agent", "_client")

    def __init__(self, agent: Agent) -> None:
        # one state, two interfaces: what is set on either is set on both
        self.__dict__ = agent.model_client.__dict__
        self._agent, self._client = agent, agent.model_client

    def fork(self) -> Self:
        return type(self)(self._agent.on(self._agent.model_client.fork()))

    def _turn(self, *args: Any, **options: Any) -> Turn:
        overlay = self._agent._overlay(fresh=self._agent.reset_messages_on_run)
        if outer := options.get("overlay"):
            overlay = outer.over(overlay)
        return super()._turn(*args, **{**options, "overlay": overlay})

    def _resumption(self, generate_kwargs: dict[str, Any] | None, stream: bool, overlay: Overlay | None = None) -> Turn:
        inner = self._agent._overlay(fresh=False)
        return super()._resumption(generate_kwargs, stream, overlay.over(inner) if overlay else inner)

    def _open(self, request: Request) -> AbstractContextManager[Iterable[Any]]:
        return self._client._open(request)

    def _disconnect(self) -> None:
        self._client._disconnect()
