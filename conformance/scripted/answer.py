"""From a scripted reply to what goes over the connection. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from conformance.scripted.pieces import gates
from conformance.scripted.script import Answerable, Bare, Fault, Gate, Json, Raw, Reply, Request
from conformance.scripted.wire import Wire


@dataclass(frozen=True)
class Answer:
    """What a connection sends: the head, then the items one by one, held at the gates.

    `keeps` says whether the connection lives on, `finishes` whether a chunked body gets its terminating chunk, `resets`
    whether a connection that does not live on is reset. A bare one has no head: its items are all there is.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    items: list[bytes | Gate] = field(default_factory=list)
    before: list[Gate] = field(default_factory=list)
    kind: Literal["reset", "hang", "bare"] | None = None
    keeps: bool = True
    finishes: bool = True
    resets: bool = False

    @property
    def is_chunked(self) -> bool:
        """Whether the items are chunks of unknown total length."""
        return self.kind is None and "content-length" not in self.headers


def compose(reply: Answerable, request: Request, wire: Wire, number: int, call_numbers: Iterator[int]) -> Answer:
    """Make the answer to a request.

    Args:
        reply: Reply, Fault, Raw or Bare, what the script says.
        request: Request, what was asked.
        wire: Wire, on which it was asked.
        number: int, the request's number.
        call_numbers: Iterator of int, the numbers of tool calls without an id.

    Returns:
        Answer: with the request-id header of the wire.
    """
    if isinstance(reply, Reply):
        answer = _reply(_with_call_ids(reply, wire, call_numbers), request, wire, number)
    elif isinstance(reply, Fault):
        answer = _fault(reply, request, wire, number)
    elif isinstance(reply, Raw):
        answer = _raw(reply, wire)
    elif isinstance(reply, Bare):
        return Answer(kind="bare", items=_items(reply.data), keeps=False, resets=reply.resets)
    else:
        raise TypeError(f"a script holds Reply, Fault, Raw and Bare, or a callable that returns one; not {reply!r}")
    return replace(answer, headers=wire.request_id(number) | answer.headers)


def broken_script(message: str, wire: Wire, number: int) -> Answer:
    """The answer when the script has none: HTTP 500, not to be retried."""
    return _json(500, wire.wrapped(wire.failure(message), number), wire, {"x-should-retry": "false"})


def no_such_path(request: Request, paths: Iterable[str]) -> Answer:
    """The answer to a path that belongs to no wire."""
    message = f"no endpoint at {request.method} {request.path}; there are {', '.join(paths)}"
    body = json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()
    return _sized(404, body, {"content-type": "application/json"}, {})


def _with_call_ids(reply: Reply, wire: Wire, numbers: Iterator[int]) -> Reply:
    calls = [replace(c, id=f"{wire.call_prefix}_{next(numbers)}") if c.id is None else c for c in reply.calls]
    return replace(reply, calls=calls)


def _reply(reply: Reply, request: Request, wire: Wire, number: int) -> Answer:
    before = [] if reply.before is None else [reply.before]
    if request.body.get("stream") is not True:
        answer = _whole(reply, request, wire, number)
        return replace(answer, before=[*before, *gates(reply.thinking), *gates(reply.text)])
    return Answer(
        headers={"content-type": wire.stream_type, "cache-control": "no-cache"},
        items=wire.events(reply, request.body, number),
        before=before,
        keeps=reply.ends and not reply.drops and reply.error is None,
        finishes=not reply.drops,
    )


def _whole(reply: Reply, request: Request, wire: Wire, number: int) -> Answer:
    if reply.error is not None:
        return _json(500, wire.wrapped(reply.error, number), wire, {})
    answer = _json(200, wire.whole(reply, request.body, number), wire, {})
    return _cut_short(answer, reply.drops) if reply.drops or not reply.ends else answer


def _cut_short(answer: Answer, drops: bool) -> Answer:
    """Half of the body: of the promised length when the connection drops, else in a response sound in itself."""
    body = b"".join(item for item in answer.items if isinstance(item, bytes))
    half = body[: len(body) // 2]
    length = len(body) if drops else len(half)
    return replace(answer, headers=answer.headers | {"content-length": str(length)}, items=[half], keeps=False)


def _fault(fault: Fault, request: Request, wire: Wire, number: int) -> Answer:
    if fault.kind is not None:
        return Answer(kind=fault.kind, keeps=False)
    if isinstance(fault.body, str):
        return _sized(fault.status, fault.body.encode(), {"content-type": "text/plain; charset=utf-8"}, fault.headers)
    body = fault.body
    if body is None:
        body = wire.error(fault.status, str(request.body.get("model", "scripted")), number)
    return _json(fault.status, dict(body), wire, fault.headers)


def _raw(raw: Raw, wire: Wire) -> Answer:
    items = _items(raw.body)
    streamed, _, _ = wire.stream_type.partition(";")
    headers = {"content-type": raw.content_type or streamed} | _lowered(raw.headers)
    return Answer(status=raw.status, headers=headers, items=items, keeps=raw.ends, finishes=raw.ends, resets=raw.resets)


def _items(body: bytes | Sequence[bytes | Gate]) -> list[bytes | Gate]:
    items: list[bytes | Gate] = [body] if isinstance(body, bytes) else list(body)
    if strangers := [item for item in items if not isinstance(item, bytes | Gate)]:
        raise TypeError(f"Raw holds bytes and gates, as Bare does, not {strangers[0]!r}")
    return items


def _json(status: int, body: Json, wire: Wire, headers: Mapping[str, str]) -> Answer:
    text = json.dumps(body, ensure_ascii=False, indent=wire.indent)
    return _sized(status, text.encode(), {"content-type": "application/json"} | wire.headers(status), headers)


def _sized(status: int, body: bytes, defaults: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    merged = {**defaults, **_lowered(headers), "content-length": str(len(body))}
    return Answer(status=status, headers=merged, items=[body])


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
