"""The sync ModelClient: the loop that drives a turn, and what a provider must bring."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Self, TypeVar, overload

from aimu.clients.calls import Calls
from aimu.clients.dispatch import run_tools
from aimu.core.chunks import StreamChunk
from aimu.core.models import Model, ModelSpec
from aimu.core.options import Include, Kwargs
from aimu.core.providers import load, resolve
from aimu.core.reply import Request
from aimu.core.structured import Schema
from aimu.core.toolcalls import require_sync
from aimu.core.turn import Turn
from aimu.stream import ChunkStream, drained

T = TypeVar("T")


class ModelClient(Calls):
    """A model and one conversation with it (CHAT-1).

    ``ModelClient("anthropic:claude-sonnet-5")`` is the provider's own client, which is a ModelClient.
    A provider subclasses it and brings ``_open``; everything else is here and in ``Calls``.

    Args:
        model: A ``"provider:id"`` string, a catalogue member or a ModelSpec.
        **options: Those of the provider's client.

    Raises:
        ValueError: the model string, provider or id is unknown.
        MissingDependencyError: the provider's package is not installed.
    """

    __aimu_colour__ = "sync"

    def __new__(cls, model: str | Model | ModelSpec = "", *_: Any, **options: Any) -> Self:
        if cls is not ModelClient:
            return super().__new__(cls)
        provider = resolve(model, any_id=options.get("base_url") is not None)[0]
        found: type[Self] = load(provider, provider.client)
        return super().__new__(found)

    def _open(self, request: Request) -> AbstractContextManager[Iterable[Any]]:
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
    ) -> str: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        include: Include = None,
        *,
        schema: type[T],
    ) -> T: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: Kwargs = None,
        stream: Literal[False] = False,
        include: Include = None,
        *,
        schema: Mapping[str, Any],
    ) -> dict[str, Any]: ...

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
    ) -> str | ChunkStream: ...

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
            The text or the validated object, or a ChunkStream.
        """
        return self._run(self._generation(prompt, generate_kwargs, stream, include, schema))

    def close(self) -> None:
        """Let go of the connection or the weights, unless they are another client's; idempotent (CHAT-8)."""
        self._is_closed = True
        if self._owns_connection and self._connection.is_open:
            self._connection.is_open = False
            self._disconnect()

    def _disconnect(self) -> None:
        """Close what this client opened; a provider with nothing to close leaves it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _run(self, turn: Turn) -> Any:
        chunks = self._drive(turn)
        return ChunkStream(chunks, turn) if turn.is_streamed else drained(chunks, turn)

    def _drive(self, turn: Turn) -> Generator[StreamChunk, None, None]:
        try:
            turn.open()
            for server in turn.servers:
                turn.offer(server.as_tools())
            for request in turn.requests():
                self._require_open()
                with self._open(request) as events:
                    for event in events:
                        yield from turn.feed(event)
                    yield from turn.finish()
                yield from self._handle_tool_calls(turn)
        finally:
            turn.close()

    def _handle_tool_calls(self, turn: Turn) -> list[StreamChunk]:
        """Run the calls of a reply and record its round, also when a call fails or is interrupted."""
        require_sync(turn.calls)
        try:
            run_tools([call for call in turn.calls if call.is_open], turn.options.concurrent)
        except BaseException:
            turn.settle()
            raise
        return turn.settle()


BaseModelClient = ModelClient
