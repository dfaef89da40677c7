"""What a script may ask of the surface that plays it, and the chunks that it shows."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from pocket.jobs import Job


class StreamingContentType(StrEnum):
    """What a chunk holds."""

    THINKING = "thinking"
    TOOL_CALLING = "tool_calling"
    GENERATING = "generating"
    DONE = "done"


class StreamChunk(NamedTuple):
    """A piece of a turn."""

    phase: StreamingContentType
    content: Any
    agent: str | None = None
    iteration: int = 0

    def is_text(self) -> bool:
        """Whether its content is text."""
        return self.phase in ("thinking", "generating")

    def is_tool_call(self) -> bool:
        """Whether its content is a finished call."""
        return self.phase == "tool_calling"


@dataclass(frozen=True)
class Open:
    """Send a request; the answer is a Head."""

    body: Mapping[str, Any]


@dataclass(frozen=True)
class Read:
    """Read on; the answer is bytes, or None at the end."""


@dataclass(frozen=True)
class Shut:
    """Let the response go."""


@dataclass(frozen=True)
class Wait:
    """Wait some seconds."""

    seconds: float


@dataclass(frozen=True)
class Run:
    """Run jobs, one after another up to the first that rises, or all at the same time."""

    jobs: list[Job]
    together: bool


@dataclass(frozen=True)
class Emit:
    """Show a chunk."""

    chunk: StreamChunk


@dataclass(frozen=True)
class Head:
    """How a response begins; the names of its headers are lower case, `failure` is what HTTP makes of its status."""

    status: int
    headers: Mapping[str, str]
    failure: Exception | None = None


Effect: TypeAlias = Open | Read | Shut | Wait | Run | Emit
Script: TypeAlias = Generator[Effect, Any, Any]


def phases(include: Any) -> frozenset[str]:
    """The phases that `include` names; ValueError for one that there is not."""
    if include is None:
        return frozenset(StreamingContentType)
    names = [include] if isinstance(include, str) else list(include)
    if unknown := [str(name) for name in names if name not in list(StreamingContentType)]:
        known = ", ".join(repr(each.value) for each in StreamingContentType)
        raise ValueError(f"include names no phase {unknown[0]!r}; there are {known}")
    return frozenset(str(name) for name in names)
