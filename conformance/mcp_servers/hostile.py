"""A server that means harm, over stdio and in plain JSON: run as a script, with what it does as its argument."""

import base64
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

SCRIPT: Final = str(Path(__file__).resolve())
MIB: Final = 2**20
FLOOD: Final = 1000
NAMES: Final = ("add", "add", "line\nbreak", "nul\x00", "../../etc/passwd", "$(reboot)", "", "x" * 10_000)
DOUBLED: Final = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
SCHEMAS: Final[dict[str, Any]] = {
    "is_text": "no schema",
    "is_array": [],
    "is_null": None,
    "is_of_text": {"type": "string"},
    "bad_type": {"type": {"a": 1}},
    "bad_properties": {"type": "object", "properties": []},
    "bad_required": {"type": "object", "required": "a"},
    "endless": {"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}},
    "far": {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
    "wide": {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(10_000)}},
    "doubled": {"type": "object", "$defs": {**DOUBLED, "d40": {}}, "properties": {"a": {"$ref": "#/$defs/d0"}}},
    "slow": {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}},
}
CONTENTS: Final[dict[str, Any]] = {
    "unknown": [{"type": "hologram", "data": "x" * 100}] * 500,
    "odd_type": [{"type": "hologram", "data": "x"}],
    "typeless": [{"text": "x"}],
    "no_image": [{"type": "image", "data": base64.b64encode(b"no image").decode(), "mimeType": "image/png"}],
    "no_base64": [{"type": "image", "data": "%%%", "mimeType": "image/png"}],
    "local_image": [{"type": "image", "data": "file:///etc/passwd", "mimeType": "image/png"}],
    "local_link": [{"type": "resource_link", "name": "passwd", "uri": "file:///etc/passwd"}],
    "not_a_list": "text",
}
ASKED: Final = ("sampling/createMessage", "elicitation/create", "roots/list", "no/such")
Tool = dict[str, Any]


def tool(name: str, description: str = "", schema: Any = None) -> Tool:
    """One tool as a server lists it."""
    shape = {"type": "object"} if schema is None else schema
    return {"name": name, "description": description, "inputSchema": shape}


def text(words: str) -> dict[str, Any]:
    """The result of a call."""
    return {"content": [{"type": "text", "text": words}]}


def tools_of(kind: str) -> list[Tool]:
    """What is listed by a server of that kind."""
    if kind == "names":
        return [tool(name, str(number)) for number, name in enumerate(NAMES)]
    if kind.startswith("schema:"):
        return [tool("odd") | {"inputSchema": SCHEMAS[kind.partition(":")[2]]}]
    if kind == "described":
        return [tool("chatty", "x" * MIB)]
    return [tool("fine"), *map(tool, CONTENTS), *map(tool, CALLS)]


def listed(kind: str, pages: Iterator[int]) -> dict[str, Any]:
    """One page of tools; of endless ones there is always one more."""
    if kind == "pages":
        return {"tools": [tool(f"t{next(pages)}")], "nextCursor": str(next(pages))}
    if kind == "same_page":
        return {"tools": [tool("fine")], "nextCursor": "again"}
    if kind == "bad_list":
        return {"tools": "none"}
    return {"tools": tools_of(kind)}


def refuse(words: str) -> dict[str, Any]:
    """A failure, told at any length."""
    return {"isError": True, **text(words)}


def die() -> None:
    """End in the middle of an answer."""
    sys.stdout.write('{"jsonrpc": "2.0", "id":')
    sys.stdout.flush()
    os._exit(3)


def garbage() -> None:
    """What is no protocol, and an answer to nothing, before the right one."""
    sys.stdout.buffer.write(b"\xff\xfe\x00 no JSON\n[]\nnull\n{}\n")
    say({"jsonrpc": "2.0", "id": 10**9, "result": text("for nobody")})
    say({"jsonrpc": "2.0", "id": "1e400", "error": {"code": "x"}})


def flood() -> None:
    """Notes to its client's log, in colours, with what it was given to keep."""
    for number in range(FLOOD):
        note = {"level": "emergency", "data": f"\x1b[31m{number}\n{os.environ.get('SERVER_KEY')}"}
        say({"jsonrpc": "2.0", "method": "notifications/message", "params": note})


def ask() -> dict[str, Any]:
    """Want something of its client: what it answered, or the code of its refusal."""
    found = {}
    for method in ASKED:
        say({"jsonrpc": "2.0", "id": method, "method": method, "params": {}})
        while (answer := json.loads(sys.stdin.readline())).get("id") != method:
            pass
        found[method] = answer.get("result", "refused")
    return text(json.dumps(found))


CALLS: Final[dict[str, Callable[[], Any]]] = {
    "die": die,
    "garbage": garbage,
    "flood": flood,
    "ask": ask,
    "endless": lambda: sys.stdin.read(),
    "huge": lambda: text("x" * (2 * MIB)),
    "huge_failure": lambda: refuse("x" * 2 * MIB),
    "many": lambda: {"content": [{"type": "text", "text": "x"}] * 2_000},
    "deep": lambda: {"content": [], "structuredContent": {"a": nested(400)}},
    "empty": dict,
    "lies": lambda: {"content": [{"type": "text", "text": "no"}], "isError": "perhaps"},
}


def nested(depth: int) -> Any:
    """Lists in lists."""
    found: Any = "end"
    for _ in range(depth):
        found = [found]
    return found


def say(message: dict[str, Any]) -> None:
    """Write one message."""
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def result_of(request: dict[str, Any], kind: str, pages: Iterator[int]) -> Any:
    """What a request is answered with; None for nothing at all."""
    method, params = request["method"], request.get("params") or {}
    if method == "initialize":
        server = {"name": "hostile", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        return listed(kind, pages)
    if method != "tools/call":
        return {}
    name = params["name"]
    if name in CONTENTS:
        return {"content": CONTENTS[name]}
    found = CALLS[name]() if name in CALLS else None
    return text(name) if found is None else found


def serve(kind: str) -> None:
    """Answer until the other side has gone."""
    pages = itertools.count()
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request or "method" not in request:
            continue
        if kind == "silent" and request["method"] == "tools/list":
            continue
        say({"jsonrpc": "2.0", "id": request["id"], "result": result_of(request, kind, pages)})


if __name__ == "__main__":
    serve(sys.argv[1])
