"""The sync Parallel."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from aimu.agents.base import Runner
from aimu.agents.crew import interleaved
from aimu.agents.workflow import Workflow
from aimu.core.chunks import StreamChunk
from aimu.core.parallel import ParallelState
from aimu.core.runs import WorkflowRun
from aimu.core.steps import Crew


class Parallel(ParallelState[Runner], Workflow):
    """Runners that do the same task at the same time, in threads; each runs to its own end (PARALLEL-1, PARALLEL-4)."""

    def _take(self, step: Any, run: WorkflowRun) -> Generator[StreamChunk, None, None]:
        take = super()._take
        works = [partial(take, part, run) for part in step.unfinished()] if isinstance(step, Crew) else []
        speech = interleaved(works, self.max_workers) if works else take(step, run)
        yield from speech
        if isinstance(step, Crew):
            step.raise_first_failure()
