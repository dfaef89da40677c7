"""From a scripted reply to what goes over the connection. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from conformance.scripted import anthropic, openai
from conformance.scripted.faults import error_body, request_id, retry_header, server_error, wrapped
from conformance.scripted.pieces import gates
from conformance.scripted.script import Answerable, Fault, Gate, Json, Raw, Reply, Request, Wire

PATHS: dict[str, Wire] = {"/v1/chat/completions": "openai", "/v1/messages": "anthropic"}
CALL_PREFIX = {"openai": "call", "anthropic": "toolu"}


@dataclass(frozen=True)
class Answer:
    """What a connection sends: the head, then the items one by one, held at the gates.

    `keeps` says whether the connection lives on, `finishes` whether a chunked body gets its terminating chunk.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    items: list[bytes | Gate] = field(default_factory=list)
    before: list[Gate] = field(default_factory=list)
    kind: Literal["reset", "hang"] | None = None
    keeps: bool = True
    finishes: bool = True

    @property
    def is_chunked(self) -> bool:
        """Whether the items are chunks of unknown total length."""
        return "content-length" not in self.headers


def compose(reply: Answerable, request: Request, number: int, call_numbers: Iterator[int]) -> Answer:
    """Make the answer to a request.

    Args:
        reply: Reply, Fault or Raw, what the script says.
        request: Request, what was asked, on which wire.
        number: int, the request's number.
        call_numbers: Iterator of int, the numbers of tool calls without an id.

    Returns:
        Answer: with the request-id header of the wire.
    """
    if isinstance(reply, Reply):
        answer = _reply(_with_call_ids(reply, request.wire, call_numbers), request, number)
    elif isinstance(reply, Fault):
        answer = _fault(reply, request, number)
    elif isinstance(reply, Raw):
        answer = _raw(reply)
    else:
        raise TypeError(f"a script holds Reply, Fault and Raw, or a callable that returns one; not {reply!r}")
    identity = {"request-id" if request.wire == "anthropic" else "x-request-id": request_id(number)}
    return replace(answer, headers=identity | answer.headers)


def broken_script(message: str, request: Request, number: int) -> Answer:
    """The answer when the script has none: HTTP 500, not to be retried."""
    body = wrapped(request.wire, server_error(request.wire, message), number)
    return _json(500, body, request.wire, {"x-should-retry": "false"})


def no_such_path(request: Request) -> Answer:
    """The answer to a path that belongs to neither wire."""
    message = f"no endpoint at {request.method} {request.path}; there are {', '.join(PATHS)}"
    return _json(404, {"error": {"message": message, "type": "invalid_request_error"}}, "", {})


def _with_call_ids(reply: Reply, wire: Wire, numbers: Iterator[int]) -> Reply:
    prefix = CALL_PREFIX[wire]
    calls = [replace(c, id=f"{prefix}_{next(numbers)}") if c.id is None else c for c in reply.calls]
    return replace(reply, calls=calls)


def _reply(reply: Reply, request: Request, number: int) -> Answer:
    before = [] if reply.before is None else [reply.before]
    if request.body.get("stream") is not True:
        answer = _whole(reply, request, number)
        return replace(answer, before=[*before, *gates(reply.thinking), *gates(reply.text)])
    events = anthropic.events if request.wire == "anthropic" else openai.events
    headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    return Answer(
        headers=headers,
        items=events(reply, request.body, number),
        before=before,
        keeps=reply.ends and not reply.drops and reply.error is None,
        finishes=not reply.drops,
    )


def _whole(reply: Reply, request: Request, number: int) -> Answer:
    if reply.error is not None:
        return _json(500, wrapped(request.wire, reply.error, number), request.wire, {})
    whole = anthropic.whole if request.wire == "anthropic" else openai.whole
    answer = _json(200, whole(reply, request.body, number), request.wire, {})
    return _cut_short(answer, reply.drops) if reply.drops or not reply.ends else answer


def _cut_short(answer: Answer, drops: bool) -> Answer:
    """Half of the body: of the promised length when the connection drops, else in a response sound in itself."""
    body = b"".join(item for item in answer.items if isinstance(item, bytes))
    half = body[: len(body) // 2]
    length = len(body) if drops else len(half)
    return replace(answer, headers=answer.headers | {"content-length": str(length)}, items=[half], keeps=False)


def _fault(fault: Fault, request: Request, number: int) -> Answer:
    if fault.kind is not None:
        return Answer(kind=fault.kind, keeps=False)
    if isinstance(fault.body, str):
        return _sized(fault.status, fault.body.encode(), {"content-type": "text/plain; charset=utf-8"}, fault.headers)
    body = fault.body
    if body is None:
        body = error_body(request.wire, fault.status, str(request.body.get("model", "scripted")), number)
    return _json(fault.status, dict(body), request.wire, fault.headers)


def _raw(raw: Raw) -> Answer:
    items: list[bytes | Gate] = [raw.body] if isinstance(raw.body, bytes) else list(raw.body)
    if strangers := [item for item in items if not isinstance(item, bytes | Gate)]:
        raise TypeError(f"Raw holds bytes and gates, not {strangers[0]!r}")
    headers = {"content-type": raw.content_type} | _lowered(raw.headers)
    return Answer(status=raw.status, headers=headers, items=items, keeps=raw.ends, finishes=raw.ends)


def _json(status: int, body: Json, wire: Wire, headers: Mapping[str, str]) -> Answer:
    # The openai endpoint writes its bodies over several lines.
    text = json.dumps(body, ensure_ascii=False, indent=2 if wire == "openai" else None)
    defaults = {"content-type": "application/json"} | retry_header(wire, status)
    return _sized(status, text.encode(), defaults, headers)


def _sized(status: int, body: bytes, defaults: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    merged = {**defaults, **_lowered(headers), "content-length": str(len(body))}
    return Answer(status=status, headers=merged, items=[body])


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
