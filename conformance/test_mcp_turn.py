"""Scenarios of spec/mcp.md: an MCP client in the turns of a model client."""

import threading
from typing import Any

from conformance.driver import Driver
from conformance.mcp_servers import BARE, NAMES, Meeting, example_server
from conformance.requirement import requirement
from conformance.scripted import Call, Reply

NEEDS = ("scripted", "tools")
EXAMPLE = list(NAMES)


async def connected(d: Driver, **source: Any) -> Any:
    """A connected MCP client of this surface, closed when the check ends."""
    return d.track(await d(d.api.MCPClient.connect(**source)))


def offered(body: dict[str, Any]) -> list[str]:
    """The names of the tools that a request offers, on either wire."""
    return [tool.get("function", tool)["name"] for tool in body.get("tools", ())]


def own() -> str:
    """Do it."""
    return "own"


def mixed() -> str:
    """A tool of the user's, called as one of the server's."""
    return "the user's"


@requirement("MCP-9", needs=NEEDS)
async def test_offered_after_the_clients_own(d: Driver) -> None:
    """Set at construction and later; a Python tool wins over the server's; the client's tools are as before."""
    tools = [d.lib.tool(own), d.lib.tool(mixed)]
    for late in (False, True):
        d.script(Reply(calls=[Call("add", {"a": 2}, id="c1"), Call("mixed", id="c2")]), Reply("Done"))
        mcp = await connected(d, server=example_server())
        client = d.client(tools=tools) if late else d.client(tools=tools, mcp_client=mcp)
        if late:
            client.mcp_client = mcp
        assert client.mcp_client is mcp
        assert await d(client.chat("go")) == "Done"
        expected = ["own", "mixed", *[name for name in EXAMPLE if name != "mixed"]]
        assert [offered(request.body) for request in d.server.requests[-2:]] == [expected] * 2
        assert [m["content"] for m in client.messages if m["role"] == "tool"] == ["3", "the user's"]
        assert client.tools == tools


@requirement("MCP-9", needs=NEEDS)
async def test_offered_after_the_agents_own(d: Driver) -> None:
    """B-05: in an agent's turns its own tools come first, and the client's MCP client stays."""
    d.script(Reply(calls=[Call("add", {"a": 2}, id="c1")]), Reply("Three"), Reply("Done"))
    mcp = await connected(d, server=example_server())
    client = d.client(mcp_client=mcp)
    chunks = await d.collect(d.api.Agent(client, tools=[d.lib.tool(own)], name="scout").run("go", stream=True))
    assert offered(d.server.requests[0].body) == ["own", *EXAMPLE]
    assert [chunk.content["response"] for chunk in chunks if chunk.is_tool_call()] == ["3"]
    assert client.mcp_client is mcp
    client.reset()
    await d(client.chat("go"))
    assert offered(d.server.requests[2].body) == EXAMPLE


@requirement("MCP-9", needs=NEEDS)
async def test_asked_at_each_turn(d: Driver) -> None:
    """A tool that the server gained is offered in the next turn; a fork has the MCP client; none is none."""
    d.script(Reply("1"), Reply("2"), Reply("3"), Reply("4"), Reply("5"))
    server = example_server()
    mcp = await connected(d, server=server)
    client = d.client(mcp_client=mcp)
    await d(client.chat("a"))
    server.tool(later)
    await d(client.chat("b"))
    twin = d.track(client.fork())
    await d(twin.chat("c"))
    await d(twin.chat("d", use_tools=False))
    twin.mcp_client = None
    twin.reset()
    await d(twin.chat("e"))
    seen = [offered(request.body) for request in d.server.requests]
    assert seen[:3] == [EXAMPLE, [*EXAMPLE, "later"], [*EXAMPLE, "later"]]
    assert seen[4] == []
    assert client.mcp_client is mcp


def later() -> str:
    """A tool of a newer version."""
    return "later"


