"""From the tokens of one generation to its text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from aimu.wire.stops import StopStrings

_CONTEXT = 6  # tokens before the reply that may decide how its first one is written
_UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class TokenReader:
    """Reads tokens until one ends the reply, a stop string is there, or the limit is reached.

    Args:
        decode: Writes tokens as text, special ones too.
        prompt: The tokens before the reply.
        ends: Tokens that end a reply.
        stops: Texts that end it; they are not part of it.
        limit: How many tokens it may have, at least 1.

    Attributes:
        count: int, tokens read so far, without the one that ended the reply.
        reason: str or None, why it is over: stop, stop_sequence or length; None while it goes on.
    """

    def __init__(
        self,
        decode: Callable[[list[int]], str],
        prompt: Sequence[int],
        *,
        ends: Collection[int],
        stops: Sequence[str],
        limit: int,
    ) -> None:
        self.count = 0
        self.limit = limit
        self.reason: str | None = None
        self._decode = decode
        self._ends = ends
        self._stops = StopStrings(stops)
        self._keep(list(prompt[-_CONTEXT:]))

    def feed(self, token: int) -> str:
        """The text that a token completes; may be empty."""
        if token in self._ends:
            self.reason = "stop"
            return ""
        self.count += 1
        text = self._stops.feed(self._completed(token))
        if self._stops.hit is not None:
            self.reason = "stop_sequence"
        elif self.count >= self.limit:
            self.reason = "length"
        return text

    def finish(self) -> str:
        """What was held back, for it might have become a stop string or the rest of a character."""
        if self.reason == "stop_sequence":
            return ""
        rest = self._stops.feed(self._decode(self._tokens)[len(self._written) :])
        return rest + self._stops.finish()

    def _completed(self, token: int) -> str:
        self._tokens.append(token)
        text = self._decode(self._tokens)
        if text.endswith(_UNFINISHED):
            return ""
        new = text[len(self._written) :]
        self._keep(self._tokens[self._known :])  # all that wrote the last piece: half a character reads as none
        return new

    def _keep(self, tokens: list[int]) -> None:
        """Go on behind tokens whose text is known; they may decide how the next one is written."""
        self._tokens, self._known, self._written = tokens, len(tokens), self._decode(tokens)
