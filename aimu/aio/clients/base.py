"""The async ModelClient: the loop that drives a turn, and what a provider must bring."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Self, TypeVar, overload

from aimu.aio.clients.calls import Calls
from aimu.aio.clients.dispatch import offered_by, run_tools
from aimu.aio.stream import ChunkStream, drained, finished
from aimu.core.chunks import StreamChunk
from aimu.core.client import ClientState
from aimu.core.models import Model, ModelSpec
from aimu.core.options import Include, Kwargs
from aimu.core.providers import async_provider, load
from aimu.core.reply import Request
from aimu.core.structured import Schema
from aimu.core.turn import Turn

T = TypeVar("T")


class ModelClient(Calls):
    """A model and one conversation with it (CHAT-1).

    ``ModelClient("anthropic:claude-sonnet-5")`` is the provider's own client, which is a ModelClient.
    A provider subclasses it and brings ``_open``; everything else is here and in ``Calls``.

    Args:
        model: A ``"provider:id"`` string, a catalogue member or a ModelSpec; for a model in this
            process, a sync client of it.
        **options: Those of the provider's client.

    Raises:
        ValueError: the model string, provider or id is unknown.
        MissingDependencyError: the provider's package is not installed.
    """

    __aimu_colour__ = "async"

    def __new__(cls, model: str | Model | ModelSpec | ClientState = "", *_: Any, **options: Any) -> Self:
        if cls is not ModelClient:
            return super().__new__(cls)
        provider = async_provider(model, options)
        found: type[Self] = load(provider, provider.aio_client)
        return super().__new__(found)

    def _open(self, request: Request) -> AbstractAsyncContextManager[AsyncIterable[Any]]:
        """Send one request; the events of its answer, for as long as the context is open."""
        raise NotImplementedError(f"{type(self).__name__} brings no _open")

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        include: Include = None,
        schema: None = None,
    ) -> Coroutine[Any, Any, str]: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        include: Include = None,
        *,
        schema: type[T],
    ) -> Coroutine[Any, Any, T]: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        include: Include = None,
        *,
        schema: Mapping[str, Any],
    ) -> Coroutine[Any, Any, dict[str, Any]]: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: Literal[True],
        include: Include = None,
        schema: None = None,
    ) -> ChunkStream: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: Literal[True],
        include: Include = None,
        schema: type[T],
    ) -> ChunkStream[T]: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: Literal[True],
        include: Include = None,
        schema: Mapping[str, Any],
    ) -> ChunkStream[dict[str, Any]]: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        stream: bool = False,
        include: Include = None,
        schema: None = None,
    ) -> Coroutine[Any, Any, str] | ChunkStream: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        *,
        stream: bool,
        include: Include = None,
        schema: Schema | None,
    ) -> Any: ...

    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        stream: bool = False,
        include: Include = None,
        schema: Schema | None = None,
    ) -> Any:
        """Answer one prompt without history, system message or tools; ``messages`` stays as it is (CHAT-6).

        Args:
            prompt: The prompt; not empty.
            generate_kwargs: As in ``chat``.
            stream: As in ``chat``.
            include: As in ``chat``.
            schema: As in ``chat``.

        Returns:
            The text or the validated object to await, or a ChunkStream.
        """
        return self._run(self._generation(prompt, generate_kwargs, stream, include, schema))

    async def close(self) -> None:
        """Let go of the connection or the weights, unless they are another client's; idempotent (CHAT-8)."""
        self._is_closed = True
        if self._owns_connection and self._connection.is_open:
            self._connection.is_open = False
            await finished(self._disconnect())

    async def _disconnect(self) -> None:
        """Close what this client opened; a provider with nothing to close leaves it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    def _run(self, turn: Turn) -> Any:
        chunks = self._drive(turn)
        return ChunkStream(chunks, turn) if turn.is_streamed else drained(chunks, turn)

    async def _drive(self, turn: Turn) -> AsyncGenerator[StreamChunk, None]:
        try:
            turn.open()
            for server in turn.servers:
                turn.offer(await offered_by(server))
            for request in turn.requests():
                self._require_open()
                async with self._open(request) as events:
                    async for event in events:
                        for chunk in turn.feed(event):
                            yield chunk
                    for chunk in turn.finish():
                        yield chunk
                for chunk in await self._handle_tool_calls(turn):
                    yield chunk
        finally:
            turn.close()

    async def _handle_tool_calls(self, turn: Turn) -> list[StreamChunk]:
        """Run the calls of a reply and record its round, also when a call fails or is interrupted."""
        try:
            await run_tools([call for call in turn.calls if call.is_open], turn.options.concurrent)
        except BaseException:
            turn.settle()
            raise
        return turn.settle()


BaseModelClient = ModelClient
