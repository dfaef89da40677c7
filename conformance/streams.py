"""A stream as a scenario sees it: `async for` on both surfaces, each chunk recorded."""

from typing import Any, Self

from conformance.recorder import Recorder, dispose


class RecordedStream:
    """An async iterator over the chunks of either surface.

    It is no async generator: when the loop over it is left, nothing but the chunks themselves stays behind, so a
    scenario sees what a user sees who breaks out of a stream.

    Args:
        recorder: Recorder, whose surface says of what kind the stream must be.
        chunks: the library's stream.

    Raises:
        AssertionError: the stream is of the other surface's kind.
    """

    def __init__(self, recorder: Recorder, chunks: Any) -> None:
        wanted, refused = ("__next__", "__anext__") if recorder.on_sync else ("__anext__", "__next__")
        if not hasattr(chunks, wanted) or hasattr(chunks, refused):
            dispose(chunks)
            kind = "an iterator" if recorder.on_sync else "an async iterator"
            raise AssertionError(f"a stream of the {recorder.surface} surface is {kind} only; got {type(chunks)!r}")
        self._recorder = recorder
        self._chunks = chunks

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        chunk = await self._next()
        self._recorder.observe("chunk", chunk)
        return chunk

    async def _next(self) -> Any:
        if self._recorder.on_aio:
            return await anext(self._chunks)
        try:
            return next(self._chunks)
        except StopIteration:
            raise StopAsyncIteration from None
