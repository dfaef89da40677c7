"""Errors out of what a server says, in all the forms that servers have for it."""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from typing import Any, Final

from pocket import errors

LONG: Final = re.compile(
    r"too long|too_many_prompt_tokens|exceed_context_size|context_length_exceeded|context (window|limit|length)",
    re.IGNORECASE,
)
SPENT: Final = re.compile(r"insufficient_quota|current quota|request too large", re.IGNORECASE)
KINDS: Final = {
    "server_error": 500,
    "api_error": 500,
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "overloaded_error": 529,
}
CLASSES: Final[tuple[type[errors.ProviderError], ...]] = (
    errors.AuthenticationError,
    errors.ModelTimeoutError,
    errors.RateLimitError,
    errors.OverloadedError,
)


def told(provider: str, status: int | None, body: Any, request_id: str | None) -> errors.ProviderError:
    """The error that a server told.

    Args:
        provider: str.
        status: int or None: that of the response; None reads it from the body, as in a stream.
        body: whatever JSON it sent, or text.
        request_id: str or None.
    """
    inner = _inner(body)
    code = inner if isinstance(inner, dict) else {}
    status = status or _status(code)
    words = _words(inner) or f"an error that says nothing, with status {status}"
    text = " ".join(str(each) for each in (words, code.get("type"), code.get("code")))
    kind, retryable = _kind(status, text), None
    if kind is errors.RateLimitError and SPENT.search(text):
        retryable = False
    if status == 409:
        retryable = True
    return kind(words, provider=provider, status=status, request_id=request_id, retryable=retryable)


def parsed(text: str) -> Any:
    """The JSON of a text, or the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _kind(status: int | None, text: str) -> type[errors.ProviderError]:
    for kind in CLASSES:
        if status in kind.statuses:
            return kind
    if status is None or status >= 500:
        return errors.ServerError
    return errors.ContextOverflowError if LONG.search(text) else errors.InvalidRequestError


def _inner(body: Any) -> Any:
    while isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict):
        return next((body[key] for key in ("error", "detail") if body.get(key)), body)
    return body


def _words(inner: Any) -> str:
    while isinstance(inner, list) and inner:
        inner = inner[0]
    if isinstance(inner, dict):
        return str(next((inner[key] for key in ("message", "msg", "detail") if inner.get(key)), ""))
    return str(inner or "")


def _status(inner: dict[str, Any]) -> int | None:
    for value in (inner.get("status_code"), inner.get("code"), inner.get("status")):
        if str(value).isdecimal() and 400 <= int(str(value)) < 600:
            return int(str(value))
    return next((KINDS[name] for name in (inner.get("type"), inner.get("code")) if name in KINDS), None)


@contextlib.contextmanager
def translated(provider: str) -> Iterator[None]:
    """The span in which failures of the connection become errors of this package."""
    import httpx2

    try:
        yield
    except httpx2.TimeoutException as error:
        words = "no answer in time; raise timeout, or try again"
        raise errors.ModelTimeoutError(words, provider=provider) from error
    except httpx2.HTTPError as error:
        words = f"{_reason(error)}: the connection broke before the reply was whole, or look at base_url"
        raise errors.ModelConnectionError(words, provider=provider) from error


def _reason(error: BaseException | None) -> str:
    """What the operating system said, which each surface wraps in its own way; otherwise the kind of the error."""
    kind = type(error).__name__
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return os.strerror(error.errno)
        error = error.__cause__ or error.__context__
    return kind


def failure_of(response: Any) -> Exception | None:
    """What the HTTP client makes of a response, an exception or nothing."""
    import httpx2

    if response.status_code < 400:
        return None
    return httpx2.HTTPStatusError(f"status {response.status_code}", request=response.request, response=response)
