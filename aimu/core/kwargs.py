"""generate_kwargs: portable names, merged and translated, the caller's dict never changed."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

PORTABLE = frozenset(
    {
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "stop",
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "repetition_penalty",
        "thinking",
    }
)

THINKING_LEVELS = ("minimal", "low", "medium", "high", "xhigh", "max")


def merged(*layers: Mapping[str, Any] | None) -> dict[str, Any]:
    """One dict out of several, the later ones stronger; None leaves a key out of the request."""
    result: dict[str, Any] = {}
    for layer in layers:
        result.update(layer or {})
    return {name: value for name, value in result.items() if value is not None}


def translated(kwargs: Mapping[str, Any], names: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Rename portable keys for one wire.

    Args:
        kwargs: Merged generate_kwargs without ``thinking``.
        names: Portable name to the wire's name; a portable name that is absent is one the wire lacks.

    Returns:
        The wire's parameters, and the portable names it has no place for.
    """
    body: dict[str, Any] = {}
    dropped = []
    for name, value in kwargs.items():
        if name not in PORTABLE:
            body[name] = value
        elif name in names:
            body[names[name]] = value
        else:
            dropped.append(name)
    return body, dropped


def checked_thinking(value: object) -> bool | int | str:
    """The ``thinking`` key as given: a bool, a level or a budget in tokens.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(value, bool) or (isinstance(value, int) and value > 0) or value in THINKING_LEVELS:
        return value
    raise ValueError(f"thinking={value!r}: use True, False, a token budget, or one of {', '.join(THINKING_LEVELS)}")


def thinking_level(value: bool | int | str) -> str:
    """The level nearest to what was asked, for wires that know no budgets."""
    if isinstance(value, str):
        return value
    if value is True:
        return "medium"
    return "low" if value <= 2048 else "medium" if value <= 8192 else "high"


def thinking_budget(value: bool | int | str) -> int:
    """The budget in tokens nearest to what was asked, for wires that know no levels."""
    if value is True:
        return 8192
    if isinstance(value, int):
        return value
    return {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32768}[value]


def warn_caller(text: str) -> None:
    """Warn the code that called this library."""
    warnings.warn(text, stacklevel=_depth_of_caller())


def _depth_of_caller() -> int:
    """How far up the stack, for a warning, the code stands that called this library."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals["__name__"].split(".")[0] == __name__.split(".")[0]:
        depth, frame = depth + 1, frame.f_back
    return depth
