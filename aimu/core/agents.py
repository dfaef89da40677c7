"""The state and decisions that both Agents share: everything of an agent but the waiting."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, fields
from itertools import count
from typing import Any, Generic, Self, TypeVar

from aimu.core.client import ClientState
from aimu.core.conversation import Conversation, with_system
from aimu.core.options import CONTINUATION_PROMPT, Overlay
from aimu.core.runners import MessageHistory, RunnerState, forked_tools, merged_messages, require_colour
from aimu.core.structured import OutputSchema
from aimu.core.toolcalls import OnToolError, Tool, checked_on_error, checked_tools, refuse_own_runners

C = TypeVar("C", bound=ClientState)
_NUMBERS = count(1)


@dataclass(eq=False)
class AgentState(RunnerState, Generic[C]):
    """A name, instructions, tools and limits on top of a client (AGENT-1).

    Attributes:
        model_client: The client it talks through; of the agent's own surface.
        system_message: Its instructions, in force during its turns only; None leaves the client's.
        name: What its chunks and messages are labelled with; made up when None.
        tools: Its tools, in force during its turns only; empty leaves the client's.
        max_iterations: Model requests one run may make.
        continuation_prompt: What is said to an empty reply.
        reset_messages_on_run: Whether each run starts a new history.
        concurrent_tool_calls: As on the client; None leaves the client's.
        on_tool_error: As on the client; None leaves the client's.
    """

    model_client: C
    system_message: str | None = None
    name: str | None = None
    tools: list[Tool] = field(default_factory=list)
    max_iterations: int = 10
    continuation_prompt: str = CONTINUATION_PROMPT
    reset_messages_on_run: bool = False
    concurrent_tool_calls: bool | None = None
    on_tool_error: OnToolError | None = None

    def __post_init__(self) -> None:
        self._require_own_colour()
        self.tools = checked_tools(self.tools)
        refuse_own_runners(self.tools, self.model_client._conversation)
        self.on_tool_error = self.on_tool_error and checked_on_error(self.on_tool_error)
        self.name = self.name or f"agent-{next(_NUMBERS):06x}"
        self.messages  # noqa: B018 - names that clash are found at once

    @classmethod
    def from_config(cls, config: dict[str, Any], client: C) -> Self:
        """An agent on a fork of ``client``, from a plain dict (AGENT-6).

        Args:
            config: Fields of the agent by name.
            client: Model, connection, tools and defaults to fork.

        Raises:
            TypeError: ``client`` is none.
            ValueError: a key is not a field.
        """
        known = [item.name for item in fields(cls) if item.name != "model_client"]
        if unknown := sorted(set(config).difference(known)):
            raise ValueError(f"an agent config has no {', '.join(unknown)}; keys are {', '.join(known)}")
        require_colour(client, cls, "client", ClientState)
        return cls(client.fork(), **config)

    @property
    def messages(self) -> MessageHistory:
        """``{name: history}``, with the instructions that were in force as its system entry (AGENT-4).

        The runners behind its tools have their histories beside it, under their own names (ORCHESTRATOR-4).
        """
        return merged_messages(self.speakers())

    def _own_messages(self) -> MessageHistory:
        history = self.model_client.messages
        if history and (instructions := self._instructions_in_force()) is not None:
            history = with_system(history, instructions)
        return {self.name or "": list(history)}

    def on(self, client: C) -> Self:
        """The same agent on another client."""
        twin = copy.copy(self)
        twin.model_client = client
        twin.tools = list(self.tools)
        return twin

    def _parts(self) -> list[Any]:
        """This agent, and the runners behind its tools."""
        return [self, *(tool.__aimu_runner__ for tool in self._tools_in_force() if hasattr(tool, "__aimu_runner__"))]

    def _layers(self) -> list[AgentState[C]]:
        """This agent, the one whose view its client is, and so on."""
        inner: AgentState[C] | None = getattr(self.model_client, "_agent", None)
        return [self, *(inner._layers() if inner else ())]

    def _instructions_in_force(self) -> str | None:
        """The system message of this agent's turns; None leaves the client's."""
        layers = self._layers()
        base = next((one.system_message for one in layers if one.system_message is not None), None)
        if not (added := [text for one in reversed(layers) if (text := one._added_instructions())]):
            return base
        return "\n\n".join(filter(None, (self.model_client.system_message if base is None else base, *added)))

    def _tools_in_force(self) -> list[Tool]:
        """The tools of this agent's turns."""
        layers = self._layers()
        base = next((one.tools for one in layers if one.tools), self.model_client.tools)
        return [*base, *(tool for one in reversed(layers) for tool in one._added_tools())]

    def _added_instructions(self) -> str:
        """What this kind of agent says below the instructions, whosever they are (SKILL-11)."""
        return ""

    def _added_tools(self) -> list[Tool]:
        """What this kind of agent offers beside the tools, whosever they are (SKILL-11)."""
        return []

    def _fork(self, suffix: str, forks: dict[int, Any]) -> Self:
        client = forks.setdefault(id(self.model_client), self.model_client.fork())
        forks[id(self)] = twin = self.on(client)  # before the runners behind its tools, which may lead back here
        twin.name = f"{self.name}{suffix}"
        twin.tools = forked_tools(self.tools, suffix, forks)
        client.tools = forked_tools(self.model_client.tools, suffix, forks)
        return twin

    def _own_conversation(self) -> Conversation:
        return self.model_client._conversation

    def _can_constrain(self, schema: OutputSchema) -> bool:
        return self.model_client._codec.constrains(schema)

    def _can_resume(self) -> bool:
        return self.model_client._conversation.is_resumable

    def _require_own_colour(self) -> None:
        require_colour(self.model_client, self, "model_client", ClientState)

    def _overlay(self, *, fresh: bool) -> Overlay:
        self._require_own_colour()
        return Overlay(
            agent=self.name,
            system=self._instructions_in_force(),
            tools=self._tools_in_force(),
            max_iterations=self.max_iterations,
            continuation_prompt=self.continuation_prompt,
            concurrent=self.concurrent_tool_calls,
            on_tool_error=self.on_tool_error,
            fresh=fresh,
        )
