"""The async Parallel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any

from aimu.aio.agents.base import Runner
from aimu.aio.agents.crew import interleaved
from aimu.aio.agents.workflow import Workflow
from aimu.core.chunks import StreamChunk
from aimu.core.parallel import ParallelState
from aimu.core.runs import WorkflowRun
from aimu.core.steps import Crew


class Parallel(ParallelState[Runner], Workflow):
    """Runners that do the same task at the same time, in tasks; a failure cancels the rest (PARALLEL-1, PARALLEL-3)."""

    async def _take(self, step: Any, run: WorkflowRun) -> AsyncGenerator[StreamChunk, None]:
        take = super()._take
        works = [partial(take, part, run) for part in step.unfinished()] if isinstance(step, Crew) else []
        speech = interleaved(works, self.max_workers) if works else take(step, run)
        async with aclosing(speech) as chunks:
            async for chunk in chunks:
                yield chunk
        if not step.is_done:
            # a task group keeps silent about a child that was cancelled from within
            raise asyncio.CancelledError("a worker was cancelled by itself")
