"""Statuses and error bodies of every provider, as our exceptions."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic_core import from_json

from aimu.core.secrets import SHORTEST_SECRET, hide
from aimu.errors import (
    AuthenticationError,
    ContextOverflowError,
    InvalidRequestError,
    MalformedResponseError,
    ModelConnectionError,
    ModelTimeoutError,
    OverloadedError,
    ProviderError,
    RateLimitError,
    ServerError,
)

# context overflow has no common code; each of these was seen from a real server
_OVERFLOW = re.compile(
    r"prompt is too long|prompt too long|too_many_prompt_tokens|exceed_context_size|context_length_exceeded"
    r"|maximum context length|exceeds the available context|exceed context limit|context window",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|request too large", re.IGNORECASE)
# in-stream errors carry a type instead of a status
_STATUS_OF_TYPE = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "invalid_request_error": 400,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 408,
}


def error_for(
    provider: str, status: int | None, body: Any, *, request_id: str | None = None, fallback: str = ""
) -> ProviderError:
    """The exception for an error response, or for an error event inside a stream (ERRORS-2).

    Args:
        provider: Name of the provider.
        status: HTTP status; None when the error came inside a stream that had begun with 200.
        body: The decoded body or event, of whatever shape that provider uses.
        request_id: The provider's request id.
        fallback: The message when the body has none.
    """
    message, kind = _message_and_kind(body)
    if status is None:
        status = _status_in(body) or _STATUS_OF_TYPE.get(kind.partition(" ")[0])
    message = message or fallback or "no message"
    cls, retryable = _class_of(status, f"{kind} {message}")
    prefix = f"{provider} answered {status}" if status else f"{provider} broke off its answer"
    return cls(f"{prefix}: {message}", provider=provider, status=status, request_id=request_id, retryable=retryable)


def _class_of(status: int | None, words: str) -> tuple[type[ProviderError], bool | None]:
    if (status is None or 400 <= status < 500) and _OVERFLOW.search(words):
        return ContextOverflowError, None
    if status in (401, 403):
        return AuthenticationError, None
    if status == 408:
        return ModelTimeoutError, None
    if status == 429:
        return RateLimitError, False if _QUOTA.search(words) else None
    if status in (503, 529):
        return OverloadedError, None
    if status is None or status >= 500:
        return ServerError, None
    return InvalidRequestError, True if status == 409 else None


def _message_and_kind(body: Any) -> tuple[str, str]:
    """The message and the machine-readable kind, from any of the envelopes in use."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str):
        return body[:500], ""
    if not isinstance(body, Mapping):
        return "", ""
    error = body.get("error") or body
    if isinstance(error, str):
        return error, ""
    if not isinstance(error, Mapping):
        return "", ""
    message = error.get("message") or error.get("detail") or ""
    kinds = [str(error[key]) for key in ("type", "code") if error.get(key) not in (None, "error")]
    return message if isinstance(message, str) else str(message), " ".join(kinds)


def _status_in(body: Any) -> int | None:
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return None
    for key in ("status_code", "code", "status"):
        if isinstance(status := error.get(key), int) and 400 <= status < 600:
            return status
    return None


def translated(
    exc: Exception, provider: str, secret: str | Collection[str], request_id: str | None
) -> ProviderError | None:
    """An SDK's or HTTP library's exception as ours, None when it is neither's (ERRORS-2, ERRORS-4).

    They are told by name, so that no SDK is imported here. Neither the new exception nor the old one, which
    becomes its cause, shows a secret (ERRORS-12, SECURITY-1). One that is ours already learns where it comes from.
    """
    secrets = [one for one in ([secret] if isinstance(secret, str) else secret) if len(one) >= SHORTEST_SECRET]
    hide(exc, secrets)
    if isinstance(exc, ProviderError):
        exc.provider, exc.request_id = exc.provider or provider, exc.request_id or request_id
        return None
    names = {cls.__name__ for cls in type(exc).__mro__}
    if "APIStatusError" in names:
        status, body = getattr(exc, "status_code", None), getattr(exc, "body", None)
        found = error_for(provider, status, body, request_id=getattr(exc, "request_id", None), fallback=str(exc))
    elif names & {"APITimeoutError", "TimeoutException"}:
        found = ModelTimeoutError(f"{provider} did not answer in time", provider=provider)
    elif names & {"APIConnectionError", "TransportError"}:
        advice = "; is base_url right, and the server running?" if _is_unreached(exc) else ""
        found = ModelConnectionError(f"the connection to {provider} failed: {_reason(exc)}{advice}", provider=provider)
    elif names & {"DecodingError", "StreamError"}:
        found = MalformedResponseError(f"{provider} sent a body that cannot be read: {exc}", provider=provider)
    else:
        return None
    found.request_id = found.request_id or request_id
    hide(found, secrets)
    return found


def parsed_body(provider: str, event: str | bytes) -> dict[str, Any]:
    """A JSON object, from a whole body or the data of one event (ERRORS-3).

    Raises:
        MalformedResponseError: it is not one.
    """
    try:
        body = _read_json(event)
    except (ValueError, RecursionError) as exc:
        raise MalformedResponseError(f"{provider} sent JSON that cannot be read: {exc}", provider=provider) from exc
    if not isinstance(body, dict):
        raise MalformedResponseError(f"{provider} sent {type(body).__name__} instead of an object", provider=provider)
    return body


def _read_json(event: str | bytes) -> Any:
    try:
        return from_json(event)  # three times as fast as the standard library's
    except ValueError:
        text = event if isinstance(event, str) else event.decode("utf-8-sig")
        return json.loads(text)  # which also reads half of a surrogate pair, as some servers cut them


def cut_off(provider: str) -> ModelConnectionError:
    """The error of a stream that ended in the middle (ERRORS-4)."""
    return ModelConnectionError(f"{provider} ended the stream before the reply was whole", provider=provider)


def check_content_type(provider: str, content_type: str, stream: bool) -> None:
    """Refuse a 200 that is a web page, or anything else that is not the wire's (ERRORS-3)."""
    media_type = content_type.partition(";")[0].strip().lower()
    wanted = "text/event-stream" if stream else "application/json"
    if media_type and media_type != wanted:
        raise MalformedResponseError(
            f"{provider} answered with {media_type}, not {wanted}; check base_url", provider=provider
        )


def _reason(exc: BaseException) -> str:
    """Why a connection failed, in the system's words where it has some: the HTTP libraries have each their own."""
    text = str(exc.__cause__ or exc) or type(exc).__name__
    inner: BaseException | None = exc
    while inner is not None:
        if isinstance(inner, ConnectionError) and inner.errno:
            return os.strerror(inner.errno)
        nested = inner.exceptions[0] if isinstance(inner, BaseExceptionGroup) else None
        inner = nested or inner.__cause__ or inner.__context__
    return text


def _is_unreached(exc: BaseException) -> bool:
    return "ConnectError" in (type(exc).__name__, type(exc.__cause__).__name__)


def request_id_in(headers: Mapping[str, str]) -> str | None:
    """The provider's id of a request, from the headers of its answer."""
    return headers.get("request-id") or headers.get("x-request-id")
