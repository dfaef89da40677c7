"""Parley's wire from the other side: how the suite's scripted server speaks it. Written from the API, not the codec."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.scripted import Call, Gate, Reply, Usage, Wire
from conformance.scripted.pieces import argument_pieces, argument_text, cut, joined, pieces

Json = dict[str, Any]

ROLES = {"director": "system", "visitor": "user", "host": "assistant", "runner": "tool"}
PORTABLE = {"limit": "max_tokens", "warmth": "temperature", "nucleus": "top_p", "until": "stop", "dice": "seed"}
BECAUSE = {
    "end": "done",
    "length": "limit",
    "calls": "errands",
    "stop_sequence": "until",
    "refusal": "declined",
    "content_filter": "filtered",
    "pause": "done",  # Parley does not pause
}


class ParleyWire(Wire):
    """POST /v1/converse, answered in one object or in lines of JSON."""

    name = "parley"
    path = "/v1/converse"
    stream_type = "application/x-ndjson"
    call_prefix = "ticket"

    def asked(self, body: Json) -> Json:
        """A request in the suite's words."""
        known = ("persona", "lines", "live", "errands", "errands_allowed")
        rest = {PORTABLE.get(name, name): value for name, value in body.items() if name not in known}
        told = {"model": body["persona"], "messages": [_message(line) for line in body["lines"]], **rest}
        if body.get("errands"):
            told["tools"] = [{"type": "function", "function": _tool(errand)} for errand in body["errands"]]
        if body.get("errands_allowed") is False:
            told["tool_choice"] = "none"
        return told | ({"stream": True} if body.get("live") else {})

    def whole(self, reply: Reply, body: Json, number: int) -> Json:
        """A reply as one object."""
        errands = [_errand(call) | {"details": argument_text(call)} for call in reply.calls]
        host = {"text": joined(reply.text)} | ({"errands": errands} if errands else {})
        return {"host": host, "declined": reply.refusal} | _end(reply)

    def events(self, reply: Reply, body: Json, number: int) -> list[bytes | Gate]:
        """A reply as lines."""
        told = [item if isinstance(item, Gate) else _line(item) for item in _items(reply)]
        if reply.error is not None:
            return [*told, _line(self.wrapped(reply.error, number))]
        return told if reply.drops or not reply.ends else [*told, _line(_end(reply))]

    def wrapped(self, error: Mapping[str, Any], number: int) -> Json:
        """The body of a failure."""
        return {"trouble": {"kind": error.get("type"), "words": error.get("message")}}


def _items(reply: Reply) -> Iterator[Json | Gate]:
    yield from (piece if isinstance(piece, Gate) else {"text": piece} for piece in pieces(reply.text))
    yield from ({"declined": piece} for piece in cut(reply.refusal or ""))
    for slot, call in enumerate(reply.calls):
        yield {"errand": {"slot": slot} | _errand(call)}
        yield from ({"details": {"slot": slot, "piece": piece}} for piece in argument_pieces(call))


def _end(reply: Reply) -> Json:
    return {"because": BECAUSE.get(reply.stop_word, reply.stop_word), "meter": _meter(reply.usage)}


def _meter(usage: Usage) -> Json:
    return {"heard": usage.input, "said": usage.output, "remembered": usage.cache_read}


def _errand(call: Call) -> Json:
    return {"ticket": call.id, "errand": call.name}


def _line(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def _message(line: Json) -> Json:
    told = {"role": ROLES[line["who"]], "content": line["text"]}
    if "ticket" in line:
        told["tool_call_id"] = line["ticket"]
    if "errands" in line:
        told["tool_calls"] = [
            {
                "id": each["ticket"],
                "type": "function",
                "function": {"name": each["errand"], "arguments": each["details"]},
            }
            for each in line["errands"]
        ]
    return told


def _tool(errand: Json) -> Json:
    return {"name": errand["errand"], "description": errand["about"], "parameters": errand["form"]}
