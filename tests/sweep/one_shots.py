"""Lives in which the client ends, too: `chat()` of the front door, and a `with` block."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from conformance.driver import Driver
from conformance.lives import Live, Making, Trap, tools
from conformance.props import inside
from conformance.test_chat_client import model, server_as_default


def one_shot(d: Driver, trap: Trap) -> tuple[Any, Live]:
    """A question to a fresh client, whose tools run."""
    offered = tools(d, trap)

    async def live() -> None:
        with server_as_default(d):
            await d(d.api.chat("Hi", model=model(d), tools=offered))

    return d.client(), live


def one_shot_streamed(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """The same in a stream that is read to its end."""

    async def live() -> None:
        with server_as_default(d):
            await d.collect(d.api.chat("Hi", model=model(d), stream=True))

    return d.client(), live


def one_shot_closed(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """The same in a stream that is closed at its first chunk."""

    async def live() -> None:
        with server_as_default(d):
            stream = d.api.chat("Hi", model=model(d), stream=True)
        async for _ in d.stream(stream):
            break
        await d.close(stream)

    return d.client(), live


def with_block(d: Driver, _trap: Trap) -> tuple[Any, Live]:
    """Two turns at the same time in the block of a client, so that two connections are to be closed."""
    client = d.client()

    async def turn(one: Any) -> None:
        await d(one.chat("Hi"))

    async def live() -> None:
        async with inside(d, d.client()) as owner:
            if d.on_aio:
                await asyncio.gather(turn(owner), turn(owner.fork()))
            else:
                await turn(owner)
                await turn(owner.fork())

    return client, live


ONE_SHOTS: Final[Mapping[str, Making]] = {
    made.__name__: made for made in (one_shot, one_shot_streamed, one_shot_closed, with_block)
}
