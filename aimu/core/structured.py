"""``schema=``: what an answer must look like, and how its text becomes the object that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import lru_cache
from typing import Any, get_origin

from aimu.core.typed_dicts import portable
from aimu.errors import StructuredOutputError

Schema = type[Any] | Mapping[str, Any]
_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*```\Z", re.DOTALL | re.IGNORECASE)
# what else says how an answer must look, on one wire or another
_RIVALS = ("response_format", "output_format", "grammar")


@dataclass(frozen=True)
class OutputSchema:
    """A schema as the wires need it, and the reader of the answers to it (SCHEMA-1).

    Attributes:
        name: What it is called on a wire that wants a name.
        json_schema: The JSON Schema of an object; shared, so never changed.
        read_json: From JSON text to the object; raises ValueError that says what does not fit.
    """

    name: str
    json_schema: dict[str, Any]
    read_json: Callable[[str], Any]

    def read(self, text: str) -> Any:
        """The object an answer stands for; white space, a BOM and a code fence round it do not count (SCHEMA-5).

        Raises:
            StructuredOutputError: the answer is not JSON, or does not fit.
        """
        plain = text.strip("\ufeff \t\r\n")
        fenced = _FENCE.match(plain)
        try:
            return self.read_json(fenced[1] if fenced else plain)
        except (OverflowError, RecursionError, ValueError) as exc:
            raise StructuredOutputError(f"the answer does not fit the schema {self.name!r}: {exc}", text=text) from exc

    def instruction(self) -> str:
        """What a model is told that nothing else constrains."""
        return "Answer with one JSON object that fits this JSON Schema, and with nothing else:\n" + json.dumps(
            self.json_schema, ensure_ascii=False
        )

    def objection(self, why: str) -> str:
        """What a model is told whose answer did not fit."""
        return f"That cannot be used: {why}\n{self.instruction()}"


def output_schema(schema: Schema | None, parameters: Mapping[str, Any] | None = None) -> OutputSchema | None:
    """Read ``schema=``: a pydantic model, a dataclass, a TypedDict or a JSON Schema (SCHEMA-1).

    Args:
        schema: The schema; None for text.
        parameters: What the request will say besides; it must not say how the answer looks (SCHEMA-12).

    Raises:
        TypeError: it is none of these, or has a field that no JSON can fill.
        ValueError: it is not a valid schema, describes something else than an object, or is not alone.
    """
    if schema is None:
        return None
    found = _from_json_schema(schema) if isinstance(schema, Mapping) else _from_type(_checked_type(schema))
    if found.json_schema.get("type") != "object":
        raise ValueError(
            f"schema= must describe an object, and {found.name!r} does not; put the value in a field, "
            'or say "type": "object"'
        )
    for name in _rivals(parameters or {}):
        raise ValueError(f"generate_kwargs has {name!r}, and schema= is given; leave one of them out")
    return found


def unfit(failure: StructuredOutputError, *, is_cut: bool, is_second: bool) -> StructuredOutputError:
    """Why the answer is given up, and what to do next (SCHEMA-6)."""
    if is_cut:
        return StructuredOutputError(
            f"the answer was cut off at its length limit, raise max_tokens; {failure}", text=failure.text
        )
    left = (
        "even when asked once more; ask in other words, or for less"
        if is_second
        else "and max_iterations leaves no request to ask again; raise it"
    )
    return StructuredOutputError(f"{failure}, {left}", text=failure.text)


def _rivals(parameters: Mapping[str, Any]) -> list[str]:
    found = [name for name in _RIVALS if parameters.get(name) is not None]
    config = parameters.get("output_config")
    return [*found, *(["output_config.format"] if isinstance(config, Mapping) and config.get("format") else [])]


def _checked_type(schema: Any) -> Any:
    from pydantic import BaseModel
    from typing_extensions import is_typeddict as is_any_typeddict

    origin = get_origin(schema) or schema
    if isinstance(origin, type) and (is_dataclass(origin) or is_any_typeddict(origin) or issubclass(origin, BaseModel)):
        return schema
    raise TypeError(f"schema= is a pydantic model, a dataclass, a TypedDict or a JSON Schema, not {schema!r}")


@lru_cache(maxsize=64)
def _from_type(schema: Any) -> OutputSchema:
    """Read once: a validator is dear to build, and a type does not change."""
    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError
    from pydantic.json_schema import GenerateJsonSchema

    class Quiet(GenerateJsonSchema):
        """A default without a JSON form is left out of the schema; the field still has it."""

        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    name = getattr(schema, "__name__", "answer")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(portable(schema))
        json_schema = adapter.json_schema(schema_generator=Quiet)
    except (NameError, PydanticUserError) as exc:
        why = str(getattr(exc, "message", exc)).partition("\n")[0]
        raise TypeError(f"schema={name} has a field no JSON value can fill: {why}") from exc

    def read_json(text: str) -> Any:
        _strict_json(text)
        try:
            return adapter.validate_json(text)
        except ValidationError as exc:
            errors = exc.errors(include_url=False, include_context=False, include_input=False)
            raise ValueError("; ".join(_explained(error["loc"], error["msg"]) for error in errors)) from exc

    return OutputSchema(wire_name(name), _unrolled(json_schema), read_json)


def _from_json_schema(schema: Mapping[str, Any]) -> OutputSchema:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    json_schema = _copied(schema)
    validator_class = validator_for(json_schema, default=Draft202012Validator)
    try:
        validator_class.check_schema(json_schema)
    except SchemaError as exc:
        raise ValueError(f"schema= is no valid JSON Schema: {exc.message} at {exc.json_path}") from exc
    _check_references(json_schema)
    validator = validator_class(json_schema, registry=Registry())  # an empty one: nothing is fetched

    def read_json(text: str) -> Any:
        value = _strict_json(text)
        if errors := sorted(validator.iter_errors(value), key=lambda error: error.json_path):
            raise ValueError("; ".join(_explained(error.absolute_path, error.message) for error in errors))
        return value

    return OutputSchema(wire_name(json_schema.get("title")), _unrolled(json_schema), read_json)


def _strict_json(text: str) -> Any:
    from pydantic_core import from_json

    try:
        value = from_json(text.encode(), allow_inf_nan=False)
        json.dumps(value, allow_nan=False)  # 1e999 is no number either
    except ValueError as exc:
        raise ValueError(f"Invalid JSON: {exc}") from exc
    return value


def _copied(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's schema as JSON of our own; one with properties and no type means an object."""
    try:
        copied: dict[str, Any] = json.loads(json.dumps(schema, allow_nan=False, default=_plain))
    except (RecursionError, TypeError, ValueError) as exc:
        raise ValueError(f"schema= is no JSON: {exc}") from exc
    return {"type": "object", **copied} if "properties" in copied else copied


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} has no JSON form")


