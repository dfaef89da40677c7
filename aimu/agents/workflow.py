"""The loop that takes the steps of a workflow, on the sync surface."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

from aimu.agents.agent import Agent
from aimu.agents.base import Runner
from aimu.core.chunks import StreamChunk
from aimu.core.runners import Task
from aimu.core.runs import WorkflowRun
from aimu.core.workflows import WorkflowState
from aimu.stream import ChunkStream, drained


class Workflow(WorkflowState, Runner):
    """A runner made of runners: its plan decides, and the loop here takes the steps (WORKFLOW-1)."""

    _agent_class = Agent

    def _start(self, task: Task) -> Any:
        return self._run(self._begin(task))

    def _go_on(self, task: Task) -> Any:
        return self._run(self._interrupted_run(task))

    def _run(self, run: WorkflowRun) -> Any:
        chunks = self._drive(run)
        return ChunkStream(chunks, run) if run.is_streamed else drained(chunks, run)

    def _drive(self, run: WorkflowRun) -> Generator[StreamChunk, None, None]:
        with self._kept(run):
            for step in run.steps():
                with closing(self._take(step, run)) as chunks:  # what rises as it closes would be lost in a finalizer
                    for chunk in chunks:
                        yield run.shown(chunk)
            for chunk in run.closing():
                yield chunk

    def _take(self, step: Any, run: WorkflowRun) -> Generator[StreamChunk, None, None]:
        """Take one step: its chunks as they come, its result at the end."""
        with step.running():
            answer = self._ask(step, run)
            if isinstance(answer, ChunkStream):
                with answer, run.reading(answer):
                    for chunk in answer:
                        if not step.is_quiet:
                            yield step.labelled(chunk)
                answer = answer.result
            elif run.is_streamed and not step.is_quiet:
                yield step.told(answer)
            step.take(answer)

    def _ask(self, step: Any, run: WorkflowRun) -> Any:
        run.require_held()
        kwargs, stream = run.task.generate_kwargs, run.is_streamed  # what is kept quiet too, so that it can be closed
        if step.goes_on:
            return step.runner.resume(kwargs, stream, **step.options())
        return step.runner.run(step.text, kwargs, stream, step.images, **step.options())
