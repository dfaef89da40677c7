"""Lives with an MCP server."""

import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, TypeAlias

from conformance.driver import Driver
from conformance.lives import Live, answer
from conformance.mcp_servers import SCRIPT, example_server
from conformance.rounds import require_whole

Source: TypeAlias = "Callable[[], dict[str, Any]]"


@contextlib.asynccontextmanager
async def calling(d: Driver, mcp: Any) -> AsyncIterator[Live]:
    """A turn that lists the tools of a connected server and calls one; then another turn on the same connection."""
    d.server.clear()
    d.server.always(partial(answer, 1))
    client = d.client(mcp_client=mcp)
    before = mcp.client
    try:
        yield lambda: d(client.chat("Add"))
        require_whole(client.messages)
        await d(client.chat("Again"))
        require_whole(client.messages)
        assert mcp.client is before, "the connection was replaced"
    finally:
        await d.close(d._clients.pop())


@contextlib.asynccontextmanager
async def connecting(d: Driver, source: Source) -> AsyncIterator[Live]:
    """Connecting, one call, closing; then the same client is connected, unless it was closed."""
    mcp = d.api.MCPClient(**source())

    async def live() -> None:
        async with mcp:
            await mcp.call_tool("add", {"a": 1, "b": 2})

    yield live
    again = d.api.MCPClient(**source()) if mcp._links.state == "closed" else mcp
    async with again:
        assert (await again.call_tool("add", {"a": 2, "b": 3})).data == 5


def in_memory() -> dict[str, Any]:
    """A server in this process."""
    return {"server": example_server()}


def over_stdio() -> dict[str, Any]:
    """A server in a process of its own."""
    return {"file": SCRIPT}
