"""Scenarios of spec/chat.md: a close that is cancelled at one point after the other."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from conformance.driver import Driver
from conformance.lives import Live
from conformance.requirement import requirement
from conformance.scripted import Reply, Request
from conformance.sweep import swept

PATIENCE = 10.0  # seconds
POINTS = 4


@asynccontextmanager
async def closing(d: Driver) -> AsyncIterator[Live]:
    """The close of a client with two open connections; who serves them sees whether they are closed."""
    both = threading.Barrier(2)

    def together(_request: Request) -> Reply:
        both.wait(PATIENCE)
        return Reply("Hello")

    d.server.always(together)
    client = d.client()
    await asyncio.gather(d(client.chat("Hi")), d(client.fork().chat("Hi")))
    yield client.close
    with d.raises(RuntimeError, match="closed"):
        client.chat("Again")


@requirement("CHAT-18", needs=("scripted", "wire"), surfaces=("aio",))
async def test_a_cancelled_close_closes(d: Driver) -> None:
    """Cancelled, or timed out, wherever it waits: no connection is left when that comes out."""
    d.server.clear()  # from here on it runs, and is nobody's leak
    folder = str(Path(d.lib.__file__ or "").parent)
    assert await swept(partial(closing, d), folder, at_most=POINTS) > 0
