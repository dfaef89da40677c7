"""What a scenario did, as plain data that the two surfaces must agree on. Pure."""

import dataclasses
import difflib
import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from conformance.outcomes import Projection

# What differs and says nothing: the server's port, where an object lies in memory, the name of a temporary folder, and
# the prefix of wrappers.
NOISE: Final = (
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:PORT"),
    (re.compile(r"\b0x[0-9a-fA-F]{4,}\b"), "0xADDRESS"),
    (re.compile(r"\btmp[a-z0-9_]{8}\b"), "TEMPORARY"),
    (re.compile(r"\bAsync(\w+Client)\b"), r"\1"),
)


def plain(value: object) -> Any:
    """Turn a value into JSON data; an object that is no data becomes the name of its type.

    Args:
        value: anything a library call gave.

    Returns:
        dict, list, str, int, float, bool or None, without anything that changes from run to run.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return quiet(value)
    if isinstance(value, (bytes, bytearray)):
        return quiet(bytes(value).decode("utf-8", "backslashreplace"))
    if isinstance(value, BaseException):
        return describe(value)
    return _structure(value)


def describe(error: BaseException) -> dict[str, Any]:
    """The type and the message of an exception, and of those in its group."""
    described: dict[str, Any] = {"type": type(error).__name__, "message": quiet(str(error))}
    if isinstance(error, BaseExceptionGroup):
        described["exceptions"] = [describe(inner) for inner in error.exceptions]
    return described


@lru_cache(maxsize=1024)  # most are the keys of requests
def quiet(text: str) -> str:
    """The text without what changes from run to run."""
    for pattern, replacement in NOISE:
        text = pattern.sub(replacement, text)
    return text


def decoded(raw: bytes) -> Any:
    """The body of a request: its JSON, or its text where it is none."""
    try:
        return plain(json.loads(raw))
    except ValueError:
        return plain(raw)


def canonical(value: Any) -> str:
    """The one JSON text of a value, for comparing and sorting."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def difference(left: Projection, right: Projection, left_name: str = "sync", right_name: str = "aio") -> str:
    """A unified diff of two projections.

    Args:
        left: what one side did.
        right: what the other did.
        left_name: str, default "sync".
        right_name: str, default "aio".

    Returns:
        str: empty when they are equal.
    """
    if canonical(left) == canonical(right):
        return ""
    lines = difflib.unified_diff(_lines(left), _lines(right), left_name, right_name, lineterm="", n=4)
    return "\n".join(lines)


def _structure(value: object) -> Any:
    if isinstance(value, Mapping):
        return {quiet(str(plain(key))): plain(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((plain(item) for item in value), key=canonical)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if callable(dump := getattr(type(value), "model_dump", None)):
        return plain(dump(value))
    return quiet(f"<{value.__name__ if isinstance(value, type) else type(value).__name__}>")


def _lines(projection: Projection) -> list[str]:
    entries = [{"kind": kind, "data": data} for kind, data in projection]
    return json.dumps(entries, indent=2, sort_keys=True, ensure_ascii=False, default=str).splitlines()
