"""Blocks of tool calls behind special tokens: Mistral's and DeepSeek's."""

from __future__ import annotations

import re

from aimu.core.reply import ToolCall
from aimu.wire.json_calls import calls_in, canonical_text, has_open_string, value_at

_HEAD = re.compile(r"\s*([^\[{]*?)\s*(?:\[CALL_ID\]\s*([^\[{\s]*)\s*)?(?:\[ARGS\]\s*|(?=[\[{])|\Z)")
_SEPARATOR = r"<｜tool[▁_ ]sep｜>"
_CALL = re.compile(
    r"<｜tool[▁_ ]call[▁_ ]begin｜>(.*?)(?:<｜tool[▁_ ]call[▁_ ]end｜>|(?=<｜tool[▁_ ]call[▁_ ]begin)|\Z)", re.DOTALL
)
_FENCED = re.compile(r"\s*([^\n`{]*?)\s*```(?:json)?\s*(.*?)\s*(?:```\s*)?\Z", re.DOTALL)


class MistralBlock:
    """``[TOOL_CALLS]`` and a list of objects, or a name, ``[ARGS]`` and its arguments, up to the end of its JSON."""

    opener = "[TOOL_CALLS]"

    def end(self, held: str, *, is_last: bool) -> tuple[int, int] | None:
        head = _HEAD.match(held)
        try:
            _, at = value_at(held, head.end() if head else 0)
            return at, at
        except ValueError:
            at = held.find(self.opener)
            if at >= 0 and (is_last or not has_open_string(held[:at])):
                return at, at
        return (len(held), len(held)) if is_last else None

    def calls(self, body: str) -> list[ToolCall]:
        head = _HEAD.match(body)
        if not (head and head[1]):
            return calls_in(body)
        arguments = body[head.end() :].strip() or body.strip()
        return [ToolCall(head[2] or "", head[1], canonical_text(arguments))]


class DeepSeekBlock:
    """``<｜tool▁calls▁begin｜>`` to its end, each call marked inside (FAMILY-5).

    Args:
        space: How the words of the marks are joined; distilled models write them in other ways than the template.
    """

    def __init__(self, space: str = "▁") -> None:
        self.opener = f"<｜tool{space}calls{space}begin｜>"
        self._closer = f"<｜tool{space}calls{space}end｜>"

    def end(self, held: str, *, is_last: bool) -> tuple[int, int] | None:
        found = [match.start() for match in re.finditer(re.escape(self._closer), held)]
        outside = [at for at in found if not has_open_string(re.split(_SEPARATOR, held[:at])[-1])]
        for at in outside or (found if is_last else ()):
            return at, at + len(self._closer)
        return (len(held), len(held)) if is_last else None

    def calls(self, body: str) -> list[ToolCall]:
        return [_marked(one[1]) for one in _CALL.finditer(body)] or calls_in(body)


def _marked(text: str) -> ToolCall:
    """A call of DeepSeek: ``function``, separator, name and fenced arguments; or name, separator, arguments."""
    first, *rest = re.split(_SEPARATOR, text, maxsplit=1)
    if not rest:
        return ToolCall("", "", text.strip())
    fenced = _FENCED.match(rest[0])
    name, arguments = (fenced[1], fenced[2]) if fenced else (first, rest[0])
    return ToolCall("", name.strip(), canonical_text(arguments.strip() or text))
