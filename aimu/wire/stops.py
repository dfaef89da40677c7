"""Stop strings in text that comes in fragments, for engines that know only tokens."""

from __future__ import annotations

from collections.abc import Sequence

from aimu.wire.thinktags import overlap


class StopStrings:
    """Passes text on up to the first stop string; the string itself and what follows are dropped (FAMILY-10).

    The first that is complete counts; of two that end together, the longer one.

    Args:
        stops: The strings; empty ones stop nothing.

    Attributes:
        hit: The stop string that was met, None while there was none.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self.hit: str | None = None
        self._stops = [stop for stop in stops if stop]
        self._held = ""

    def feed(self, text: str) -> str:
        """What may be passed on: all but what could be the start of a stop string."""
        if self.hit is not None:
            return ""
        self._held += text
        if met := first_mark(self._held, self._stops):
            at, self.hit = met
            text, self._held = self._held[:at], ""
            return text
        text, self._held = parted(self._held, self._stops)
        return text

    def finish(self) -> str:
        """What was held back and turned out to be no stop string."""
        text, self._held = self._held, ""
        return text


def first_mark(text: str, marks: Sequence[str]) -> tuple[int, str] | None:
    """Where the mark begins that is complete first, and which it is."""
    found = min(((at + len(mark), at, mark) for mark in marks if (at := text.find(mark)) >= 0), default=None)
    return found and found[1:]


def parted(text: str, marks: Sequence[str]) -> tuple[str, str]:
    """The text, and what at its end could be the start of a mark."""
    keep = max((overlap(text, mark) for mark in marks), default=0)
    return text[: len(text) - keep], text[len(text) - keep :]
