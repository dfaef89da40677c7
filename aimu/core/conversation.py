"""One conversation: its history, system message, tools, and the turn that is open on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aimu.core.messages import Message, checked_history, system_entry, text_of
from aimu.core.reply import Usage
from aimu.core.toolcalls import checked_tools
from aimu.errors import ConcurrentTurnError


class Conversation:
    """History that grows by whole rounds, held by at most one turn at a time."""

    def __init__(
        self, system_message: str | None = None, tools: Iterable[Callable[..., Any]] = (), mcp_client: Any = None
    ) -> None:
        self._messages: list[Message] = []
        self._system = system_message
        self._locked = False
        self._tools = checked_tools(tools)
        self._mcp_client = mcp_client
        self._turn: object = None
        self._latest = 0
        # list.pop is atomic, so taking the only token is a try-acquire without a lock
        self._free = [True]
        self.forget_readings()

    @property
    def messages(self) -> list[Message]:
        return self._messages

    @messages.setter
    def messages(self, messages: Iterable[Message]) -> None:
        self._require_idle("assign messages")
        self._messages = checked_history(messages)

    @property
    def system_message(self) -> str | None:
        """What is sent as the system message: the history's own entry once there is a history."""
        if not self._messages:
            return self._system
        head = self._messages[0]
        return text_of(head.get("content")) if head["role"] == "system" else None

    @system_message.setter
    def system_message(self, text: str | None) -> None:
        self._require_idle("assign system_message")
        if self._locked:
            raise RuntimeError("system_message is locked after the first turn; call reset(system_message=...) first")
        self._system = text
        if self._messages:
            self._messages[:] = with_system(self._messages, text)

    @property
    def tools(self) -> list[Callable[..., Any]]:
        return self._tools

    @tools.setter
    def tools(self, tools: Iterable[Callable[..., Any]]) -> None:
        self._require_idle("assign tools")
        self._tools = checked_tools(tools)

    @property
    def mcp_client(self) -> Any:
        return self._mcp_client

    @mcp_client.setter
    def mcp_client(self, mcp_client: Any) -> None:
        self._require_idle("assign mcp_client")
        self._mcp_client = mcp_client

    @property
    def is_busy(self) -> bool:
        return self._turn is not None

    def reset(self, system_message: str | None) -> None:
        self._require_idle("reset")
        self._messages = []
        self._locked = False
        self._system = system_message
        self.forget_readings()

    def forget_readings(self) -> None:
        """What was read from the last turn; the next one starts without it."""
        self.last_thinking = ""
        self.last_usage: Usage | None = None
        self.stop_reason: str | None = None

    def acquire(self, turn: object) -> None:
        """Open ``turn`` here, or raise ConcurrentTurnError."""
        try:
            self._free.pop()
        except IndexError:
            raise ConcurrentTurnError(
                "this conversation has a turn open; finish or close it, or talk on client.fork() at the same time"
            ) from None
        self._turn, self._latest = turn, id(turn)

    def release(self, turn: object) -> None:
        """Close ``turn``; harmless when it is not the open one."""
        if self._turn is turn:
            self._turn = None
            self._free.append(True)

    def require_latest(self, turn: object) -> None:
        """Refuse what a turn brings that was let go while it was at work, once another one has begun."""
        if self._latest != id(turn):
            raise ConcurrentTurnError("this turn was let go, and another one has begun in its conversation")

    @property
    def is_resumable(self) -> bool:
        return bool(self._messages) and self._messages[-1]["role"] in ("tool", "user")

    def require_resumable(self) -> None:
        """Refuse to go on from a history that waits for nothing."""
        if not self.is_resumable:
            raise ValueError("nothing to resume: the history does not end in tool results or a user message")

    def record(self, messages: Sequence[Message], *, fresh: bool = False) -> None:
        """Append one round; ``fresh`` starts the history over with it."""
        start: list[Message] = []
        if fresh or not self._messages:
            start = [system_entry(system)] if (system := self.system_message) is not None else []
            self._messages.clear()
        self._messages += [*start, *messages]
        self._locked = True

    def _require_idle(self, what: str) -> None:
        if self.is_busy:
            raise ConcurrentTurnError(f"cannot {what} while a turn is open; finish or close it first")


class Aside(Conversation):
    """A throwaway conversation whose readings land on the client's own."""

    def __init__(self, told: Conversation) -> None:
        super().__init__()
        self._told = told

    def release(self, turn: object) -> None:
        if self._turn is not turn:
            return
        super().release(turn)
        if self._told.is_busy:  # a turn of its own is being read there
            return
        self._told.last_thinking = self.last_thinking
        self._told.last_usage = self.last_usage
        self._told.stop_reason = self.stop_reason


def with_system(messages: Sequence[Message], text: str | None) -> list[Message]:
    """``messages`` with ``text`` as the only leading system entry; None removes it."""
    rest = messages[1:] if messages and messages[0]["role"] == "system" else messages
    return [*([system_entry(text)] if text is not None else []), *rest]
