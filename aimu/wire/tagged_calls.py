"""Blocks of tool calls between tags: JSON inside, or parameters in tags of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from aimu.core.reply import ToolCall
from aimu.wire.json_calls import calls_in, has_open_string, whole_value

OPENER, CLOSER = "<tool_call>", "</tool_call>"
_FUNCTION = re.compile(r"<function=([^>]*)>(.*?)(</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>]*)>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL)
_WORDS = {"True": True, "False": False, "None": None}


class TaggedBlock:
    """``<tool_call>`` to ``</tool_call>``, or to the next one, or to the end (FAMILY-5).

    A closing tag in a string or a parameter is part of it, unless nothing else would close the block.

    Args:
        tools: What was offered; tells the types of parameters that are written as text.
    """

    opener = OPENER

    def __init__(self, tools: Sequence[dict[str, Any]] = ()) -> None:
        self._tools = tools

    def end(self, held: str, *, is_last: bool) -> tuple[int, int] | None:
        found = list(re.finditer(f"{CLOSER}|{OPENER}", held))
        outside = [tag for tag in found if not _is_inside(held[: tag.start()])]
        if tag := next(iter(outside or (found if is_last else ())), None):
            return tag.start(), tag.end() if tag[0] == CLOSER else tag.start()
        return (len(held), len(held)) if is_last else None

    def calls(self, body: str) -> list[ToolCall]:
        functions = list(_FUNCTION.finditer(body)) if body.lstrip().startswith("<function=") else []
        if not functions:
            return calls_in(body)
        return [ToolCall("", one[1].strip(), self._arguments(one)) for one in functions]

    def _arguments(self, function: re.Match[str]) -> str:
        """As JSON; the model's own text when it is not whole, so that no tool runs with half of it."""
        name, body, closer = function.groups()
        if not closer:
            return body.strip() or function[0].strip()
        types = _types(self._tools, name.strip())
        values = {
            one[1].strip(): _typed(_inner(one[2]), types.get(one[1].strip())) for one in _PARAMETER.finditer(body)
        }
        return json.dumps(values, ensure_ascii=False)


def _is_inside(body: str) -> bool:
    if body.lstrip().startswith("<function="):
        return body.count("<parameter=") > body.count("</parameter>")
    return has_open_string(body)


def _inner(text: str) -> str:
    """A value without the line ends that set it apart from its tags."""
    return text.removeprefix("\n").removesuffix("\n")


def _types(tools: Sequence[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    functions = (tool["function"] for tool in tools)
    parameters = next((one.get("parameters") or {} for one in functions if one["name"] == name), {})
    return dict(parameters.get("properties") or {})


def _typed(text: str, schema: dict[str, Any] | None) -> Any:
    """The value a text stands for: itself, unless the parameter can be something else than text."""
    if schema is None or _may_be_text(schema):
        return text
    if text in _WORDS:
        return _WORDS[text]
    try:
        return whole_value(text)
    except ValueError:
        return text


def _may_be_text(schema: dict[str, Any]) -> bool:
    if any(_may_be_text(part) for key in ("anyOf", "oneOf") for part in schema.get(key, ())):
        return True
    kinds = schema.get("type", [])
    literals = [*schema.get("enum", ()), schema.get("const")]
    return "string" in (kinds if isinstance(kinds, list) else [kinds]) or any(isinstance(one, str) for one in literals)
