"""Scenarios of spec/mcp.md: making a client, connecting it, closing it."""

import asyncio
import contextvars
import copy
import os
import sys
import threading
import traceback
from typing import Any

import pytest

from conformance.driver import Driver
from conformance.mcp_servers import BARE, Loopback, Meeting, example_server
from conformance.requirement import LIBRARY, requirement

NOWHERE = "http://127.0.0.1:9/mcp"
TENANT: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="nobody")


async def connected(d: Driver, **source: Any) -> Any:
    """A connected MCP client of this surface, closed when the check ends."""
    return d.track(await d(d.api.MCPClient.connect(**source)))


async def added(d: Driver, mcp: Any) -> Any:
    """What the example server makes of 2 and 3."""
    return (await d(mcp.call_tool("add", {"a": 2, "b": 3}))).data


def is_running(process: str) -> bool:
    """Whether there is a process of that id, a zombie counted."""
    try:
        os.kill(int(process, 16), 0)
    except ProcessLookupError:
        return False
    return True


@requirement("MCP-1", subject=LIBRARY)
async def test_one_source_is_needed(d: Driver) -> None:
    """None, two and what can be no server are refused by the constructor, with what was wrong."""
    error = d.lib.errors.MCPConnectionError
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "exactly one"),
        ({"config": {"mcpServers": {}}, "file": BARE}, "exactly one of .*config.* and file"),
        ({"config": {"mcpServers": {}}}, "mcpServers"),
        ({"config": {"mcpServers": {"a": {"comand": "x"}}}}, "'a'.*'command' or a 'url'"),
        ({"config": {"mcpServers": {"a": {"command": "x", "args": 3}}}}, "'a'.*args"),
        ({"server": "ftp://127.0.0.1"}, "http"),
        ({"server": 3}, "int"),
        ({"file": BARE + ".txt"}, r"\.py"),
        ({"file": BARE.replace("bare", "nowhere")}, r"nowhere\.py"),
    ]
    for source, why in refused:
        with d.raises(error, match=why):
            d.api.MCPClient(**source)


@requirement("MCP-2", subject=LIBRARY, surfaces=("sync",), ledger="LEDGER-MCP")
async def test_the_constructor_connects(d: Driver) -> None:
    """It is connected at once, as a context manager too; a dead server is told there, with its cause."""
    with d.api.MCPClient(server=example_server()) as mcp:
        assert mcp.client.is_connected()
        assert await added(d, mcp) == 5
    for source in ({"server": NOWHERE}, {"config": {"mcpServers": {"a": {"command": "no-such-command"}}}}):
        with d.raises(d.lib.errors.MCPConnectionError, match="connecting") as caught:
            d.api.MCPClient(**source)
        assert caught.value.__cause__ is not None


@requirement("MCP-12", subject=LIBRARY, surfaces=("aio",), ledger="LEDGER-MCP")
async def test_the_constructor_opens_nothing(d: Driver) -> None:
    """Use before connecting is refused; async with and connect connect, or tell of a dead server."""
    error = d.lib.errors.MCPConnectionError
    mcp: Any = d.api.MCPClient(server=example_server())
    assert d.direct(mcp.client) is None
    for use in (mcp.get_tools, mcp.as_tools, mcp.list_tools, mcp.ping, lambda: mcp.call_tool("add", {"a": 1})):
        with d.raises(error, match="not connected"):
            await d(use())
    async with mcp:
        assert mcp.client.is_connected()
        assert await added(d, mcp) == 5
    lost = d.api.MCPClient(server=NOWHERE)
    with d.raises(error, match="connecting") as caught:
        await d(lost.__aenter__())
    assert caught.value.__cause__ is not None
    with d.raises(error, match="connecting"):
        await d(d.api.MCPClient.connect(server=NOWHERE))


