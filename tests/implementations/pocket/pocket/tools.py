"""Functions that a model may call: what is told of them, what they take and what they give.

pydantic is imported when the first tool is made, so that importing this package stays light.
"""

import functools
import inspect
import json
import typing
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from pocket.errors import ToolError, ToolSignatureError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["ToolError", "ToolSignatureError", "tool"]

Tool = Callable[..., Any]
PLAIN: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
MISSING: Final = inspect.Parameter.empty


def tool(function: Tool) -> Any:
    """Make a function a tool: `__tool_spec__` and `__tool_is_async__` are put on it.

    Raises:
        ToolSignatureError: it cannot be offered to a model.
    """
    inner = innermost(function)
    name = getattr(inner, "__name__", type(inner).__name__)
    if inspect.isgeneratorfunction(_code_of(inner)) or inspect.isasyncgenfunction(_code_of(inner)):
        raise ToolSignatureError(f"tool {name!r} is a generator function; return a list instead")
    adapters = {each.name: _adapter(name, each, hint) for each, hint in _parameters(name, function)}
    marked = functools.partial(function) if inspect.ismethod(function) else function
    marked.__tool_spec__ = _spec(name, function, adapters)  # type: ignore[attr-defined]
    marked.__tool_is_async__ = inspect.iscoroutinefunction(_code_of(inner))  # type: ignore[attr-defined]
    marked.__tool_adapters__ = adapters  # type: ignore[attr-defined]
    return marked


def checked(tools: Iterable[Any]) -> list[Any]:
    """The tools as a list of its own; ValueError for what is no tool, and for two of one name."""
    found = list(tools)
    for each in found:
        if not hasattr(each, "__tool_spec__"):
            raise ValueError(f"{getattr(each, '__name__', each)!r} is no tool; decorate it with @{_package()}.tool")
    names = [name_of(each) for each in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two tools are called {twice[0]!r}; rename one")
    return found


def name_of(made: Any) -> str:
    """The name that a model calls a tool by."""
    return str(made.__tool_spec__["function"]["name"])


def innermost(function: Any) -> Any:
    """The function inside partials and bound methods, or the callable object."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__func__", function)


def arguments_of(made: Any, text: str) -> dict[str, Any]:
    """The arguments of a call, as the tool takes them; ValueError says to the model what is wrong."""
    name, adapters = name_of(made), made.__tool_adapters__
    try:
        given = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        given = text
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise ValueError(f"the arguments of {name!r} are not a JSON object: {text!r}")
    if unknown := sorted(set(given) - set(adapters)):
        raise ValueError(f"{name!r} has no parameter '{unknown[0]}'; it has {', '.join(adapters) or 'none'}")
    if missing := [each for each in made.__tool_spec__["function"]["parameters"]["required"] if each not in given]:
        raise ValueError(f"{name!r} needs a value for '{missing[0]}'")
    return {each: _validated(name, each, adapters[each], value) for each, value in given.items()}


def as_text(name: str, result: Any) -> str:
    """What the model gets of a result: text as it is, the rest as JSON; TypeError where there is none."""
    from pydantic_core import PydanticSerializationError, to_json

    try:
        text = result if isinstance(result, str) else to_json(result).decode()
    except PydanticSerializationError as error:
        kind = type(result).__name__
        raise TypeError(f"tool {name!r} returned {kind}, which has no JSON form; return text or plain data") from error
    return whole(text)


def whole(text: str) -> str:
    """The text with halves of characters joined or replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _package() -> str:
    return __name__.partition(".")[0]


def _code_of(inner: Any) -> Any:
    return inner if inspect.isroutine(inner) else type(inner).__call__


def _parameters(name: str, function: Tool) -> list[tuple[inspect.Parameter, Any]]:
    inner = innermost(function)
    try:
        hints = typing.get_type_hints(_code_of(inner), include_extras=True)
        found = list(inspect.signature(function, follow_wrapped=True).parameters.values())
    except (NameError, TypeError, ValueError) as error:
        raise ToolSignatureError(f"tool {name!r}: its signature cannot be read: {error}") from error
    for each in found:
        if each.kind not in PLAIN:
            raise ToolSignatureError(
                f"tool {name!r}: {each.name!r} is not a plain parameter; give each a name of its own"
            )
        if each.name not in hints and each.default is MISSING:
            raise ToolSignatureError(f"tool {name!r}: {each.name!r} has neither hint nor default; give it a type")
    return [(each, hints.get(each.name, type(each.default))) for each in found]


def _adapter(name: str, parameter: inspect.Parameter, hint: Any) -> "TypeAdapter[Any]":
    from pydantic import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, TypeAdapter

    try:
        adapter = TypeAdapter(hint)
        adapter.json_schema()
    except (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError) as error:
        raise ToolSignatureError(
            f"tool {name!r}: {parameter.name!r} has a type without a JSON form: {error}"
        ) from error
    return adapter


def _spec(name: str, function: Tool, adapters: "dict[str, TypeAdapter[Any]]") -> dict[str, Any]:
    from docstring_parser import parse

    inner = innermost(function)
    text = inspect.getdoc(function if inspect.isroutine(inner) else inner) or ""
    parts = parse(inspect.getdoc(inner) or text)
    told = "\n\n".join(part for part in (parts.short_description, parts.long_description) if part)
    described = {each.arg_name: each.description for each in parts.params}
    parameters: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    for each, hint in _parameters(name, function):
        schema, definitions = _shown(adapters[each.name])
        if text := _described(hint) or described.get(each.name) or "":
            schema.setdefault("description", text)
        if each.default is MISSING:
            parameters["required"].append(each.name)
        else:
            schema["default"] = json.loads(as_text(name, [each.default]))[0]
        parameters["properties"][each.name] = schema
        if definitions:
            parameters.setdefault("$defs", {}).update(definitions)
    return {"type": "function", "function": {"name": name, "description": told, "parameters": parameters}}


def _shown(adapter: "TypeAdapter[Any]") -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema of one parameter, `T | None` as that of T, and the definitions that it refers to."""
    schema = adapter.json_schema()
    definitions = schema.pop("$defs", {})
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) == 1:
        schema = {key: value for key, value in schema.items() if key != "anyOf"} | kinds[0]
    schema.pop("title", None)
    return schema, definitions


def _described(hint: Any) -> str:
    if typing.get_origin(hint) is not typing.Annotated:
        return ""
    return next((each for each in hint.__metadata__ if isinstance(each, str)), "")


def _validated(name: str, parameter: str, adapter: "TypeAdapter[Any]", value: Any) -> Any:
    from pydantic import ValidationError

    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in (parameter, *first["loc"]))
        raise ValueError(f"{name!r} got {first['input']!r} for '{place}': {first['msg']}") from error
