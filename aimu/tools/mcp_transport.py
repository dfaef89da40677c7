"""From the place of an MCP server to a client of fastmcp that has not connected yet."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from logging import DEBUG, getLogger
from pathlib import Path
from typing import Any

from aimu.errors import MCPConnectionError, MissingDependencyError
from aimu.tools.mcp_place import Place

LOG_LIMIT = 1000  # characters of one message
CONNECT_SECONDS = 60.0  # a first start may install the server


def fastmcp_client(place: Place, timeout: float | None) -> Any:
    """A client of its own for one connection, whose requests wait that many seconds for an answer.

    Raises:
        MCPConnectionError: the place is described as fastmcp cannot read it.
        MissingDependencyError: fastmcp is not installed.
    """
    try:
        from fastmcp import Client
    except ModuleNotFoundError as exc:
        text = f"MCPClient needs the package {exc.name!r}: pip install 'aimu[mcp]'"
        raise MissingDependencyError(text) from exc
    target = _from_entry(place) if isinstance(place.target, dict) else place.target
    if isinstance(target, Path):
        target = _read_patiently(_script(target))
    try:
        return Client(target, init_timeout=CONNECT_SECONDS, timeout=timeout, log_handler=_log_of(place))
    except ValueError as exc:
        kind = type(target).__name__
        raise MCPConnectionError(f"a {kind} is no MCP server; give server= a FastMCP object or a URL") from exc


def _script(path: Path) -> Any:
    from fastmcp.client.transports import PythonStdioTransport

    return PythonStdioTransport(path)


def _from_entry(place: Place) -> Any:
    from fastmcp.mcp_config import MCPConfig
    from pydantic import ValidationError

    try:
        read = MCPConfig.model_validate({"mcpServers": {"server": place.target}})
    except ValidationError as exc:
        kind = "RemoteMCPServer" if "url" in place.target else "StdioMCPServer"
        # not chained, and without the input: it would show the values of env and headers
        wrong = [error for error in exc.errors(include_input=False, include_url=False) if kind in error["loc"]]
        told = "; ".join(f"{error['loc'][-1]}: {error['msg']}" for error in wrong)
        raise MCPConnectionError(f"{place.shown} of config= cannot be read: {place.quiet(told)}") from None
    return _read_patiently(read.mcpServers["server"].to_transport())


def _read_patiently(transport: Any) -> Any:
    """A subprocess writes its errors where this process does; the stderr of a notebook is no file."""
    from fastmcp.client.transports import StdioTransport

    from aimu.tools.mcp_stdio import Subprocess

    if not isinstance(transport, StdioTransport):
        return transport
    errors: Any = Path(os.devnull)
    for stream in (sys.stderr, sys.__stderr__):
        with suppress(AttributeError, OSError, ValueError):
            stream.fileno()  # type: ignore[union-attr]
            errors = stream
            break
    return Subprocess(transport.command, transport.args, transport.env, transport.cwd, errors)


def _log_of(place: Place) -> Callable[[Any], Awaitable[None]]:
    """What a server logs is a stranger's text: for who asks for it, without secrets and on one line (SECURITY-6)."""
    log = getLogger("aimu.mcp")

    async def note(message: Any) -> None:
        if log.isEnabledFor(DEBUG):
            log.debug("%s, %s: %s", place.shown, message.level, place.quiet(repr(message.data))[:LOG_LIMIT])

    return note
