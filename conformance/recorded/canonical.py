"""What of a request counts: the form in which the one that is sent must equal the one that was recorded. Pure."""

import difflib
import hashlib
import json
from collections.abc import Iterator
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from conformance.redaction import without_keys

Canonical: TypeAlias = dict[str, Any]

QUERY: Final = frozenset(
    {"api-version", "beta"}
)  # what changes the meaning of a request; keys go elsewhere, or nowhere
CONTEXT: Final = 2  # equal lines around a difference


def canonical(method: str, path: str, query: str, body: bytes) -> Canonical:
    """The form of a request in which two are compared.

    Args:
        method: str.
        path: str, below the base URL.
        query: str, without the question mark; what is not in `QUERY` does not count.
        body: bytes; JSON counts by its values, without its keys and tokens, anything else by its digest.

    Returns:
        dict: plain data; two are compared by `digest`, for Python takes 1 and 1.0 and True for one another.
    """
    asked = sorted(pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] in QUERY)
    return {
        "method": method.upper(),
        "path": path,
        "query": [f"{name}={value}" for name, value in asked],
        "body": _body(body),
    }


def digest(request: Canonical) -> str:
    """The SHA-256 of a request in its canonical form."""
    return hashlib.sha256(_line(request).encode()).hexdigest()


def difference(recorded: Canonical, sent: Canonical) -> str:
    """What differs between two requests, line by line; "" where nothing does."""
    before, after = (json.dumps(each, indent=1, sort_keys=True, ensure_ascii=False) for each in (recorded, sent))
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "recorded", "sent", n=CONTEXT, lineterm="")
    return "\n".join(lines)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all that is no object and no list in plain data."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path
        return
    for key, each in inner:
        yield from leaves(each, (*path, key))


def _body(body: bytes) -> Any:
    try:
        return json.loads(without_keys(_line(json.loads(body))))
    except ValueError:
        return {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
