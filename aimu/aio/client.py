"""The async entry points: client() for a conversation, chat() for one question."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar, overload

from aimu.aio.clients.base import ModelClient
from aimu.aio.stream import ChunkStream, closing, owned
from aimu.core.client import ClientState
from aimu.core.models import Model, ModelSpec
from aimu.core.options import Images, Include, Kwargs
from aimu.core.providers import resolve
from aimu.core.structured import Schema
from aimu.core.toolcalls import Tool

T = TypeVar("T")


def client(model: str | Model | ModelSpec | ClientState, *, system: str | None = None, **options: Any) -> ModelClient:
    """A client for a model (CHAT-1).

    Args:
        model: A ``"provider:id"`` string, a catalogue member or a ModelSpec; for a model in this
            process, a sync client of it, which is then shared and not loaded again.
        system: The system message; None for none.
        **options: Those of the provider's client, such as ``base_url`` or ``max_iterations``.

    Returns:
        The provider's client, with an empty history.

    Raises:
        ValueError: the model string, provider or id is unknown, or names a model in this process.
        TypeError: options were given with a sync client, which has its own.
        MissingDependencyError: the provider's package is not installed.
        AuthenticationError: the provider wants a key and none was found.
    """
    if system is not None:
        options["system_message"] = system
    return ModelClient(model, **options)


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: Literal[False] = False,
    images: Images = None,
    include: Include = None,
    schema: None = None,
) -> Coroutine[Any, Any, str]: ...


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: Literal[False] = False,
    images: Images = None,
    include: Include = None,
    schema: type[T],
) -> Coroutine[Any, Any, T]: ...


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: Literal[False] = False,
    images: Images = None,
    include: Include = None,
    schema: Mapping[str, Any],
) -> Coroutine[Any, Any, dict[str, Any]]: ...


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: Literal[True],
    images: Images = None,
    include: Include = None,
    schema: None = None,
) -> ChunkStream: ...


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: Literal[True],
    images: Images = None,
    include: Include = None,
    schema: type[T],
) -> ChunkStream[T]: ...


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: Literal[True],
    images: Images = None,
    include: Include = None,
    schema: Mapping[str, Any],
) -> ChunkStream[dict[str, Any]]: ...


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: bool = False,
    images: Images = None,
    include: Include = None,
    schema: None = None,
) -> Coroutine[Any, Any, str] | ChunkStream: ...


@overload
def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: bool,
    images: Images = None,
    include: Include = None,
    schema: Schema | None,
) -> Any: ...


def chat(
    user_message: str,
    *,
    model: str | Model | ModelSpec,
    system: str | None = None,
    tools: Iterable[Tool] | None = None,
    generate_kwargs: Kwargs = None,
    stream: bool = False,
    images: Images = None,
    include: Include = None,
    schema: Schema | None = None,
) -> Any:
    """Ask one question of a fresh client, which is closed afterwards (CHAT-5).

    Args:
        user_message: The question; not empty.
        model: As in ``client``.
        system: As in ``client``.
        tools: Functions decorated with ``@tool``.
        generate_kwargs: Portable names are translated, other keys go to the request as they are.
        stream: True returns the chunks as they come.
        images: Paths, bytes or URLs.
        include: The phases a stream yields; None for all.
        schema: As in ``ModelClient.chat``.

    Returns:
        The answer or the validated object to await, or a ChunkStream.
    """
    resolve(model)  # a client is no model here: it would be closed after one question
    one_shot = client(model, system=system, tools=tools)
    # refused arguments leave nothing to close: a client opens its first connection when it is awaited
    turn = one_shot._turn(user_message, generate_kwargs, stream=stream, images=images, include=include, schema=schema)
    if stream:
        return owned(one_shot._run(turn), one_shot.close)
    return closing(partial(one_shot._run, turn), one_shot.close)
