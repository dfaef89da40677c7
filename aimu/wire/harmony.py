"""Replies in channels, as gpt-oss writes them, from any fragments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aimu.core.chunks import GENERATING, THINKING, StreamingContentType
from aimu.core.reply import Piece, Reply, ToolCall
from aimu.wire.json_calls import canonical_text
from aimu.wire.spoken import Spoken
from aimu.wire.stops import first_mark, parted

START, CHANNEL, MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
_ENDS = ("<|end|>", "<|call|>", "<|return|>", START, CHANNEL)
_HEADS = (START, CHANNEL, MESSAGE, "<|constrain|>", "to=")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
_RECIPIENT = re.compile(r"\bto=([^\s<]+)")
_WORDLESS = re.compile(r"<\|start\|>\s*assistant|<\|(?:channel|constrain)\|>\s*\w*|<\|\w+\|>|\bto=\S+")
_ROLE = re.compile(r"\s*\w*")
_PEOPLE = ("assistant", "user", "all")


class ChannelReader:
    """Tells the messages of a reply apart by their headers (FAMILY-2).

    The analysis channel is thinking; what is sent to a function is a call; everything else is text.

    Args:
        prompt: What the model read; its last message is the one that the reply begins in.
    """

    def __init__(self, prompt: str) -> None:
        begun = prompt.rpartition(START)[2] if START in prompt else ""
        head, mark, _ = begun.partition(MESSAGE)
        self._spoken = Spoken()
        self._calls: list[ToolCall] = []
        self._role = "".join(_ROLE.findall(head)[:1])
        self._held = head + mark
        self._name: str | None = None  # who is called by the message that is open
        self._phase: StreamingContentType | None = None
        self._heard: set[StreamingContentType] = set()
        self._is_new = True

    def feed(self, text: str) -> list[Piece]:
        self._held += text
        return self._spoken.keep(list(self._read(is_last=False)))

    def finish(self, reply: Reply) -> list[Piece]:
        pieces = self._spoken.keep(list(self._read(is_last=True)))
        self._spoken.finish(reply)
        reply.calls = self._calls
        return pieces

    def _read(self, *, is_last: bool) -> Iterator[Piece]:
        while True:
            if self._phase is None:
                if not self._open(is_last=is_last):
                    return
            elif found := first_mark(self._held, _ENDS):
                yield from self._close(*found)
            else:
                yield from self._go_on(is_last=is_last)
                return

    def _open(self, *, is_last: bool) -> bool:
        """Read a header; whether a message is open now."""
        head, mark, rest = self._held.partition(MESSAGE)
        if not self._is_head():
            self._enter("")
            self._held = self._held.removeprefix(self._role)
        elif mark:
            self._enter(head)
            self._held = rest
        elif is_last:
            self._enter(head)
            self._held = _WORDLESS.sub("", head.removeprefix(self._role)).lstrip()
        else:
            return False
        self._role = ""
        return True

    def _is_head(self) -> bool:
        rest = self._held.removeprefix(self._role).lstrip()
        return any(mark.startswith(rest) or rest.startswith(mark) for mark in _HEADS)

    def _enter(self, head: str) -> None:
        channels = _CHANNEL.findall(head)
        called = [name for name in _RECIPIENT.findall(head) if name not in _PEOPLE]
        self._name = called[-1].removeprefix("functions.") if called else None
        self._phase = THINKING if channels and channels[-1] == "analysis" else GENERATING
        self._is_new = True

    def _close(self, at: int, mark: str) -> Iterator[Piece]:
        yield from self._said(self._held[:at])
        self._held = self._held[at:] if mark in _HEADS else self._held[at + len(mark) :]
        self._phase = None

    def _go_on(self, *, is_last: bool) -> Iterator[Piece]:
        if self._name is not None and not is_last:
            return
        said, self._held = (self._held, "") if is_last else parted(self._held, _ENDS)
        yield from self._said(said)

    def _said(self, text: str) -> Iterator[Piece]:
        if self._name is not None:
            self._calls.append(ToolCall("", self._name, canonical_text(text.strip() or f"to={self._name}")))
            self._name = None
        elif text:
            assert self._phase is not None
            between = "\n\n" if self._is_new and self._phase in self._heard else ""
            self._heard.add(self._phase)
            self._is_new = False
            yield self._phase, between + text
