"""Recorded traffic that was written by hand, of every kind that a client meets, in the form of vcrpy."""

import json
from pathlib import Path
from typing import Any

import yaml

MESSAGES = "https://api.anthropic.com/v1/messages?beta=true"
CHAT = "https://api.openai.com/v1/chat/completions"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"
EVENTS = "text/event-stream; charset=utf-8"


def recorded(uri: str, body: Any, *, stream: bool = False, status: int = 200, **headers: str) -> dict[str, Any]:
    """An interaction as a recorder writes it; what is not a str or bytes is JSON, written over several lines."""
    text = body if isinstance(body, str | bytes) else json.dumps(body, indent=2)
    named = {"content-type": EVENTS if stream and status == 200 else "application/json"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "request": {"method": "POST", "uri": uri, "body": json.dumps({"stream": stream, "model": "m"}), "headers": {}},
        "response": {
            "status": {"code": status, "message": "said"},
            "headers": {name.title(): [value] for name, value in named.items()},
            "body": {"string": text},
        },
    }


def message(*content: dict[str, Any], stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 30, "cache_creation_input_tokens": None, "output_tokens": 9}
    return {"type": "message", "role": "assistant", "content": content, "stop_reason": stop, "usage": usage} | more


def message_events(*blocks: tuple[dict[str, Any], list[dict[str, Any]]], stop: str = "end_turn", cut: int = 99) -> str:
    """A Messages stream: a placeholder count, a ping inside the first block, padding, the final count at the end."""
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 8, "output_tokens": 3}}}
    ]
    for index, (start, deltas) in enumerate(blocks):
        events += [{"type": "content_block_start", "index": index, "content_block": start}, {"type": "ping"}]
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events += [{"type": "content_block_stop", "index": index}]
    events += [
        {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 21, "input_tokens": None}}
    ]
    events += [{"type": "message_stop"}]
    data = [(event["type"], json.dumps(event, ensure_ascii=False)) for event in events[:cut]]
    return "".join(f"event: {kind}\ndata: {text[:-1]}   }}\n\n" for kind, text in data)


