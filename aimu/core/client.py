"""The state and decisions that both ModelClients share: everything of a client but the waiting."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Self

from aimu.core.chunks import phases
from aimu.core.colour import colour_of
from aimu.core.conversation import Aside, Conversation
from aimu.core.images import message_content
from aimu.core.kwargs import checked_thinking, merged, warn_caller
from aimu.core.messages import Message
from aimu.core.models import Model, ModelSpec
from aimu.core.options import (
    CONTINUATION_PROMPT,
    KEEP,
    Connection,
    Images,
    Include,
    Kwargs,
    Overlay,
    TurnOptions,
    check_limit,
)
from aimu.core.reply import Codec, Usage
from aimu.core.structured import Schema, output_schema
from aimu.core.toolcalls import (
    OnToolError,
    Tool,
    checked_mcp_client,
    checked_on_error,
    checked_tools,
    refuse_own_runners,
)
from aimu.core.turn import Turn


class ClientState:
    """A model, a conversation, and defaults; subclassed by the ModelClient of each surface.

    Attributes:
        model: The ModelSpec in use.
        max_iterations: Model requests one turn may make.
        concurrent_tool_calls: Whether the calls of one reply run at the same time.
        on_tool_error: ``"raise"`` lets a tool's exception propagate, ``"report"`` tells the model.
        default_generate_kwargs: Sent with every request unless the call says otherwise.
    """

    provider: str = ""
    _codec: Codec

    def _init_state(
        self,
        model: ModelSpec | Model,
        codec: Codec,
        *,
        system_message: str | None = None,
        tools: Iterable[Tool] | None = None,
        max_iterations: int = 10,
        concurrent_tool_calls: bool = False,
        on_tool_error: OnToolError = "raise",
        mcp_client: Any = None,
        default_generate_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model.spec if isinstance(model, Model) else model
        self.max_iterations = max_iterations
        self.concurrent_tool_calls = concurrent_tool_calls
        self.on_tool_error: OnToolError = checked_on_error(on_tool_error)
        self.default_generate_kwargs = dict(default_generate_kwargs or {})
        self._codec = codec
        self._conversation = Conversation(system_message, tools or (), self._checked_mcp(mcp_client))
        self._warned: set[str] = set()
        self._connection = Connection()
        self._owns_connection = True
        self._is_closed = False

    @property
    def messages(self) -> list[Message]:
        """The history, a list of dicts in OpenAI format; assigning checks it (HISTORY-1, HISTORY-6)."""
        return self._conversation.messages

    @messages.setter
    def messages(self, messages: Iterable[Message]) -> None:
        self._conversation.messages = messages

    @property
    def system_message(self) -> str | None:
        """The system message; locked after the first turn until ``reset`` (SYSTEM-1)."""
        return self._conversation.system_message

    @system_message.setter
    def system_message(self, text: str | None) -> None:
        self._conversation.system_message = text

    @property
    def tools(self) -> list[Tool]:
        """The tools the model may call; assigning checks them (TOOLS-9)."""
        return self._conversation.tools

    @tools.setter
    def tools(self, tools: Iterable[Tool]) -> None:
        self._conversation.tools = tools

    @property
    def mcp_client(self) -> Any:
        """The MCP client whose tools the model may call too, None for none; never closed from here (MCP-9)."""
        return self._conversation.mcp_client

    @mcp_client.setter
    def mcp_client(self, mcp_client: Any) -> None:
        self._conversation.mcp_client = self._checked_mcp(mcp_client)

    @property
    def last_thinking(self) -> str:
        """What the model thought in the last turn or generate; ``""`` when nothing (THINK-1)."""
        return self._conversation.last_thinking

    @property
    def last_usage(self) -> Usage | None:
        """Tokens of the last turn or generate; None when the provider did not tell (USAGE-1)."""
        return self._conversation.last_usage

    @property
    def stop_reason(self) -> str | None:
        """Why the last reply ended: stop, length, tool_calls, stop_sequence, content_filter, ... (USAGE-2)."""
        return self._conversation.stop_reason

    def reset(self, system_message: str | None = KEEP) -> None:
        """Forget the history and unlock the system message (SYSTEM-2).

        Args:
            system_message: A new one, None for none; left out, the present one stays.

        Raises:
            ConcurrentTurnError: a turn is open.
        """
        self._conversation.reset(self.system_message if system_message is KEEP else system_message)

    def fork(self) -> Self:
        """A new, empty conversation on the same connection or weights (CHAT-7).

        Model, system message, tools, MCP client, limits and defaults are copied; closing a fork leaves what
        it shares open.
        """
        twin = copy.copy(self)
        twin.default_generate_kwargs = dict(self.default_generate_kwargs)
        twin._conversation = Conversation(self.system_message, self.tools, self.mcp_client)
        twin._owns_connection = False
        twin._warned = set()
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.provider}:{self.model.id}, {len(self.messages)} messages)"

    def _turn(
        self,
        user_message: str,
        generate_kwargs: Kwargs,
        *,
        use_tools: bool = True,
        stream: bool = False,
        images: Images = None,
        include: Include = None,
        schema: Schema | None = None,
        overlay: Overlay | None = None,
        goes_on: bool = False,
    ) -> Turn:
        """A checked turn that has not begun; one that ``goes_on`` from the history has no message."""
        self._require_open()
        overlay = overlay or Overlay()
        tools, server = self._offered(overlay, use_tools)
        limit = self.max_iterations if overlay.max_iterations is None else overlay.max_iterations
        check_limit(limit, bool(tools or server) and use_tools)
        parameters = self._parameters(generate_kwargs)
        options = TurnOptions(
            parameters=parameters,
            provider=self.provider,
            tools=tools,
            use_tools=use_tools,
            max_iterations=limit,
            continuation_prompt=overlay.continuation_prompt or CONTINUATION_PROMPT,
            concurrent=self.concurrent_tool_calls if overlay.concurrent is None else overlay.concurrent,
            on_tool_error=checked_on_error(overlay.on_tool_error or self.on_tool_error),
            stream=stream,
            include=phases(include),
            agent=overlay.agent,
            system=overlay.system,
            fresh=overlay.fresh,
            schema=output_schema(schema, parameters),
            servers=[server] if server and use_tools else [],
        )
        content = None if goes_on else message_content(user_message, images, self.model)
        return Turn(self._conversation, self._codec, options, content)

    def _resumption(
        self, generate_kwargs: Kwargs, stream: bool, schema: Schema | None = None, overlay: Overlay | None = None
    ) -> Turn:
        """A turn that goes on from the history as it stands."""
        self._conversation.require_resumable()
        return self._turn("", generate_kwargs, stream=stream, schema=schema, overlay=overlay, goes_on=True)

    def _generation(
        self, prompt: str, generate_kwargs: Kwargs, stream: bool, include: Include, schema: Schema | None
    ) -> Turn:
        """A turn of its own, on a conversation of its own: stateless, without tools."""
        self._require_open()
        parameters = self._parameters(generate_kwargs)
        read = output_schema(schema, parameters)
        options = TurnOptions(parameters, self.provider, stream=stream, include=phases(include), schema=read)
        return Turn(Aside(self._conversation), self._codec, options, message_content(prompt, None, self.model))

    def _offered(self, overlay: Overlay, use_tools: bool) -> tuple[list[Tool], Any]:
        """The tools of a turn, and the MCP client that may have more."""
        tools = checked_tools(self.tools if overlay.tools is None else overlay.tools)
        refuse_own_runners(tools, self._conversation)
        server = self._checked_mcp(self.mcp_client)
        if (tools or server) and use_tools and not self.model.tools:
            raise ValueError(
                f"model {self.model.id!r} does not support tools; "
                f"if it does, say so: {self.provider + ':' + self.model.id + ';tools'!r}"
            )
        return (tools, server) if self.model.tools else ([], None)

    def _checked_mcp(self, mcp_client: Any) -> Any:
        return checked_mcp_client(mcp_client, colour_of(self) or "sync")

    def _parameters(self, generate_kwargs: Kwargs) -> dict[str, Any]:
        kwargs = merged(self.model.generation_kwargs, self.default_generate_kwargs, generate_kwargs)
        if "thinking" in kwargs and checked_thinking(kwargs["thinking"]) and not self.model.thinking:
            del kwargs["thinking"]
            self._warn_dropped("thinking")
        parameters, dropped = self._codec.parameters(kwargs)
        for name in dropped:
            self._warn_dropped(name)
        return parameters

    def _warn_dropped(self, name: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            warn_caller(f"{self.provider}:{self.model.id} has no {name!r}; it is not sent")

    def _require_open(self) -> None:
        if self._is_closed or not self._connection.is_open:
            raise RuntimeError("this client is closed; make a new one with client()")
