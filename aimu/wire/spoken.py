"""What a reply says as text: split into thinking and answer, and kept while it passes."""

from __future__ import annotations

from aimu.core.chunks import THINKING
from aimu.core.reply import Piece, Reply
from aimu.wire.thinktags import ThinkTags


class Spoken:
    """Gathers the text of one reply from its fragments; ``opened`` when the prompt has opened the thinking."""

    def __init__(self, *, opened: bool = False) -> None:
        self._tags = ThinkTags(opened=opened)
        self._text: list[str] = []
        self._thinking: list[str] = []

    def split(self, text: str) -> list[Piece]:
        """Pieces of text that may hold thinking tags, kept."""
        return self.keep(self._tags.feed(text))

    def keep(self, pieces: list[Piece]) -> list[Piece]:
        """Pieces that are told apart already, kept."""
        for phase, text in pieces:
            (self._thinking if phase is THINKING else self._text).append(text)
        return pieces

    def finish(self, reply: Reply) -> list[Piece]:
        """What was held back; ``reply`` has its whole text and thinking after that."""
        pieces = self.keep(self._tags.finish())
        reply.text, reply.thinking = "".join(self._text), "".join(self._thinking)
        return pieces


def stop_told_apart(reason: str | None, has_stop: bool, text: str) -> str | None:
    """``reason``; where none says which stop it was, an empty reply was likely ended by a wanted stop string."""
    return "stop_sequence" if reason == "stop" and has_stop and not text else reason
