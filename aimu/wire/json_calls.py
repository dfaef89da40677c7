"""Tool calls that a model wrote as JSON, whole or torn."""

from __future__ import annotations

import json
import re
from typing import Any

from aimu.core.reply import ToolCall

_ARGUMENTS = re.compile(r'"(?:arguments|parameters)"\s*:\s*')
_NAME = re.compile(r'"name"\s*:\s*("(?:[^"\\]|\\.)*")')
_BETWEEN = " \t\r\n,;[]"


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refused)


def calls_in(text: str) -> list[ToolCall]:
    """The calls of a block: one for each JSON object in it, one for what is none (FAMILY-5)."""
    calls: list[ToolCall] = []
    at = next_value(text, 0)
    while at < len(text):
        try:
            value, end = value_at(text, at)
            calls.append(call_of(value))
        except ValueError:
            if not calls or '"' in text[at:]:  # a bracket too many loses nothing
                calls.append(torn_call(text[at:]))
            break
        at = next_value(text, end)
    return calls or [ToolCall("", "", "")]


def next_value(text: str, at: int) -> int:
    """Where the next object of a list or a sequence begins, or the text ends."""
    return len(text) - len(text[at:].lstrip(_BETWEEN))


def value_at(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins there, and where it ends.

    Raises:
        ValueError: there is none, or it is not whole.
    """
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def whole_value(text: str) -> Any:
    """The JSON value that the text is, white space aside.

    Raises:
        ValueError: it is none.
    """
    text = text.strip()
    value, end = value_at(text, 0)
    if end < len(text):
        raise ValueError(f"more than one value: {text!r}")
    return value


def call_of(value: Any) -> ToolCall:
    """The call an object stands for; keys that are not those of a call are its arguments.

    Raises:
        ValueError: it is no object.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no object")
    inner = value.get("function")
    if isinstance(inner, dict):
        value = {**value, **inner}
    rest = {key: item for key, item in value.items() if key not in ("type", "id", "name", "function")}
    given = next((rest[key] for key in ("arguments", "parameters") if key in rest), rest)
    name = value.get("name") or inner
    call_id = value.get("id")
    return ToolCall(_as_text(call_id), _as_text(name), canonical(given))


def torn_call(text: str) -> ToolCall:
    """The call of a text that is no JSON: its name, and its arguments as far as they go.

    Arguments that are not whole are the model's own text, so that no tool runs with half of them.
    """
    if not (found := _ARGUMENTS.search(text)):
        return ToolCall("", _named(text), text.strip())
    try:
        value, end = value_at(text, found.end())
        arguments = canonical(value)
    except ValueError:
        return ToolCall("", _named(text[: found.start()]), text[found.end() :].strip() or text.strip())
    return ToolCall("", _named(text[: found.start()] + text[end:]), arguments)


def has_arguments(text: str) -> bool:
    """Whether the arguments of a call begin somewhere in the text."""
    return _ARGUMENTS.search(text) is not None


def canonical(value: Any) -> str:
    """Arguments as history holds them; what is no JSON object stays as the model wrote it.

    Raises:
        ValueError: the value has no JSON form.
    """
    if isinstance(value, str):
        return canonical_text(value)
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def canonical_text(text: str) -> str:
    """A text of arguments as history holds it: a JSON object in one form, anything else as it is."""
    text = text.strip()
    try:
        value = whole_value(text)
        return canonical(value) if isinstance(value, dict) else text
    except ValueError:
        return text


def has_open_string(text: str) -> bool:
    """Whether the text, read as JSON, ends inside a string."""
    return re.sub(r"\\.", "", text, flags=re.DOTALL).count('"') % 2 == 1


def _named(text: str) -> str:
    found = _NAME.search(text)
    try:
        return str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""
