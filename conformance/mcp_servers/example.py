"""A server with one tool for each thing that a client has to handle. Also a script, which serves over stdio."""

import asyncio
import logging
import os
import threading
from pathlib import Path
from typing import Any, Final

SCRIPT: Final = str(Path(__file__).resolve())
NAMES: Final = ("add", "fail", "process", "die", "meet", "wait", "mixed", "structured", "large")
PATIENCE: Final = 20.0  # seconds a tool waits for a test that has failed


class Meeting:
    """What a test and the tools of its server wait for.

    Args:
        count: int, default 2: how many calls of `meet` let each other go.

    Attributes:
        reached: threading.Event, set when `wait` runs.
        opened: threading.Event, which lets `wait` go.
        calls: int, how many calls of `wait` there have been.
        ended: list of str, the calls of `wait` that were cancelled or came to their end.
        over: threading.Event, set when one has.
    """

    def __init__(self, count: int = 2) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        self.calls = 0
        self.ended: list[str] = []
        self.over = threading.Event()
        self._missing = count

    async def meet(self) -> None:
        """Wait until as many calls are here as there are to be."""
        self._missing -= 1
        await self._until(lambda: self._missing <= 0)

    async def wait(self) -> None:
        """Say that the call is here, and wait to be let go."""
        self.calls += 1
        self.reached.set()
        try:
            await self._until(self.opened.is_set)
            self.ended.append("done")
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        finally:
            self.over.set()

    async def _until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - the two sides may live in different loops
                await asyncio.sleep(0.005)


def example_server(meeting: Meeting | None = None, name: str = "example") -> Any:
    """A FastMCP server.

    Args:
        meeting: Meeting or None, default None: what `meet` and `wait` wait for.
        name: str, default "example".
    """
    from fastmcp import FastMCP
    from fastmcp.exceptions import ToolError

    logging.getLogger("fastmcp").setLevel(logging.CRITICAL)
    place = meeting or Meeting()

    def fail(why: str) -> str:
        """Fail."""
        raise ToolError(f"failed: {why}")

    async def meet(number: int) -> int:
        """Wait for the other calls."""
        await place.meet()
        return number

    async def wait() -> str:
        """Wait for the test."""
        await place.wait()
        return "waited"

    server: Any = FastMCP(name)
    for function in (add, fail, process, die, meet, wait, mixed, structured, large):
        server.tool(function)
    return server


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


def process() -> str:
    """The process id of the server."""
    return f"{os.getpid():#010x}"


def die() -> str:
    """End the process of the server."""
    os._exit(3)


def mixed() -> Any:
    """Texts and what is none."""
    import mcp_types as mcp
    from fastmcp.tools.base import ToolResult

    return ToolResult(
        content=[
            mcp.TextContent(text="one"),
            mcp.TextContent(text="two"),
            mcp.ImageContent(data="iVBORw0KGgo=", mime_type="image/png"),
            mcp.AudioContent(data="AAEC", mime_type="audio/wav"),
            mcp.ResourceLink(name="notes", uri="file:///notes.txt"),
            mcp.EmbeddedResource(resource=mcp.TextResourceContents(uri="file:///a.txt", text="inside")),
            mcp.EmbeddedResource(resource=mcp.BlobResourceContents(uri="file:///a.bin", blob="AAECAw==")),
        ]
    )


def structured() -> Any:
    """Structured content without a text."""
    from fastmcp.tools.base import ToolResult

    return ToolResult(content=[], structured_content={"low": 11.5, "city": "Zürich"})


def large(size: int) -> str:
    """A long text."""
    return "x" * size


if __name__ == "__main__":
    example_server().run(transport="stdio", show_banner=False)
