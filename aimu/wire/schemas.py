"""JSON Schemas, tightened to what the wires' constrained decoding takes.

An answer is validated against the schema it was made from, whatever a wire was sent: a form made here may
leave a bound out, but accepts nothing that has another shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Node = dict[str, Any]

_SHAPE = frozenset(
    [
        "type", "properties", "required", "additionalProperties", "items", "anyOf", "oneOf", "enum", "const",
        "$ref", "$defs", "definitions", "description",
    ]
)  # fmt: skip
# what bounds a value without changing its shape; a wire that refuses one is told it in words
_LIMITS = frozenset(
    [
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "pattern", "format", "minItems", "maxItems", "uniqueItems",
    ]
)  # fmt: skip
_ANNOTATIONS = frozenset(
    ["title", "default", "discriminator", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$comment"]
)
_KNOWN = _SHAPE | _LIMITS | _ANNOTATIONS
_CHOICES = frozenset(["$ref", "anyOf", "oneOf"])
_FORMATS = frozenset(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"])
_DEFINITIONS = ("$defs", "definitions")
# a pattern that GBNF reads as JSON Schema does
_PLAIN_PATTERN = re.compile(
    r"\^(?:(?:[A-Za-z0-9_ -]|\[[A-Za-z0-9_ ]+(?:-[A-Za-z0-9]+)*\])(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})?)*\$"
)
# a text that stands in a grammar as in JSON: the grammar maker escapes no backslash
_PLAIN_TEXT = re.compile(r'[^"\\\x00-\x1f\ud800-\udfff\U00010000-\U0010ffff]*')
_LENGTHS = frozenset(["minLength", "maxLength", "minItems", "maxItems"])
_LONGEST = 999  # llama.cpp reads each further repetition one level deeper


def is_closed(schema: Node) -> bool:
    """Whether a form of it can be made in which each object names all its properties, and nothing is lost."""
    return all(_is_plain(node) and not _is_open(node) for node in _nodes(schema))


def is_recursive(schema: Node, references: Callable[[Any], set[str]] | None = None) -> bool:
    """Whether a definition, or the whole, leads back to itself; by all its references, or those of the function."""
    definitions = {f"#/{key}/{name}": part for key in _DEFINITIONS for name, part in schema.get(key, {}).items()}
    body = {key: value for key, value in schema.items() if key not in _DEFINITIONS}
    leads_to = {ref: (references or _references)(part) for ref, part in {**definitions, "#": body}.items()}
    for start in leads_to:
        reached, ahead = set[str](), set(leads_to[start])
        while ahead:
            reached |= ahead
            ahead = {further for one in ahead for further in leads_to.get(one, ())} - reached
        if start in reached:
            return True
    return False


def strict(schema: Node) -> Node:
    """As OpenAI's strict mode wants it: each property required, no others."""

    def tightened(node: Node) -> Node:
        node = _told(_tidied(node), _refused_by_strict(node))
        return {**node, "required": list(node["properties"])} if "properties" in node else node

    rebuilt: Node = _rebuilt(schema, tightened)
    return rebuilt


def without_limits(schema: Node) -> Node:
    """As Anthropic's wire wants it: no other properties, and bounds told in words."""

    def told(node: Node) -> Node:
        keeps = {"format"} if node.get("format") in _FORMATS | {"uri"} else set[str]()
        keeps |= {"minItems"} if node.get("minItems") in (0, 1) else set()
        return _parted(_told(_tidied(node), _LIMITS - keeps))

    rebuilt: Node = _rebuilt(schema, told)
    return rebuilt


def has_grammar(schema: Node) -> bool:
    """Whether a grammar can be made that lets through all that fits, or some of it."""
    return (
        all(_is_plain(node) and all(map(_PLAIN_TEXT.fullmatch, _literals(node))) for node in _nodes(schema))
        and all(re.fullmatch(r"#/(\$defs|definitions)/[^/~%]+", ref) for ref in _references(schema))
        and not is_recursive(schema, _heads)
    )


def for_grammar(schema: Node) -> Node:
    """As llama.cpp's grammar maker wants it: no pattern or length that it cannot read."""

    def is_readable(key: str, value: Any) -> bool:
        if key == "pattern":
            return _PLAIN_PATTERN.fullmatch(value) is not None
        return key not in _LENGTHS or (isinstance(value, int) and value <= _LONGEST)

    def simple(node: Node) -> Node:
        return {key: value for key, value in node.items() if is_readable(key, value)}

    rebuilt: Node = _rebuilt(schema, simple)
    return rebuilt


def _literals(node: Node) -> list[str]:
    """The texts of a schema that an answer repeats."""
    values = [*node.get("properties", ()), *node.get("enum", ()), node.get("const")]
    return [value for value in values if isinstance(value, str)]


