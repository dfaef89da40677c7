"""The state and decisions that both Agents share: everything of an agent but the waiting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from itertools import count
from typing import Any, Generic, Self, TypeVar

from aimu.core.client import ClientState
from aimu.core.colour import Colour, colour_of
from aimu.core.conversation import Conversation, with_system
from aimu.core.messages import Message
from aimu.core.options import Overlay
from aimu.core.toolcalls import OnToolError, checked_on_error, checked_tools
from aimu.core.turn import CONTINUATION_PROMPT
from aimu.errors import ColourError

MessageHistory = dict[str, list[Message]]
C = TypeVar("C", bound=ClientState)
_NUMBERS = count(1)


@dataclass(eq=False)
class AgentState(Generic[C]):
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
    tools: list[Callable[..., Any]] = field(default_factory=list)
    max_iterations: int = 10
    continuation_prompt: str = CONTINUATION_PROMPT
    reset_messages_on_run: bool = False
    concurrent_tool_calls: bool | None = None
    on_tool_error: OnToolError | None = None

    def __post_init__(self) -> None:
        self._require_own_colour()
        self.tools = checked_tools(self.tools)
        self.on_tool_error = self.on_tool_error and checked_on_error(self.on_tool_error)
        self.name = self.name or f"agent-{next(_NUMBERS):06x}"

    @classmethod
    def from_config(cls, config: dict[str, Any], client: C) -> Self:
        """An agent on a fork of ``client``, from a plain dict (AGENT-6).

        Args:
            config: Fields of the agent by name.
            client: Model, connection, tools and defaults to fork.

        Raises:
            ValueError: a key is not a field.
        """
        known = [item.name for item in fields(cls) if item.name != "model_client"]
        if unknown := sorted(set(config).difference(known)):
            raise ValueError(f"an agent config has no {', '.join(unknown)}; keys are {', '.join(known)}")
        return cls(client.fork(), **config)

    @property
    def messages(self) -> MessageHistory:
        """``{name: history}``, with the instructions that were in force as its system entry (AGENT-4)."""
        history = self.model_client.messages
        if history and self.system_message is not None:
            history = with_system(history, self.system_message)
        return {self.name or "": list(history)}

    def on(self, client: C) -> Self:
        """The same agent on another client."""
        return replace(self, model_client=client)

    def conversations(self) -> list[Conversation]:
        """The conversations this runner speaks in; two runners that share one may not run together."""
        return [self.model_client._conversation]

    def _require_own_colour(self) -> None:
        client: object = self.model_client
        if colour_of(client) and not isinstance(client, ClientState):
            kind = type(client).__name__
            raise TypeError(f"model_client must be a client, not {kind}; a runner gives one by as_model_client()")
        require_colour(client, colour_of(self) or "sync", "model_client")

    def _overlay(self, *, fresh: bool) -> Overlay:
        self._require_own_colour()
        return Overlay(
            agent=self.name,
            system=self.system_message,
            tools=self.tools or None,
            max_iterations=self.max_iterations,
            continuation_prompt=self.continuation_prompt,
            concurrent=self.concurrent_tool_calls,
            on_tool_error=self.on_tool_error,
            fresh=fresh,
        )


def require_colour(thing: object, wanted: Colour, what: str) -> None:
    """Refuse a client or runner of the other surface, or what is none at all (COLOUR-2).

    Raises:
        ColourError: it belongs to the other surface.
        TypeError: it belongs to neither.
    """
    if (colour := colour_of(thing)) == wanted:
        return
    if colour is None:
        raise TypeError(f"{what} must be a client of this library, not {type(thing).__name__}")
    here, there = ("aimu.aio", "aimu") if wanted == "async" else ("aimu", "aimu.aio")
    raise ColourError(
        f"{what} is {colour} and this is {here}, the {wanted} surface; use {here}.client(), or {there}.Agent"
    )
