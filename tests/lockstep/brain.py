"""What a scripted model says to nested runners: made of the request alone, whoever asks first."""

import random
import re
import zlib
from typing import Any, Final

from conformance.scripted import Call, Fault, Reply, Request
from tests.lockstep.record import Json, canonical

SPEAKER: Final = re.compile(r"I am (\w+)")
JUDGE: Final = "Judge how well an output does a task"
LINES: Final = (
    "done",
    "VERDICT: PASS\ngood",
    "VERDICT: REVISE\nlonger, please",
    "SCORE: 9\nfine",
    "SCORE: 2\nweak",
    "## Evaluation criteria\nshort\n## Plan\n1. do it",
    "",
)
FAILURES: Final = (Fault(500), Fault(429), Reply(refusal="no"), Reply("half", ends=False), Reply(stop="length"))


def speaker(request: Request) -> str:
    """Which member of a troupe asks; "" for a client that is in none."""
    messages = request.body.get("messages") or [{}]
    system = str(request.body.get("system") or messages[0].get("content"))
    if found := SPEAKER.search(system):
        return found[1]
    return "judge" if JUDGE in canonical(messages[-1:]) else ""


def answered(request: Request, salt: int) -> Reply | Fault:
    """What the model answers.

    Args:
        request: Request, as the server saw it.
        salt: int, another one gives other answers; an odd one fails at times.

    Returns:
        Reply or Fault: the same for the same request.
    """
    text = f"{salt} {speaker(request)} {canonical(request.body.get('messages'))}"
    luck = random.Random(zlib.crc32(text.encode()))
    if salt % 2 and luck.random() < 0.15:
        return luck.choice(FAILURES)
    if schema := _schema(request.body):
        return Reply(canonical(_fitting(schema, luck)))
    offered = [] if _is_mute(request.body) else _tools(request.body)
    if offered and luck.random() < 0.5:
        return Reply(calls=[_call(name, number, luck) for number, name in enumerate(offered) if luck.random() < 0.7])
    routes = re.findall(r"one of: ([^>]*)>", text)
    lines = [*LINES, *(f"ROUTE: {name}" for found in routes for name in found.split(", "))]
    return Reply(luck.choice(lines), thinking=luck.choice(["", "hm"]))


def _call(name: str, number: int, luck: random.Random) -> Call:
    arguments: Json = {"a": 1, "b": 2} if name == "add" else {"task": f"part {luck.randrange(3)}"}
    return Call(name, arguments if name in ("add", "moan") or arguments.get("task") else {}, f"call_{number}")


def _tools(body: Json) -> list[str]:
    return [tool["name"] if "name" in tool else tool["function"]["name"] for tool in body.get("tools") or ()]


def _is_mute(body: Json) -> bool:
    return body.get("tool_choice") in ("none", {"type": "none"})


def _schema(body: Json) -> Any:
    openai = (body.get("response_format") or {}).get("json_schema") or {}
    return openai.get("schema") or ((body.get("output_config") or {}).get("format") or {}).get("schema")


def _fitting(schema: Json, luck: random.Random) -> Any:
    if "enum" in schema:
        return luck.choice(schema["enum"])
    if schema.get("type") == "object":
        return {name: _fitting(part, luck) for name, part in (schema.get("properties") or {}).items()}
    if schema.get("type") == "array":
        return [_fitting(schema.get("items") or {}, luck)]
    return {"integer": luck.randrange(1, 11), "number": 0.5, "boolean": luck.random() < 0.5}.get(
        str(schema.get("type")), "text"
    )
