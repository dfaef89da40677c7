"""What a family of chat templates wants of a history, and how its models are read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aimu.core.kwargs import thinking_level
from aimu.core.messages import Message, text_of
from aimu.core.reply import Piece, Reply
from aimu.core.toolcalls import parsed_arguments
from aimu.wire.blocks import Block, BlockReader
from aimu.wire.thinktags import CLOSE, OPEN

Tools = Sequence[dict[str, Any]]
_LEVELS = {"minimal": "low", "xhigh": "high", "max": "high"}
_SWITCH = re.compile(r"""\{%-?[^%'"]*\b(?:if|elif|not|and|or|set)\s+thinking\b""")
_JOINED_ARGUMENTS = re.compile(r"""\barguments(?:['"]\])?\s*[+~]""")


@dataclass(frozen=True)
class Constraint:
    """What may stand behind an opener: ``before``, JSON that fits ``schema``, ``after``."""

    opener: str
    before: str
    schema: dict[str, Any]
    after: str


class Reader(Protocol):
    """Reads one reply. ``feed`` per fragment of text, then ``finish`` once; ``finish`` fills the reply in."""

    def feed(self, text: str) -> list[Piece]: ...

    def finish(self, reply: Reply) -> list[Piece]: ...


class Family:
    """One way of writing thoughts and tool calls as text (FAMILY-1).

    Attributes:
        name: What it is called, see ``families.FAMILIES``.
        openers: Texts that open a tool call; none where calls have no opener of their own.
        tags: What opens a thought and what closes it.
        silent: Special tokens that say nothing.

    Args:
        template: Text of the chat template, where it is known; templates of one family differ in what they take.
    """

    name: str
    openers: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ((OPEN, CLOSE),)
    silent: tuple[str, ...] = ()
    is_single = False  # its templates know one call per message
    alternates = False  # they refuse two messages of the user in a row
    has_frames = False  # its answers stand in frames, which a grammar of the answer would forbid

    def __init__(self, template: str = "") -> None:
        self._template = template

    def reader(self, prompt: str, tools: Tools = ()) -> Reader:
        """The reader of the reply to a rendered prompt.

        Args:
            prompt: Its end tells whether thinking is already opened.
            tools: What was offered, for families whose arguments are text without types.
        """
        return BlockReader(self.blocks(tools), prompt, tags=self.tags, silent=self.silent)

    def text_reader(self, prompt: str) -> Reader:
        """The reader where no tools were offered: what looks like a call is text (FAMILY-13)."""
        return BlockReader((), prompt, tags=self.tags, silent=self.silent)

    def blocks(self, tools: Tools) -> Sequence[Block]:  # noqa: ARG002 - one family reads types in them
        """The forms of calls."""
        return ()

    def messages(self, history: Sequence[Message]) -> list[dict[str, Any]]:
        """A history as the templates want it, message by message, and in an order that they know (FAMILY-6)."""
        messages = [self.message(message) for message in history]
        messages = _one_by_one(messages) if self.is_single else messages
        return _joined(messages) if self.alternates else messages

    def message(self, message: Message) -> dict[str, Any]:
        """One message as the templates want it, with the keys they know."""
        made: dict[str, Any] = {"role": message["role"], "content": _content(message.get("content"))}
        if calls := message.get("tool_calls"):
            made["tool_calls"] = [self._call(call) for call in calls]
        if message["role"] == "tool":
            made["tool_call_id"] = self._call_id(message["tool_call_id"])
            made.update({"name": message["name"]} if message.get("name") else {})
        if thinking := message.get("thinking"):
            made["reasoning_content"] = thinking
        return made

    def variables(self, template: str, thinking: bool | int | str | None) -> dict[str, Any]:
        """The template variables that ask for thinking, or for none; those that the template mentions (FAMILY-7)."""
        found: dict[str, Any] = {}
        if "enable_thinking" in template:
            found["enable_thinking"] = bool(thinking)
        if _SWITCH.search(template):
            found["thinking"] = bool(thinking)
        if "reasoning_effort" in template and thinking is not None:
            level = thinking_level(thinking) if thinking else "low"
            found["reasoning_effort"] = _LEVELS.get(level, level)
        return found

    def constraint(self, tools: Tools) -> Constraint | None:  # noqa: ARG002 - the families with a form use it
        """What may stand behind an opener, for engines with grammars; None when there is no simple form."""
        return None

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        name, arguments = call["function"]["name"], parsed_arguments(call["function"]["arguments"])
        given = json.dumps(arguments, ensure_ascii=False) if _JOINED_ARGUMENTS.search(self._template) else arguments
        function = {"name": name, "arguments": given}
        return {"id": self._call_id(call["id"]), "type": "function", "function": function}

    def _call_id(self, call_id: str) -> str:
        return call_id


def _content(content: Any) -> Any:
    """Text, unless there is something to see."""
    is_seen = isinstance(content, list) and any(part.get("type") != "text" for part in content)
    return content if is_seen else text_of(content)


def _one_by_one(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each call followed by its result; the first one keeps what was said and thought."""
    made: list[dict[str, Any]] = []
    at = 0
    while at < len(messages):
        calls = messages[at].get("tool_calls") or [None]
        said, results = messages[at], messages[at + 1 : at + 1 + len(calls)]
        if len(calls) == 1:
            made.append(said)
            at += 1
            continue
        for call in calls:
            made += [{**said, "tool_calls": [call]}, *(one for one in results if one["tool_call_id"] == call["id"])]
            said = {"role": "assistant", "content": ""}
        at += 1 + len(results)
    return made


def _joined(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the user said in a row as one message."""
    made: list[dict[str, Any]] = []
    for message in messages:
        last = made[-1] if made else message
        texts = last["content"], message["content"]
        if made and last["role"] == message["role"] == "user" and all(isinstance(text, str) for text in texts):
            made[-1] = {**last, "content": "\n\n".join(texts)}
        else:
            made.append(message)
    return made
