"""The steps of a workflow: what one runner, or several at the same time, are to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import is_not
from typing import Any

from aimu.core.chunks import GENERATING, StreamChunk
from aimu.core.colour import refuse_awaitable
from aimu.core.failures import failure_text
from aimu.core.options import Images
from aimu.core.structured import Schema, as_text
from aimu.errors import StructuredOutputError


@dataclass(eq=False)
class Step:
    """One runner's part of a workflow.

    Attributes:
        runner: Who does it.
        text: What it is told.
        iteration: What its chunks are numbered with; None leaves the runner's own numbers.
        is_quiet: Whether its speech is kept out of the workflow's stream.
        is_verdict: Whether an answer that does not fit its schema is for the plan to handle.
        result: What it answered, once it is done.
        failure: Why it has no result.
        is_at_work: Whether somebody is in it now.
    """

    runner: Any
    text: str
    images: Images = None
    schema: Schema | None = None
    iteration: int | None = None
    is_quiet: bool = False
    is_verdict: bool = False
    result: Any = None
    is_done: bool = False
    failure: BaseException | None = None
    is_at_work: bool = False
    _began_at: list[Any] | None = field(default=None, repr=False)

    @property
    def goes_on(self) -> bool:
        """Whether its runner was interrupted in it and has kept a part, which ``resume`` goes on from."""
        return self._has_moved() and bool(self.runner._can_resume())

    @contextmanager
    def running(self) -> Iterator[None]:
        """The span in which the step is taken; it is done when that ends well."""
        self._began_at = self._began_at or self._position()
        self.failure, self.is_at_work = None, True
        try:
            yield
            self.is_done = True
        except BaseException as exc:
            self.failure = exc
            self.is_done = self.is_verdict and isinstance(exc, StructuredOutputError)
            if not self.is_done:
                raise
        finally:
            self.is_at_work = False

    def take(self, answer: Any) -> None:
        """Keep what the runner answered, as ``checked_answer`` says."""
        self.result = checked_answer(self.runner, answer)

    def options(self) -> dict[str, Any]:
        """What ``run`` is told beside the text; a runner of the user's own need not know of schemas."""
        return {} if self.schema is None else {"schema": self.schema}

    def labelled(self, chunk: StreamChunk) -> StreamChunk:
        return chunk if self.iteration is None else chunk._replace(iteration=self.iteration)

    def told(self, result: Any) -> StreamChunk:
        """The whole answer as one chunk, of a runner that has no stream."""
        text = as_text(checked_answer(self.runner, result))
        return self.labelled(StreamChunk(GENERATING, text, getattr(self.runner, "name", None)))

    def _has_moved(self) -> bool:
        """Whether something was recorded since the step began."""
        if self._began_at is None:
            return False
        now = self._position()
        return len(now) != len(self._began_at) or any(map(is_not, now, self._began_at))

    def _position(self) -> list[Any]:
        """Where its conversations stand: the last message of each, which is told apart by what it is."""
        return [held.messages[-1] if held.messages else None for held in self.runner.conversations()]


def checked_answer(runner: Any, answer: Any) -> Any:
    """What a runner answered; one of the user's own may return anything (RUNNER-9).

    Raises:
        ColourError: it is awaitable, so the runner was async after all.
        TypeError: it is nothing, or an iterator.
    """
    who = getattr(runner, "name", None) or type(runner).__name__
    refuse_awaitable(
        answer, f"run of {who!r} is async and this is the sync surface; use aimu.aio, or make it a plain def"
    )
    if answer is None or isinstance(answer, (Iterator, AsyncIterator)):
        kind = type(answer).__name__
        raise TypeError(f"run of {who!r} returned {kind}; return text, an object with a JSON form, or a ChunkStream")
    return answer


@dataclass(eq=False)
class Crew:
    """Steps taken at the same time."""

    steps: list[Step]

    @property
    def is_done(self) -> bool:
        return all(step.is_done for step in self.steps)

    @property
    def is_at_work(self) -> bool:
        return any(step.is_at_work for step in self.steps)

    def unfinished(self) -> list[Step]:
        return [step for step in self.steps if not step.is_done]

    def raise_first_failure(self) -> None:
        """Raise the first failure in the order of the steps, the others attached to it as notes (PARALLEL-4)."""
        failed = [(step, step.failure) for step in self.steps if step.failure is not None]
        for step, failure in failed[1:]:
            name = getattr(step.runner, "name", None)
            failed[0][1].add_note(f"worker {name!r} failed too: {failure_text(failure)}")
        if failed:
            raise failed[0][1]
