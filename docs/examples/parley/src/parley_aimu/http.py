"""What both surfaces make of an HTTP response. Pure: nothing is sent or awaited here."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx2
from aimu.core.models import ModelSpec
from aimu.errors import MalformedResponseError, ProviderError
from aimu.wire.errors import error_for

PROVIDER = "parley"
LIVE, WHOLE = "application/x-ndjson", "application/json"
LONGEST = 2**24  # bytes of a line
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0  # seconds


class Lines:
    """Cuts the bytes of a live answer into its lines, wherever they are torn."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, fragment: bytes) -> Iterator[bytes]:
        """The lines that end in a fragment.

        Raises:
            MalformedResponseError: a line does not end.
        """
        *lines, self._rest = (self._rest + fragment).split(b"\n")
        yield from filter(None, lines)
        if len(self._rest) > LONGEST:
            raise MalformedResponseError(f"parley sent a line of more than {LONGEST} bytes", provider=PROVIDER)


def settings(connection: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of the HTTP client: address, key and time-out, and whatever the user gives in `model_kwargs`."""
    given = {name: value for name, value in connection.items() if name not in ("api_key", "max_retries")}
    return {"timeout": 60.0, "headers": {"x-parley-key": connection["api_key"]}} | given


def narrowed(spec: ModelSpec) -> ModelSpec:
    """The spec without what no persona can do, whatever a user says of it."""
    return replace(spec, thinking=False, vision=False) if spec.thinking or spec.vision else spec


def trouble(status: int | None, body: Any, request_id: str | None = None) -> ProviderError:
    """The exception for a failure: of a status, or inside a live answer.

    Args:
        status: int of HTTP, or None inside a live answer.
        body: what was sent, read as JSON where it is.
        request_id: str or None, default None.
    """
    if isinstance(body, Mapping) and isinstance(told := body.get("trouble"), Mapping):
        body = {"error": {"type": told.get("kind"), "message": told.get("words")}}
    return error_for(PROVIDER, status, body, request_id=request_id)


def require_answer(response: httpx2.Response, is_live: bool) -> None:
    """See that a response, read to its end where it is an error, is an answer.

    Raises:
        ProviderError: it is a failure, or of another type than Parley's.
    """
    try:
        response.raise_for_status()
    except httpx2.HTTPStatusError as error:
        raise trouble(response.status_code, _body(response), response.headers.get("x-request-id")) from error
    found, wanted = response.headers.get("content-type", "").partition(";")[0], LIVE if is_live else WHOLE
    if found != wanted:
        raise MalformedResponseError(f"parley answered with {found}, not {wanted}; check base_url", provider=PROVIDER)


def wait_before(attempt: int, response: httpx2.Response | None) -> float | None:
    """Seconds to wait before a request is sent again, None where that would not help.

    Args:
        attempt: int, how many times it has been sent again.
        response: Response, or None where none came.
    """
    told = response.headers if response is not None else {}
    if response is not None and not (response.status_code in (408, 409, 429) or response.status_code >= 500):
        return None
    if told.get("x-should-retry") == "false":
        return None
    if told.get("retry-after-ms", "").isdigit():
        return min(LONGEST_WAIT, int(told["retry-after-ms"]) / 1000)
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0**attempt)


def _body(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text
