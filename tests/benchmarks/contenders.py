"""One chat and one stream: our way, the typed SDK's, and a bare HTTP client's, on each surface."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import httpx2
import openai

import aimu
from aimu import aio

QUESTION = "Say something."
Call = Callable[[], Any]
AsyncCall = Callable[[], Awaitable[Any]]


def _base_url(wire: str, url: str) -> str:
    return f"{url}/v1" if wire == "openai" else url


def _ours(wire: str, url: str, module: Any) -> Any:
    return module.client(f"{wire}:m;tools", base_url=_base_url(wire, url), api_key="k", max_retries=0)


def sync_contenders(wire: str, url: str) -> dict[str, dict[str, Call]]:
    """``{"chat" | "stream": {contender: call}}``."""
    client = _ours(wire, url, aimu)
    sdk = _sdk(wire, url, asynchronous=False)
    bare, target, body = httpx2.Client(), *_bare(wire, url)

    def our_stream() -> None:
        client.reset()
        for _ in client.chat(QUESTION, stream=True):
            pass

    def our_chat() -> None:
        client.reset()
        client.chat(QUESTION)

    def typed_stream() -> None:
        for _ in sdk(stream=True):
            pass

    def bare_stream() -> None:
        with bare.stream("POST", target, json={**body, "stream": True}) as response:
            for _ in response.iter_bytes():
                pass

    return {
        "chat": {"ours": our_chat, "typed": sdk, "bare": lambda: json.loads(bare.post(target, json=body).content)},
        "stream": {"ours": our_stream, "typed": typed_stream, "bare": bare_stream},
    }


def aio_contenders(wire: str, url: str) -> dict[str, dict[str, AsyncCall]]:
    """The same, awaited; a call may run many times at once."""
    client = _ours(wire, url, aio)
    sdk = _sdk(wire, url, asynchronous=True)
    bare, target, body = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=1000)), *_bare(wire, url)

    async def our_stream() -> None:
        async for _ in client.fork().chat(QUESTION, stream=True):
            pass

    async def our_chat() -> None:
        await client.fork().chat(QUESTION)

    async def typed_stream() -> None:
        async for _ in await sdk(stream=True):
            pass

    async def bare_stream() -> None:
        async with bare.stream("POST", target, json={**body, "stream": True}) as response:
            async for _ in response.aiter_bytes():
                pass

    async def bare_chat() -> Any:
        return json.loads((await bare.post(target, json=body)).content)

    return {
        "chat": {"ours": our_chat, "typed": sdk, "bare": bare_chat},
        "stream": {"ours": our_stream, "typed": typed_stream, "bare": bare_stream},
    }


def sdk_create(wire: str, url: str, *, asynchronous: bool = False) -> Callable[..., Any]:
    """The call of the typed SDK that makes one request."""
    module: Any = openai if wire == "openai" else anthropic
    name = ("Async" if asynchronous else "") + ("OpenAI" if wire == "openai" else "Anthropic")
    sdk = getattr(module, name)(base_url=_base_url(wire, url), api_key="k", max_retries=0)
    found: Callable[..., Any] = sdk.chat.completions.create if wire == "openai" else sdk.messages.create
    return found


def bare_body(wire: str) -> dict[str, Any]:
    """What one request of a conversation that has not begun says."""
    return {"model": "m"} if wire == "openai" else {"model": "m", "max_tokens": 4096}


def _sdk(wire: str, url: str, *, asynchronous: bool) -> Any:
    create = sdk_create(wire, url, asynchronous=asynchronous)
    _, body = _bare(wire, url)

    def call(**more: Any) -> Any:
        return create(**body, **more)

    return call


def _bare(wire: str, url: str) -> tuple[str, dict[str, Any]]:
    path = "/v1/chat/completions" if wire == "openai" else "/v1/messages"
    return f"{url}{path}", {**bare_body(wire), "messages": [{"role": "user", "content": QUESTION}]}
