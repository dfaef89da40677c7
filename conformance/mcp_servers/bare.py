"""A server over stdio without an SDK: for what a process of its own shows, in hundredths of the time to start one."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

BARE: Final = str(Path(__file__).resolve())
CLOSED: Final = {"type": "object", "additionalProperties": False}
WRAPPED: Final = {"x-fastmcp-wrap-result": True, "type": "object", "required": ["result"]}  # as fastmcp says it


class RefusedError(Exception):
    """What a tool raises to tell who called it."""


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


def fail(why: str) -> str:
    """Fail."""
    raise RefusedError(f"failed: {why}")


def process() -> str:
    """The process id of the server."""
    return f"{os.getpid():#010x}"


def die() -> str:
    """End the process of the server."""
    os._exit(3)


NUMBER: Final = {"type": "integer"}
TOOLS: Final[dict[str, tuple[Callable[..., Any], dict[str, Any], list[str], str]]] = {
    "add": (add, {"a": NUMBER, "b": NUMBER | {"default": 1}}, ["a"], "integer"),
    "fail": (fail, {"why": {"type": "string"}}, ["why"], "string"),
    "process": (process, {}, [], "string"),
    "die": (die, {}, [], "string"),
}


def listed() -> list[dict[str, Any]]:
    """The tools, as `tools/list` shows them."""
    return [
        {
            "name": name,
            "description": function.__doc__,
            "inputSchema": CLOSED | {"properties": properties, "required": required},
            "outputSchema": WRAPPED | {"properties": {"result": {"type": kind}}},
        }
        for name, (function, properties, required, kind) in TOOLS.items()
    ]


def called(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of a call, as `tools/call` shows it."""
    try:
        result = TOOLS[name][0](**arguments)
    except RefusedError as error:
        return {"content": [{"type": "text", "text": str(error)}], "isError": True}
    except (KeyError, TypeError) as error:
        return {"content": [{"type": "text", "text": f"{name!r}: {error}"}], "isError": True}
    return {"content": [{"type": "text", "text": str(result)}], "structuredContent": {"result": result}}


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """What a request is answered with; None where there is no such method."""
    match method:
        case "initialize":
            version = params["protocolVersion"]
            info = {"name": "bare", "version": "1"}
            return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
        case "tools/list":
            return {"tools": listed()}
        case "tools/call":
            return called(params["name"], params.get("arguments") or {})
        case "ping":
            return {}
    return None


def serve() -> None:
    """Answer the requests on standard input, a line each, until it ends."""
    for line in sys.stdin:
        message = json.loads(line)
        if "method" not in message or "id" not in message:
            continue  # what tells something asks for no answer
        result = answer(message["method"], message.get("params") or {})
        unknown = {"error": {"code": -32601, "message": f"no method {message['method']}"}}
        outcome = unknown if result is None else {"result": result}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"]} | outcome), flush=True)


if __name__ == "__main__":
    serve()
