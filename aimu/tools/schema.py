"""From a function's signature to the JSON Schema a model sees and the validator its arguments meet."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import docstring_parser
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema

from aimu.core.typed_dicts import portable
from aimu.errors import ToolError, ToolSignatureError


class _Schema(GenerateJsonSchema):
    """A default without a JSON form is left out of the schema; the function still has it."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012


@dataclass(frozen=True)
class ToolSignature:
    """What ``@tool`` records: the spec, and arguments in to keyword arguments out."""

    spec: dict[str, Any]
    model: type[BaseModel]

    def validate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments, coerced to the parameters' types; only those that were given.

        Raises:
            ToolError: they do not fit; the text names each bad argument.
        """
        try:
            values = self.model.model_validate(arguments)
        except ValidationError as exc:
            raise ToolError("; ".join(_explained(error) for error in exc.errors(include_url=False))) from exc
        names = {name: field.alias or name for name, field in self.model.model_fields.items()}
        return {names[name]: getattr(values, name) for name in names if name in values.model_fields_set}


def read_signature(function: Callable[..., Any]) -> ToolSignature:
    """Read a function's parameters, hints and docstring."""
    plain = _plain(function)
    name = _name(function)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise ToolSignatureError(f"{name!r} cannot name a tool; use up to 64 letters, digits, '_' and '-'")
    if inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain):
        raise ToolSignatureError(f"tool {name!r} is a generator function; return the whole result instead")
    doc = docstring_parser.parse(
        inspect.getdoc(function if not isinstance(function, functools.partial) else plain) or ""
    )
    described = {parameter.arg_name: parameter.description or "" for parameter in doc.params}
    hints = _hints(name, plain)
    fields: dict[str, Any] = {
        f"parameter_{index}": _field(name, parameter, hints, described)
        for index, parameter in enumerate(inspect.signature(function).parameters.values())
    }
    try:
        model = create_model(
            f"{name}_arguments", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=False), **fields
        )
        parameters = model.model_json_schema(schema_generator=_Schema)
    except PydanticUserError as exc:
        raise ToolSignatureError(f"tool {name!r} has a parameter no JSON value can fill: {exc.message}") from exc
    spec = {"name": name, "description": (doc.description or "").strip(), "parameters": _tidy(parameters)}
    return ToolSignature({"type": "function", "function": spec}, model)


def _name(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _plain(function: Any) -> Any:
    """The function with the body: inside partials, behind ``__call__``."""
    while isinstance(function, functools.partial):
        function = function.func
    return function if inspect.isroutine(function) else type(function).__call__


def _hints(name: str, plain: Any) -> dict[str, Any]:
    try:
        hints = get_type_hints(plain, include_extras=True)
        return {parameter: portable(hint) for parameter, hint in hints.items() if parameter != "return"}
    except Exception as exc:
        raise ToolSignatureError(f"tool {name!r} has a type hint that cannot be resolved: {exc}") from exc


def _field(name: str, parameter: inspect.Parameter, hints: dict[str, Any], described: dict[str, str]) -> Any:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise ToolSignatureError(f"tool {name!r} has the variadic parameter {parameter}; name each parameter")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise ToolSignatureError(f"tool {name!r} has the positional-only parameter {parameter.name!r}; drop the '/'")
    optional = parameter.default is not parameter.empty
    if parameter.name not in hints and not optional:
        raise ToolSignatureError(f"tool {name!r}: parameter {parameter.name!r} has no type hint and no default")
    hint = hints.get(parameter.name, _type_of(parameter.default))
    text = _annotated_text(hint) or described.get(parameter.name) or None
    return (hint, Field(alias=parameter.name, default=parameter.default if optional else ..., description=text))


def _type_of(default: Any) -> Any:
    return type(default) if isinstance(default, (bool, int, float, str)) else Any


def _annotated_text(hint: Any) -> str | None:
    if get_origin(hint) is not Annotated:
        return None
    for extra in get_args(hint)[1:]:
        text = extra if isinstance(extra, str) else getattr(extra, "description", None)
        if text:
            return str(text)
    return None


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """Without pydantic's titles, which repeat the names and cost tokens."""
    properties = {name: _tidy_property(part) for name, part in schema.get("properties", {}).items()}
    return {**{key: value for key, value in schema.items() if key != "title"}, "properties": properties}


def _tidy_property(part: dict[str, Any]) -> dict[str, Any]:
    """``T | None`` is shown as ``T``, which every model understands; null is accepted all the same."""
    part = {key: value for key, value in part.items() if key != "title"}
    kinds = [kind for kind in part.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del part["anyOf"]
        part = {**kinds[0], **{key: value for key, value in part.items() if value is not None}}
    return part


def _explained(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    given = "" if error["type"] in ("missing", "extra_forbidden") else f" (got {error['input']!r})"
    return f"argument {where!r}: {error['msg']}{given}"
