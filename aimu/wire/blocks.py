"""Replies whose tool calls stand in blocks between text, from any fragments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.reply import Piece, Reply, ToolCall
from aimu.wire.spoken import Spoken
from aimu.wire.stops import first_mark, parted
from aimu.wire.thinktags import CLOSE, OPEN, ThinkTags


class Block(Protocol):
    """One form of calls: what opens it, where it ends, which calls it holds."""

    opener: str

    def end(self, held: str, *, is_last: bool) -> tuple[int, int] | None:
        """Where its body ends and where the text goes on; None while it does not, never when no more comes."""

    def calls(self, body: str) -> list[ToolCall]:
        """The calls of a body, whole or torn."""


class BlockReader:
    """Tells thinking, text and blocks of calls apart (FAMILY-2, FAMILY-3).

    Line ends next to a block are not part of the text, unless text stands on both sides of it.

    Args:
        blocks: The forms of calls.
        prompt: What the model read; it may end with a thought that has begun.
        tags: What opens a thought and what closes it; several pairs where a model may use either.
        silent: Special tokens that say nothing.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        prompt: str,
        *,
        tags: Sequence[tuple[str, str]] = ((OPEN, CLOSE),),
        silent: Sequence[str] = (),
    ) -> None:
        self._tags = [ThinkTags(opened=prompt.rstrip().endswith(pair[0]), tags=pair) for pair in tags]
        self._spoken = Spoken()
        self._blocks = {block.opener: block for block in blocks}
        self._marks = [*self._blocks, *silent]
        self._block: Block | None = None
        self._held = ""
        self._gap = ""  # line ends that are text only if text follows
        self._has_text = self._is_behind = False
        self._calls: list[ToolCall] = []

    def feed(self, text: str) -> list[Piece]:
        pieces = [(GENERATING, text)]
        for tags in self._tags:
            pieces = _fed(tags, pieces)
        return self._spoken.keep(self._told(pieces))

    def finish(self, reply: Reply) -> list[Piece]:
        pieces: list[Piece] = []
        for tags in self._tags:
            pieces = [*_fed(tags, pieces), *tags.finish()]
        pieces = [*self._told(pieces), *self._answer("", is_last=True)]
        if self._gap and not self._is_behind:
            pieces.append((GENERATING, self._gap))
        self._spoken.keep(pieces)
        self._spoken.finish(reply)
        reply.calls = self._calls
        return pieces

    def _told(self, pieces: list[Piece]) -> list[Piece]:
        found: list[Piece] = []
        for phase, text in pieces:
            found += [(phase, text)] if phase is THINKING else self._answer(text)
        return found

    def _answer(self, text: str, *, is_last: bool = False) -> Iterator[Piece]:
        self._held += text
        while self._held or (self._block and is_last):
            if self._block is None:
                found = first_mark(self._held, self._marks)
                said, self._held = self._cut(found, is_last=is_last)
                yield from self._say(said)
                if found is None:
                    return
                self._enter(found[1])
            elif (end := self._block.end(self._held, is_last=is_last)) is None:
                return
            else:
                self._calls += self._block.calls(self._held[: end[0]])
                self._held, self._block = self._held[end[1] :], None

    def _cut(self, found: tuple[int, str] | None, *, is_last: bool) -> tuple[str, str]:
        """The text up to the mark that was found, and what comes behind it."""
        if found:
            at, mark = found
            return self._held[:at], self._held[at + len(mark) :]
        return (self._held, "") if is_last else parted(self._held, self._marks)

    def _enter(self, mark: str) -> None:
        self._block = self._blocks.get(mark)
        if self._block:
            self._is_behind = True
            self._gap = self._gap if self._has_text else ""

    def _say(self, text: str) -> Iterator[Piece]:
        text = text.lstrip("\n") if self._is_behind else text
        said = text.rstrip("\n")
        if said:
            yield GENERATING, self._gap + said
            self._has_text, self._is_behind, self._gap = True, False, ""
        self._gap += text[len(said) :]


def _fed(tags: ThinkTags, pieces: list[Piece]) -> list[Piece]:
    """What was said as text, split once more."""
    found: list[Piece] = []
    for phase, text in pieces:
        found += [(phase, text)] if phase is THINKING else tags.feed(text)
    return found
