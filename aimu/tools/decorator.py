"""@tool: what a model is told about a function, recorded on the function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from aimu.core.colour import is_async_callable

F = TypeVar("F", bound=Callable[..., Any])


def tool(function: F) -> F:
    """Make a function callable by a model (TOOLS-1, TOOLS-2).

    The function stays what it is and stays callable. It gains ``__tool_spec__``, the OpenAI tool
    spec made from its signature, type hints and docstring, and ``__tool_is_async__``, its colour.
    A bound method, which can carry no attributes, comes back as a partial of itself.

    Args:
        function: A function, method, partial or callable object; each parameter needs a type hint
            or a default.

    Returns:
        The same function.

    Raises:
        ToolSignatureError: the signature cannot be offered: ``*args``, ``**kwargs``, a
            positional-only parameter, a parameter without hint and default, a generator.
    """
    from aimu.tools.schema import read_signature

    target: Any = functools.partial(function) if inspect.ismethod(function) else function
    signature = read_signature(function)
    target.__tool_spec__ = signature.spec
    target.__tool_validate__ = signature.validate
    target.__tool_is_async__ = is_async_callable(function)
    return target  # type: ignore[no-any-return]
