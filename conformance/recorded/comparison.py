"""What changed between two recordings of a scenario, without what is another one every time. Pure."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

CLOCKED: Final = frozenset({"created", "timings", "system_fingerprint"})  # measured, or of the build, not said
NAMED: Final = frozenset({"id", "tool_call_id", "tool_use_id", "request_id"})  # made up; the same ones stay the same
HEADS: Final = frozenset({"request-id", "x-request-id"})
METADATA: Final = frozenset({"date", "versions"})
VOLATILE: Final = (
    *(f"metadata.{name}" for name in sorted(METADATA)),
    *(f"headers.{name}" for name in sorted(HEADS)),
    *(f"body.**.{name}" for name in sorted(CLOCKED | NAMED)),
)
CONTEXT: Final = 1


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What differs, line by line; "" where only `VOLATILE` does.

    Args:
        before: mapping, the data of a cassette.
        after: mapping, that of a newer one.
    """
    old, new = (list(_lines(each)) for each in (before, after))
    return "\n".join(difflib.unified_diff(old, new, "before", "after", n=CONTEXT, lineterm=""))


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    names: dict[str, str] = {}
    kept = {name: value for name, value in data["metadata"].items() if name not in METADATA}
    yield from _written("metadata", kept)
    for number, each in enumerate(data["interactions"], 1):
        request, response = each["request"], each["response"]
        yield f"request {number}: {request['method']} {request['uri']}"
        yield from _written("headers", request["headers"])
        yield from _body(request["body"], names)
        yield f"response {number}: {response['status']['code']}"
        yield from _written("headers", {name: v for name, v in response["headers"].items() if name not in HEADS})
        yield from _body(response["body"]["string"], names)


def _written(label: str, value: Any) -> Iterator[str]:
    for line in json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).splitlines():
        yield f"{label} {line}"


def _body(body: str | bytes, names: dict[str, str]) -> Iterator[str]:
    """A body by its values: as JSON, or as events with JSON in them; else as it is."""
    if isinstance(body, bytes):
        yield repr(body)
        return
    try:
        yield from _written("body", _settled(json.loads(body), names))
    except ValueError:
        for line in body.splitlines():
            yield from _event(line, names)


def _event(line: str, names: dict[str, str]) -> Iterator[str]:
    data = re.fullmatch(r"data: ?(.*)", line)
    try:
        yield from _written("data", _settled(json.loads(data[1] if data else ""), names))
    except ValueError:
        yield line


def _settled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_settled(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _named(key, each, names) for key, each in value.items() if key not in CLOCKED}


def _named(key: str, value: Any, names: dict[str, str]) -> Any:
    if key in NAMED and isinstance(value, str):
        return names.setdefault(value, f"{len(names) + 1}")
    return _settled(value, names)