def _heads(node: Any) -> set[str]:
    """The references that may stand for the whole of it."""
    if not isinstance(node, dict):
        return set()
    own = {str(node["$ref"])} if "$ref" in node else set()
    return own.union(*(_heads(part) for key in ("anyOf", "oneOf") for part in node.get(key, ())))


def _refused_by_strict(node: Node) -> set[str]:
    refused = {"minLength", "maxLength", "uniqueItems"}
    refused |= {"format"} if node.get("format") not in _FORMATS else set()
    return refused | ({"pattern"} if "(?" in str(node.get("pattern")) else set())  # no looking around


def _tidied(node: Node) -> Node:
    node = {key: value for key, value in node.items() if key not in _ANNOTATIONS}
    if "$ref" in node and "description" in node:
        node["anyOf"] = [{"$ref": node.pop("$ref")}]  # nothing may stand beside a reference
    if "oneOf" in node:
        node["anyOf"] = node.pop("oneOf")
    if "properties" in node:
        node["additionalProperties"] = False
    return node


def _told(node: Node, refused: Iterable[str]) -> Node:
    """The node with what the wire refuses said in its description."""
    if not (limits := {key: node[key] for key in sorted(_LIMITS.intersection(node, refused))}):
        return node
    words = ", ".join(f"{key}: {value}" for key, value in limits.items())
    kept = {key: value for key, value in node.items() if key not in limits}
    return {**kept, "description": f"{node.get('description', '')} ({words})".strip()}


def _parted(node: Node) -> Node:
    """A node of several types as one node each."""
    if not isinstance(node.get("type"), list):
        return node
    outer = {key: node[key] for key in ("description", *_DEFINITIONS) if key in node}
    inner = {key: value for key, value in node.items() if key not in outer}
    return {**outer, "anyOf": [_of_type(inner, name) for name in node["type"]]}


def _of_type(node: Node, name: str) -> Node:
    belongs = {"array": {"items", "minItems"}, "object": {"properties", "required", "additionalProperties"}}
    others = set().union(*(keys for key, keys in belongs.items() if key != name))
    return {**{key: value for key, value in node.items() if key not in others}, "type": name}


def _is_plain(node: Any) -> bool:
    """Whether it says what it is in words that each wire knows."""
    if (
        not isinstance(node, dict)
        or not _KNOWN.issuperset(node)
        or not isinstance(node.get("additionalProperties", True), (bool, dict))
    ):
        return False
    choices = _CHOICES.intersection(node)
    if choices:
        return len(choices) == 1 and not (_SHAPE - _CHOICES - {"description", *_DEFINITIONS} | _LIMITS).intersection(
            node
        )
    values = [*node.get("enum", ()), *([node["const"]] if "const" in node else [])]
    if any(isinstance(value, (list, dict)) for value in values):
        return False
    kinds = node.get("type")
    if ("array" in (kinds or ())) and "items" not in node:
        return False
    return kinds is not None or bool(values)


def _is_open(node: Node) -> bool:
    """Whether an object of it may hold what it does not name."""
    if "object" not in (node.get("type") or ()) and "properties" not in node:
        return False
    names_all = set(node.get("properties", ())).issuperset(node.get("required", ()))
    return not names_all or node.get("additionalProperties", "properties" not in node) is not False


def _references(schema: Any) -> set[str]:
    return {str(node["$ref"]) for node in _nodes(schema) if isinstance(node, dict) and "$ref" in node}


def _nodes(node: Any) -> Iterator[Any]:
    """A schema and each one inside it."""
    yield node
    if not isinstance(node, dict):
        return
    for child in _children(node):
        yield from _nodes(child)


def _children(node: Node) -> Iterator[Any]:
    for key in ("properties", *_DEFINITIONS):
        yield from node.get(key, {}).values()
    for key in ("anyOf", "oneOf"):
        yield from node.get(key, ())
    for key in ("items", "additionalProperties"):
        if key in node and not (key == "additionalProperties" and isinstance(node[key], bool)):
            yield node[key]


def _rebuilt(node: Any, change: Callable[[Node], Node]) -> Any:
    """The schema with ``change`` made to each one inside it, innermost first."""
    if not isinstance(node, dict):
        return node
    made = dict(node)
    for key in ("properties", *_DEFINITIONS):
        if key in made:
            made[key] = {name: _rebuilt(child, change) for name, child in made[key].items()}
    for key in ("anyOf", "oneOf"):
        if key in made:
            made[key] = [_rebuilt(child, change) for child in made[key]]
    for key in ("items", "additionalProperties"):
        if key in made:
            made[key] = _rebuilt(made[key], change)
    return change(made)
