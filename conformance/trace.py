"""What was asked of the model in a check and what it answered, without secrets and short enough to be read. Pure."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from conformance.outcomes import Trace
from conformance.redaction import withhold
from conformance.scripted import Request, StandIn
from conformance.scripted.answer import Answer

BODY: Final = 2000  # characters of a body that are kept
NEAR: Final = 50_000  # characters at either end that are searched for secrets; far more than are kept
EVENT: Final = 500  # characters of an event
EVENTS: Final = 10  # events of an answer
EXCHANGES: Final = 8  # exchanges of a check


def trace(server: StandIn) -> Trace:
    """The exchanges of a server, or of what stands in its place.

    Args:
        server: ScriptedServer, or another stand-in, which may only know what was asked.

    Returns:
        list of dict: as the schema of the report has them; what is left out is counted.
    """
    shown = _cut(list(server.exchanges), EXCHANGES, _gap)
    return [each if isinstance(each, dict) else _exchange(*each) for each in shown]


def told(exchanges: Iterable[dict[str, Any]]) -> list[str]:
    """A trace as lines of text.

    Args:
        exchanges: as `trace` gives them.
    """
    lines = []
    for each in exchanges:
        lines.append(f"-> {each['request']}  {each['body']}".rstrip())
        lines += [f"<- {each['status']}"] if each["status"] is not None else []
        lines += [f"   {event}" for event in each["events"]]
    return lines


def _exchange(request: Request, answer: Answer | None) -> dict[str, Any]:
    query = f"?{request.query}" if request.query else ""
    asked = f"{request.method} {request.path}{query}".strip() or "a generation in this process"
    return {
        "request": withhold(asked),
        "body": _shortened(_one_line(request.raw), BODY),
        "status": None if answer is None else answer.kind or answer.status,
        "events": [] if answer is None or answer.kind in ("reset", "hang") else _events(answer),
    }


def _events(answer: Answer) -> list[str]:
    body = b"".join(item for item in answer.items if isinstance(item, bytes))
    if "event-stream" not in answer.headers.get("content-type", ""):
        return [_shortened(_one_line(body), BODY)] if body else []
    events = [" ".join(event.splitlines()) for event in re.split(r"\r?\n\r?\n", _text(body)) if event.strip()]
    shown = _cut(events, EVENTS, lambda count: f"... {count} events left out")
    return [_shortened(event, EVENT) for event in shown]


def _one_line(raw: bytes) -> str:
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False)
    except (ValueError, RecursionError):
        return _text(raw)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _shortened(text: str, limit: int) -> str:
    """The beginning and the end of a text; secrets go first, lest half of one is left.

    Of megabytes only so much is looked through at either end that what is cut there is not shown.
    """
    hidden = max(0, len(text) - 2 * NEAR)
    text = withhold(text if not hidden else text[:NEAR] + text[-NEAR:])
    if len(text) <= limit:
        return text
    tail = limit // 4
    return f"{text[: limit - tail]} [{hidden + len(text) - limit} characters left out] {text[-tail:]}"


def _gap(count: int) -> dict[str, Any]:
    return {"request": f"... {count} exchanges left out", "body": "", "status": None, "events": []}


def _cut(items: Sequence[Any], limit: int, gap: Any) -> list[Any]:
    """The first and the last of some items."""
    if len(items) <= limit:
        return list(items)
    tail = limit // 2
    return [*items[: limit - tail], gap(len(items) - limit), *items[-tail:]]
