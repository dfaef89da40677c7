"""What both Parallels decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from aimu.core.runners import RunnerState, Task
from aimu.core.runs import Plan, WorkflowRun
from aimu.core.steps import Crew, Step
from aimu.core.structured import as_text
from aimu.core.workflows import WorkflowState, member_name, numbered, prompt_list, require_apart

R = TypeVar("R", bound=RunnerState)


@dataclass(eq=False)
class ParallelState(WorkflowState, Generic[R]):
    """Runners that do the same task at the same time (PARALLEL-1).

    Attributes:
        workers: The runners; each in conversations of its own.
        name: What the workflow is called.
        aggregator: Makes one answer of the workers' joined ones; None joins them only.
        separator: What stands between two workers' answers.
        max_workers: How many run at the same time; None for all.
        stream_workers: Whether a stream has the workers' chunks too, interleaved as they speak.
    """

    workers: Sequence[R]
    name: str = "parallel"
    aggregator: R | None = None
    separator: str = "\n\n---\n\n"
    max_workers: int | None = None
    stream_workers: bool = False

    def _check(self) -> None:
        if not self.workers:
            raise ValueError("workers is empty; name at least one runner")
        if self.max_workers is not None and (not isinstance(self.max_workers, int) or self.max_workers < 1):
            raise ValueError(f"max_workers={self.max_workers!r} must be at least 1, or None for all at once")
        if not isinstance(self.separator, str):
            raise TypeError(f"separator must be a str, not {type(self.separator).__name__}")
        super()._check()
        require_apart(self.workers, "workers")

    @classmethod
    def from_client(
        cls,
        client: Any,
        worker_prompts: Iterable[str],
        *,
        aggregator_prompt: str | None = None,
        separator: str = "\n\n---\n\n",
        name: str = "parallel",
        max_workers: int | None = None,
        stream_workers: bool = False,
    ) -> Self:
        """Workers made of prompts, each on a fork of ``client`` (PARALLEL-8).

        Args:
            client: Model, connection and defaults to fork.
            worker_prompts: The workers' instructions; they are called ``worker-0``, ``worker-1``, ..., behind
                ``name`` where the workflow has one of its own. Each run starts new histories.
            aggregator_prompt: Instructions of an agent called ``aggregator``; None for none.
            separator: As the field.
            name: As the field.
            max_workers: As the field.
            stream_workers: As the field.
        """

        def agent(part: str, prompt: str) -> Any:
            return cls._agent({"name": member_name(name, "parallel", part), "system_message": prompt}, client)

        prompts = prompt_list("worker_prompts", worker_prompts)
        workers = [agent(f"worker-{index}", prompt) for index, prompt in enumerate(prompts)]
        aggregator = None if aggregator_prompt is None else agent("aggregator", aggregator_prompt)
        return cls(workers, name, aggregator, separator, max_workers, stream_workers)

    def _members(self) -> Sequence[tuple[str, RunnerState]]:
        aggregator = [("aggregator", self.aggregator)] if self.aggregator is not None else []
        return [*numbered("workers", self.workers), *aggregator]

    def _begin(self, task: Task) -> WorkflowRun:
        if task.schema is not None and self.aggregator is None:
            raise ValueError("schema= needs an aggregator, whose answer it is that is to fit")
        return super()._begin(task)

    def _plan(self, task: Task) -> Plan:
        quiet = not self.stream_workers
        crew = Crew([Step(worker, task.text, task.images, is_quiet=quiet) for worker in self.workers])
        yield crew
        joined = self.separator.join(as_text(step.result) for step in crew.steps)
        if self.aggregator is None:
            return joined
        step = Step(self.aggregator, joined, schema=task.schema)
        yield step
        return step.result
