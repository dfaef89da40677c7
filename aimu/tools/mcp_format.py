"""Between MCP and a model: tools as OpenAI specs, arguments checked, results as text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import count, islice
from typing import Any

from aimu.errors import ToolError

TEXT_LIMIT = 2**20  # characters of one result that reach the model
SCHEMA_LIMIT = 2**15  # characters of a schema that arguments are checked by
REFERENCE_LIMIT = 1000  # followed in one check; two references to two references to two have no end
DESCRIPTION_LIMIT = 2**14  # characters of one tool's description, which every request repeats
NAME_LENGTH = 64
SHOWN_ERRORS = 5
SHOWN_TEXT = 300


def mcp_tools_to_openai(tools: Iterable[Any]) -> list[dict[str, Any]]:
    """MCP tools as OpenAI tool specs (MCP-3).

    Args:
        tools: What ``list_tools()`` of an MCP client gives.

    Returns:
        One ``{"type": "function", "function": {"name", "description", "parameters"}}`` per name, in
        the server's order. Of two tools of one name the first counts. A name that a provider would
        refuse is made legal, and stays unique.
    """
    return [spec for _, spec in specs_of_tools(tools)]


def specs_of_tools(tools: Iterable[Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Each MCP tool with its OpenAI spec, as ``mcp_tools_to_openai`` gives them."""
    named: dict[str, Any] = {}
    for tool in tools:
        named.setdefault(tool.name, tool)
    return [(named[name], _spec(wire, named[name])) for wire, name in wire_names(list(named)).items()]


def _spec(name: str, tool: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}, **(tool.input_schema or {})}
    description = cut(tool.description or "", DESCRIPTION_LIMIT)
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


def wire_names(names: Sequence[str]) -> dict[str, str]:
    """Names that every provider takes, each with the name it stands for; legal ones keep theirs (MCP-3)."""
    found = dict.fromkeys(names)
    taken = {name for name in found if re.fullmatch(rf"[A-Za-z0-9_-]{{1,{NAME_LENGTH}}}", name)}
    wires: dict[str, str] = {}
    for name in found:
        wire = name if name in taken else _legal(name, taken | wires.keys())
        wires[wire] = name
    return wires


def _legal(name: str, taken: set[str]) -> str:
    wire = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    if 0 < len(wire) <= NAME_LENGTH and wire not in taken:
        return wire
    mark = "_" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return wire[: NAME_LENGTH - len(mark)] + mark


def checked_arguments(schema: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, if they fit the schema that the server shows for its tool (MCP-4, SECURITY-8).

    A schema that is itself broken, or endless, checks nothing, and no pattern is tried: the server has its own say.

    Raises:
        ToolError: they do not fit; the text names each bad argument.
    """
    try:
        if len(json.dumps(schema)) > SCHEMA_LIMIT:
            return arguments
        errors = list(islice(_errors(schema, arguments), SHOWN_ERRORS))
    except Exception:  # whatever a stranger's schema may trip over
        return arguments
    if errors:
        raise ToolError("; ".join(_explained(error) for error in errors))
    return arguments


def _errors(schema: dict[str, Any], arguments: dict[str, Any]) -> Iterable[Any]:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend, validator_for
    from referencing import Registry

    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    by_name = kind.VALIDATORS["additionalProperties"]

    def others(validator: Any, allowed: Any, given: Any, part: dict[str, Any]) -> Iterable[Any]:
        return () if "patternProperties" in part else by_name(validator, allowed, given, part)

    followed, by_reference = count(1), kind.VALIDATORS["$ref"]

    def reference(validator: Any, to: str, given: Any, part: dict[str, Any]) -> Iterable[Any]:
        if next(followed) > REFERENCE_LIMIT:
            raise RecursionError(f"more than {REFERENCE_LIMIT} references were followed")
        found: Iterable[Any] = by_reference(validator, to, given, part)
        return found

    # a stranger's pattern may take for ever, with the event loop in its hands
    unread = dict.fromkeys(("pattern", "patternProperties", "unevaluatedProperties", "$dynamicRef"), lambda *_: ())
    trusted: Any = extend(kind, {**unread, "additionalProperties": others, "$ref": reference})  # type: ignore[no-untyped-call]
    # an empty registry: a stranger's $ref fetches nothing
    errors: Iterable[Any] = trusted(schema, registry=Registry()).iter_errors(arguments)
    return errors


def _explained(error: Any) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    text = str(error.message)
    text = text if len(text) <= SHOWN_TEXT else text[:SHOWN_TEXT] + "..."
    return f"argument {where!r}: {text}" if where else f"arguments: {text}"


def sendable_params(name: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """The arguments of a call, which have to have a JSON form.

    Raises:
        TypeError: they have none.
    """
    from pydantic_core import PydanticSerializationError, to_json

    arguments = dict(params or {})
    try:
        to_json(arguments)
    except (PydanticSerializationError, ValueError) as exc:
        raise TypeError(f"the params of tool {name!r} have no JSON form: {exc}") from exc
    return arguments


class MCPToolState:
    """What both surfaces know of a server's tool: what ``@tool`` records on a function.

    Args:
        client: The MCPClient that calls it.
        tool: As the server describes it.
        spec: Its OpenAI spec.
    """

    def __init__(self, client: Any, tool: Any, spec: dict[str, Any]) -> None:
        self._client = client
        self._name = str(tool.name)  # the server's, since another tool may get the model's name for it
        self.__tool_spec__ = spec
        self.__name__ = str(spec["function"]["name"])

    def __tool_validate__(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return checked_arguments(self.__tool_spec__["function"]["parameters"], arguments)

    def __repr__(self) -> str:
        return f"<MCP tool {self.__name__!r}>"


def result_text(result: Any) -> str:
    """A tool's result as the text a model reads (MCP-5).

    Args:
        result: What ``call_tool`` of an MCP client gives.

    Returns:
        Its texts, one per line; without any, its structured content as JSON. What is no text is a
        short note of its kind and size. Past 2**20 characters it is cut, and says so.
    """
    parts = [_part(part) for part in result.content]
    if not any(is_text for is_text, _ in parts) and result.structured_content is not None:
        parts.insert(0, (True, json.dumps(result.structured_content, ensure_ascii=False, default=str)))
    return cut("\n".join(text for _, text in parts), TEXT_LIMIT)


def cut(text: str, limit: int) -> str:
    """The text as far as the limit, and how many characters are missing."""
    return text if len(text) <= limit else f"{text[:limit]}\n[cut: {len(text) - limit} more characters]"


def _part(part: Any) -> tuple[bool, str]:
    """Whether it is text, and its text."""
    if part.type == "text":
        return True, part.text
    if part.type == "resource_link":
        return True, f"{part.name}: {part.uri}"
    if part.type != "resource":
        return False, _note(getattr(part, "mime_type", None) or part.type, getattr(part, "data", ""))
    if (text := getattr(part.resource, "text", None)) is not None:
        return True, text
    return False, _note(part.resource.mime_type or "resource", part.resource.blob)


def _note(kind: str, encoded: str) -> str:
    size = len(encoded) * 3 // 4 - encoded[-2:].count("=")
    return f"[{kind}, {size} bytes]"
