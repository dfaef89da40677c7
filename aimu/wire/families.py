"""The families of chat templates, and which of them a template belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from aimu.core.messages import Message
from aimu.wire.bare_calls import SILENT, BareReader
from aimu.wire.blocks import Block
from aimu.wire.family import Constraint, Family, Reader, Tools
from aimu.wire.harmony import CHANNEL, MESSAGE, ChannelReader
from aimu.wire.ids import accepted_id
from aimu.wire.marked_calls import DeepSeekBlock, MistralBlock
from aimu.wire.schemas import for_grammar, has_grammar
from aimu.wire.tagged_calls import CLOSER, OPENER, TaggedBlock
from aimu.wire.thinktags import CLOSE, OPEN

__all__ = ["FAMILIES", "Constraint", "Family", "Reader", "family_named", "family_of"]

_SILENT = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
_DEFINITIONS = ("$defs", "definitions")


class Plain(Family):
    """Text, and thinking between tags; no calls."""

    name = "plain"
    alternates = True
    silent = _SILENT


class Tagged(Family):
    """Calls between ``<tool_call>`` tags, their parameters in tags of their own."""

    name = "qwen_xml"
    openers = (OPENER,)
    silent = _SILENT

    def blocks(self, tools: Tools) -> Sequence[Block]:
        return [TaggedBlock(tools)]


class Hermes(Tagged):
    """Calls between ``<tool_call>`` tags, each a JSON object."""

    name = "hermes"

    def constraint(self, tools: Tools) -> Constraint | None:
        functions = [tool["function"] for tool in tools]
        given = [one.get("parameters") or {"type": "object", "properties": {}} for one in functions]
        if not (functions and all(map(has_grammar, given))):
            return None
        schemas = [for_grammar(schema) for schema in given]
        definitions = {key: _merged([schema.get(key, {}) for schema in schemas]) for key in _DEFINITIONS}
        if None in definitions.values():
            return None
        calls = [_call_schema(one["name"], schema) for one, schema in zip(functions, schemas, strict=True)]
        schema = {**{key: parts for key, parts in definitions.items() if parts}, "anyOf": calls}
        return Constraint(OPENER, "\n", schema, "\n" + CLOSER) if has_grammar(schema) else None


class Llama(Family):
    """A reply that is the JSON of a call, or follows ``<|python_tag|>``."""

    name = "llama3"
    is_single = True
    silent = SILENT

    def reader(self, prompt: str, tools: Tools = ()) -> Reader:  # noqa: ARG002
        return BareReader(prompt)


class Mistral(Family):
    """Calls behind ``[TOOL_CALLS]``; ids of nine letters and digits."""

    name = "mistral"
    openers = (MistralBlock.opener,)
    alternates = True
    tags = (("[THINK]", "[/THINK]"), (OPEN, CLOSE))

    def blocks(self, tools: Tools) -> Sequence[Block]:  # noqa: ARG002
        return [MistralBlock()]

    def _call_id(self, call_id: str) -> str:
        return accepted_id(call_id, r"[A-Za-z0-9]{9}")


class Harmony(Family):
    """Channels: analysis, commentary, final; a call is a message to a function."""

    name = "harmony"
    is_single = True
    has_frames = True

    def reader(self, prompt: str, tools: Tools = ()) -> Reader:  # noqa: ARG002
        return ChannelReader(prompt)

    def text_reader(self, prompt: str) -> Reader:
        return ChannelReader(prompt)

    def message(self, message: Message) -> dict[str, Any]:
        """A thought stands beside calls only, and what was said is part of it: templates take one of the two."""
        made = super().message(message)
        thought = made.pop("reasoning_content", "")
        if thought and "tool_calls" in made:
            said, made["content"] = made["content"], ""
            made["thinking"] = "\n\n".join(filter(None, (thought, said)))
        return made


class DeepSeek(Family):
    """Calls between marks of special tokens."""

    name = "deepseek"
    openers = tuple(DeepSeekBlock(space).opener for space in "▁_ ")

    def blocks(self, tools: Tools) -> Sequence[Block]:  # noqa: ARG002
        return [DeepSeekBlock(space) for space in "▁_ "]

    def message(self, message: Message) -> dict[str, Any]:
        """Calls without text have None, and with text too where a template would leave the calls out for it."""
        made = super().message(message)
        if "tool_calls" in made and (not made["content"] or _ASKS_FOR_NONE.search(self._template)):
            made["content"] = None
        return made


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {one.name: one for one in (Hermes(), Tagged(), Llama(), Mistral(), Harmony(), DeepSeek(), Plain())}
)
# what only templates of a family say, the most telling first
_SIGNS = (
    ("harmony", rf"(?s){re.escape(CHANNEL)}.*{re.escape(MESSAGE)}"),
    ("mistral", r"\[TOOL_CALLS\]"),
    ("deepseek", "<｜tool▁calls▁begin｜>"),
    ("qwen_xml", r"(?s)<tool_call>.*<function="),
    ("hermes", r"""(?s)<tool_call>.*arguments\\?["']"""),
    ("llama3", r'(?s)<\|start_header_id\|>.*"parameters": '),
)
_ASKS_FOR_NONE = re.compile(r"""\bcontent['"]?\]? is (?:not )?none""")


def family_of(template: str) -> Family:
    """The family that a chat template belongs to, by what stands in it; ``plain`` when it has no calls (FAMILY-1)."""
    name = next((name for name, sign in _SIGNS if re.search(sign, template)), "plain")
    return type(FAMILIES[name])(template)


def family_named(name: str) -> Family:
    """The family of a name.

    Raises:
        ValueError: there is none; the text lists the names.
    """
    if name not in FAMILIES:
        raise ValueError(f"no template family {name!r}; use one of {', '.join(FAMILIES)}")
    return FAMILIES[name]


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Definitions of several tools as one; None when two mean different things by one name."""
    made: dict[str, Any] = {}
    for part in parts:
        if any(made.get(name, schema) != schema for name, schema in part.items()):
            return None
        made.update(part)
    return made


def _call_schema(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    arguments = {key: part for key, part in parameters.items() if key not in _DEFINITIONS}
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
