"""A Reply in the words of OpenAI Chat Completions: one JSON body, or the events of a stream. Pure."""

import json
from collections.abc import Callable

from conformance.scripted.pieces import argument_pieces, argument_text, cut, joined, pieces
from conformance.scripted.script import Call, Gate, Json, Reply, Usage

FINISH = {"end": "stop", "calls": "tool_calls", "stop_sequence": "stop", "refusal": "stop", "pause": "stop"}
DONE = b"data: [DONE]\n\n"


def whole(reply: Reply, body: Json, number: int) -> Json:
    """The body of a chat completion.

    Args:
        reply: Reply, its calls with ids.
        body: dict, the request.
        number: int, the request's number, from which the id is made.

    Returns:
        dict: the JSON body.
    """
    choice = {"index": 0, "message": _message(reply), "logprobs": None, "finish_reason": _finish(reply)}
    return _head(body, number, "chat.completion") | {"choices": [choice], "usage": _usage(reply.usage)}


def events(reply: Reply, body: Json, number: int) -> list[bytes | Gate]:
    """The server-sent events of a streamed chat completion, with the gates between them.

    Args:
        reply: Reply, its calls with ids.
        body: dict, the request; `stream_options.include_usage` in it asks for the usage chunk.
        number: int, the request's number, from which the id is made.

    Returns:
        list of bytes and Gate: one event an item.
    """
    head = _head(body, number, "chat.completion.chunk")
    counted = bool((body.get("stream_options") or {}).get("include_usage"))

    def chunk(delta: Json, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event(head | {"choices": [choice]} | ({"usage": None} if counted else {}))

    content: list[bytes | Gate] = [item if isinstance(item, Gate) else chunk(item) for item in _deltas(reply)]
    if reply.error is not None:
        return [*content, _event({"error": dict(reply.error)})]
    return content + _closing(reply, chunk, head if counted else None)


def _closing(reply: Reply, chunk: Callable[[Json, str], bytes], head: Json | None) -> list[bytes | Gate]:
    if reply.drops or not reply.ends:
        return []
    counts = [] if head is None else [_event(head | {"choices": [], "usage": _usage(reply.usage)})]
    return [chunk({}, _finish(reply)), *counts, DONE]


def _deltas(reply: Reply) -> list[Json | Gate]:
    text, thinking = pieces(reply.text), pieces(reply.thinking)
    # The wire puts the start of a lone call into the first chunk; of several calls, or after content, it does not.
    lone = len(reply.calls) == 1 and not text and not thinking and reply.refusal is None
    deltas: list[Json | Gate] = [_first_delta(reply, lone)]
    deltas += [p if isinstance(p, Gate) else {"content": None, "reasoning_content": p} for p in thinking]
    deltas += [p if isinstance(p, Gate) else {"content": p} for p in text]
    deltas += [{"refusal": piece} for piece in cut(reply.refusal or "")]
    for index, call in enumerate(reply.calls):
        deltas += [] if lone else [{"tool_calls": [_call_start(index, call)]}]
        deltas += [_arguments_delta(index, piece) for piece in argument_pieces(call)]
    return deltas


def _first_delta(reply: Reply, lone: bool) -> Json:
    silent = bool(reply.calls) or reply.refusal is not None
    delta: Json = {"role": "assistant", "content": None if silent and not pieces(reply.text) else ""}
    if lone:
        delta["tool_calls"] = [_call_start(0, reply.calls[0])]
    return delta | {"refusal": None if reply.refusal is None else ""}


def _call_start(index: int, call: Call) -> Json:
    function = {"name": call.name, "arguments": ""}
    return {"index": index, "id": call.id, "type": "function", "function": function}


def _arguments_delta(index: int, piece: str) -> Json:
    return {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _message(reply: Reply) -> Json:
    silent = bool(reply.calls) or reply.refusal is not None
    message: Json = {"role": "assistant", "content": joined(reply.text)}
    if silent and not pieces(reply.text):
        message["content"] = None
    if pieces(reply.thinking):
        message["reasoning_content"] = joined(reply.thinking)
    if reply.calls:
        message["tool_calls"] = [_whole_call(call) for call in reply.calls]
    return message | {"refusal": reply.refusal, "annotations": []}


def _whole_call(call: Call) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": argument_text(call)}}


def _finish(reply: Reply) -> str:
    return FINISH.get(reply.stop_word, reply.stop_word)


def _head(body: Json, number: int, kind: str) -> Json:
    return {
        "id": f"chatcmpl-scripted-{number}",
        "object": kind,
        "created": 1_750_000_000 + number,
        "model": body.get("model", "scripted"),
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _event(data: Json) -> bytes:
    return b"data: " + json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"