@requirement("MCP-8", subject=LIBRARY)
async def test_closing_ends_the_process(d: Driver) -> None:
    """The subprocess is gone when close returns; closing again does nothing, and use after it is refused."""
    mcp = await connected(d, file=BARE)
    process = (await d(mcp.call_tool("process"))).data
    assert is_running(process)
    await d.close(mcp)
    assert not is_running(process)
    await d.close(mcp)
    for use in (mcp.get_tools, mcp.as_tools, mcp.list_tools, mcp.ping, lambda: mcp.call_tool("add", {"a": 1})):
        with d.raises(d.lib.errors.MCPConnectionError, match="closed"):
            await d(use())


@requirement("MCP-8", subject=LIBRARY)
async def test_closing_ends_the_connection(d: Driver) -> None:
    """The server over HTTP sees it go, also when a block ends by an error."""
    with Loopback(example_server()) as server:
        mcp = await connected(d, server=server.url)
        assert await added(d, mcp) == 5
        assert server.connections(0) > 0
        await d.close(mcp)
        assert server.connections() == 0


@requirement("MCP-8", subject=LIBRARY)
async def test_closing_ends_a_call_under_way(d: Driver) -> None:
    """It fails as a lost connection does, and close does not wait for the tool."""
    meeting = Meeting()
    mcp = await connected(d, server=example_server(meeting))
    handle = d.start(lambda: mcp.call_tool("wait"))
    await d.wait(meeting.reached)
    await d.close(mcp)
    with pytest.raises(d.lib.errors.MCPConnectionError):
        await handle.result()
    await d.wait(meeting.over)
    assert meeting.ended == ["cancelled"]


@requirement("MCP-8", subject=LIBRARY)
async def test_closing_ends_a_listing_under_way(d: Driver) -> None:
    """It is asked once more after a loss, and a close is none: nothing connects again."""
    meeting, server = Meeting(), example_server()
    server.add_middleware(listing_waits_for(meeting))
    mcp = await connected(d, server=server)
    handle = d.start(mcp.list_tools)
    await d.wait(meeting.reached)
    await d.close(mcp)
    with pytest.raises(d.lib.errors.MCPConnectionError, match="closed during the call"):
        await handle.result()
    assert mcp.client is None
    assert meeting.calls == 1


def listing_waits_for(meeting: Meeting) -> Any:
    """What holds each listing of a server's tools until a test lets it go."""
    from fastmcp.server.middleware import Middleware

    class Waiting(Middleware):
        async def on_list_tools(self, context: Any, call_next: Any) -> Any:
            await meeting.wait()
            return await call_next(context)

    return Waiting()


@requirement("MCP-8", subject=LIBRARY, surfaces=("aio",), ledger="LEDGER-MCP")
async def test_closed_while_it_connects(d: Driver) -> None:
    """It stays closed: connecting fails, and no process is left."""
    mcp = d.api.MCPClient(file=BARE)
    connecting = asyncio.create_task(mcp.__aenter__())
    while mcp.client is None:  # noqa: ASYNC110 - until it has begun, which takes one turn of the loop
        await asyncio.sleep(0)
    await mcp.close()
    with pytest.raises(d.lib.errors.MCPConnectionError, match="closed"):
        await connecting
    assert "closed" in repr(mcp)
    with d.raises(d.lib.errors.MCPConnectionError, match="closed"):
        await d(mcp.ping())


@requirement("MCP-8", subject=LIBRARY, surfaces=("aio",), ledger="LEDGER-MCP")
async def test_opened_in_one_task_and_closed_in_another(d: Driver) -> None:
    """Neither the task that opened it nor the one that closes it has to be the one that uses it."""
    mcp = await asyncio.create_task(d.api.MCPClient.connect(server=example_server()))
    assert await added(d, mcp) == 5
    await asyncio.create_task(mcp.close())
    with d.raises(d.lib.errors.MCPConnectionError, match="closed"):
        await d(mcp.ping())


