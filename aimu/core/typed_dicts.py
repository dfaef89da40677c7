"""TypedDicts of ``typing``, which pydantic does not read before Python 3.12, made anew as it does."""

from __future__ import annotations

import sys
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict


def portable(hint: Any, *outer: Any) -> Any:
    """A hint with the TypedDicts of ``typing`` made such as pydantic reads them.

    Args:
        hint: Any type hint.
        outer: The TypedDicts it stands in.

    Raises:
        TypeError: one of them leads back to itself.
    """
    if sys.version_info >= (3, 12):
        return hint
    origin, args = get_origin(hint), get_args(hint)
    if is_typeddict(hint):
        return _rebuilt(hint, *outer)
    if origin is Annotated:
        return Annotated[portable(args[0], *outer), *hint.__metadata__]
    if origin in (Union, UnionType):
        return Union[tuple(portable(arg, *outer) for arg in args)]  # noqa: UP007 - made of a tuple
    if origin in (list, dict, set, frozenset, tuple):
        return origin[tuple(portable(arg, *outer) for arg in args)]
    return hint


def _rebuilt(hint: Any, *outer: Any) -> Any:
    from typing import NotRequired, Required

    from typing_extensions import TypedDict

    if hint in outer:
        raise TypeError(
            f"schema={hint.__name__} leads back to itself, which Python before 3.12 cannot read; "
            "make it with typing_extensions.TypedDict"
        )
    fields = {}
    for name, of in get_type_hints(hint, include_extras=True).items():
        of = get_args(of)[0] if get_origin(of) in (Required, NotRequired) else of
        mark = Required if name in hint.__required_keys__ else NotRequired
        fields[name] = mark[portable(of, hint, *outer)]
    made: Any = TypedDict  # called, as one class of many names
    return made(hint.__name__, fields)
