"""The error bodies of the real endpoints, by wire and status. Pure."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from conformance.scripted.script import Json

Wire: TypeAlias = Literal["openai", "anthropic"]

ANTHROPIC = {
    400: ("invalid_request_error", "temperature: range: 0..1"),
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "Your API key does not have permission to use the specified resource."),
    404: ("not_found_error", "model: {model}"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: (
        "rate_limit_error",
        "This request would exceed your account's rate limit. Please try again later.",
    ),
    500: ("api_error", "Overloaded"),
    529: ("overloaded_error", "Overloaded"),
}

OPENAI = {
    400: (
        "Unsupported value: 'messages[0].role' does not support 'developer' with this model.",
        "invalid_request_error",
        "messages[0].role",
        "unsupported_value",
    ),
    401: (
        "Incorrect API key provided: scripted-****. You can find your API key at the dashboard.",
        "invalid_request_error",
        None,
        "invalid_api_key",
    ),
    404: (
        "The model `{model}` does not exist or you do not have access to it.",
        "invalid_request_error",
        None,
        "model_not_found",
    ),
    429: (
        "Rate limit reached for {model} on tokens per min (TPM): Limit 10000, Used 9348. Please try again in 26.604s.",
        "tokens",
        None,
        "rate_limit_exceeded",
    ),
    500: (
        "The server experienced an error while processing your request. Sorry about that!",
        "server_error",
        None,
        None,
    ),
    503: ("That model is currently overloaded with other requests.", "server_error", None, None),
}


def error_body(wire: Wire, status: int, model: str, number: int) -> Json:
    """What the endpoint of a wire sends with a status.

    Args:
        wire: "openai" or "anthropic".
        status: int, the HTTP status; one not recorded gets the type of its family.
        model: str, the model asked for, which some messages name.
        number: int, the request's number, from which the request id is made.

    Returns:
        dict: the JSON body.
    """
    if wire == "anthropic":
        kind, text = ANTHROPIC.get(status, ("invalid_request_error" if status < 500 else "api_error", "Scripted error"))
        body = {"type": "error", "error": {"type": kind, "message": text.format(model=model)}}
        return body if status == 529 else body | {"request_id": None if status == 500 else request_id(number)}
    message, kind, param, code = OPENAI.get(
        status, ("Scripted error", "invalid_request_error" if status < 500 else "server_error", None, None)
    )
    return {"error": {"message": message.format(model=model), "type": kind, "param": param, "code": code}}


def wrapped(wire: Wire, error: Mapping[str, Any], number: int) -> Json:
    """The envelope of a wire around an error object."""
    if wire == "anthropic":
        return {"type": "error", "error": dict(error), "request_id": request_id(number)}
    return {"error": {"message": None, "type": None, "param": None, "code": None} | dict(error)}


def server_error(wire: Wire, message: str) -> Json:
    """The error object with which a wire says that the server failed."""
    return {"type": "api_error" if wire == "anthropic" else "server_error", "message": message}


def retry_header(wire: Wire, status: int) -> dict[str, str]:
    """Whether the endpoint tells the client to try again; the openai wire does not say."""
    if wire != "anthropic" or status < 400:
        return {}
    if status == 529:
        return {"x-should-retry": "true"}
    lasting = status < 500 and status not in (408, 409, 429)
    return {"x-should-retry": "false"} if lasting else {}


def request_id(number: int) -> str:
    """The id a request is given in headers and error bodies."""
    return f"req_scripted_{number}"
