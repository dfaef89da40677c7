"""A server over streamable HTTP on 127.0.0.1, in a thread of its own."""

import threading
import time
from typing import Any, Final, Self

PATIENCE: Final = 10.0  # seconds


class Loopback:
    """Serves a FastMCP server until it is stopped; it can be started again on its port.

    Args:
        server: FastMCP.

    Attributes:
        url: str, where it is.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._port = 0
        self._running: Any = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it is, once started."""
        return f"http://127.0.0.1:{self._port}/mcp"

    def start(self) -> Self:
        """Listen, on the port of the last time if there was one."""
        import uvicorn

        started = threading.Event()
        config = uvicorn.Config(
            self._server.http_app(path="/mcp"),
            host="127.0.0.1",
            port=self._port,
            log_level="critical",
            timeout_graceful_shutdown=0,
        )
        self._running = _server(config, started)
        self._thread = threading.Thread(target=self._running.run, name="mcp-loopback", daemon=True)
        self._thread.start()
        if not started.wait(PATIENCE):
            raise RuntimeError("the MCP server did not start")
        self._port = self._running.servers[0].sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        """Break every connection and give the port back."""
        if self._thread is not None:
            self._running.should_exit = self._running.force_exit = True
            self._thread.join(PATIENCE)
            self._thread = None

    def replace(self, server: Any) -> None:
        """Serve another server from the next start on.

        Args:
            server: FastMCP.
        """
        self._server = server

    def connections(self, patience: float = PATIENCE) -> int:
        """How many connections are open, once it is none or the patience, in seconds, is spent."""
        end = time.monotonic() + patience
        while (left := len(self._running.server_state.connections)) and time.monotonic() < end:
            time.sleep(0.01)
        return left

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _server(config: Any, started: threading.Event) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    return Server(config)