def _check_references(json_schema: dict[str, Any]) -> None:
    """Refuse a reference that leads out of the schema, or nowhere: nothing is fetched, and nothing found late."""
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    ref = ""
    try:
        root = Resource.from_contents(json_schema, default_specification=DRAFT202012)
        base = root.id() or ""
        ahead = [(root, Registry().with_resource(base, root).crawl().resolver(base))]
        while ahead:
            part, resolver = ahead.pop()
            for key in ("$ref", "$dynamicRef"):
                if isinstance(part.contents, dict) and key in part.contents:
                    resolver.lookup(ref := part.contents[key])
            ahead += [(inner, resolver.in_subresource(inner)) for inner in part.subresources()]
    except Unresolvable as exc:
        raise ValueError(f"schema= refers to {ref!r}, which is not in it; put that under '$defs'") from exc


def wire_name(title: Any, otherwise: str = "answer") -> str:
    """A name that every wire takes."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", str(title or "")).strip("_")[:64] or otherwise


def _explained(path: Any, message: str) -> str:
    where = ".".join(str(part) for part in path)
    return f"{where}: {message}" if where else message


def _unrolled(json_schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that only refers to one of its definitions, which a recursive model gives, as that definition."""
    seen = set()
    while (found := re.fullmatch(r"#/(\$defs|definitions)/([^/~%]+)", str(json_schema.get("$ref", "")))) and found[
        0
    ] not in seen:
        seen.add(found[0])
        rest = {key: value for key, value in json_schema.items() if key != "$ref"}
        json_schema = {**json_schema[found[1]][found[2]], **rest}
    return json_schema


def as_text(value: Any) -> str:
    """A result as text for the next reader: text stays, a validated object becomes JSON.

    Raises:
        TypeError: it has no JSON form.
    """
    if isinstance(value, str):
        return value
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(value).decode()
    except PydanticSerializationError as exc:
        raise TypeError(f"{type(value).__name__} has no JSON form, and cannot be handed on; answer in text") from exc
