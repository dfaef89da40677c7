"""A server as a subprocess. Bytes that are no UTF-8 are replaced: the SDK's reader would end there, and tell nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TextIO

from fastmcp.client.transports import ClientTransport
from fastmcp.client.transports.base import TransportOptions
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client


class Subprocess(ClientTransport):
    """One process per connection, which ends with it.

    Args:
        command: What is started.
        args: Its arguments.
        env: Variables it gets besides the harmless few that it inherits.
        cwd: Where it runs; None for here.
        errors: What its stderr is written to.
    """

    def __init__(
        self, command: str, args: list[str], env: Mapping[str, str] | None, cwd: str | None, errors: Path | TextIO
    ) -> None:
        self._server = StdioServerParameters(
            command=command, args=args, env=dict(env or {}), cwd=cwd, encoding_error_handler="replace"
        )
        self._errors = errors

    @asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **options: Any
    ) -> AsyncIterator[Any]:
        """The session, which is not initialized yet."""
        session_class = (transport_options or TransportOptions()).session_class
        with ExitStack() as stack:
            errors = self._errors
            log = stack.enter_context(errors.open("a")) if isinstance(errors, Path) else errors
            async with (
                stdio_client(self._server, errlog=log) as (reads, writes),
                session_class(reads, writes, **options) as session,
            ):
                yield session
