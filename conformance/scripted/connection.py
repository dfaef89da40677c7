"""One client's connection: HTTP/1.1 in, HTTP/1.1 out, held at gates and watched for a client that leaves."""

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

from conformance.scripted.answer import Answer
from conformance.scripted.script import Gate, Json, Request

POLL = 0.02  # seconds between two looks at the client while a reply is held
NO_LINGER = struct.pack("ii", 1, 0)  # closing then sends a reset


class AbandonedError(Exception):
    """The rest of a reply will not be sent: the client left, a gate stayed shut, or the server stops."""


class Connection:
    """Answers the requests of one connection until either side closes it.

    Args:
        sock: socket.socket, accepted and in blocking mode; closed at the end of `run`.
        respond: callable that takes a Request and returns its Answer.
        stopping: threading.Event, set when the server stops.
        disconnected: threading.Event, set here when the client leaves while it is being answered.
    """

    def __init__(
        self,
        sock: socket.socket,
        respond: Callable[[Request], Answer],
        stopping: threading.Event,
        disconnected: threading.Event,
    ) -> None:
        self._sock = sock
        self._respond = respond
        self._stopping = stopping
        self._disconnected = disconnected

    def run(self) -> None:
        """Answer requests; never raises for what the client does."""
        unreadable = (OSError, ValueError, http.client.HTTPException)
        with self._sock, self._sock.makefile("rb") as reader, contextlib.suppress(AbandonedError, *unreadable):
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (request := read_request(reader)) is not None:
                answer = self._respond(request)
                self._send(answer)
                if answer.resets:
                    self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                if not answer.keeps or request.headers.get("connection", "").lower() == "close":
                    return

    def close(self) -> None:
        """Make `run` end soon; may be called from another thread."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _send(self, answer: Answer) -> None:
        if answer.kind == "hang":
            self._hang()
        if answer.kind == "reset":
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            return
        for gate in answer.before:
            self._hold(gate)
        if answer.kind is None:
            self._push(head(answer))
        for item in answer.items:
            if isinstance(item, Gate):
                self._hold(item)
            elif item:
                self._push(chunk(item) if answer.is_chunked else item)
        if answer.is_chunked and answer.finishes:
            # Not a disconnect when this fails: the client has had every event and may leave.
            self._sock.sendall(b"0\r\n\r\n")

    def _push(self, data: bytes) -> None:
        self._check_client()
        try:
            self._sock.sendall(data)
        except OSError:
            self._abandon()

    def _hold(self, gate: Gate) -> None:
        gate.reached.set()
        deadline = time.monotonic() + gate.timeout
        while not gate.wait(POLL):
            self._check_client()
            if time.monotonic() > deadline:
                raise AbandonedError

    def _hang(self) -> None:
        while not self._stopping.wait(POLL):
            self._check_client()
        raise AbandonedError

    def _check_client(self) -> None:
        if self._stopping.is_set() or self._client_left():
            self._abandon()

    def _abandon(self) -> None:
        if not self._stopping.is_set():
            self._disconnected.set()
        raise AbandonedError

    def _client_left(self) -> bool:
        self._sock.setblocking(False)
        try:
            return self._sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self._sock.setblocking(True)


def read_request(reader: BinaryIO) -> Request | None:
    """Read one request.

    Args:
        reader: BinaryIO, the connection.

    Returns:
        Request, its wire still to be told; or None when the client has closed the connection.

    Raises:
        ValueError: the bytes are not an HTTP request.
        http.client.HTTPException: its headers are too many or too long.
    """
    line = reader.readline(65536).decode("latin-1")
    if not line:
        return None
    method, target, _ = line.split()
    fields = http.client.parse_headers(reader)
    headers = {name.lower(): value for name, value in fields.items()}
    raw = _read_body(reader, headers)
    path, _, query = target.partition("?")
    return Request("", method, path, headers, raw, parsed(raw), query)


def _read_body(reader: BinaryIO, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return reader.read(int(headers.get("content-length", "0")))
    body = b""
    while size := int(reader.readline().partition(b";")[0], 16):
        body += reader.read(size)
        reader.readline()
    reader.readline()
    return body


def parsed(raw: bytes) -> Json:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def head(answer: Answer) -> bytes:
    """The status line and the headers of an answer."""
    reason = http.client.responses.get(answer.status, "Scripted")
    framing = {"transfer-encoding": "chunked"} if answer.is_chunked else {}
    closing = {} if answer.keeps else {"connection": "close"}
    lines = [f"{name}: {value}\r\n" for name, value in (answer.headers | framing | closing).items()]
    return f"HTTP/1.1 {answer.status} {reason}\r\n{''.join(lines)}\r\n".encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)
