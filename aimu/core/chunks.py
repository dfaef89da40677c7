"""What a stream is made of."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, NamedTuple


class StreamingContentType(StrEnum):
    """The phase a chunk belongs to; members equal their strings (STREAM-1). DONE is reserved and never sent."""

    THINKING = "thinking"
    TOOL_CALLING = "tool_calling"
    GENERATING = "generating"
    DONE = "done"


class StreamChunk(NamedTuple):
    """One piece of a streamed turn (STREAM-1).

    Attributes:
        phase: Which kind of piece this is.
        content: Text for THINKING and GENERATING; for TOOL_CALLING the dict
            ``{"id", "name", "arguments", "response"}``.
        agent: Name of the agent that speaks, None outside agents.
        iteration: Zero-based round of the turn the piece belongs to.
    """

    phase: StreamingContentType
    content: Any
    agent: str | None = None
    iteration: int = 0

    def is_text(self) -> bool:
        """Whether ``content`` is text: thinking or answer."""
        return self.phase in (THINKING, GENERATING)

    def is_tool_call(self) -> bool:
        """Whether ``content`` is a finished tool call."""
        return self.phase == TOOL_CALLING


THINKING = StreamingContentType.THINKING
TOOL_CALLING = StreamingContentType.TOOL_CALLING
GENERATING = StreamingContentType.GENERATING


def phases(include: Iterable[StreamingContentType | str] | None) -> frozenset[StreamingContentType] | None:
    """The phases a caller wants, or None for all of them.

    Raises:
        ValueError: a name is not a phase (STREAM-6).
    """
    if include is None:
        return None
    if isinstance(include, str):
        include = [include]
    known = ", ".join(repr(phase.value) for phase in StreamingContentType)
    wanted = set()
    for name in include:
        try:
            wanted.add(StreamingContentType(name))
        except ValueError:
            raise ValueError(f"include= has the unknown phase {name!r}; the phases are {known}") from None
    return frozenset(wanted)