@requirement("MCP-13", subject=LIBRARY, surfaces=("sync",), ledger="LEDGER-MCP")
async def test_sync_client_inside_a_running_loop(d: Driver) -> None:
    """As in a notebook: made, used and closed in a thread whose loop runs."""
    found: list[Any] = []

    async def cell() -> None:
        with d.lib.MCPClient(server=example_server()) as mcp:
            found.append(mcp.call_tool("add", {"a": 2, "b": 3}).data)

    thread = threading.Thread(target=lambda: asyncio.run(cell()))
    thread.start()
    thread.join(20.0)
    assert d.direct(found) == [5]


@requirement("MCP-13", subject=LIBRARY, surfaces=("sync",), ledger="LEDGER-MCP")
async def test_sync_client_has_one_thread(d: Driver) -> None:
    """From construction to close, whatever is called; a failed construction leaves none."""
    before = set(threading.enumerate())
    mcp = await connected(d, file=BARE)
    for _ in range(3):
        await d(mcp.get_tools())
        await added(d, mcp)
    mine = [thread for thread in set(threading.enumerate()) - before if "waitpid" not in thread.name]
    assert len(mine) == 1
    await d.close(mcp)
    assert not mine[0].is_alive()
    with d.raises(d.lib.errors.MCPConnectionError):
        d.api.MCPClient(server=NOWHERE)
    assert set(threading.enumerate()) <= before


@requirement("MCP-13", subject=LIBRARY, surfaces=("sync",), ledger="LEDGER-MCP")
async def test_context_reaches_an_in_memory_server(d: Driver) -> None:
    """What the caller of each call has set, not what the one who connected had."""
    server = example_server()
    server.tool(tenant)
    mcp = await connected(d, server=server)
    for name in ("ada", "bob"):
        TENANT.set(name)
        assert (await d(mcp.call_tool("tenant"))).data == name


def tenant() -> str:
    """Who is served."""
    return TENANT.get()


@requirement("MCP-16", subject=LIBRARY)
async def test_secrets_are_not_shown(d: Driver) -> None:
    """Neither in the repr nor anywhere in the traceback of an error."""
    url = "http://user:s3cret@127.0.0.1:9/s3cret/mcp?key=s3cret"
    entry = {"url": url, "headers": {"Authorization": "Bearer s3cret"}, "auth": "s3cret"}
    process = {"command": "no-such-s3cret-command", "env": {"KEY": "s3cret"}}
    wrong = {"command": "x", "args": 3, "env": {"KEY": "s3cret"}}
    for source in (
        {"server": url},
        {"config": {"mcpServers": {"far": entry}}},
        {"config": {"mcpServers": {"near": process}}},
        {"config": {"mcpServers": {"wrong": wrong}}},
    ):
        with d.raises(d.lib.errors.MCPConnectionError) as caught:
            await d(d.api.MCPClient.connect(**source))
        shown = "".join(traceback.format_exception_only(caught.value)) + str(caught.value.__cause__)
        assert "s3cret" not in shown
    with Loopback(example_server()) as server, d.raises(d.lib.errors.MCPConnectionError) as caught:
        far = {"url": server.url, "headers": {"Authorization": "Bearer s3cret\n"}}
        await d(d.api.MCPClient.connect(config={"mcpServers": {"far": far}}))
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    config = {"mcpServers": {"near": {"command": sys.executable, "args": [BARE], "env": {"KEY": "s3cret"}}}}
    mcp = await connected(d, config=config)
    assert "s3cret" not in repr(mcp)
    assert "'near'" in d.direct(repr(mcp))


@requirement("MCP-8", subject=LIBRARY)
async def test_a_copy_is_the_client_itself(d: Driver) -> None:
    """A connection cannot be copied, so what holds one may be deep-copied all the same."""
    mcp = await connected(d, server=example_server())
    assert copy.deepcopy({"mcp": mcp})["mcp"] is mcp
