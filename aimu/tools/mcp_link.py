"""The conversation with MCP servers, in coroutines: aio awaits them, the sync client runs them in its portal.

A call never waits for another one, and none is sent twice. A connection that broke is replaced by the next
call; the calls still in it end as they may, and the last of them closes it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

from aimu.core.secrets import hide
from aimu.errors import AimuError, MCPConnectionError, ToolError
from aimu.tools.mcp_failure import code_of, detail_of, is_refusal
from aimu.tools.mcp_format import result_text, sendable_params, wire_names
from aimu.tools.mcp_place import Place, read_places
from aimu.tools.mcp_transport import fastmcp_client

CLOSED = "this MCP client is closed; make a new one"
CLOSED_MEANWHILE = "this MCP client was closed during the call"
NOT_CONNECTED = "this MCP client is not connected; use it in 'async with', or make it by 'await MCPClient.connect(...)'"
METHOD_NOT_FOUND = -32601
CHAINED_LIMIT = 2**16  # characters


class Connection:
    """One client of fastmcp, and the number of calls in it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls = 0
        self._is_open = False

    @property
    def is_lost(self) -> bool:
        """Whether it is known to have broken while nobody used it."""
        return self._is_open and not self.client.is_connected()

    async def open(self) -> None:
        if not self._is_open:
            await self.client.__aenter__()  # calls that come meanwhile wait here and share it
            self._is_open = True

    async def close(self) -> None:
        for end in (self.client.close, self.client.transport.close):
            with suppress(Exception):  # a dead session says again what the call it broke has been told
                await end()


class Link:
    """One server, and the connection to it that is in use."""

    def __init__(self, place: Place, timeout: float | None = None) -> None:
        self.place = place
        self._timeout = timeout
        self.is_closed = False
        self._connection: Connection | None = None
        fastmcp_client(place, timeout)  # what can be no server is told at construction

    @property
    def client(self) -> Any:
        """The fastmcp client in use; None while there is none."""
        return None if self._connection is None else self._connection.client

    async def open(self) -> None:
        """Connect, unless it is connected."""
        async with self._connected("connecting"):
            pass

    async def tools(self) -> list[Any]:
        """What it offers. Asking changes nothing, so after a loss it is asked once more (MCP-7)."""
        was_connected = self._connection is not None
        try:
            return await self._tools()
        except MCPConnectionError:
            if not was_connected or self.is_closed:
                raise
        return await self._tools()

    async def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call a tool, once (MCP-7)."""
        async with self._connected(f"calling {name!r}", is_call=True) as client:
            return await client.call_tool(name, arguments, raise_on_error=False)

    async def close(self) -> None:
        """Leave the server; calls under way fail."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _tools(self) -> list[Any]:
        async with self._connected("listing its tools") as client:
            try:
                return await client.list_tools()  # type: ignore[no-any-return]
            except Exception as exc:
                capabilities = client.server_capabilities
                if code_of(exc) == METHOD_NOT_FOUND and capabilities is not None and capabilities.tools is None:
                    return []
                raise

    @asynccontextmanager
    async def _connected(self, doing: str, is_call: bool = False) -> AsyncIterator[Any]:
        connection = await self._current()
        connection.calls += 1
        try:
            await connection.open()
            if self.is_closed:
                raise MCPConnectionError(CLOSED)
            yield connection.client
        except Exception as exc:
            refused = is_call and connection.client.is_connected() and is_refusal(exc)
            if not refused and connection is self._connection:
                self._connection = None
            raise self._error(exc, doing, refused) from self._cause(exc)
        finally:
            connection.calls -= 1
            if not connection.calls and connection is not self._connection:
                await connection.close()

    async def _current(self) -> Connection:
        connection = self._connection
        if connection is not None and not connection.is_lost:
            return connection
        fresh = self._connection = Connection(fastmcp_client(self.place, self._timeout))
        if connection is not None and not connection.calls:
            await connection.close()
        return fresh

    def _error(self, exc: Exception, doing: str, refused: bool) -> AimuError:
        if self.is_closed:
            return MCPConnectionError(CLOSED_MEANWHILE)
        detail = self.place.quiet(detail_of(exc))
        if refused:
            return ToolError(detail)
        hint = " (its stderr may say why)" if self.place.is_process else ""
        text = f"{self.place.shown} failed while {doing}: {detail}{hint}; the next call connects again"
        return MCPConnectionError(text)

    def _cause(self, exc: Exception) -> Exception | None:
        """The exception to chain; none that would show a secret, or more than anybody reads."""
        hide(exc, self.place.secrets)
        step: BaseException | None = exc
        while step is not None:
            if len(text := f"{step} {step!r}") > CHAINED_LIMIT or self.place.quiet(text) != text:
                return None
            step = step.__cause__ or step.__context__
        return exc


class Links:
    """The servers of one MCPClient, which is given the same parameters, and where each tool is."""

    def __init__(
        self,
        config: Mapping[str, Any] | None,
        server: Any,
        file: str | os.PathLike[str] | None,
        timeout: float | None,
    ) -> None:
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout={timeout!r} must be a number of seconds above zero, or None for no limit")
        self._links = [Link(place, timeout) for place in read_places(config, server, file)]
        self._routes: dict[str, tuple[Link, str]] = {}
        self.state: Literal["not connected", "connected", "closed"] = "not connected"

    @property
    def client(self) -> Any:
        """The fastmcp client, of the first server where there are several; None while there is none."""
        return self._links[0].client

    @property
    def shown(self) -> str:
        """The servers, without their secrets, and the state."""
        return f"{', '.join(link.place.shown for link in self._links)}, {self.state}"

    async def open(self) -> None:
        """Connect to every server, or to none."""
        if self.state == "closed":
            raise MCPConnectionError(CLOSED)
        try:
            for link in self._links:
                await link.open()
        except BaseException:
            await self._leave()
            raise
        self.state = "connected"

    async def list_tools(self) -> list[Any]:
        """What the servers offer, under names that are unique; of two tools of one name the first counts."""
        self._require_connected()
        routes: dict[str, tuple[Link, str]] = {}
        found = []
        for link in self._links:
            for tool in await link.tools():
                name = link.place.public_name(tool.name)
                if name not in routes:
                    routes[name] = (link, tool.name)
                    found.append(tool if name == tool.name else tool.model_copy(update={"name": name}))
        self._routes = routes | {wire: routes[name] for wire, name in wire_names(list(routes)).items()}
        return found

    async def call_tool(self, name: str, params: Mapping[str, Any] | None = None) -> Any:
        """Call a tool, under its server's name for it or under the one a model was told."""
        self._require_connected()
        arguments = sendable_params(name, params)
        link, own_name = await self._route(name)
        result = await link.call(own_name, arguments)
        if result.is_error:
            raise ToolError(link.place.quiet(result_text(result)) or f"tool {name!r} failed and did not say why")
        return result

    async def close(self) -> None:
        """Leave every server, for good."""
        self.state = "closed"
        for link in self._links:
            link.is_closed = True  # what is under way must not connect again
        await self._leave()

    async def _leave(self) -> None:
        for link in self._links:
            await link.close()

    async def _route(self, name: str) -> tuple[Link, str]:
        if name not in self._routes and len(self._links) > 1:
            await self.list_tools()
        if name not in self._routes and len(self._links) > 1:
            raise ToolError(f"no MCP server has a tool {name!r}; there are {', '.join(self._routes) or 'none'}")
        return self._routes.get(name, (self._links[0], name))

    def _require_connected(self) -> None:
        if self.state != "connected":
            raise MCPConnectionError(CLOSED if self.state == "closed" else NOT_CONNECTED)
