"""A Reply in the language of a model that runs in this process, and its prompts read back. Pure.

The language is ChatML with calls as Hermes writes them, which the micro model speaks: tools are lines in the system
message, a call is a JSON object between `<tool_call>` and `</tool_call>`, a thought stands between `<think>` and
`</think>`.
"""

import json
import re
from typing import Final

from conformance.outcomes import HarnessError
from conformance.scripted.pieces import argument_text, joined, pieces
from conformance.scripted.script import Answerable, Call, Gate, Json, Reply

OPENER: Final = "<tool_call>"
CLOSER: Final = "</tool_call>"
TOOLS: Final = "# Tools\n"
THINK: Final = " /think"
_TURN = re.compile(r"<\|im_start\|>(\w+)\n(.*?)(?:<\|im_end\|>\n?|\Z)", re.DOTALL)
_CALL = re.compile(r"\n?<tool_call>\n(.*?)\n</tool_call>", re.DOTALL)
_PARTS = re.compile(r'\{"name": ("(?:[^"\\]|\\.)*"), "arguments": (.*)\}', re.DOTALL)
_TOOL = re.compile(r"^([^\s(]+)\(", re.MULTILINE)
_RESPONSE = re.compile(r"<tool_response>\n(.*)\n</tool_response>", re.DOTALL)


def written(reply: Reply) -> list[str | Gate]:
    """What the model has to write to say a reply, and where it waits; the end of its turn comes after it.

    Args:
        reply: Reply, one that `sayable` lets pass.

    Returns:
        list of str and Gate: no two strings in a row.
    """
    said = [item for item in pieces(reply.text) if item != ""]
    thought = [item for item in pieces(reply.thinking) if item != ""]
    items: list[str | Gate] = [] if reply.before is None else [reply.before]
    if thought:
        items += ["<think>\n", *thought, "\n</think>\n\n"]
    items += said
    for number, call in enumerate(reply.calls):
        items.append(("\n" if said or number else "") + _call(call))
    return _merged(items)


def sayable(reply: Answerable) -> Reply:
    """Refuse what no model can say by what it writes: failures, the words of a wire, counts.

    Args:
        reply: Reply, Fault or Raw.

    Returns:
        Reply: the same.

    Raises:
        HarnessError: it is no Reply, or has what only a wire carries.
    """
    if not isinstance(reply, Reply):
        raise HarnessError(f"a model in this process cannot say {reply!r}; the scenario needs 'wire'")
    plain = Reply(reply.text, thinking=reply.thinking, calls=reply.calls, before=reply.before)
    beyond = [name for name in vars(reply) if getattr(reply, name) != getattr(plain, name)]
    if beyond and (beyond != ["stop"] or reply.stop != plain.stop_word):
        raise HarnessError(
            f"a model in this process cannot say {', '.join(beyond)} of a Reply; the scenario needs 'wire'"
        )
    if OPENER in joined(reply.text):
        raise HarnessError(f"the text has {OPENER!r}, which would be a call; give it as calls=")
    return reply


def read(prompt: str, may_call: bool) -> Json:
    """A prompt as the body of a request: messages, tools, and whether calls are allowed, as OpenAI writes them.

    Args:
        prompt: str, all the model reads, with its special tokens.
        may_call: bool, whether the opener of a call may be sampled.

    Returns:
        dict: `messages`; `tools` where there are any; `tool_choice` "none" where calls are forbidden;
        `enable_thinking` True where the prompt asks for it.
    """
    turns = _TURN.findall(prompt)
    if turns and turns[-1][0] == "assistant" and prompt.endswith(turns[-1][1]):
        turns.pop()  # the one that the model is to write
    body: Json = {"messages": []}
    for role, content in turns:
        if role == "system":
            content, body["tools"] = _system(content)
        if content or role != "system":
            body["messages"].append(_message(role, content))
    _take_thinking(body)
    if not body.get("tools"):
        body.pop("tools", None)
    elif not may_call:
        body["tool_choice"] = "none"
    return body


def _call(call: Call) -> str:
    arguments = _arguments(call)
    end = "}" if _is_json(arguments) else ""  # what is torn in the middle has no end
    return f'{OPENER}\n{{"name": {_json(call.name)}, "arguments": {arguments}{end}\n{CLOSER}'


def _arguments(call: Call) -> str:
    is_object = call.pieces is None and not isinstance(call.arguments, str)
    return _json(call.arguments) if is_object else argument_text(call) or "{}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _merged(items: list[str | Gate]) -> list[str | Gate]:
    merged: list[str | Gate] = []
    for item in items:
        if isinstance(item, str) and merged and isinstance(merged[-1], str):
            merged[-1] += item
        else:
            merged.append(item)
    return merged


def _system(content: str) -> tuple[str, list[Json]]:
    before, mark, lines = content.rpartition(TOOLS)
    if not mark or (before and not before.endswith("\n")):
        return content, []
    tools = [{"type": "function", "function": {"name": name}} for name in _TOOL.findall(lines)]
    return before.removesuffix("\n"), tools


def _message(role: str, content: str) -> Json:
    if role == "tool":
        found = _RESPONSE.fullmatch(content)
        return {"role": role, "content": found[1] if found else content}
    calls = [_read_call(match[1]) for match in _CALL.finditer(content)] if role == "assistant" else []
    if not calls:
        return {"role": role, "content": content}
    return {"role": role, "content": _CALL.sub("", content) or None, "tool_calls": calls}


def _read_call(text: str) -> Json:
    parts = _PARTS.fullmatch(text)
    name, arguments = (json.loads(parts[1]), parts[2]) if parts and _is_json(parts[1]) else ("", text)
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


def _take_thinking(body: Json) -> None:
    """The wish to think is written behind the last thing the user said."""
    asked = [message for message in body["messages"] if message["role"] == "user"]
    if asked and asked[-1]["content"].endswith(THINK):
        asked[-1]["content"] = asked[-1]["content"].removesuffix(THINK)
        body["enable_thinking"] = True