def chunks(*deltas: dict[str, Any], finish: str | None = "stop", done: bool = True, end: str = "\n") -> str:
    """A Chat Completions stream, with its usage on a last chunk that has no choices."""
    said: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": delta}], "usage": None} for delta in deltas]
    said += [{"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}] if finish else []
    said += [{"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 4}}] if done else []
    lines = [f"data: {json.dumps(each, ensure_ascii=False)}{end}{end}" for each in said]
    return "".join([*lines, f"data: [DONE]{end}{end}" if done else ""])


def completion(said: dict[str, Any], finish: str = "stop") -> dict[str, Any]:
    usage = {"prompt_tokens": 12, "completion_tokens": 4}
    return {"choices": [{"index": 0, "message": said, "finish_reason": finish}], "usage": usage}


def fragment(index: int | None, arguments: str, **more: Any) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": more.pop("name")} if "name" in more else {})
    return {"tool_calls": [({} if index is None else {"index": index}) | more | {"function": function}]}


def text_block(*parts: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return {"type": "text", "text": ""}, [{"type": "text_delta", "text": part} for part in parts]


def call_block(name: str, *parts: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    start = {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": {}}
    return start, [{"type": "input_json_delta", "partial_json": part} for part in ("", *parts)]


THOUGHT = (
    {"type": "thinking", "thinking": "", "signature": ""},
    [{"type": "thinking_delta", "thinking": "Hm, é."}, {"type": "signature_delta", "signature": "c2ln"}],
)
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
LIMIT = {"error": {"message": "Rate limit reached for m.", "type": "tokens", "code": "rate_limit_exceeded"}}
REFUSED_CALL = {"error": {"message": "tool call refused", "status_code": 400}}
SERVER_TOOL = ({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web", "input": {}}, call_block("x", "{}")[1])

RIGHT: dict[str, dict[str, Any]] = {
    "m-thought-and-call": recorded(
        MESSAGES,
        message_events(THOUGHT, call_block("now"), call_block("add", '{"a"', ": 1}"), stop="tool_use"),
        stream=True,
    ),
    "m-text": recorded(MESSAGES, message_events(text_block("Grüße", " 🦩"), text_block("!")), stream=True),
    "m-unterminated": recorded(MESSAGES, message_events(text_block("Over."))[:-1], stream=True),
    "m-server-tool": recorded(MESSAGES, message_events(SERVER_TOOL, text_block("Found.")), stream=True),
    "m-torn-call": recorded(MESSAGES, message_events(call_block("add", '{"a": '), stop="max_tokens"), stream=True),
    "m-cut": recorded(MESSAGES, message_events(text_block("Half"), cut=5), stream=True),
    "m-error-in-stream": recorded(
        MESSAGES,
        message_events(text_block("So"), cut=4) + f"event: error\ndata: {json.dumps(OVERLOADED)}\n\n",
        stream=True,
    ),
    "m-529": recorded(MESSAGES, OVERLOADED, status=529, stream=True),
    "m-whole": recorded(MESSAGES, message({"type": "text", "text": "Hi"}, {"type": "new_kind", "x": [1]})),
    "m-whole-call": recorded(
        MESSAGES, message({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"q": "é"}}, stop="tool_use")
    ),
    "m-empty": recorded(MESSAGES, message()),
    "m-empty-stop-sequence": recorded(MESSAGES, message(stop="stop_sequence", stop_sequence="END")),
    "m-spent": recorded(MESSAGES, message(stop="max_tokens")),
    "m-paused": recorded(MESSAGES, message({"type": "text", "text": "Wait"}, stop="pause_turn")),
    "m-refused": recorded(MESSAGES, message(stop="refusal", stop_details={"type": "refusal", "category": "cyber"})),
    "m-no-message": recorded(MESSAGES, {"pong": True}),
    "m-too-long": recorded(MESSAGES, {"error": {"message": "prompt is too long: 9 tokens > 8"}}, status=400),
    "c-text": recorded(
        CHAT, chunks({"role": "assistant", "content": ""}, {"content": "Sì"}, {"content": "."}), stream=True
    ),
    "c-crlf": recorded(CHAT, ": hello\r\n\r\n" + chunks({"content": "A"}, {"content": "b"}, end="\r\n"), stream=True),
    "c-two-lines": recorded(
        CHAT, chunks({"content": "Two."}, end="\r\n").replace('"delta": ', '\r\ndata: "delta": '), stream=True
    ),
    "c-n2-interleaved": recorded(
        CHAT,
        chunks({"content": "A"}, finish=None, done=False).replace('"index": 0', '"index": 1')
        + chunks({"content": "b"}),
        stream=True,
    ),
    "c-calls": recorded(
        CHAT,
        chunks(
            {"role": "assistant", "content": None},
            *(fragment(0, "", id="call_a", type="function", name="f"), fragment(0, '{"a":'), fragment(0, " 1}")),
            *(fragment(1, "", id="call_b", type="function", name="g"), fragment(1, "{}")),
        ),
        stream=True,
    ),
    "c-calls-without-index": recorded(
        CHAT, chunks(fragment(None, "{}", id="", name="f"), fragment(None, '{"b": 2}', id="", name="g")), stream=True
    ),
    "c-no-finish": recorded(CHAT, chunks({"content": "Done."}, finish=None), stream=True),
    "c-no-done": recorded(CHAT, chunks({"content": "Done."}, done=False), stream=True),
    "c-cut": recorded(CHAT, chunks({"content": "Half"}, finish=None, done=False), stream=True),
    "c-tags": recorded(CHAT, chunks({"content": "<thi"}, {"content": "nk>No.</think>\n\nYes."}), stream=True),
    "c-reasoning": recorded(CHAT, chunks({"reasoning": "Hm.", "content": None}, {"content": "Yes."}), stream=True),
    "c-error-in-stream": recorded(
        CHAT,
        chunks({"content": "A"}, finish=None, done=False) + f"data: {json.dumps(REFUSED_CALL)}\n\n",
        stream=True,
    ),
    "c-malformed": recorded(CHAT, chunks({"content": "A"}, done=False) + "data: {torn\n\n", stream=True),
    "c-429": recorded(CHAT, LIMIT, status=429, x_request_id="req_77"),
    "c-502": recorded(CHAT, "<html>bad gateway</html>", status=502, content_type="text/html"),
    "c-web-page": recorded(CHAT, "<html>hello</html>", content_type="text/html"),
    "c-whole": recorded(CHAT, completion({"content": "Hi", "tool_calls": None, "refusal": None})),
    "c-detailed": recorded(
        CHAT, completion({"content": "Hi", "reasoning_details": [{"type": "reasoning.text", "text": "Greet."}]})
    ),
    "c-two-shapes": recorded(
        CHAT,
        completion(
            {
                "content": "Hm",
                "tool_calls": [
                    {"id": "c1", "custom": {"name": "", "input": ""}, "function": {"name": "f", "arguments": "null"}}
                ],
            }
        ),
    ),
    "c-custom": recorded(
        CHAT, completion({"content": None, "tool_calls": [{"id": "c1", "custom": {"name": "calc", "input": "4 + 4"}}]})
    ),
    "c-legacy": recorded(CHAT, completion({"function_call": {"name": "f", "arguments": "{}"}}, "function_call")),
    "c-content-list": recorded(
        CHAT,
        completion(
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
                    {"type": "text", "text": "Hi"},
                ]
            }
        ),
    ),
    "c-refused": recorded(CHAT, completion({"content": None, "refusal": "I cannot."})),
    "c-filtered": recorded(CHAT, completion({"content": ""}, "content_filter")),
    "c-gemini": recorded(GEMINI, completion({"content": "G"})),
    "c-elsewhere": recorded("https://some.host/api/chat/completions?v=1", completion({"content": "E"})),
}


def write(folder: Path, name: str, *each: Any) -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump({"version": 1, "interactions": list(each)}, allow_unicode=True), encoding="utf-8")
    return path
