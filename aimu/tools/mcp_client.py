"""The sync client of MCP servers. MCP is async, so the conversation runs in a thread of the client's own."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from contextvars import Context
from threading import Lock, Thread, current_thread
from typing import Any, Self, TypeVar

from aimu.errors import MCPConnectionError
from aimu.tools.mcp_format import MCPToolState, mcp_tools_to_openai, result_text, specs_of_tools
from aimu.tools.mcp_link import CLOSED, CLOSED_MEANWHILE, Links

T = TypeVar("T")

CLOSE_SECONDS = 15.0  # a tool that hangs in an in-memory server keeps its thread, never the caller of close()


class Portal:
    """The one thread of a client and the event loop in it (MCP-8).

    Args:
        end: What to await before the loop stops.
    """

    def __init__(self, end: Callable[[], Awaitable[None]]) -> None:
        self._end = end
        self._lock = Lock()
        self._is_closed = False
        self._process = os.getpid()
        started: Future[Any] = Future()
        # a context of its own: the loop belongs to nobody's context, a call brings its caller's along
        self._thread = Thread(target=Context().run, args=(self._run, started), name="aimu-mcp", daemon=True)
        self._thread.start()
        self._portal = started.result()
        _running.add(self)

    def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run a coroutine function in the loop and wait for its result."""
        if self._process != os.getpid():
            raise MCPConnectionError("this MCP client belongs to the process that made it; make one in this process")
        with self._lock:
            if self._is_closed:
                raise MCPConnectionError(CLOSED)
            try:
                future: Future[T] = self._portal.start_task_soon(function, *args)
            except RuntimeError as exc:  # its loop has ended, or this is its thread
                raise MCPConnectionError(f"this MCP client cannot be called: {exc}") from exc
        try:
            return future.result()
        except CancelledError as exc:
            raise MCPConnectionError(CLOSED_MEANWHILE) from exc
        except BaseException:
            future.cancel()  # Ctrl-C: nobody waits for the call any more
            raise

    def close(self) -> None:
        """End the loop and its thread; calls under way fail. Nothing in a process forked since."""
        if current_thread() is self._thread:
            raise MCPConnectionError("this MCP client cannot be closed by a tool of the server it is connected to")
        with self._lock:
            is_open = not self._is_closed and self._process == os.getpid()
            self._is_closed = True
            _running.discard(self)
            if is_open:
                with suppress(RuntimeError):  # the loop has ended by itself
                    self._portal.start_task_soon(self._stop)
        if is_open:
            self._thread.join(CLOSE_SECONDS)

    def _run(self, started: Future[Any]) -> None:
        import anyio

        try:
            anyio.run(self._serve, started)
        except BaseException as exc:
            if not started.done():
                started.set_exception(exc)

    async def _serve(self, started: Future[Any]) -> None:
        from anyio.from_thread import BlockingPortal

        async with BlockingPortal() as portal:
            started.set_result(portal)
            await portal.sleep_until_stopped()

    async def _stop(self) -> None:
        try:
            await self._end()
        finally:
            await self._portal.stop(cancel_remaining=True)


_running: set[Portal] = set()


@atexit.register
def _close_running() -> None:
    for portal in list(_running):
        portal.close()


class MCPTool(MCPToolState):
    """A server's tool as a function that a client or an agent takes (MCP-4)."""

    __tool_is_async__ = False

    def __call__(self, /, **arguments: Any) -> str:
        return result_text(self._client.call_tool(self._name, arguments))


class MCPClient:
    """A connection to MCP servers, made at construction (MCP-1, MCP-2).

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
        MCPConnectionError: not exactly one is given, or a server cannot be reached.
        MissingDependencyError: fastmcp is not installed.
    """

    __aimu_colour__ = "sync"

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        server: Any = None,
        file: str | os.PathLike[str] | None = None,
        *,
        timeout: float | None = 600.0,
    ) -> None:
        self._links = Links(config, server, file, timeout)
        self._portal = Portal(self._links.close)
        try:
            self._portal.call(self._links.open)
        except BaseException:
            self._portal.close()
            raise

    @classmethod
    def connect(
        cls,
        config: Mapping[str, Any] | None = None,
        server: Any = None,
        file: str | os.PathLike[str] | None = None,
        *,
        timeout: float | None = 600.0,
    ) -> Self:
        """A connected client; the same as the constructor here."""
        return cls(config, server, file, timeout=timeout)

    @property
    def client(self) -> Any:
        """The fastmcp client, of the first server where there are several; None while there is none."""
        return self._links.client

    def get_tools(self) -> list[dict[str, Any]]:
        """The tools as OpenAI tool specs (MCP-3).

        Raises:
            MCPConnectionError: a server does not answer.
        """
        return mcp_tools_to_openai(self.list_tools())

    def as_tools(self) -> list[MCPTool]:
        """The tools as functions for ``tools=`` (MCP-4).

        Raises:
            MCPConnectionError: a server does not answer.
        """
        return [MCPTool(self, tool, spec) for tool, spec in specs_of_tools(self.list_tools())]

    def list_tools(self) -> list[Any]:
        """The tools as the servers describe them.

        Raises:
            MCPConnectionError: a server does not answer.
        """
        return self._portal.call(self._links.list_tools)

    def call_tool(self, name: str, params: Mapping[str, Any] | None = None) -> Any:
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
        return self._portal.call(self._links.call_tool, name, params)

    def ping(self) -> None:
        """See that every server answers.

        Raises:
            MCPConnectionError: one does not.
        """
        self.list_tools()

    def close(self) -> None:
        """Leave the servers and give the thread back (MCP-8); closing again does nothing."""
        self._portal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._links.shown})"

    def __del__(self) -> None:
        if not sys.is_finalizing() and getattr(self, "_portal", None) in _running:
            # whoever drops it may be in a loop, or be the thread that is to end
            Thread(target=self._portal.close, name="aimu-mcp-close", daemon=True).start()
            warnings.warn(f"{self!r} was dropped without close()", ResourceWarning, source=self, stacklevel=2)
