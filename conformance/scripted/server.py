"""The server: a port on loopback, a script, and a record of what was asked."""

import contextlib
import itertools
import socket
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

from conformance.scripted.answer import Answer, broken_script, compose, no_such_path
from conformance.scripted.connection import Connection
from conformance.scripted.queued import Queued
from conformance.scripted.script import Request
from conformance.scripted.wire import BOTH, Wire

BACKLOG = 256
JOIN = 10.0  # seconds to wait for a thread; only a callable of the script can keep one longer


class ScriptedServer(Queued):
    """A server on loopback that speaks the OpenAI and the Anthropic wire from a script.

    It runs in threads of its own, so sync and async clients use it alike. It is a context manager:

        with ScriptedServer() as server:
            server.script(Reply("Hello"))
            client = openai.OpenAI(base_url=server.openai_url, api_key="none")

    A request to `/v1/chat/completions` is answered as OpenAI does, one to `/v1/messages` as Anthropic does, streamed
    when it asks for it; any other path is a 404, is recorded, and takes nothing from the script.

    Args:
        wires: Wire, those it speaks beside these two.

    Attributes:
        disconnected: threading.Event, set when a client leaves while its reply is written, held at a gate or hanging.
        alone: threading.Event, set while at most one connection is open.
        model: str, the model that clients ask for; api_key: str, the key they give.
    """

    model = "scripted-model"
    api_key = "test-key"

    def __init__(self, *wires: Wire) -> None:
        super().__init__()
        self.disconnected = threading.Event()
        self.alone = threading.Event()
        self.alone.set()
        self._exchanges: list[tuple[Request, Answer]] = []
        self._stopping = threading.Event()
        self._numbers = itertools.count(1)
        self._wires = {wire.name: wire for wire in (*BOTH, *wires)}
        self._paths = {wire.path: wire for wire in self._wires.values()}
        self._call_numbers: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._connections: dict[threading.Thread, Connection] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        """Listen on a port of 127.0.0.1.

        Args:
            port: int, default 0: a free one; or the one it had before it was stopped.

        Raises:
            RuntimeError: the server is running.
        """
        if self._listener is not None:
            raise RuntimeError("the scripted server is running; stop() it before another start()")
        self._stopping.clear()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), name="scripted", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Close the port and every connection, release what hangs or is held, and wait for the threads.

        Does nothing when the server is not running.
        """
        if self._listener is None or self._acceptor is None:
            return
        self._stopping.set()
        # A thread in accept() wakes up for a connection, and not on every system for the closing of its socket.
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname(), timeout=1).close()
        self._acceptor.join(JOIN)
        self._listener.close()
        self._listener = self._acceptor = None
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            connection.close()
        for thread in connections:
            thread.join(JOIN)

    @property
    def port(self) -> int:
        """The port it listens on; not to be asked when it does not run."""
        if self._listener is None:
            raise RuntimeError("the scripted server is not running; use it in a with statement, or start() it")
        return int(self._listener.getsockname()[1])

    @property
    def openai_url(self) -> str:
        """The base URL for an OpenAI client."""
        return self.url("openai")

    @property
    def anthropic_url(self) -> str:
        """The base URL for an Anthropic client."""
        return self.url("anthropic")

    def url(self, wire: str) -> str:
        """The base URL of a wire.

        Args:
            wire: str, "openai", "anthropic", or the name of another that the server was made with.

        Returns:
            str: what a client of that wire takes as its base URL.

        Raises:
            ValueError: there is no such wire.
        """
        if wire not in self._wires:
            raise ValueError(f"no wire {wire!r}; there are {' and '.join(map(repr, self._wires))}")
        return self._wires[wire].base(f"http://127.0.0.1:{self.port}")

    @property
    def exchanges(self) -> list[tuple[Request, Answer]]:
        """Each request with its answer, in the order in which they were answered."""
        return self._exchanges

    def clear(self) -> None:
        """Forget the script, what `always` said, the requests and the disconnection."""
        super().clear()
        self.disconnected.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except ConnectionAbortedError:  # the client left before it was accepted
                continue
            if self._stopping.is_set():
                sock.close()
                return
            connection = Connection(sock, self._answer, self._stopping, self.disconnected)
            thread = threading.Thread(target=self._serve, args=(connection,), name="scripted", daemon=True)
            with self._lock:
                self._connections[thread] = connection
                self._count()
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.run()
        finally:
            with self._lock:
                del self._connections[threading.current_thread()]
                self._count()

    def _count(self) -> None:  # with the lock
        (self.alone.clear if len(self._connections) > 1 else self.alone.set)()

    def _answer(self, request: Request) -> Answer:
        """The answer to a request, kept for who has to explain a failure."""
        answer = self._told(request)
        self._exchanges.append((request, answer))
        return answer

    def _told(self, request: Request) -> Answer:
        """The answer to a request whose wire is still to be told."""
        wire = self._paths.get(request.path)
        if wire is None:
            return self._respond(request)
        try:
            told = replace(request, wire=wire.name, body=wire.asked(request.body))
        except Exception as error:  # whatever someone's wire raises is told to the client
            return self._broken(f"{wire.name} cannot read the request: {type(error).__name__}: {error}", request, 0)
        return self._respond(told)

    def _respond(self, request: Request) -> Answer:
        with self._lock:
            number = next(self._numbers)
            count = self._keep(request)
            if request.wire == "":
                return no_such_path(request, self._paths)
            reply = self._next()
        if reply is None:
            message = f"the script is exhausted: {count} requests came; script() more replies or set always()"
            return self._broken(message, request, number)
        try:
            answerable = reply(request) if callable(reply) else reply
            return compose(answerable, request, self._wires[request.wire], number, self._call_numbers[request.wire])
        except Exception as error:  # whatever a callable raises is told to the client
            return self._broken(f"the script failed: {type(error).__name__}: {error}", request, number)

    def _broken(self, message: str, request: Request, number: int) -> Answer:
        return broken_script(message, self._wires.get(request.wire, BOTH[0]), number)
