"""The async client of MCP servers."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any, Self

from aimu.aio.stream import finished
from aimu.tools.mcp_format import MCPToolState, mcp_tools_to_openai, result_text, specs_of_tools
from aimu.tools.mcp_link import Links


class MCPTool(MCPToolState):
    """A server's tool as a function that a client or an agent takes (MCP-4)."""

    __tool_is_async__ = True

    async def __call__(self, /, **arguments: Any) -> str:
        return result_text(await self._client.call_tool(self._name, arguments))


class MCPClient:
    """A connection to MCP servers, made by ``async with`` or ``connect`` (MCP-1, MCP-2).

    Give exactly one of:

    Args:
        config: An ``mcpServers`` dict, as MCP hosts have it; with several servers each tool is
            called ``<server>_<tool>``.
        server: A FastMCP server in this process, or the http(s) URL of one.
        file: The path of a Python server, run over stdio by this interpreter.

    And, if need be:

    Args:
        timeout: Seconds a server has for each answer, default 600; None for as long as it likes.

    Raises:
        ValueError: ``timeout`` is not above zero.
        MCPConnectionError: not exactly one is given.
        MissingDependencyError: fastmcp is not installed.
    """

    __aimu_colour__ = "async"

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        server: Any = None,
        file: str | os.PathLike[str] | None = None,
        *,
        timeout: float | None = 600.0,
    ) -> None:
        self._links = Links(config, server, file, timeout)

    @classmethod
    async def connect(
        cls,
        config: Mapping[str, Any] | None = None,
        server: Any = None,
        file: str | os.PathLike[str] | None = None,
        *,
        timeout: float | None = 600.0,
    ) -> Self:
        """A connected client.

        Raises:
            MCPConnectionError: a server cannot be reached.
        """
        return await cls(config, server, file, timeout=timeout).__aenter__()

    @property
    def client(self) -> Any:
        """The fastmcp client, of the first server where there are several; None while there is none."""
        return self._links.client

    async def get_tools(self) -> list[dict[str, Any]]:
        """The tools as OpenAI tool specs (MCP-3).

        Raises:
            MCPConnectionError: a server does not answer.
        """
        return mcp_tools_to_openai(await self.list_tools())

    async def as_tools(self) -> list[MCPTool]:
        """The tools as functions for ``tools=`` (MCP-4).

        Raises:
            MCPConnectionError: a server does not answer.
        """
        return [MCPTool(self, tool, spec) for tool, spec in specs_of_tools(await self.list_tools())]

    async def list_tools(self) -> list[Any]:
        """The tools as the servers describe them.

        Raises:
            MCPConnectionError: a server does not answer.
        """
        return await self._links.list_tools()

    async def call_tool(self, name: str, params: Mapping[str, Any] | None = None) -> Any:
        """Call a tool (MCP-6).

        Args:
            name: As in ``list_tools()`` or in ``get_tools()``.
            params: Its arguments; None for none.

        Returns:
            The result of fastmcp: ``content``, ``structured_content``, ``data``.

        Raises:
            ToolError: the tool failed, or there is none of that name.
            MCPConnectionError: the server went away; the next call connects again.
            TypeError: ``params`` have no JSON form.
        """
        return await self._links.call_tool(name, params)

    async def ping(self) -> None:
        """See that every server answers.

        Raises:
            MCPConnectionError: one does not.
        """
        await self.list_tools()

    async def close(self) -> None:
        """Leave the servers (MCP-8); closing again does nothing."""
        await finished(self._links.close())

    async def __aenter__(self) -> Self:
        await self._links.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._links.shown})"

    def __del__(self) -> None:
        if not sys.is_finalizing() and getattr(self, "_links", None) and self._links.state == "connected":
            warnings.warn(f"{self!r} was dropped without close()", ResourceWarning, source=self, stacklevel=2)
