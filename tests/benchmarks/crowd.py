"""A server process for very many connections: one event loop, ready-made answers, and a count of what came.

It is a program of its own, so that what it costs is not in the figures of who asks it. What it answers stands in the
question: see ``kind_of``. ``GET /counts`` tells what came since the last time that was asked.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from conformance.scripted import Call, Fault, Reply, Request  # noqa: E402
from conformance.scripted.answer import Answer, compose  # noqa: E402
from conformance.scripted.connection import chunk, head  # noqa: E402
from conformance.scripted.wire import BOTH, Wire  # noqa: E402

WORDS = [f"word {number:02} " for number in range(20)]
ERROR = "Fail."
KINDS: dict[str, Reply | Fault] = {
    "text": Reply(WORDS),
    "call": Reply(calls=[Call("look_up", {"place": "Rome"}, id="call_1")]),
    "error": Fault(400),
}


def kind_of(body: bytes) -> str:
    """Which answer a request gets: what the user says tells, else whether a tool was offered and not yet asked."""
    if ERROR.encode() in body:
        return "error"
    was_asked = b'"tool_result"' in body or b'"tool_call_id"' in body
    return "call" if b'"tools"' in body and not was_asked else "text"


def _written(wire: Wire, kind: str, stream: bool) -> bytes:
    """The whole answer as it goes over the connection."""
    request = Request(wire.name, "POST", wire.path, {}, b"", {"model": "m", "stream": stream})
    answer: Answer = compose(KINDS[kind], request, wire, 1, itertools.count(1))
    items = [item for item in answer.items if isinstance(item, bytes) and item]
    body = b"".join([*map(chunk, items), b"0\r\n\r\n"] if answer.is_chunked else items)
    return head(answer) + body


class _Crowd(asyncio.Protocol):
    ready: ClassVar = {
        (wire.path.encode(), kind, stream): _written(wire, kind, stream)
        for wire in BOTH
        for kind in KINDS
        for stream in (True, False)
    }
    counts: ClassVar = {"requests": 0, "bytes": 0, "opened": 0, "now": 0, "peak": 0}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._data, self._wanted = transport, bytearray(), 0
        self.counts["opened"] += 1
        self.counts["now"] += 1

    def connection_lost(self, _: Exception | None) -> None:
        self.counts["now"] -= 1

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._wanted and (end := self._data.find(b"\r\n\r\n")) >= 0:
            length = self._data[:end].lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._wanted = end + 4 + int(length or 0)
        if self._wanted and len(self._data) >= self._wanted:
            request, self._data, self._wanted = bytes(self._data), bytearray(), 0
            self._transport.write(self._answer(request))

    def _answer(self, request: bytes) -> bytes:
        top, _, body = request.partition(b"\r\n\r\n")
        path = top.split(b" ", 2)[1]
        if path == b"/counts":
            return self._told()
        self.counts["peak"] = max(self.counts["peak"], self.counts["now"])
        self.counts["requests"] += 1
        self.counts["bytes"] += len(body)
        is_stream = b'"stream":true' in body or b'"stream": true' in body
        return self.ready[path.partition(b"?")[0], kind_of(body), is_stream]

    def _told(self) -> bytes:
        self.counts["now"] -= 1  # who asks is not counted
        told = json.dumps(self.counts).encode()
        self.counts.update(requests=0, bytes=0, opened=0, peak=self.counts["now"])
        self.counts["now"] += 1
        return b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(told), told)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Crowd, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until who started us ends


@dataclass(frozen=True)
class Crowd:
    """The server, as who asks it knows it; ``url`` is without a path."""

    url: str

    def counts(self) -> dict[str, int]:
        """What came since the last call: requests, bytes of their bodies, connections opened, now and at most."""
        with urllib.request.urlopen(f"{self.url}/counts") as response:
            found: dict[str, int] = json.load(response)
        return found

    def client(self, module: Any, wire: str, **options: Any) -> Any:
        """A client of ours; ``module`` is ``aimu`` or ``aimu.aio``."""
        return module.client(f"{wire}:m;tools", base_url=self.base_url(wire), api_key="k", max_retries=0, **options)

    def base_url(self, wire: str) -> str:
        return f"{self.url}/v1" if wire == "openai" else self.url


@contextmanager
def crowd() -> Iterator[Crowd]:
    """The server, for as long as the context is open."""
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield Crowd(f"http://127.0.0.1:{int(process.stdout.readline())}")
        process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve())
