"""Where the targets start from: what servers, models and people write, made up here."""

import json
from pathlib import Path
from typing import Any, Final

from conformance.scripted import Call, Reply
from conformance.scripted.wire import BOTH

REPLIES: Final = {
    "text": Reply("Grüße 🙂", thinking="hm"),
    "calls": Reply("So.", calls=[Call("echo", {"text": "a", "at": {"x": 1}}, "c1"), Call("echo", '{"te', "")]),
    "refusal": Reply(refusal="no"),
    "error": Reply("half", error={"type": "overloaded_error", "message": "busy"}),
}
TRANSCRIPTS: Final = {
    "hermes": '<think>hm</think>\n<tool_call>\n{"name": "echo", "arguments": {"text": "a"}}\n</tool_call>',
    "xml": "<tool_call><function=echo><parameter=text>\na\n</parameter></function></tool_call>",
    "llama": '<|python_tag|>{"name": "echo", "parameters": {"text": "a"}}; {"name": "echo"}',
    "mistral": '[TOOL_CALLS]echo[CALL_ID]abcdefghi[ARGS]{"text": "a"}[THINK]x[/THINK]',
    "harmony": "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.echo"
    '<|message|>{"text": "a"}',
    "deepseek": '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>echo<｜tool▁sep｜>{"text": "a"}<｜tool▁call▁end｜>',
}
HISTORY: Final[list[dict[str, Any]]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "https://e.org/a"}}],
    },
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "echo", "arguments": '{"text": "a"}'}}],
        "provider_state": {"provider": "anthropic", "content": [{"type": "text", "text": "x"}]},
    },
    {"role": "tool", "tool_call_id": "c1", "name": "echo", "content": "a"},
]
SCHEMA: Final = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/b"}, "c": {"anyOf": [{"type": "integer", "minimum": 1}, {"enum": ["x"]}]}},
    "required": ["a"],
    "$defs": {"b": {"type": "array", "items": {"type": "string", "maxLength": 3}}},
}


def written(folder: Path) -> int:
    """Write the corpus.

    Args:
        folder: Path, of all targets.

    Returns:
        int: 0.
    """
    for target, seeds in seeds_of_all().items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / target / name).write_bytes(data)
    return 0


def seeds_of_all() -> dict[str, dict[str, bytes]]:
    """The seeds of each target by their names."""
    streams = {
        wire.name: {
            name: b"".join(part for part in wire.events(reply, {}, 1) if isinstance(part, bytes))
            for name, reply in REPLIES.items()
        }
        for wire in BOTH
    }
    bodies = {
        wire.name: {name: json.dumps(wire.whole(reply, {}, 1)).encode() for name, reply in REPLIES.items()}
        for wire in BOTH
    }
    texts = {f"{name}_{n}": bytes([n, 0]) + text.encode() for name, text in TRANSCRIPTS.items() for n in range(7)}
    return {
        "sse": {"lines": b"\xef\xbb\xbfdata: a\r\n\r\n: ping\revent: x\rdata: b\ndata: \xc3\xa9\n\n"}
        | streams["openai"],
        "chat_stream": streams["openai"],
        "messages_stream": streams["anthropic"],
        "chat_body": bodies["openai"],
        "messages_body": bodies["anthropic"],
        "chat_shapes": {"counting": bytes(range(256)), "ones": b"\x01" * 64},
        "messages_shapes": {"counting": bytes(range(256)), "ones": b"\x01" * 64},
        "transcript": texts,
        "arguments": {
            "fits": b'{"text": "a", "at": {"x": 1}, "kind": "b", "more": {"a": [1]}}',
            "half": b'{"text": "\\ud83d"}',
        },
        "frontmatter": {"skill": b"---\nname: a\ndescription: b: c\nmetadata:\n  x: [1, 'y']\n---\nbody"},
        "history": {"rounds": json.dumps(HISTORY).encode()},
        "schema": {"object": json.dumps(SCHEMA).encode()},
    }
