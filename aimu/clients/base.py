"""The sync ModelClient: the loop that drives a turn, and what a provider must bring."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager
from typing import Any, Literal, Self, overload

from aimu.clients.dispatch import run_tools
from aimu.core.chunks import StreamChunk
from aimu.core.client import ClientState
from aimu.core.models import Model, ModelSpec
from aimu.core.options import Include
from aimu.core.providers import load, resolve
from aimu.core.reply import Request
from aimu.core.toolcalls import require_sync
from aimu.core.turn import Turn
from aimu.stream import ChunkStream, drained


class ModelClient(ClientState):
    """A model and one conversation with it (CHAT-1).

    ``ModelClient("anthropic:claude-sonnet-5")`` is the provider's own client, which is a ModelClient.
    A provider subclasses it and brings ``_open``; everything else is here.

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
    def chat(
        self,
        user_message: str,
        generate_kwargs: dict[str, Any] | None = None,
        use_tools: bool = True,
        stream: Literal[False] = False,
        images: Iterable[Any] | None = None,
        include: Include = None,
    ) -> str: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: dict[str, Any] | None = None,
        use_tools: bool = True,
        *,
        stream: Literal[True],
        images: Iterable[Any] | None = None,
        include: Include = None,
    ) -> ChunkStream: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: dict[str, Any] | None = None,
        use_tools: bool = True,
        stream: bool = False,
        images: Iterable[Any] | None = None,
        include: Include = None,
    ) -> str | ChunkStream: ...

    def chat(
        self,
        user_message: str,
        generate_kwargs: dict[str, Any] | None = None,
        use_tools: bool = True,
        stream: bool = False,
        images: Iterable[Any] | None = None,
        include: Include = None,
    ) -> str | ChunkStream:
        """Say something, run the tools the model asks for, and return its answer (CHAT-2).

        Args:
            user_message: What the user says; not empty.
            generate_kwargs: Portable names (``max_tokens``, ``temperature``, ``thinking``, ...) are
                translated, any other key goes to the request as it is.
            use_tools: False forbids tool calls in this turn.
            stream: True returns the chunks as they come.
            images: Paths, bytes or URLs, shown with this message only.
            include: The phases a stream yields; None for all.

        Returns:
            The final text, or a ChunkStream of the whole turn.

        Raises:
            ValueError: bad arguments, found before anything is sent.
            ConcurrentTurnError: this conversation has a turn open.
            ProviderError: the provider failed; finished rounds are in ``messages``.
            DegenerateTurnError: there was no text to return.
        """
        turn = self._turn(
            user_message, generate_kwargs, use_tools=use_tools, stream=stream, images=images, include=include
        )
        return self._run(turn)

    @overload
    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: Literal[False] = False) -> str: ...

    @overload
    def resume(self, generate_kwargs: dict[str, Any] | None = None, *, stream: Literal[True]) -> ChunkStream: ...

    @overload
    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: bool = False) -> str | ChunkStream: ...

    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: bool = False) -> str | ChunkStream:
        """Go on from a history that ends in tool results, after a failure or an interruption (HISTORY-5).

        Args:
            generate_kwargs: As in ``chat``.
            stream: As in ``chat``.

        Raises:
            ValueError: there is nothing to resume.
        """
        return self._run(self._resumption(generate_kwargs, stream))

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: Literal[False] = False,
        include: Include = None,
    ) -> str: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: dict[str, Any] | None = None,
        *,
        stream: Literal[True],
        include: Include = None,
    ) -> ChunkStream: ...

    @overload
    def generate(
        self,
        prompt: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        include: Include = None,
    ) -> str | ChunkStream: ...

    def generate(
        self,
        prompt: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        include: Include = None,
    ) -> str | ChunkStream:
        """Answer one prompt without history, system message or tools; ``messages`` stays as it is (CHAT-6).

        Args:
            prompt: The prompt; not empty.
            generate_kwargs: As in ``chat``.
            stream: As in ``chat``.
            include: As in ``chat``.

        Returns:
            The text, or a ChunkStream.
        """
        return self._run(self._generation(prompt, generate_kwargs, stream, include))

    def close(self) -> None:
        """Let go of the connection or the weights, unless they are another client's; idempotent (CHAT-8)."""
        if self._owns_connection and self._connection.is_open:
            self._connection.is_open = False
            self._disconnect()
        self._is_closed = True

    def _disconnect(self) -> None:
        """Close what this client opened; a provider with nothing to close leaves it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _run(self, turn: Turn) -> str | ChunkStream:
        chunks = self._drive(turn)
        return ChunkStream(chunks, turn) if turn.options.stream else drained(chunks, turn)

    def _drive(self, turn: Turn) -> Generator[StreamChunk, None, None]:
        try:
            turn.open()
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
