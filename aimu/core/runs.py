"""One run of a workflow: the plan of its steps, and how far it has come.

A plan is an iterator that only decides: it yields a Step, finds the step's result on it when it is asked
for the next one, and returns what the whole run answers. It waits for nothing, so a run that failed or was
stopped is still there at the step it had reached, and can go on.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aimu.core.chunks import GENERATING, StreamChunk
from aimu.core.options import Outcome
from aimu.core.runners import Task
from aimu.core.structured import as_text

# a step, a crew, or a workflow's own kind of step; all of them have `is_done`
Plan = Generator[Any, None, Any]


class WorkflowRun:
    """One run of a workflow: its plan, how far it has come, and the streams that are open in it."""

    def __init__(self, name: str | None, task: Task, plan: Plan) -> None:
        self.task = task
        self._name = name
        self._plan = plan
        self._step: Any = None
        self._open: list[Outcome] = []
        self._has_spoken = False
        self._is_done = self._is_lost = self._is_let_go = self._is_given_up = False
        self._value: Any = None
        self._at_close: Callable[[WorkflowRun], None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it cannot go on: it is done, or the plan itself has failed, for want of a verdict."""
        return self._is_done or self._is_lost

    @property
    def is_streamed(self) -> bool:
        return self.task.stream

    @property
    def result(self) -> Any:
        """What the run answered.

        Raises:
            RuntimeError: it is not over yet.
        """
        if not self._is_done:
            raise RuntimeError("there is no result: the stream is not exhausted, or was closed")
        return self._value

    def close(self) -> None:
        """Let go of each conversation a stream of this run holds, and of the workflow itself (WORKFLOW-9)."""
        self._is_let_go = True
        while self._open:
            self._open.pop().close()
        if self._at_close:
            self._at_close(self)

    @property
    def is_left_at_work(self) -> bool:
        """Whether it was given up, by Ctrl-C, while threads worked for it that have not come to their end."""
        return self._is_given_up and getattr(self._step, "is_at_work", False)

    def give_up(self) -> None:
        """Begin nothing more; who is at work goes on."""
        self._is_let_go = self._is_given_up = True

    def again(self, task: Task) -> WorkflowRun:
        """This run, to go on from where it is under the settings of ``task``."""
        twin = copy.copy(self)
        twin.task, twin._open, twin._has_spoken = task, [], False
        twin._is_let_go = twin._is_given_up = False
        return twin

    def require_held(self) -> None:
        """Refuse to begin anything for a run that was let go: the next one may be going on.

        Raises:
            RuntimeError: it was.
        """
        if self._is_let_go:
            raise RuntimeError("the stream of this run was dropped")

    def steps(self) -> Iterator[Any]:
        """The steps that are left; one that was interrupted comes first."""
        while True:
            self.require_held()
            if self._step is None or self._step.is_done:
                try:
                    self._step = next(self._plan)
                except StopIteration as end:
                    self._value, self._is_done = end.value, True
                    return
                except BaseException:
                    self._is_lost = True
                    raise
            yield self._step

    @contextmanager
    def reading(self, stream: Any) -> Iterator[None]:
        """The span in which ``stream`` is open in this run."""
        self._open.append(stream._work)
        try:
            yield
        finally:
            with suppress(ValueError):  # close() was quicker
                self._open.remove(stream._work)

    def shown(self, chunk: StreamChunk) -> StreamChunk:
        self._has_spoken = True
        return chunk

    def closing(self) -> list[StreamChunk]:
        """The answer as one chunk of the workflow's own, where nobody spoke (WORKFLOW-4)."""
        if self._has_spoken or not self.task.stream or not (text := as_text(self._value)):
            return []
        return [StreamChunk(GENERATING, text, self._name)]
