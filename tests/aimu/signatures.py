"""Signatures as people write them: any nesting of types, with what fits each, and a judge that knows neither schema."""

import enum
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import Field, create_model

from aimu.core.typed_dicts import portable
from tests.aimu.strategies import JSON, TEXTS

Fitting = st.SearchStrategy[Any]
Typed = tuple[Any, Fitting]  # a type hint, and JSON values that fit it
FIELDS = st.sampled_from(["a", "b_c", "kind", "schema", "json", "x1"])


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Place:
    name: str
    floor: int = 0


class Options(TypedDict):
    loud: bool
    times: NotRequired[int]


INTS = st.integers(-(2**53), 2**53)
FLOATS = st.floats(-1e9, 1e9) | INTS
SIMPLE: list[Typed] = [
    (str, TEXTS),
    (int, INTS),
    (float, FLOATS),
    (bool, st.booleans()),
    (None, st.none()),
    (Any, JSON),
    (Literal["a", "b"], st.sampled_from(["a", "b"])),
    (Literal[1, "one"], st.sampled_from([1, "one"])),
    (Colour, st.sampled_from(["red", "blue"])),
    (Level, st.sampled_from([1, 2])),
    (Annotated[int, Field(ge=0, le=9)], st.integers(0, 9)),
    (Annotated[str, Field(min_length=1, max_length=3)], st.text("abc", min_size=1, max_size=3)),
    (Place, st.fixed_dictionaries({"name": TEXTS}, optional={"floor": INTS})),
    (Options, st.fixed_dictionaries({"loud": st.booleans()}, optional={"times": INTS})),
]


@st.composite
def hints(draw: st.DrawFn, depth: int = 3) -> Typed:
    """A type hint, and what fits it."""
    made = draw(st.sampled_from(["simple", "simple", "list", "dict", "tuple", "union", "optional", "model"]))
    if depth == 0 or made == "simple":
        return draw(st.sampled_from(SIMPLE))
    inner, fitting = draw(hints(depth - 1))
    if made == "list":
        return list.__class_getitem__(inner), st.lists(fitting, max_size=2)
    if made == "dict":
        return dict.__class_getitem__((str, inner)), st.dictionaries(TEXTS, fitting, max_size=2)
    if made == "optional":
        return Union.__getitem__((inner, None)), fitting | st.none()
    if made == "model":
        return draw(models(depth - 1))
    other, too = draw(hints(depth - 1))
    if made == "tuple":
        return tuple.__class_getitem__((inner, other)), st.tuples(fitting, too).map(list)
    return Union.__getitem__((inner, other)), fitting | too


@st.composite
def models(draw: st.DrawFn, depth: int) -> Typed:
    """A pydantic model of its own; a field may have a default."""
    drawn = draw(st.dictionaries(FIELDS, hints(depth), min_size=1, max_size=3))
    parts = {name: (portable(hint), fitting) for name, (hint, fitting) in drawn.items()}  # pydantic reads these itself
    needed = {name: draw(st.booleans()) for name in parts}
    fields: dict[str, Any] = {
        f"field_{name}": (hint, Field(alias=name))
        if needed[name]
        else (Union.__getitem__((hint, None)), Field(alias=name, default=None))
        for name, (hint, _) in parts.items()
    }
    fits = {name: fitting for name, (_, fitting) in parts.items()}
    made = create_model("Made", **fields)
    required = {name: fits[name] for name in fits if needed[name]}
    return made, st.fixed_dictionaries(required, optional={name: fits[name] for name in fits if not needed[name]})


@dataclass(frozen=True)
class Signature:
    """A function and what may be given to it.

    Attributes:
        function: gives back the arguments it was called with.
        hints: dict of parameter to type hint.
        arguments: strategy of JSON objects that fit.
    """

    function: Callable[..., dict[str, Any]]
    hints: dict[str, Any]
    arguments: Fitting


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    """A function with up to three parameters, some with a default."""
    typed = draw(st.dictionaries(FIELDS, hints(), min_size=1, max_size=3))
    has_default = {name: draw(st.booleans()) for name in typed}

    def probe(**arguments: Any) -> dict[str, Any]:
        return arguments

    probe.__annotations__ = {name: hint for name, (hint, _) in typed.items()}
    keyword = inspect.Parameter.KEYWORD_ONLY
    probe.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, keyword, default=None if has_default[name] else inspect.Parameter.empty)
            for name in typed
        ]
    )
    needed = {name: fitting for name, (_, fitting) in typed.items() if not has_default[name]}
    free = {name: fitting for name, (_, fitting) in typed.items() if has_default[name]}
    return Signature(probe, probe.__annotations__, st.fixed_dictionaries(needed, optional=free))


def is_of(hint: Any, value: Any) -> bool:
    """Whether a value is of a type, told without schema and validator.

    Args:
        hint: as `hints` makes them.
        value: what a function was called with.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any or origin is Annotated:
        return hint is Any or is_of(inner[0], value)
    if origin in (Union, types.UnionType):
        return any(is_of(one, value) for one in inner)
    if origin is Literal:
        return any(value == one and type(value) is type(one) for one in inner)
    if origin in (list, dict, tuple):
        return isinstance(value, origin) and _holds(origin, inner, value)
    if hint is Options:
        return isinstance(value, dict)
    if hint in (None, type(None)):
        return value is None
    return type(value) is hint if hint in (int, bool, float, str) else isinstance(value, hint)


def _holds(origin: Any, inner: tuple[Any, ...], value: Any) -> bool:
    if origin is tuple:
        return len(value) == len(inner) and all(map(is_of, inner, value))
    if origin is dict:
        return all(isinstance(key, str) and is_of(inner[1], one) for key, one in value.items())
    return all(is_of(inner[0], one) for one in value)
