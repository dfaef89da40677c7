"""What a client knows that nobody may see: told by its name, kept out of addresses, taken out of errors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

GONE = "***"
SHORTEST_SECRET = 8  # characters; the words that keyless servers are given for a key are no secret
NAMES = re.compile(r"key|token|secret|passw|credential|auth|cookie|signature|^sig$", re.IGNORECASE)
ADDRESS = re.compile(r"(?P<scheme>https?://)(?:(?P<user>[^/?#]*)@)?(?P<rest>[^?#]*)(?P<query>[?#].*)?", re.DOTALL)


def guarded(connection: dict[str, Any]) -> dict[str, Any]:
    """The keywords of an SDK's client, with the user of ``base_url`` as the header it stands for (SECURITY-1).

    HTTP libraries write the address of each request to their log, and show it in the repr of a request.

    Raises:
        ValueError: ``base_url`` has a query or a fragment, which no SDK joins a path to.
    """
    url = connection.get("base_url")
    parts = ADDRESS.fullmatch(url) if isinstance(url, str) else None
    if parts is None:
        return connection
    if parts["query"]:
        where = f"{parts['scheme']}{parts['rest']}"
        raise ValueError(f"base_url={where!r} goes on with ? or #; say it as model_kwargs={{'default_query': {{...}}}}")
    if parts["user"] is None:
        return connection
    basic = base64.b64encode(_unquoted(parts["user"])).decode()
    given: Mapping[str, Any] = connection.get("default_headers") or {}
    if "authorization" not in map(str.lower, given):
        given = {**given, "Authorization": f"Basic {basic}"}
    return {**connection, "base_url": f"{parts['scheme']}{parts['rest']}", "default_headers": given}


def secrets_of(connection: Mapping[str, Any], sdk: Any) -> tuple[str, ...]:
    """What must not be read in an error, the longest first, since one may hold another (SECURITY-1).

    Args:
        connection: The keywords that the SDK's client was made with.
        sdk: That client, which also knows what it found in the environment.
    """
    named = [connection, *(getattr(sdk, name, None) for name in ("default_headers", "default_query"))]
    values = [value for part in named if isinstance(part, Mapping) for value in _secret_values(part)]
    found = {form for value in values for form in _forms(value) if len(form) >= SHORTEST_SECRET}
    return tuple(sorted(found, key=len, reverse=True))


def hide(exc: BaseException, secrets: Collection[str]) -> None:
    """Take secrets out of what an exception, and all that it came from or holds, would print."""
    for one in _family(exc):
        one.args = tuple(_hidden(arg, secrets) for arg in one.args)
        if isinstance(one, OSError) and one.filename is not None:  # setting it at all changes what is printed
            one.filename = _hidden(one.filename, secrets)
        kept = vars(one)
        kept.update({name: _hidden(kept[name], secrets) for name in ("message", "__notes__") if name in kept})


def _family(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            waiting += [one.__cause__, one.__context__]
            waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
            yield one


def _hidden(value: Any, secrets: Collection[str]) -> Any:
    if isinstance(value, list):
        return [_hidden(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, GONE)
    return value


def _secret_values(part: Mapping[str, Any]) -> Iterable[str]:
    return [value for name, value in part.items() if isinstance(value, str) and NAMES.search(name)]


def _forms(value: str) -> Iterator[str]:
    """A secret, as it may be repeated: without the scheme of its header, decoded, escaped."""
    scheme, _, rest = value.strip().partition(" ")
    yield from (value.strip(), rest, repr(value)[1:-1])
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(rest, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return
        yield from (decoded, decoded.partition(":")[2])


def _unquoted(text: str) -> bytes:
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())
