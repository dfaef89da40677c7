"""<think>...</think> at the start of a reply's text, from any fragments."""

from __future__ import annotations

from collections.abc import Iterator

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.reply import Piece

OPEN, CLOSE = "<think>", "</think>"


class ThinkTags:
    """Splits text into thinking and answer; only a tag that opens the text counts (THINK-4).

    Line ends next to a tag belong to neither side of it.

    Args:
        opened: Whether the tag stands in front of the text already.
        tags: What opens a thought and what closes it.
    """

    def __init__(self, *, opened: bool = False, tags: tuple[str, str] = (OPEN, CLOSE)) -> None:
        self._open, self._close = tags
        self._held = ""
        self._state = "opened" if opened else "start"

    def feed(self, text: str) -> list[Piece]:
        if self._state == "answer":
            return [(GENERATING, text)] if text else []
        self._held += text
        return list(self._pieces())

    def finish(self) -> list[Piece]:
        held, self._held = self._held, ""
        if not held or self._state in ("opened", "gap"):
            return []
        return [(THINKING if self._state == "thinking" else GENERATING, held)]

    def _pieces(self) -> Iterator[Piece]:
        if self._state == "start":
            stripped = self._held.lstrip()
            if self._open.startswith(stripped) and stripped != self._open:
                return
            self._state = "answer"
            if stripped.startswith(self._open):
                self._state, self._held = "opened", stripped.removeprefix(self._open)
        if self._state == "opened" and (thought := self._held.lstrip("\n")):
            self._state, self._held = "thinking", thought
        if self._state == "thinking":
            thought, closed, answer = self._held.partition(self._close)
            if closed:
                self._state, self._held = "gap", answer
                thought = thought.rstrip("\n")
            else:
                keep = overlap(self._held, self._close)
                thought = thought[: len(thought) - keep].rstrip("\n")
                self._held = self._held[len(thought) :]
            if thought:
                yield THINKING, thought
        if self._state == "gap" and (answer := self._held.lstrip("\n")):
            self._state, self._held = "answer", answer
        if self._state == "answer" and self._held:
            text, self._held = self._held, ""
            yield GENERATING, text


def overlap(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` could be the start of ``tag``."""
    return next((size for size in range(min(len(text), len(tag) - 1), 0, -1) if tag.startswith(text[-size:])), 0)
