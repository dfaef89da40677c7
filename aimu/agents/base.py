"""What every sync runner is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, overload

from aimu.core.options import Images, Kwargs
from aimu.core.runners import MessageHistory, RunnerState, Task, Understudies, runner_tool
from aimu.core.steps import checked_answer
from aimu.core.structured import Schema, as_text
from aimu.core.toolcalls import Tool
from aimu.stream import ChunkStream
from aimu.tools.decorator import tool

__all__ = ["MessageHistory", "Runner"]

T = TypeVar("T")


class Runner(RunnerState, ABC):
    """Takes a task and answers it; agents and workflows are all runners (RUNNER-1).

    One of your own brings ``run`` and ``messages``; the rest is optional (RUNNER-9).
    """

    __aimu_colour__ = "sync"

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        images: Images = None,
        schema: None = None,
    ) -> str: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        images: Images = None,
        *,
        schema: type[T],
    ) -> T: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        images: Images = None,
        *,
        schema: Mapping[str, Any],
    ) -> dict[str, Any]: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: Literal[True],
        images: Images = None,
        schema: None = None,
    ) -> ChunkStream: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: Literal[True],
        images: Images = None,
        schema: type[T],
    ) -> ChunkStream[T]: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: Literal[True],
        images: Images = None,
        schema: Mapping[str, Any],
    ) -> ChunkStream[dict[str, Any]]: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        stream: bool = False,
        images: Images = None,
        schema: None = None,
    ) -> str | ChunkStream: ...

    @overload
    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: bool,
        images: Images = None,
        schema: Schema | None,
    ) -> Any: ...

    def run(
        self,
        task: str,
        generate_kwargs: Kwargs = None,
        stream: bool = False,
        images: Images = None,
        schema: Schema | None = None,
    ) -> Any:
        """Do a task (AGENT-2, WORKFLOW-1).

        Args:
            task: What to do; not empty.
            generate_kwargs: Settings of each request, as in ``ModelClient.chat``.
            stream: True returns the chunks as they come, labelled with the name of who speaks.
            images: Paths, bytes or URLs, shown with the task.
            schema: What the answer must look like, as in ``ModelClient.chat``; None for text.

        Returns:
            The answer, or a ChunkStream of the work.

        Raises:
            DegenerateTurnError: a model gave no answer that can be used.
            ProviderError: a provider failed; ``resume`` goes on from what was finished.
        """
        return self._start(Task(task, generate_kwargs, stream, images, schema))

    @overload
    def resume(self, generate_kwargs: Kwargs = None, stream: Literal[False] = False, schema: None = None) -> str: ...

    @overload
    def resume(self, generate_kwargs: Kwargs = None, stream: Literal[False] = False, *, schema: type[T]) -> T: ...

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, stream: Literal[False] = False, *, schema: Mapping[str, Any]
    ) -> dict[str, Any]: ...

    @overload
    def resume(self, generate_kwargs: Kwargs = None, *, stream: Literal[True], schema: None = None) -> ChunkStream: ...

    @overload
    def resume(self, generate_kwargs: Kwargs = None, *, stream: Literal[True], schema: type[T]) -> ChunkStream[T]: ...

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, *, stream: Literal[True], schema: Mapping[str, Any]
    ) -> ChunkStream[dict[str, Any]]: ...

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, stream: bool = False, schema: None = None
    ) -> str | ChunkStream: ...

    @overload
    def resume(self, generate_kwargs: Kwargs = None, *, stream: bool, schema: Schema | None) -> Any: ...

    def resume(self, generate_kwargs: Kwargs = None, stream: bool = False, schema: Schema | None = None) -> Any:
        """Go on with a run that failed or was interrupted, from what was finished (HISTORY-5, WORKFLOW-8).

        Args:
            generate_kwargs: As in ``run``.
            stream: As in ``run``.
            schema: As in ``run``.

        Raises:
            ValueError: there is nothing to resume.
        """
        return self._go_on(Task("", generate_kwargs, stream, None, schema))

    def as_tool(self, name: str | None = None, description: str | None = None) -> Tool:
        """This runner as a tool that takes a task and answers it (RUNNER-5).

        Calls at the same time each get a conversation of their own: the second one is run by a fork
        whose name ends in ``-2``, and so on.

        Args:
            name: What the model calls it by; None makes it of the runner's name.
            description: What the model is told of it; None takes the first line of its instructions.

        Returns:
            A sync tool.
        """
        understudies = Understudies.of(self)

        def work(task: str) -> str:
            with understudies.one(task) as runner:
                return as_text(checked_answer(runner, runner.run(task)))

        return runner_tool(tool(work), understudies, name, description)

    @property
    @abstractmethod
    def messages(self) -> MessageHistory:
        """The history of each speaker by its name."""

    def _start(self, task: Task) -> Any:
        """Begin a task: the answer, or the stream of it."""
        raise NotImplementedError(f"{type(self).__name__} brings no run")

    def _go_on(self, task: Task) -> Any:  # noqa: ARG002 - those that can go on use it
        """Go on with what was interrupted, under the settings of ``task``."""
        raise ValueError(f"nothing to resume: {type(self).__name__} does not keep what it was doing")
