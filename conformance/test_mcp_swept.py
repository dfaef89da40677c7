"""Scenarios of spec/mcp.md: a close that is cancelled at one point after the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from conformance.driver import Driver
from conformance.lives import Live
from conformance.mcp_servers import example_server
from conformance.requirement import LIBRARY, requirement
from conformance.sweep import swept

POINTS = 4  # of each of the three ways; tests/sweep has every one


@asynccontextmanager
async def closing(d: Driver) -> AsyncIterator[Live]:
    """The close of a connected client."""
    mcp = await d(d.api.MCPClient.connect(server=example_server()))
    yield mcp.close
    with d.raises(d.lib.errors.MCPConnectionError):
        await d(mcp.list_tools())


@requirement("MCP-8", subject=LIBRARY, surfaces=("aio",), ledger="LEDGER-MCP")
async def test_a_cancelled_close_closes(d: Driver) -> None:
    """Cancelled, or timed out, wherever it waits: no task is left when that comes out."""
    folder = str(Path(d.lib.__file__ or "").parent)
    assert await swept(partial(closing, d), folder, at_most=POINTS) > 0
