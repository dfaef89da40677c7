"""What ``stream=True`` returns on the sync surface."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Generic, Self

from aimu.core.chunks import StreamChunk
from aimu.core.options import Outcome

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    R_co = TypeVar("R_co", covariant=True, default=str)
else:
    from typing import TypeVar

    R_co = TypeVar("R_co", covariant=True)


class ChunkStream(Iterator[StreamChunk], Generic[R_co]):
    """The chunks of one turn or run, as they come (STREAM-2).

    Nothing is sent before the first ``next()``. Exhausting, closing or dropping it ends the turn;
    what was not yet a whole round is not recorded. Use it as a context manager to be sure.
    """

    def __init__(
        self, chunks: Generator[StreamChunk, None, None], work: Outcome, at_end: Callable[[], None] | None = None
    ) -> None:
        self._chunks = chunks
        self._work = work
        self._at_end = at_end

    @property
    def result(self) -> R_co:
        """The final text or the validated object, once the stream is exhausted; RuntimeError before that."""
        found: R_co = self._work.result
        return found

    def close(self) -> None:
        """End the turn now; harmless when it is over."""
        self._chunks.close()
        if self._at_end:  # a stream that never began has no code of its own that could run
            self._at_end()

    def __next__(self) -> StreamChunk:
        return next(self._chunks)

    def __iter__(self) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._work.close()


def drained(chunks: Generator[StreamChunk, None, None], work: Outcome) -> Any:
    """Run a turn or a workflow to its end for its result alone."""
    with closing(chunks):
        for _ in chunks:
            pass
    return work.result


def owned(stream: ChunkStream[Any], close: Callable[[], None]) -> ChunkStream[Any]:
    """The same stream, which calls ``close`` once when it is over."""
    ending = ExitStack()
    ending.callback(close)

    def chunks() -> Generator[StreamChunk, None, None]:
        try:
            yield from stream
        finally:
            try:
                stream.close()
            finally:
                ending.close()

    return ChunkStream(chunks(), stream._work, ending.close)
