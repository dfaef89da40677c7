"""<think>...</think> at the start of a reply's text, from any fragments."""

from __future__ import annotations

from collections.abc import Iterator

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.reply import Piece

OPEN, CLOSE = "<think>", "</think>"


class ThinkTags:
    """Splits text into thinking and answer; only a tag that opens the text counts (THINK-4).

    Line ends behind either tag belong to neither.
    """

    def __init__(self, *, opened: bool = False) -> None:
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
            if OPEN.startswith(stripped) and stripped != OPEN:
                return
            self._state = "answer"
            if stripped.startswith(OPEN):
                self._state, self._held = "opened", stripped.removeprefix(OPEN)
        if self._state == "opened" and (thought := self._held.lstrip("\n")):
            self._state, self._held = "thinking", thought
        if self._state == "thinking":
            thought, closed, answer = self._held.partition(CLOSE)
            if closed:
                self._state, self._held = "gap", answer
            else:
                keep = overlap(self._held, CLOSE)
                thought, self._held = thought[: len(thought) - keep], thought[len(thought) - keep :]
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
