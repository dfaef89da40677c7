"""A conversation: its history, which grows by whole rounds, its system message, and the one turn that may be open."""

import copy
import json
import threading
from collections.abc import Iterable
from typing import Any, Final

from pocket.errors import ConcurrentTurnError

Message = dict[str, Any]
ROLES: Final = ("system", "user", "assistant", "tool")


class Conversation:
    """History, system message and readings of one client.

    Args:
        system: str or None: the system message.

    Attributes:
        messages: list of dict, in OpenAI's format.
        system: str or None, what is in force.
        thinking, usage, stop: the readings of the last turn or `generate`.
    """

    def __init__(self, system: str | None) -> None:
        self.messages: list[Message] = []
        self.system = system
        self.thinking = ""
        self.stop: str | None = None
        self.usage: dict[str, int] | None = None
        self.reader: object = None
        self._is_locked = False
        self._turn = threading.Lock()

    def open(self) -> None:
        """Begin a turn; ConcurrentTurnError if there is one."""
        if not self._turn.acquire(blocking=False):
            raise ConcurrentTurnError("a turn is open on this conversation; wait for it, or use client.fork()")

    def shut(self) -> None:
        """End the turn."""
        self._turn.release()

    def is_open(self) -> bool:
        """Whether a turn is open."""
        return self._turn.locked()

    def stand_still(self, what: str) -> None:
        """Refuse a change during a turn."""
        if self.is_open():
            raise ConcurrentTurnError(f"{what} cannot change while a turn is open; wait for it, or use client.fork()")

    def forget_readings(self) -> None:
        """The readings of a client that has said nothing."""
        self.thinking, self.usage, self.stop = "", None, None

    def assign(self, messages: Iterable[Any]) -> None:
        """Take a history from elsewhere; ValueError with the index of what no provider would take."""
        self.stand_still("messages")
        self.messages = accepted(list(messages))
        if self.messages:
            head = self.messages[0]
            self.system = head["content"] if head["role"] == "system" else None

    def set_system(self, text: str | None) -> None:
        """Replace the system message, in an assigned history too."""
        self.stand_still("system_message")
        if self._is_locked:
            raise RuntimeError("system_message is locked after the first turn; reset() the client to change it")
        rest = self.messages[1:] if self.messages and self.messages[0]["role"] == "system" else self.messages
        head = [{"role": "system", "content": text}] if text is not None and rest else []
        self.messages, self.system = [*head, *rest], text

    def reset(self, system: str | None) -> None:
        """Begin anew."""
        self.stand_still("the conversation")
        self.messages, self.system, self._is_locked = [], system, False
        self.forget_readings()

    def record(self, messages: list[Message]) -> None:
        """Add a whole round."""
        if not self.messages and self.system is not None:
            self.messages.append({"role": "system", "content": self.system})
        self.messages.extend(messages)
        self._is_locked = True

    def waits(self) -> bool:
        """Whether the history ends in what a model has to answer."""
        return bool(self.messages) and self.messages[-1]["role"] in ("user", "tool")

    def new_id(self, taken: Iterable[str]) -> str:
        """An id that no call here has."""
        used = {call["id"] for message in self.messages for call in message.get("tool_calls") or ()} | set(taken)
        number = len(used) + 1
        while f"call_{number}" in used:
            number += 1
        return f"call_{number}"


def accepted(messages: list[Any]) -> list[Message]:
    """Copies of the messages of a history, as they were given; ValueError names the first that is wrong."""
    found: list[Message] = []
    waiting: list[str] = []
    asked = 0
    for index, message in enumerate(messages):
        try:
            found.append(made := _accepted(message))
            if made["role"] == "tool":
                waiting.remove(_known(made, waiting))
                continue
        except (TypeError, ValueError) as error:
            raise ValueError(f"messages[{index}] cannot be sent: {error}") from error
        if waiting:
            raise ValueError(f"messages[{asked}] cannot be sent: no tool message answers {waiting[0]!r}")
        waiting, asked = [call["id"] for call in made.get("tool_calls") or ()], index
    if waiting:
        raise ValueError(f"messages[{asked}] cannot be sent: no tool message answers {waiting[0]!r}")
    return found


def sound(text: str) -> str:
    """The text; ValueError where it has half a character."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"half a character (a lone surrogate) at {error.start}; decode the text another way"
        ) from error
    return text


def _accepted(message: Any) -> Message:
    if not isinstance(message, dict):
        raise TypeError(f"a message is a dict, not {type(message).__name__}")
    role, content, calls = message.get("role"), message.get("content"), message.get("tool_calls")
    if role not in ROLES:
        raise ValueError(f"its role is {role!r}; there are {', '.join(ROLES)}")
    if isinstance(content, list):
        if not all(isinstance(part, dict) for part in content):
            raise ValueError("its content is a list of something else than parts")
    elif content is not None:
        if not isinstance(content, str):
            raise ValueError(f"its content is {type(content).__name__}, neither text nor a list of parts")
        sound(content)
    if role in ("system", "user") and not content:
        raise ValueError("it has no content")
    if role == "assistant" and content is None and not calls:
        raise ValueError("it has neither content nor calls")
    if role != "assistant" and calls:
        raise ValueError("only an assistant message has tool_calls")
    made = {key: value for key, value in message.items() if key != "tool_calls" or calls}
    return copy.deepcopy(made) if not calls else {**made, "tool_calls": _calls(calls)}


def _calls(calls: Any) -> list[dict[str, Any]]:
    if not isinstance(calls, list):
        raise TypeError(f"tool_calls is {type(calls).__name__}, not a list")
    made = [_call(call) for call in calls]
    ids = [call["id"] for call in made]
    if len(set(ids)) < len(ids):
        raise ValueError(f"two calls have one id: {ids}")
    return made


def _call(call: Any) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not call.get("id") or not function.get("name"):
        raise ValueError(f"a call without id or name: {call!r}")
    arguments = function.get("arguments", "{}")
    json.dumps(arguments)  # TypeError where it has no JSON form
    named = {"name": function["name"], "arguments": copy.deepcopy(arguments)}
    return {"id": call["id"], "type": "function", "function": named}


def _known(message: Message, waiting: list[str]) -> str:
    identity = message.get("tool_call_id")
    if identity not in waiting:
        raise ValueError(f"it answers {identity!r}, which no call before it has")
    return str(identity)
