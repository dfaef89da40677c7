"""The async client of Parley: the lines of client.py with `async` in front."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from itertools import count
from typing import Any

import httpx2
from aimu.aio.clients.base import ModelClient
from aimu.core.models import Model, ModelSpec
from aimu.core.providers import resolve
from aimu.core.reply import Request
from aimu.wire.errors import request_id_in, translated

from parley_aimu.codec import ParleyCodec
from parley_aimu.http import Lines, narrowed, require_answer, settings, wait_before


class ParleyClient(ModelClient):
    """A persona of Parley.

    Args:
        model: str, Model or ModelSpec, as "parley:duo".
        base_url: str or None, default None: where Parley listens; None takes it from PARLEY_BASE_URL,
            or is Parley's own address.
        api_key: str or None, default None: the key; None takes it from PARLEY_API_KEY.
        timeout: float or None, default None: seconds to wait for an answer; None is 60.
        max_retries: int or None, default None: times a failed request is sent again; None is 2.
        model_kwargs: Mapping or None, default None: more keywords for `httpx2.AsyncClient`.
        options: those of every client: `system_message`, `tools`, `max_iterations` ...

    Raises:
        AuthenticationError: no key was given and none is in the environment.
    """

    def __init__(
        self,
        model: str | Model | ModelSpec,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        model_kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        provider, spec = resolve(model, any_id=base_url is not None, default="parley")
        provider.check_serves(type(self))
        connection = provider.connection(
            base_url=base_url or os.environ.get("PARLEY_BASE_URL"),
            api_key=api_key,
            timeout=timeout,
            max_retries=max_retries,
            options=model_kwargs,
        )
        self.provider = provider.name
        self._secret = connection["api_key"]
        self._retries = connection.get("max_retries", 2)
        self._init_state(narrowed(spec), ParleyCodec(spec), **options)
        self._http = httpx2.AsyncClient(**settings(connection))

    async def _disconnect(self) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def _open(self, request: Request) -> AsyncGenerator[AsyncGenerator[bytes, None], None]:
        response: httpx2.Response | None = None
        try:
            response = await self._sent(request)
            if not (request.stream and response.is_success):
                await response.aread()
            require_answer(response, request.stream)
            async with aclosing(self._events(response, request.stream)) as events:
                yield events
        except Exception as exc:
            request_id = request_id_in(response.headers) if response is not None else None
            if error := translated(exc, self.provider, self._secret, request_id):
                raise error from exc
            raise
        finally:
            if response is not None:
                await response.aclose()

    async def _sent(self, request: Request) -> httpx2.Response:
        for attempt in count():
            response: httpx2.Response | None = None
            try:
                asked = self._http.build_request("POST", request.path, json=request.body)
                response = await self._http.send(asked, stream=True)
            except httpx2.TransportError:
                if attempt >= self._retries:
                    raise
            wait = wait_before(attempt, response)
            if response is not None:
                if response.is_success or wait is None or attempt >= self._retries:
                    return response
                await response.aclose()
            await asyncio.sleep(wait or 0)
        raise AssertionError("unreachable")

    async def _events(self, response: httpx2.Response, is_live: bool) -> AsyncGenerator[bytes, None]:
        if not is_live:
            yield response.content
            return
        lines = Lines()
        async for fragment in response.aiter_bytes():
            for line in lines.feed(fragment):
                yield line
