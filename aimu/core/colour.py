"""Sync or async: told by a marker, so that nobody has to import the other surface to ask."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Literal

from aimu.errors import ColourError

Colour = Literal["sync", "async"]


def colour_of(thing: object) -> Colour | None:
    """The colour a client, runner or MCP client carries in ``__aimu_colour__``; None if it carries none."""
    return getattr(thing, "__aimu_colour__", None)


def is_async_callable(function: Any) -> bool:
    """Whether calling it gives a coroutine: sees through partials and into ``__call__`` of objects.

    A wrapper is asked for its own colour, not for that of what it wraps: a plain ``def`` around a
    coroutine function may well run it to the end.
    """
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.iscoroutinefunction(function):
        return True
    return not inspect.isroutine(function) and inspect.iscoroutinefunction(getattr(type(function), "__call__", None))  # noqa: B004


def refuse_awaitable(result: object, why: str) -> None:
    """Refuse what a plain call turned out to give; a coroutine is closed, since nobody will await it.

    Raises:
        ColourError: it is awaitable, so the callable was async after all.
    """
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise ColourError(why)
