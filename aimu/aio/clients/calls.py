"""What is said to an async client: chat, and resume after a failure."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Literal, TypeVar, overload

from aimu.aio.stream import ChunkStream
from aimu.core.client import ClientState
from aimu.core.options import Images, Include, Kwargs
from aimu.core.structured import Schema
from aimu.core.turn import Turn

T = TypeVar("T")


class Calls(ClientState):
    """The calls that take a turn of the conversation, typed by what they return."""

    def _run(self, turn: Turn) -> Any:
        """Run a turn to its result, or give the stream of it."""
        raise NotImplementedError

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        stream: Literal[False] = False,
        images: Images = None,
        include: Include = None,
        schema: None = None,
    ) -> Coroutine[Any, Any, str]: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        stream: Literal[False] = False,
        images: Images = None,
        include: Include = None,
        *,
        schema: type[T],
    ) -> Coroutine[Any, Any, T]: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        stream: Literal[False] = False,
        images: Images = None,
        include: Include = None,
        *,
        schema: Mapping[str, Any],
    ) -> Coroutine[Any, Any, dict[str, Any]]: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        *,
        stream: Literal[True],
        images: Images = None,
        include: Include = None,
        schema: None = None,
    ) -> ChunkStream: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        *,
        stream: Literal[True],
        images: Images = None,
        include: Include = None,
        schema: type[T],
    ) -> ChunkStream[T]: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        *,
        stream: Literal[True],
        images: Images = None,
        include: Include = None,
        schema: Mapping[str, Any],
    ) -> ChunkStream[dict[str, Any]]: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        stream: bool = False,
        images: Images = None,
        include: Include = None,
        schema: None = None,
    ) -> Coroutine[Any, Any, str] | ChunkStream: ...

    @overload
    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        *,
        stream: bool,
        images: Images = None,
        include: Include = None,
        schema: Schema | None,
    ) -> Any: ...

    def chat(
        self,
        user_message: str,
        generate_kwargs: Kwargs = None,
        use_tools: bool = True,
        stream: bool = False,
        images: Images = None,
        include: Include = None,
        schema: Schema | None = None,
    ) -> Any:
        """Say something, run the tools the model asks for, and return its answer (CHAT-2).

        Args:
            user_message: What the user says; not empty.
            generate_kwargs: Portable names (``max_tokens``, ``temperature``, ``thinking``, ...) are
                translated, any other key goes to the request as it is.
            use_tools: False forbids tool calls in this turn.
            stream: True returns the chunks as they come.
            images: Paths, bytes or URLs, shown with this message only.
            include: The phases a stream yields; None for all.
            schema: A pydantic model, dataclass, TypedDict or JSON Schema of an object, which the answer
                then is (SCHEMA-1); None for text.

        Returns:
            The final text or the validated object to await, or a ChunkStream of the whole turn.

        Raises:
            ValueError: bad arguments, found before anything is sent.
            ConcurrentTurnError: this conversation has a turn open.
            ProviderError: the provider failed; finished rounds are in ``messages``.
            DegenerateTurnError: there was no text to return, or it does not fit ``schema``.
        """
        turn = self._turn(
            user_message,
            generate_kwargs,
            use_tools=use_tools,
            stream=stream,
            images=images,
            include=include,
            schema=schema,
        )
        return self._run(turn)

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, stream: Literal[False] = False, schema: None = None
    ) -> Coroutine[Any, Any, str]: ...

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, stream: Literal[False] = False, *, schema: type[T]
    ) -> Coroutine[Any, Any, T]: ...

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, stream: Literal[False] = False, *, schema: Mapping[str, Any]
    ) -> Coroutine[Any, Any, dict[str, Any]]: ...

    @overload
    def resume(self, generate_kwargs: Kwargs = None, *, stream: Literal[True], schema: None = None) -> ChunkStream: ...

    @overload
    def resume(self, generate_kwargs: Kwargs = None, *, stream: Literal[True], schema: type[T]) -> ChunkStream[T]: ...

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, *, stream: Literal[True], schema: Mapping[str, Any]
    ) -> ChunkStream[dict[str, Any]]: ...

    @overload
    def resume(
        self, generate_kwargs: Kwargs = None, stream: bool = False, schema: None = None
    ) -> Coroutine[Any, Any, str] | ChunkStream: ...

    @overload
    def resume(self, generate_kwargs: Kwargs = None, *, stream: bool, schema: Schema | None) -> Any: ...

    def resume(self, generate_kwargs: Kwargs = None, stream: bool = False, schema: Schema | None = None) -> Any:
        """Go on from a history that ends in tool results, after a failure or an interruption (HISTORY-5).

        Args:
            generate_kwargs: As in ``chat``.
            stream: As in ``chat``.
            schema: As in ``chat``.

        Raises:
            ValueError: there is nothing to resume.
        """
        return self._run(self._resumption(generate_kwargs, stream, schema))
