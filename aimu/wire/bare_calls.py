"""Replies that are a tool call and nothing else: Llama 3's JSON, from any fragments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aimu.core.reply import Piece, ToolCall
from aimu.wire.blocks import BlockReader
from aimu.wire.json_calls import call_of, calls_in, has_arguments, next_value, torn_call, value_at

SILENT = ("<|eom_id|>", "<|eot_id|>")
_KEYS = ("type", "name", "id", "function", "parameters", "arguments")
_HEAD = re.compile(r'\{\s*(?:"(\w*)("?)|\Z)')


class PythonTag:
    """``<|python_tag|>`` and the calls behind it."""

    opener = "<|python_tag|>"

    def end(self, held: str, *, is_last: bool) -> tuple[int, int] | None:
        if (end := end_of_calls(held, is_last=is_last)) is None:
            return (len(held), len(held)) if is_last else None
        return end, end

    def calls(self, body: str) -> list[ToolCall]:
        return calls_in(body)


class BareReader(BlockReader):
    """A reply that begins with the JSON of a call is calls; one that merely begins like it is an answer (FAMILY-4)."""

    def __init__(self, prompt: str) -> None:
        super().__init__([PythonTag()], prompt, silent=SILENT)
        self._start: str | None = ""

    def _answer(self, text: str, *, is_last: bool = False) -> Iterator[Piece]:
        if self._start is not None:
            self._start += text
            if (rest := self._behind_calls(self._start.lstrip(), is_last=is_last)) is None:
                return
            text = rest if self._calls else self._start
            self._start = None
        yield from super()._answer(text, is_last=is_last)

    def _behind_calls(self, text: str, *, is_last: bool) -> str | None:
        """What follows the calls that the text begins with; None while that is open."""
        if not (text or is_last):
            return None
        if (found := _is_call(text, is_last=is_last)) is None:
            return None
        if not found:
            return text
        if (end := end_of_calls(text, is_last=is_last)) is None and not is_last:
            return None
        self._take(calls_in(text[:end]))
        return text[end:] if end is not None else ""

    def _take(self, calls: list[ToolCall]) -> None:
        self._calls += calls
        self._is_behind = True


def end_of_calls(text: str, *, is_last: bool) -> int | None:
    """Where a sequence of objects ends; None while another may follow, or when one is not whole."""
    at = 0
    while True:
        try:
            _, at = value_at(text, next_value(text, at))
        except ValueError:
            return None
        following = next_value(text, at)
        if following == len(text) and not is_last:
            return None
        if not text.startswith("{", following):
            return at


def _is_call(text: str, *, is_last: bool) -> bool | None:
    """Whether the text begins with a call; None while that cannot be known."""
    head = _HEAD.match(text)
    if not head or not _may_be_key(head[1] or "", is_whole=bool(head[2])):
        return False
    try:
        value, _ = value_at(text, 0)
    except ValueError:
        return (bool(torn_call(text).name) and has_arguments(text)) if is_last else None
    return bool(call_of(value).name) and _has_shape_of_call(value)


def _has_shape_of_call(value: dict[str, Any]) -> bool:
    is_wrapped = value.get("type") == "function" or isinstance(value.get("function"), dict)
    return is_wrapped or "parameters" in value or "arguments" in value


def _may_be_key(key: str, *, is_whole: bool) -> bool:
    return key in _KEYS if is_whole else any(one.startswith(key) for one in _KEYS)
