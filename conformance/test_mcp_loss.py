"""Scenarios of spec/mcp.md: servers that go away, and calls at the same time."""

import asyncio
import os
import signal
import sys
from functools import partial
from typing import Any

import pytest

from conformance.driver import Driver
from conformance.mcp_servers import BARE, NAMES, Loopback, Meeting, example_server
from conformance.mcp_servers.bare import TOOLS
from conformance.requirement import LIBRARY, requirement

MANY = 50


async def connected(d: Driver, **source: Any) -> Any:
    """A connected MCP client of this surface, closed when the check ends."""
    return d.track(await d(d.api.MCPClient.connect(**source)))


async def added(d: Driver, mcp: Any, name: str = "add") -> Any:
    """What the example server makes of 2 and 3."""
    return (await d(mcp.call_tool(name, {"a": 2, "b": 3}))).data


@requirement("MCP-7", "MCP-6", subject=LIBRARY)
async def test_subprocess_dies_in_a_call(d: Driver) -> None:
    """The call fails, chained; the next starts another process by itself."""
    mcp = await connected(d, file=BARE)
    first = (await d(mcp.call_tool("process"))).data
    with d.raises(d.lib.errors.MCPConnectionError, match="'die'") as caught:
        await d(mcp.call_tool("die"))
    assert caught.value.__cause__ is not None
    assert await added(d, mcp) == 5
    assert (await d(mcp.call_tool("process"))).data != first


@requirement("MCP-7", subject=LIBRARY)
async def test_server_over_http_stops_in_a_call(d: Driver) -> None:
    """The call fails, so does one while it is down; when it is back on its port the next call works."""
    meeting, error = Meeting(), d.lib.errors.MCPConnectionError
    with Loopback(example_server(meeting)) as server:
        mcp = await connected(d, server=server.url)
        handle = d.start(lambda: mcp.call_tool("wait"))
        await d.wait(meeting.reached)
        server.stop()
        with pytest.raises(error):  # how the connection breaks is up to the moment
            await handle.result()
        with pytest.raises(error) as caught:
            await d(mcp.call_tool("add", {"a": 2, "b": 3}))
        assert caught.value.__cause__ is not None
        server.start()
        assert await added(d, mcp) == 5


@requirement("MCP-7", subject=LIBRARY)
async def test_listing_after_a_restart(d: Driver) -> None:
    """A server that was replaced between two turns is not noticed: the tools are its new ones."""
    first, second = Loopback(example_server()), example_server()
    second.tool(later)
    with first as server:
        mcp = await connected(d, server=server.url)
        before = [tool.name for tool in await d(mcp.list_tools())]
        server.stop()
        server.replace(second)
        server.start()
        assert [tool.name for tool in await d(mcp.list_tools())] == [*before, "later"]
    mcp = await connected(d, file=BARE)
    before = [tool.name for tool in await d(mcp.list_tools())]
    os.kill(int((await d(mcp.call_tool("process"))).data, 16), signal.SIGKILL)
    assert [tool.name for tool in await d(mcp.list_tools())] == before
    await d(mcp.ping())


def later() -> str:
    """A tool of a newer version."""
    return "later"


@requirement("MCP-7", subject=LIBRARY)
async def test_a_call_is_never_sent_twice(d: Driver) -> None:
    """The tool of a server that breaks under it has run once."""
    meeting = Meeting()
    with Loopback(example_server(meeting)) as server:
        mcp = await connected(d, server=server.url)
        handle = d.start(lambda: mcp.call_tool("wait"))
        await d.wait(meeting.reached)
        server.stop()
        server.start()
        with pytest.raises(d.lib.errors.MCPConnectionError):
            await handle.result()
        assert await added(d, mcp) == 5
    assert meeting.calls == 1


@requirement("MCP-17", subject=LIBRARY)
async def test_several_servers(d: Driver) -> None:
    """Tools bear their server's name; one dies and comes back while the other goes on."""
    entry = {"command": sys.executable, "args": [BARE]}
    with Loopback(example_server()) as server:
        mcp = await connected(d, config={"mcpServers": {"near": entry, "far": {"url": server.url}}})
        names = [tool.name for tool in await d(mcp.list_tools())]
        assert names == [*(f"near_{name}" for name in TOOLS), *(f"far_{name}" for name in NAMES)]
        assert [spec["function"]["name"] for spec in await d(mcp.get_tools())] == names
        with d.raises(d.lib.errors.MCPConnectionError, match="'near'"):
            await d(mcp.call_tool("near_die"))
        assert await added(d, mcp, "far_add") == 5
        assert await added(d, mcp, "near_add") == 5
        with d.raises(d.lib.ToolError, match="'add'"):
            await d(mcp.call_tool("add", {"a": 1}))


@requirement("MCP-17", subject=LIBRARY)
async def test_one_of_several_servers_is_dead(d: Driver) -> None:
    """Then there is no connection, rather than one that lacks its tools without a word."""
    entry = {"command": sys.executable, "args": [BARE]}
    dead = {"url": "http://127.0.0.1:9/mcp"}
    with d.raises(d.lib.errors.MCPConnectionError, match="'dead'"):
        await d(d.api.MCPClient.connect(config={"mcpServers": {"near": entry, "dead": dead}}))


@requirement("MCP-14", subject=LIBRARY)
async def test_calls_at_the_same_time(d: Driver) -> None:
    """Fifty calls wait for each other, and each gets its own result."""
    mcp = await connected(d, server=example_server(Meeting(MANY)))
    handles = [d.start(partial(mcp.call_tool, "meet", {"number": n})) for n in range(MANY)]
    assert [(await handle.result()).data for handle in handles] == list(range(MANY))
    mcp = await connected(d, file=BARE)
    handles = [d.start(partial(mcp.call_tool, "add", {"a": n, "b": 1})) for n in range(MANY)]
    assert [(await handle.result()).data for handle in handles] == list(range(1, MANY + 1))


@requirement("MCP-15", subject=LIBRARY, surfaces=("aio",), ledger="LEDGER-MCP")
async def test_cancelled_call(d: Driver) -> None:
    """It ends, and the server is told; the calls beside it and after it are as they were."""
    meeting = Meeting()
    mcp = await connected(d, server=example_server(meeting))
    beside = d.start(lambda: mcp.call_tool("meet", {"number": 1}))
    cancelled = d.start(lambda: mcp.call_tool("wait"))
    await d.wait(meeting.reached)
    cancelled.cancel()
    with d.raises(asyncio.CancelledError):
        await cancelled.result()
    assert (await d(mcp.call_tool("meet", {"number": 2}))).data == 2
    assert (await beside.result()).data == 1
    await d.wait(meeting.over)
    assert meeting.ended == ["cancelled"]
    assert await added(d, mcp) == 5


@requirement("MCP-15", subject=LIBRARY, surfaces=("aio",), ledger="LEDGER-MCP")
async def test_cancelled_connecting(d: Driver) -> None:
    """A client whose connecting was cancelled leaves nothing, and can be connected."""
    mcp = d.api.MCPClient(file=BARE)
    task = asyncio.create_task(mcp.__aenter__())
    while mcp.client is None:  # noqa: ASYNC110 - a turn of the loop or two, until it has begun
        await asyncio.sleep(0)
    task.cancel()
    with d.raises(asyncio.CancelledError):
        await d(task)
    async with mcp:
        assert await added(d, mcp) == 5