@requirement("MCP-9", needs=NEEDS)
async def test_closing_the_client_leaves_the_mcp_client(d: Driver) -> None:
    """It belongs to whoever made it."""
    d.script(Reply("1"))
    mcp = await connected(d, server=example_server())
    client = d.client(mcp_client=mcp)
    await d(client.chat("a"))
    await d.close(client)
    assert (await d(mcp.call_tool("add", {"a": 2}))).data == 3


@requirement("MCP-10", surfaces=("sync",), ledger="LEDGER-MCP")
async def test_async_mcp_client_on_sync(d: Driver) -> None:
    """Refused when it is set, at construction and later, with where to go."""
    mcp = d.lib.aio.MCPClient(server=example_server())
    client = d.client()
    with d.raises(ValueError, match=rf"{d.lib.__name__}\.aio"):
        client.mcp_client = mcp
    assert client.mcp_client is None
    with d.raises(ValueError, match="MCPClient"):
        d.client(mcp_client=mcp)


@requirement("MCP-22")
async def test_no_mcp_client_at_all(d: Driver) -> None:
    """A TypeError on either surface."""
    client = d.client()
    things: tuple[object, ...] = (example_server(), "http://127.0.0.1", [])
    for thing in things:
        with d.raises(TypeError, match="MCPClient"):
            client.mcp_client = thing
    assert d.direct(client.mcp_client) is None


@requirement("MCP-11", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-MCP")
async def test_sync_mcp_client_does_not_block_the_loop(d: Driver) -> None:
    """B-06: listed and called in threads, while the loop lets the tool go."""
    meeting, threads = Meeting(), []

    class Watched(d.lib.MCPClient):  # type: ignore[misc, name-defined]
        def list_tools(self) -> Any:
            threads.append(threading.get_ident())
            return super().list_tools()

    d.script(Reply(calls=[Call("wait", id="c1")]), Reply("Done"))
    with Watched(server=example_server(meeting)) as mcp:
        client = d.client(mcp_client=mcp)
        handle = d.start(lambda: client.chat("go"))
        await d.wait(meeting.reached)
        meeting.opened.set()
        assert await handle.result() == "Done"
    assert client.messages[-2]["content"] == "waited"
    assert threads
    assert threading.get_ident() not in threads


@requirement("MCP-19", needs=NEEDS)
async def test_server_dies_in_a_turn(d: Driver) -> None:
    """The error propagates, the round is in history, and resume goes on with the server back."""
    for is_streamed in (False, True):
        d.script(
            Reply(calls=[Call("die", id="c1")]), Reply(calls=[Call("add", {"a": 2, "b": 3}, id="c2")]), Reply("Five")
        )
        mcp = await connected(d, file=BARE)
        client = d.client(mcp_client=mcp)
        with d.raises(d.lib.errors.MCPConnectionError, match="'die'"):
            if is_streamed:
                await d.collect(client.chat("go", stream=True))
            else:
                await d(client.chat("go"))
        assert [m["role"] for m in client.messages] == ["user", "assistant", "tool"]
        assert "MCPConnectionError" in client.messages[-1]["content"]
        assert await d(client.resume()) == "Five"
        assert client.messages[-2]["content"] == "5"
        await d.close(mcp)


@requirement("MCP-19", needs=NEEDS)
async def test_server_is_gone_before_a_turn(d: Driver) -> None:
    """Nothing is sent and history is as it was; with another MCP client the turn works."""
    d.script(Reply("1"), Reply("2"))
    mcp = await connected(d, server=example_server())
    client = d.client(mcp_client=mcp)
    await d(client.chat("a"))
    before = list(client.messages)
    await d.close(mcp)
    with d.raises(d.lib.errors.MCPConnectionError, match="closed"):
        await d(client.chat("b"))
    assert client.messages == before
    assert len(d.server.requests) == 1
    client.mcp_client = await connected(d, server=example_server())
    assert await d(client.chat("b")) == "2"
