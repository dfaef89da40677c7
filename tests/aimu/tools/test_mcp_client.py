"""What no scenario can reach: many calls, dropped clients, other loops, odd streams."""

import asyncio
import gc
import io
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import pytest

from aimu import aio
from aimu.errors import MCPConnectionError, MissingDependencyError, ToolError
from aimu.tools import MCPClient, mcp_client
from aimu.tools.mcp_link import Link
from aimu.tools.mcp_place import Place
from conformance.mcp_servers import SCRIPT, Loopback, Meeting, example_server

CALLS = 1000


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def open_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("aimu-mcp")}


def test_a_thousand_calls_on_one_client_leave_nothing() -> None:
    before = descriptors()
    for source in ({"server": example_server()}, {"file": SCRIPT}):
        with MCPClient(**source) as mcp:
            found = [mcp.call_tool("add", {"a": number}).data for number in range(CALLS)]
            assert len(open_threads()) == 1
        assert found == list(range(1, CALLS + 1))
        assert open_threads() == set()
    assert descriptors() <= before


async def _called(count: int, source: dict[str, Any]) -> list[int]:
    tasks = asyncio.all_tasks()
    async with aio.MCPClient(**source) as mcp:
        found = [(await mcp.call_tool("add", {"a": number})).data for number in range(count)]
    assert asyncio.all_tasks() == tasks
    return found


def test_a_thousand_calls_on_one_async_client_leave_nothing() -> None:
    before = descriptors()
    assert asyncio.run(_called(CALLS, {"server": example_server()})) == list(range(1, CALLS + 1))
    with Loopback(example_server()) as server:
        assert asyncio.run(_called(100, {"server": server.url})) == list(range(1, 101))
    assert descriptors() <= before


def test_threads_share_one_client() -> None:
    with MCPClient(server=example_server()) as mcp, ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(mcp.call_tool, "add", {"a": number}) for number in range(200)]
        assert [call.result().data for call in calls] == list(range(1, 201))


def test_a_dropped_client_warns_and_gives_its_thread_back() -> None:
    mcp = MCPClient(server=example_server())
    (thread,) = open_threads()
    with pytest.warns(ResourceWarning, match="without close"):
        del mcp
    thread.join(10.0)
    assert not thread.is_alive()


def test_a_dropped_client_does_nothing_while_the_interpreter_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    mcp = MCPClient(server=example_server())
    portal = mcp._portal
    with monkeypatch.context() as patch:
        patch.setattr(sys, "is_finalizing", lambda: True)
        del mcp
        gc.collect()
    assert portal in mcp_client._running
    portal.close()


def test_a_dropped_async_client_warns() -> None:
    async def drop() -> None:
        mcp = await aio.MCPClient.connect(server=example_server())
        session = mcp.client
        with pytest.warns(ResourceWarning, match="without close"):
            del mcp
        await session.close()

    asyncio.run(drop())


def test_an_async_client_goes_on_in_another_loop() -> None:
    mcp = aio.MCPClient(file=SCRIPT)

    async def call() -> Any:
        async with asyncio.timeout(20):
            return (await mcp.call_tool("add", {"a": 1})).data

    asyncio.run(_connect(mcp))
    assert asyncio.run(call()) == 2
    asyncio.run(_close(mcp))


async def _connect(mcp: Any) -> None:
    await mcp.__aenter__()


async def _close(mcp: Any) -> None:
    await mcp.close()


def test_a_stderr_that_is_no_file_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    for real in (sys.__stderr__, None):
        monkeypatch.setattr(sys, "__stderr__", real)
        with MCPClient(file=SCRIPT) as mcp:
            assert mcp.call_tool("add", {"a": 1}).data == 2


def test_a_client_called_from_its_own_server_is_refused() -> None:
    server = example_server()
    clients: list[MCPClient] = []

    async def inward() -> str:
        return str(clients[0].call_tool("add", {"a": 1}))

    server.tool(inward)
    with MCPClient(server=server) as mcp:
        clients.append(mcp)
        with pytest.raises(ToolError, match="cannot be called"):
            mcp.call_tool("inward")
        assert mcp.call_tool("add", {"a": 1}).data == 2


