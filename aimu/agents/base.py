"""What every sync runner is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Literal, overload

from aimu.core.agents import MessageHistory
from aimu.core.conversation import Conversation
from aimu.stream import ChunkStream

__all__ = ["MessageHistory", "Runner"]


class Runner(ABC):
    """Takes a task and answers it; agents and workflows are all runners (RUNNER-1)."""

    __aimu_colour__ = "sync"

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: Literal[False] = False,
        images: Iterable[Any] | None = None,
    ) -> str: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        *,
        stream: Literal[True],
        images: Iterable[Any] | None = None,
    ) -> ChunkStream: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        images: Iterable[Any] | None = None,
    ) -> str | ChunkStream: ...

    @abstractmethod
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        images: Iterable[Any] | None = None,
    ) -> str | ChunkStream:
        """Do the task and return the answer, or a ChunkStream of the work."""

    @abstractmethod
    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: bool = False) -> str | ChunkStream:
        """Go on with a run that failed or was interrupted, from its last finished round."""

    @property
    @abstractmethod
    def messages(self) -> MessageHistory:
        """The history of each speaker by its name."""

    @abstractmethod
    def conversations(self) -> list[Conversation]:
        """The conversations this runner speaks in."""
