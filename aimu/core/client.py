"""The state and decisions that both ModelClients share: everything of a client but the waiting."""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Iterable
from typing import Any, Self

from aimu.core.chunks import phases
from aimu.core.conversation import Aside, Conversation
from aimu.core.images import image_list, user_content
from aimu.core.kwargs import checked_thinking, merged
from aimu.core.messages import Message, sendable
from aimu.core.models import Model, ModelSpec
from aimu.core.options import KEEP, Connection, Include, Overlay, check_limit
from aimu.core.reply import Codec, Usage
from aimu.core.toolcalls import OnToolError, Tool, checked_on_error, checked_tools
from aimu.core.turn import CONTINUATION_PROMPT, Turn, TurnOptions


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
        default_generate_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model.spec if isinstance(model, Model) else model
        self.max_iterations = max_iterations
        self.concurrent_tool_calls = concurrent_tool_calls
        self.on_tool_error: OnToolError = checked_on_error(on_tool_error)
        self.default_generate_kwargs = dict(default_generate_kwargs or {})
        self._codec = codec
        self._conversation = Conversation(system_message, tools or ())
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

        Model, system message, tools, limits and defaults are copied; closing a fork leaves what
        it shares open.
        """
        twin = copy.copy(self)
        twin.default_generate_kwargs = dict(self.default_generate_kwargs)
        twin._conversation = Conversation(self.system_message, self.tools)
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
        generate_kwargs: dict[str, Any] | None,
        *,
        use_tools: bool = True,
        stream: bool = False,
        images: Iterable[Any] | None = None,
        include: Include = None,
        overlay: Overlay | None = None,
        goes_on: bool = False,
    ) -> Turn:
        """A checked turn that has not begun; one that ``goes_on`` from the history has no message."""
        self._require_open()
        overlay = overlay or Overlay()
        tools = self._offered(overlay, use_tools)
        limit = self.max_iterations if overlay.max_iterations is None else overlay.max_iterations
        check_limit(limit, bool(tools) and use_tools)
        options = TurnOptions(
            parameters=self._parameters(generate_kwargs),
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
        )
        content = None if goes_on else self._content(user_message, images)
        return Turn(self._conversation, self._codec, options, content)

    def _resumption(self, generate_kwargs: dict[str, Any] | None, stream: bool, overlay: Overlay | None = None) -> Turn:
        """A turn that goes on from the history as it stands."""
        self._conversation.require_resumable()
        return self._turn("", generate_kwargs, stream=stream, overlay=overlay, goes_on=True)

    def _generation(self, prompt: str, generate_kwargs: dict[str, Any] | None, stream: bool, include: Include) -> Turn:
        """A turn of its own, on a conversation of its own: stateless, without tools."""
        self._require_open()
        options = TurnOptions(self._parameters(generate_kwargs), self.provider, stream=stream, include=phases(include))
        return Turn(Aside(self._conversation), self._codec, options, self._content(prompt, None))

    def _content(self, user_message: str, images: Iterable[Any] | None) -> str | list[dict[str, Any]]:
        if not isinstance(user_message, str):
            raise TypeError(f"the message must be a str, not {type(user_message).__name__}")
        images = image_list(images)
        if images and not self.model.vision:
            raise ValueError(f"model {self.model.id!r} does not support vision; images= needs one that does")
        if not user_message.strip() and not images:
            raise ValueError("the message is empty; say something, or show images")
        if sendable(user_message) != user_message:
            raise ValueError("the message holds half of a surrogate pair, which is not Unicode text")
        return user_content(user_message, images)

    def _offered(self, overlay: Overlay, use_tools: bool) -> list[Tool]:
        tools = checked_tools(self.tools if overlay.tools is None else overlay.tools)
        if tools and use_tools and not self.model.tools:
            raise ValueError(
                f"model {self.model.id!r} does not support tools; "
                f"if it does, say so: {self.provider + ':' + self.model.id + ';tools'!r}"
            )
        return tools if self.model.tools else []

    def _parameters(self, generate_kwargs: dict[str, Any] | None) -> dict[str, Any]:
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
            text = f"{self.provider}:{self.model.id} has no {name!r}; it is not sent"
            warnings.warn(text, stacklevel=_depth_of_caller())

    def _require_open(self) -> None:
        if self._is_closed or not self._connection.is_open:
            raise RuntimeError("this client is closed; make a new one with client()")


def _depth_of_caller() -> int:
    """How far up the stack, for a warning, the code stands that called this library."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals["__name__"].split(".")[0] == __name__.split(".")[0]:
        depth, frame = depth + 1, frame.f_back
    return depth - 1
