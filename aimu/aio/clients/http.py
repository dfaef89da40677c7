"""What the async clients over HTTP share: an SDK for the transport, a codec for the format."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Unpack

import httpx2

from aimu.aio.clients.base import ModelClient
from aimu.core.models import Model, ModelSpec
from aimu.core.options import StateOptions
from aimu.core.providers import resolve
from aimu.core.reply import Codec, Request
from aimu.core.secrets import secrets_of
from aimu.wire.errors import check_content_type, request_id_in, translated
from aimu.wire.sse import SSEDecoder


class HTTPClient(ModelClient):
    """A client whose provider is reached through its SDK (PROVIDERS-1).

    Args:
        model: A ``"provider:id"`` string, a catalogue member or a ModelSpec.
        base_url: Where the server listens; with it, any model id is welcome.
        api_key: The key; None takes it from the provider's environment variable.
        timeout: Seconds to wait for an answer; None leaves the SDK's default.
        max_retries: Times a failed request is sent again; None leaves the SDK's default.
        model_kwargs: More keywords for the SDK's own client.
        **options: Those of every client: ``system_message``, ``tools``, ``max_iterations``, ...

    Raises:
        ValueError: the model is unknown, another class's provider serves it, or ``base_url`` has a query.
        AuthenticationError: no API key was given and none is in the environment.
    """

    _default_provider: str

    def __init__(
        self,
        model: str | Model | ModelSpec,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        model_kwargs: Mapping[str, Any] | None = None,
        **options: Unpack[StateOptions],
    ) -> None:
        provider, spec = resolve(model, any_id=base_url is not None, default=self._default_provider)
        provider.check_serves(type(self))
        connection = provider.connection(
            base_url=base_url, api_key=api_key, timeout=timeout, max_retries=max_retries, options=model_kwargs
        )
        self.provider = provider.name
        self._init_state(spec, self._make_codec(provider.name, spec), **options)
        self._sdk = self._connect(connection)
        self._secrets = secrets_of(connection, self._sdk)

    @abstractmethod
    def _connect(self, connection: dict[str, Any]) -> Any:
        """The SDK's client."""

    @abstractmethod
    def _make_codec(self, provider: str, model: ModelSpec) -> Codec:
        """The codec of this wire."""

    async def _disconnect(self) -> None:
        await self._sdk.close()

    @asynccontextmanager
    async def _open(self, request: Request) -> AsyncGenerator[AsyncGenerator[str | bytes, None], None]:
        response: httpx2.Response | None = None
        try:
            response = await self._sdk.post(
                request.path, cast_to=httpx2.Response, body=request.body, stream=request.stream
            )
            check_content_type(self.provider, response.headers.get("content-type", ""), request.stream)
            async with aclosing(self._events(response, request)) as events:
                yield events
        except Exception as exc:
            request_id = request_id_in(response.headers) if response is not None else None
            if error := translated(exc, self.provider, self._secrets, request_id):
                raise error from exc
            raise
        finally:
            if response is not None:
                await response.aclose()

    async def _events(self, response: httpx2.Response, request: Request) -> AsyncGenerator[str | bytes, None]:
        if not request.stream:
            yield response.content
            return
        decoder = SSEDecoder()
        try:
            async for fragment in response.aiter_bytes():
                for event in decoder.feed(fragment):
                    yield event
        except httpx2.TransportError:
            if not request.is_heard():
                raise
        for event in decoder.close():
            yield event
