"""The sync client at the end of a program, and when the user interrupts it; each in a process of its own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from conformance.mcp_servers import SCRIPT

ROOT = Path(__file__).parents[3]
PATIENCE = 30.0  # seconds; a program that hangs is killed then

HOLDERS = {
    "global": "held = mcp",
    "cycle": "held = {}; held['self'] = held; held['mcp'] = mcp; del mcp",
    "tools": "held = mcp.as_tools(); del mcp",
    "thread": "held = threading.Thread(target=waiting, daemon=True); held.start()",
}


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program that may use what every one of them imports."""
    head = f"""
        import os, signal, sys, threading
        from aimu.tools import MCPClient, mcp_client
        from conformance.mcp_servers import Meeting, example_server
        from aimu.errors import MCPConnectionError
        SCRIPT = {SCRIPT!r}
        def waiting():
            try:
                mcp.call_tool("wait")
            except MCPConnectionError:
                print("lost")
    """
    code = textwrap.dedent(head) + textwrap.dedent(program)
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_a_program_ends_with_an_open_client(holder: str) -> None:
    ended = run(f"mcp = MCPClient(file=SCRIPT)\nprint(mcp.call_tool('process').data)\n{holder}")
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(ended.stdout.split()[0], 16), 0)


def test_a_program_ends_with_a_tool_that_hangs() -> None:
    ended = run("""
        mcp_client.CLOSE_SECONDS = 0.5
        server, reached = example_server(), threading.Event()
        def hang():
            reached.set()
            threading.Event().wait()
        server.tool(hang)
        mcp = MCPClient(server=server)
        threading.Thread(target=lambda: mcp.call_tool("hang"), daemon=True).start()
        assert reached.wait(20)
        print("end")
    """)
    assert ended.stdout == "end\n", ended.stderr
    assert ended.returncode == 0


def test_a_forked_child_ends() -> None:
    ended = run("""
        mcp = MCPClient(server=example_server())
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            print(status, mcp.call_tool("add", {"a": 1}).data)
    """)
    assert ended.stdout == "0 2\n", ended.stderr


def test_a_forked_child_cannot_call() -> None:
    """The thread of the client is not in it, so a call would wait for ever."""
    ended = run("""
        mcp = MCPClient(server=example_server())
        if child := os.fork():
            _, status = os.waitpid(child, 0)
            print(status, mcp.call_tool("add", {"a": 1}).data)
        else:
            try:
                mcp.call_tool("add", {"a": 1})
            except MCPConnectionError as exc:
                os._exit("process" not in str(exc))
    """)
    assert ended.stdout == "0 2\n", ended.stderr


def test_an_interrupted_call_leaves_the_client_usable() -> None:
    ended = run("""
        meeting = Meeting()
        mcp = MCPClient(server=example_server(meeting))
        def interrupt():
            meeting.reached.wait(20)
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt).start()
        try:
            mcp.call_tool("wait")
        except KeyboardInterrupt:
            added = mcp.call_tool("add", {"a": 1}).data
            print("interrupted", added, meeting.over.wait(20), meeting.ended)
        mcp.close()
    """)
    assert ended.stdout == "interrupted 2 True ['cancelled']\n", ended.stderr
