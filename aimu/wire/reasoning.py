"""``reasoning_details``: the thought of servers that want its parts back as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def detailed_thought(details: Sequence[dict[str, Any]]) -> str:
    """The thought in ``reasoning_details``, where it stands there alone."""
    return "".join(part.get("text") or part.get("summary") or "" for part in details)


def merge_details(details: list[dict[str, Any]], parts: Sequence[dict[str, Any]]) -> None:
    """Join streamed ``reasoning_details``: those of one index are one entry, text appended, the rest replaced."""
    for part in parts:
        last = details[-1] if details else None
        if (
            last is None
            or part.get("index") is None
            or any(last.get(key) != part.get(key) for key in ("index", "type"))
        ):
            details.append(dict(part))
            continue
        for key, value in part.items():
            if key in ("text", "summary", "data") and isinstance(value, str):
                last[key] = (last.get(key) or "") + value
            elif value is not None:
                last[key] = value
