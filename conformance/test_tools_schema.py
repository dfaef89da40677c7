"""Scenarios of spec/tools.md: what @tool makes of a function."""

from typing import Annotated, Any, Literal, Optional

from pydantic import BaseModel, Field

from conformance.driver import Driver
from conformance.requirement import LIBRARY, requirement


class Point(BaseModel):
    """A place."""

    x: int
    y: int = 0


class Area(BaseModel):
    """A corner and what it is called."""

    corner: Point
    labels: list[str] = []


def parameters(tool: Any) -> dict[str, Any]:
    """The schema of a tool's parameters."""
    schema: dict[str, Any] = tool.__tool_spec__["function"]["parameters"]
    return schema


def shown(tool: Any, name: str) -> dict[str, Any]:
    """The schema of one parameter, with a reference followed."""
    schema = parameters(tool)
    return followed(schema, schema["properties"][name])


def followed(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part of a schema, with a reference in it replaced by what it refers to."""
    if "$ref" not in part:
        return part
    definition: dict[str, Any] = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return {**definition, **{key: value for key, value in part.items() if key != "$ref"}}


@requirement("TOOLS-1", subject=LIBRARY)
async def test_tool_returns_the_function(d: Driver) -> None:
    """The decorated function is the function, and is called as before."""

    def add(a: int, b: int = 1) -> int:
        """Add two numbers.

        Carries over.

        Args:
            a: the first
        """
        return a + b

    decorated = d.direct(d.api.tool(add))
    assert decorated is add
    assert (decorated(2), decorated(2, b=5)) == (3, 7)
    spec = vars(decorated)["__tool_spec__"]
    assert spec["type"] == "function"
    assert set(spec["function"]) == {"name", "description", "parameters"}
    assert spec["function"]["name"] == "add"
    assert spec["function"]["description"] == "Add two numbers.\n\nCarries over."
    assert d.lib.tool is d.implementation.aio.tool is d.lib.tools.tool


@requirement("TOOLS-2", subject=LIBRARY)
async def test_schema_of_scalars_and_defaults(d: Driver) -> None:
    """Scalars, defaults and what is required, in the order of the signature."""

    def f(text: str, count: int, ratio: float, flag: bool, size: int = 3, mode: str = "a", guess=1.5) -> None:  # type: ignore[no-untyped-def]
        """Do it."""

    schema = parameters(d.direct(d.lib.tool(f)))
    assert schema == {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "count": {"type": "integer"},
            "ratio": {"type": "number"},
            "flag": {"type": "boolean"},
            "size": {"type": "integer", "default": 3},
            "mode": {"type": "string", "default": "a"},
            "guess": {"type": "number", "default": 1.5},
        },
        "required": ["text", "count", "ratio", "flag"],
        "additionalProperties": False,
    }
    assert list(schema["properties"]) == ["text", "count", "ratio", "flag", "size", "mode", "guess"]


@requirement("TOOLS-2", subject=LIBRARY)
async def test_schema_of_containers_and_choices(d: Driver) -> None:
    """Lists and dicts say what they hold, a Literal lists its values."""

    def f(kind: Literal["a", "b"], many: list[int], table: dict[str, float], *, deep: list[list[str]]) -> None:
        """Do it."""

    tool = d.direct(d.lib.tool(f))
    assert shown(tool, "kind") == {"type": "string", "enum": ["a", "b"]}
    assert shown(tool, "many") == {"type": "array", "items": {"type": "integer"}}
    assert shown(tool, "table") == {"type": "object", "additionalProperties": {"type": "number"}}
    assert shown(tool, "deep")["items"] == {"type": "array", "items": {"type": "string"}}


@requirement("TOOLS-2", subject=LIBRARY)
async def test_schema_of_nested_models(d: Driver) -> None:
    """A pydantic model is shown with the fields of the models inside it."""

    def f(area: Area) -> None:
        """Do it."""

    tool = d.direct(d.lib.tool(f))
    area = shown(tool, "area")
    assert area["type"] == "object"
    assert area["required"] == ["corner"]
    assert area["properties"]["labels"]["items"] == {"type": "string"}
    corner = followed(parameters(tool), area["properties"]["corner"])
    assert {name: part["type"] for name, part in corner["properties"].items()} == {"x": "integer", "y": "integer"}
    assert corner["required"] == ["x"]


@requirement("TOOLS-3", subject=LIBRARY)
async def test_optional_is_shown_as_its_type(d: Driver) -> None:
    """B-01: `T | None` is shown as T, with and without a default."""

    def f(
        count: int | None,
        name: str | None = None,
        old: Optional[float] = None,  # noqa: UP045 - this form is what is tested
        many: list[int] | None = None,
        point: Point | None = None,
    ) -> None:
        """Do it."""

    tool = d.direct(d.lib.tool(f))
    assert shown(tool, "count")["type"] == "integer"
    assert shown(tool, "name")["type"] == "string"
    assert shown(tool, "old")["type"] == "number"
    assert shown(tool, "many")["items"] == {"type": "integer"}
    assert list(shown(tool, "point")["properties"]) == ["x", "y"]
    assert parameters(tool)["required"] == ["count"]


@requirement("TOOLS-4", subject=LIBRARY)
async def test_descriptions_of_parameters(d: Driver) -> None:
    """From Annotated, from a Field, and from the docstring, the nearest to the parameter first."""

    def f(a: Annotated[int, "from text"], b: Annotated[int, Field(description="from field")], c: int, d: int) -> None:
        """Do it.

        Args:
            a: from docstring
            c (int): how
                many
        """

    tool = d.direct(d.lib.tool(f))
    described = {name: part.get("description") for name, part in parameters(tool)["properties"].items()}
    assert described == {"a": "from text", "b": "from field", "c": "how\nmany", "d": None}


@requirement("TOOLS-4", subject=LIBRARY)
async def test_descriptions_in_every_docstring_style(d: Driver) -> None:
    """NumPy and reST docstrings describe parameters too."""

    def numpy(a: int) -> None:
        """Do it.

        Parameters
        ----------
        a : int
            how many
        """

    def rest(a: int) -> None:
        """Do it.

        :param a: how many
        """

    for function in (numpy, rest):
        tool = d.direct(d.lib.tool(function))
        assert shown(tool, "a")["description"] == "how many"
        assert tool.__tool_spec__["function"]["description"] == "Do it."


@requirement("TOOLS-6", subject=LIBRARY)
async def test_parameters_may_have_any_name(d: Driver) -> None:
    """Names that pydantic uses itself, and names with underscores, are offered as they are."""

    def f(
        schema: str, copy: int, model_config: int, model_fields: int, json: str, _hidden: int, __x: int, self: int = 0
    ) -> None:
        """Do it."""

    tool = d.direct(d.lib.tool(f))
    names = ["schema", "copy", "model_config", "model_fields", "json", "_hidden", "__x", "self"]
    assert list(parameters(tool)["properties"]) == names
    assert parameters(tool)["required"] == names[:-1]
