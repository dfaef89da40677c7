"""A server process with ready-made answers: what is timed is the client, not the server."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, ClassVar

CHUNKS = 200
WORD = "word "


def _openai_events() -> list[dict[str, Any]]:
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "usage": None}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**base, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    usage = {"prompt_tokens": 9, "completion_tokens": CHUNKS, "total_tokens": CHUNKS + 9}
    return [
        chunk({"role": "assistant", "content": "", "refusal": None}),
        *(chunk({"content": WORD}) for _ in range(CHUNKS)),
        chunk({}, "stop"),
        {**base, "choices": [], "usage": usage},
    ]


def _anthropic_events() -> list[dict[str, Any]]:
    usage = {"input_tokens": 9, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORD}}
    return [
        {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(delta for _ in range(CHUNKS)),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": CHUNKS},
        },
        {"type": "message_stop"},
    ]


def _whole(wire: str) -> dict[str, Any]:
    text = WORD * 20
    if wire == "openai":
        usage = {"prompt_tokens": 9, "completion_tokens": 20, "total_tokens": 29}
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 20},
    }


def _frames(wire: str) -> list[bytes]:
    """One chunk of the transfer encoding per event."""
    events = _openai_events() if wire == "openai" else _anthropic_events()
    texts = [f"data: {json.dumps(event)}\n\n" for event in events]
    if wire == "openai":
        texts.append("data: [DONE]\n\n")
    else:
        texts = [f"event: {event['type']}\n{text}" for event, text in zip(events, texts, strict=True)]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return [head, *(b"%x\r\n%s\r\n" % (len(text), text.encode()) for text in texts), b"0\r\n\r\n"]


def _body(wire: str) -> list[bytes]:
    body = json.dumps(_whole(wire)).encode()
    return [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)]


class _Answers(asyncio.Protocol):
    ready: ClassVar = {
        (wire, stream): (_frames if stream else _body)(wire) for wire in ("openai", "anthropic") for stream in (0, 1)
    }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._data = transport, b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._data = b""
        wire = "anthropic" if b"/messages" in head.partition(b"\r\n")[0] else "openai"
        for frame in self.ready[wire, int(b'"stream":true' in body or b'"stream": true' in body)]:
            self._transport.write(frame)


def _serve(pipe: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", 0, backlog=512)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def loopback() -> Iterator[str]:
    """The server's base URL, without a path, for as long as the context is open."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