def test_close_from_its_own_server_is_no_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_client, "CLOSE_SECONDS", 0.5)
    server, meeting = example_server(), Meeting()
    with MCPClient(server=server) as mcp:

        def inward() -> str:
            meeting.reached.set()
            mcp.close()
            return "closed"

        server.tool(inward)
        with pytest.raises(MCPConnectionError):
            mcp.call_tool("inward")
    assert meeting.reached.is_set()


class Grumpy(BaseHTTPRequestHandler):
    """A server that speaks no MCP."""

    def do_POST(self) -> None:
        status, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def grumpy() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Grumpy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("answer", [(401, b""), (404, b"no"), (500, b"oops"), (200, b"<html>"), (302, b"")])
def test_what_speaks_no_mcp_cannot_be_connected_to(grumpy: Any, answer: tuple[int, bytes]) -> None:
    grumpy.answer = answer
    with pytest.raises(MCPConnectionError, match="connecting") as caught:
        MCPClient(server=f"http://127.0.0.1:{grumpy.server_address[1]}/mcp")
    assert caught.value.__cause__ is not None


def test_a_script_that_ends_at_once_is_told_with_a_hint(tmp_path: Any) -> None:
    script = tmp_path / "ends.py"
    script.write_text("raise SystemExit(3)")
    with pytest.raises(MCPConnectionError, match="stderr"):
        MCPClient(file=script)


def test_without_fastmcp_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastmcp", None)
    with pytest.raises(MissingDependencyError, match=r"aimu\[mcp\]"):
        MCPClient(file=SCRIPT)


class FakeClient:
    """The part of a fastmcp client that a link uses, failing as it is told."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.transport = self
        self.closed = 0

    async def __aenter__(self) -> Self:
        return self

    def is_connected(self) -> bool:
        return True

    async def call_tool(self, *_: Any, **__: Any) -> None:
        raise self.error

    async def close(self) -> None:
        self.closed += 1
        raise RuntimeError("dead")


def test_a_tool_cannot_close_the_client_that_calls_it() -> None:
    """It would wait for its own end; the client stays as it is, and can be closed by others."""
    server, held = example_server(), list[MCPClient]()

    async def shut() -> None:
        held[0].close()

    server.tool(shut)
    with MCPClient(server=server) as mcp:
        held.append(mcp)
        with pytest.raises(ToolError, match="cannot be closed by a tool"):
            mcp.call_tool("shut")
        assert mcp.call_tool("add", {"a": 1}).data == 2
    assert open_threads() == set()


def protocol_error(code: int, message: str) -> Exception:
    from mcp import MCPError

    return MCPError(code, message)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (protocol_error(-32602, "Unknown tool: x"), ToolError),
        (protocol_error(-32601, "Unknown tool: x"), ToolError),
        (protocol_error(-32603, "disk full"), ToolError),
        (protocol_error(-32050, "a server's own"), ToolError),
        (RuntimeError("Invalid structured content returned by tool x"), ToolError),
        (protocol_error(-32603, "Server returned an error response"), MCPConnectionError),
        (protocol_error(-32601, "Not Found"), MCPConnectionError),
        (protocol_error(-32600, "Session terminated"), MCPConnectionError),
        (protocol_error(-32700, "Failed to parse JSON response"), MCPConnectionError),
        (protocol_error(-32001, "timed out"), MCPConnectionError),
        (OSError("broken pipe"), MCPConnectionError),
        (ExceptionGroup("", [OSError("broken pipe")]), MCPConnectionError),
    ],
    ids=str,
)
def test_what_an_error_of_a_call_means(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: type[Exception]
) -> None:
    made: list[FakeClient] = []

    def make(_: Place, __: float | None) -> FakeClient:
        made.append(FakeClient(error))
        return made[-1]

    monkeypatch.setattr("aimu.tools.mcp_link.fastmcp_client", make)
    link = Link(Place(None, "MCP server 'x'"))
    for _ in range(2):
        with pytest.raises(expected) as caught:
            asyncio.run(link.call("x", {}))
    assert type(caught.value) is expected
    is_lost = expected is MCPConnectionError
    # the first is made to see that one can be made; a lost connection is closed and replaced, once
    assert len(made) == (3 if is_lost else 2)
    assert [client.closed > 0 for client in made[1:]] == [is_lost] * len(made[1:])
