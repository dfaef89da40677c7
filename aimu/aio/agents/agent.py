"""The async Agent."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

from aimu.aio.agents.base import Runner
from aimu.aio.clients.base import ModelClient
from aimu.core.agents import AgentState
from aimu.core.options import Kwargs, Overlay
from aimu.core.reply import Request
from aimu.core.runners import Task
from aimu.core.structured import Schema
from aimu.core.turn import Turn


class Agent(AgentState[ModelClient], Runner):
    """A client with a name, instructions, tools and a bound; its loop is the client's turn (AGENT-1)."""

    __aimu_colour__ = "async"

    def _start(self, task: Task) -> Any:
        client = self.model_client
        overlay = self._overlay(fresh=self.reset_messages_on_run)
        turn = client._turn(
            task.text,
            task.generate_kwargs,
            stream=task.stream,
            images=task.images,
            schema=task.schema,
            overlay=overlay,
        )
        return client._run(turn)

    def _go_on(self, task: Task) -> Any:
        client, overlay = self.model_client, self._overlay(fresh=False)
        return client._run(client._resumption(task.generate_kwargs, task.stream, task.schema, overlay))

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
        return self._client._turn(*args, **{**options, "overlay": overlay})

    def _resumption(
        self, generate_kwargs: Kwargs, stream: bool, schema: Schema | None = None, overlay: Overlay | None = None
    ) -> Turn:
        inner = self._agent._overlay(fresh=False)
        return self._client._resumption(generate_kwargs, stream, schema, overlay.over(inner) if overlay else inner)

    def _open(self, request: Request) -> AbstractAsyncContextManager[AsyncIterable[Any]]:
        return self._client._open(request)

    async def _disconnect(self) -> None:
        await self._client._disconnect()
