"""What changes requests on their way out of the real transports, below every client and every SDK."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

Change = Callable[[httpx2.Request], httpx2.Request]


@dataclass
class Transport:
    """Changes one request, or every one.

    Args:
        change: callable that takes a request that was read, and returns the one to be sent.
        number: int or None, the request that is changed, from 1; None changes every one.
    """

    change: Change
    number: int | None = None
    seen: int = 0
    changed: int = field(default=0)

    def passed(self, request: httpx2.Request) -> httpx2.Request:
        """The request to be sent in the place of one."""
        self.seen += 1
        if self.number not in (None, self.seen):
            return request
        self.changed += 1
        return self.change(request)


@contextlib.contextmanager
def between(transport: Transport) -> Iterator[Transport]:
    """Put it between every client and the network, on both surfaces."""
    send, send_async = httpx2.HTTPTransport.handle_request, httpx2.AsyncHTTPTransport.handle_async_request

    def handle(self: httpx2.HTTPTransport, request: httpx2.Request) -> httpx2.Response:
        request.read()
        return send(self, transport.passed(request))

    async def handle_async(self: httpx2.AsyncHTTPTransport, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        return await send_async(self, transport.passed(request))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(httpx2.HTTPTransport, "handle_request", handle)
        patched.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", handle_async)
        yield transport


def with_body(request: httpx2.Request, body: bytes) -> httpx2.Request:
    """The request with another body."""
    return _rebuilt(request, request.url, body)


def with_url(request: httpx2.Request, old: str, new: str) -> httpx2.Request:
    """The request with another URL."""
    return _rebuilt(request, httpx2.URL(str(request.url).replace(old, new)), request.content)


def reordered(request: httpx2.Request) -> httpx2.Request:
    """The request with its keys in another order and its JSON written otherwise."""

    def turned(value: object) -> object:
        if isinstance(value, list):
            return [turned(each) for each in value]
        return {key: turned(value[key]) for key in reversed(value)} if isinstance(value, dict) else value

    return with_body(request, json.dumps(turned(json.loads(request.content)), indent=2).encode())


def _rebuilt(request: httpx2.Request, url: httpx2.URL, body: bytes) -> httpx2.Request:
    headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"content-length"]
    return httpx2.Request(request.method, url, headers=headers, content=body, extensions=request.extensions)
