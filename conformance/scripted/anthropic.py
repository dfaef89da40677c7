"""A Reply in the words of Anthropic Messages: one JSON body, or the events of a stream. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any

from conformance.scripted.pieces import argument_pieces, argument_text, joined, pieces
from conformance.scripted.script import Call, Gate, Json, Reply, Usage

STOP_REASON = {
    "end": "end_turn",
    "length": "max_tokens",
    "calls": "tool_use",
    "content_filter": "refusal",
    "pause": "pause_turn",
}
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
PLACEHOLDER = 1  # what message_start says of the output, before there is any


@dataclass(frozen=True)
class Block:
    """A content block: as it stands in a whole body, how it starts in a stream, and what follows."""

    whole: Json
    start: Json
    deltas: list[Json | Gate] = field(default_factory=list)


def whole(reply: Reply, body: Json, number: int) -> Json:
    """The body of a message.

    Args:
        reply: Reply, its calls with ids.
        body: dict, the request.
        number: int, the request's number, from which the id is made.

    Returns:
        dict: the JSON body.
    """
    content = [block.whole for block in _blocks(reply)]
    usage = _usage(reply.usage, reply.usage.output) | _thinking_tokens(reply.usage)
    return _head(body, number) | {"content": content, "usage": usage} | _stop(reply)


def events(reply: Reply, body: Json, number: int) -> list[bytes | Gate]:
    """The server-sent events of a streamed message, with the gates between them.

    Args:
        reply: Reply, its calls with ids.
        body: dict, the request.
        number: int, the request's number, from which the id is made.

    Returns:
        list of bytes and Gate: one event an item.
    """
    message = _head(body, number) | {"usage": _usage(reply.usage, min(PLACEHOLDER, reply.usage.output))}
    stream: list[bytes | Gate] = [_event("message_start", message=message)]
    for index, block in enumerate(_blocks(reply)):
        stream.append(_event("content_block_start", index=index, content_block=block.start))
        stream += [PING] if index == 0 else []
        stream += [
            delta if isinstance(delta, Gate) else _event("content_block_delta", index=index, delta=delta)
            for delta in block.deltas
        ]
        stream.append(_event("content_block_stop", index=index))
    if reply.error is not None:
        return [*stream, _event("error", error={"details": None} | dict(reply.error))]
    return stream + _closing(reply)


def _closing(reply: Reply) -> list[bytes | Gate]:
    if reply.drops or not reply.ends:
        return []
    usage = _cumulative_usage(reply.usage) | _thinking_tokens(reply.usage)
    return [_event("message_delta", delta=_stop(reply), usage=usage), _event("message_stop")]


def _blocks(reply: Reply) -> list[Block]:
    blocks = [_thinking_block(reply)] if pieces(reply.thinking) else []
    blocks += [_opaque_block({"type": "redacted_thinking", "data": data}) for data in reply.redacted]
    blocks += [_opaque_block(dict(block)) for block in reply.blocks]
    blocks += [_text_block(reply)] if pieces(reply.text) else []
    return blocks + [_call_block(call) for call in reply.calls]


def _opaque_block(block: Json) -> Block:
    return Block(whole=block, start=block)


def _thinking_block(reply: Reply) -> Block:
    deltas: list[Json | Gate] = [
        piece if isinstance(piece, Gate) else {"type": "thinking_delta", "thinking": piece}
        for piece in pieces(reply.thinking)
    ]
    return Block(
        whole={"type": "thinking", "thinking": joined(reply.thinking), "signature": reply.signature},
        start={"type": "thinking", "thinking": "", "signature": ""},
        deltas=[*deltas, {"type": "signature_delta", "signature": reply.signature}],
    )


def _text_block(reply: Reply) -> Block:
    return Block(
        whole={"type": "text", "text": joined(reply.text)},
        start={"type": "text", "text": ""},
        deltas=[
            piece if isinstance(piece, Gate) else {"type": "text_delta", "text": piece} for piece in pieces(reply.text)
        ],
    )


def _call_block(call: Call) -> Block:
    start = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}, "caller": {"type": "direct"}}
    # A call without arguments streams the empty string alone, not "{}".
    bare = call.pieces is None and call.arguments == {}
    fragments = ["", *([] if bare else argument_pieces(call))]
    return Block(
        whole=start | {"input": _input(argument_text(call))},
        start=start,
        deltas=[{"type": "input_json_delta", "partial_json": fragment} for fragment in fragments],
    )


def _input(arguments: str) -> Any:
    # A whole body cannot hold torn JSON; the text itself then stands where the object should.
    try:
        return json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments


def _stop(reply: Reply) -> Json:
    reason = STOP_REASON.get(reply.stop_word, reply.stop_word)
    details = {"type": "refusal", "category": None, "explanation": reply.refusal} if reason == "refusal" else None
    return {"stop_reason": reason, "stop_sequence": reply.stop_sequence, "stop_details": details}


def _head(body: Json, number: int) -> Json:
    return {
        "model": body.get("model", "scripted"),
        "id": f"msg_scripted_{number}",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
    }


def _usage(usage: Usage, output: int) -> Json:
    written = {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0}
    counts = _cumulative_usage(usage) | {"output_tokens": output}
    return counts | {"cache_creation": written, "service_tier": "standard"}


def _cumulative_usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }


def _thinking_tokens(usage: Usage) -> Json:
    return {"output_tokens_details": {"thinking_tokens": usage.reasoning}} if usage.reasoning else {}


def _event(kind: str, **rest: Any) -> bytes:
    data = json.dumps({"type": kind} | rest, separators=(",", ":"), ensure_ascii=False)
    # The real endpoint pads its events with blanks, so a reader must parse them and not compare text.
    padding = " " * (len(data) % 16)
    return f"event: {kind}\ndata: {data[:-1]}{padding}}}\n\n".encode()
