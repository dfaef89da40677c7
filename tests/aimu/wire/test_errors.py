"""Every envelope a provider sends, as one of our exceptions. The bodies are synthetic, their shapes are real."""

from typing import Any

import anthropic
import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from aimu.wire.errors import check_content_type, error_for, parsed_body, translated
from tests.aimu.strategies import JSON

REQUEST = httpx2.Request("POST", "http://localhost/v1")


def claude(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def gpt(message: str, kind: str | None = "invalid_request_error", code: Any = None, **rest: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **rest}}


# provider, status, body, class, retryable
ENVELOPES: list[tuple[str, int, Any, type[ProviderError], bool]] = [
    (
        "anthropic",
        400,
        claude("invalid_request_error", "prompt is too long: 9 tokens > 5"),
        ContextOverflowError,
        False,
    ),
    ("anthropic", 400, claude("invalid_request_error", "temperature: range: 0..1"), InvalidRequestError, False),
    ("anthropic", 401, claude("authentication_error", "invalid x-api-key"), AuthenticationError, False),
    ("anthropic", 403, claude("permission_error", "no"), AuthenticationError, False),
    ("anthropic", 404, claude("not_found_error", "model: claude-sonet"), InvalidRequestError, False),
    ("anthropic", 429, claude("rate_limit_error", "Rate limited"), RateLimitError, True),
    ("anthropic", 500, claude("api_error", "Overloaded"), ServerError, True),
    ("anthropic", 529, claude("overloaded_error", "Overloaded"), OverloadedError, True),
    ("openai", 400, gpt("Unsupported value: 'x'", code="unsupported_value"), InvalidRequestError, False),
    ("openai", 400, gpt("too long", code="context_length_exceeded"), ContextOverflowError, False),
    ("openai", 401, gpt("Incorrect API key provided", code="invalid_api_key"), AuthenticationError, False),
    ("openai", 404, gpt("The model `x` does not exist", code="model_not_found"), InvalidRequestError, False),
    ("openai", 408, gpt("time", None), ModelTimeoutError, True),
    ("openai", 409, gpt("conflict", None), InvalidRequestError, True),
    ("openai", 429, gpt("Rate limit reached for x", "tokens", "rate_limit_exceeded"), RateLimitError, True),
    ("openai", 429, gpt("Request too large for x", "tokens", "rate_limit_exceeded"), RateLimitError, False),
    ("openai", 429, gpt("You exceeded your current quota", "insufficient_quota", "x"), RateLimitError, False),
    ("openai", 429, gpt("no money", "insufficient_quota", "insufficient_quota"), RateLimitError, False),
    ("openai", 500, gpt("The server experienced an error", "server_error"), ServerError, True),
    ("openai", 503, gpt("That model is currently overloaded", "server_error"), OverloadedError, True),
    ("azure", 401, {"error": {"code": "401", "message": "Access denied"}}, AuthenticationError, False),
    ("azure", 404, {"error": {"code": "DeploymentNotFound", "message": "x"}}, InvalidRequestError, False),
    ("azure", 429, {"error": {"code": "RateLimitReached", "message": "x", "details": ""}}, RateLimitError, True),
    ("openrouter", 429, {"error": {"message": "x", "code": 429, "metadata": {}}, "user_id": "u"}, RateLimitError, True),
    (
        "openrouter",
        400,
        gpt("This endpoint's maximum context length is 5 tokens", None, 400),
        ContextOverflowError,
        False,
    ),
    ("openrouter", 401, gpt("No cookie auth credentials found", None, 401), AuthenticationError, False),
    ("groq", 400, gpt("failed", code="tool_use_failed", failed_generation="x"), InvalidRequestError, False),
    (
        "mistral",
        400,
        {"object": "error", "message": "x", "type": "invalid_model", "code": "1500"},
        InvalidRequestError,
        False,
    ),
    ("mistral", 401, {"detail": "x"}, AuthenticationError, False),
    ("deepseek", 401, gpt("x", "authentication_error", "invalid_request_error"), AuthenticationError, False),
    ("venice", 404, {"error": "x"}, InvalidRequestError, False),
    ("doubleword", 400, {"code": 400, "message": "x", "type": "Bad Request"}, InvalidRequestError, False),
    ("perplexity", 400, gpt("x", "too_many_prompt_tokens", 400), ContextOverflowError, False),
    ("ollama", 400, gpt("prompt too long; exceeded max context length by 4 tokens"), ContextOverflowError, False),
    ("ollama", 401, gpt("Unauthorized", "api_error"), AuthenticationError, False),
    ("llamaserver", 400, gpt("request (9 tokens)", "exceed_context_size_error", 400), ContextOverflowError, False),
    ("llamaserver", 500, gpt("image without projector", "server_error", 500), ServerError, True),
    ("proxy", 502, "<html>Bad Gateway</html>", ServerError, True),
    ("proxy", 418, None, InvalidRequestError, False),
]


@pytest.mark.parametrize(("provider", "status", "body", "cls", "retryable"), ENVELOPES)
def test_each_envelope_is_one_class(provider: str, status: int, body: Any, cls: Any, retryable: bool) -> None:
    error = error_for(provider, status, body, request_id="req_1")
    assert type(error) is cls
    assert (error.provider, error.status, error.request_id, error.retryable) == (provider, status, "req_1", retryable)
    assert str(error).startswith(f"{provider} answered {status}: ")


@pytest.mark.parametrize(("provider", "body"), [(row[0], row[2]) for row in ENVELOPES if row[2]])
def test_the_providers_own_words_are_in_the_message(provider: str, body: Any) -> None:
    inner = body.get("error", body) if isinstance(body, dict) else body
    words = inner if isinstance(inner, str) else inner.get("message") or inner["detail"]
    assert words in str(error_for(provider, 400, body))


IN_STREAM: list[tuple[Any, type[ProviderError], int | None]] = [
    (claude("overloaded_error", "Overloaded"), OverloadedError, 529),
    (claude("rate_limit_error", "x"), RateLimitError, 429),
    (claude("invalid_request_error", "prompt is too long"), ContextOverflowError, 400),
    (claude("of_the_future", "x"), ServerError, None),
    (gpt("x", code="tool_use_failed", status_code=400), InvalidRequestError, 400),
    ({"error": {"code": 400, "message": "x"}, "choices": []}, InvalidRequestError, 400),
    ({"error": {"code": "x", "message": "maximum context length"}}, ContextOverflowError, None),
    ({"error": "x"}, ServerError, None),
]


@pytest.mark.parametrize(("body", "cls", "status"), IN_STREAM)
def test_an_error_inside_a_stream_is_told_by_its_type(body: Any, cls: type[ProviderError], status: int | None) -> None:
    error = error_for("x", None, body)
    assert (type(error), error.status) == (cls, status)
    assert str(error).startswith(f"x answered {status}: " if status else "x broke off its answer: ")


@given(
    JSON | st.dictionaries(st.sampled_from(["error", "message", "type", "code"]), JSON),
    st.none() | st.integers(400, 599),
)
def test_any_body_makes_an_error_with_a_message(body: Any, status: int | None) -> None:
    error = error_for("x", status, body, fallback="fallback")
    assert str(error).partition(": ")[2]


def status_error(sdk: Any, status: int, body: Any) -> Exception:
    response = httpx2.Response(status, request=REQUEST, headers={"x-request-id": "req_1", "request-id": "req_1"})
    error: Exception = sdk.APIStatusError("key sk-secret-123 is wrong", response=response, body=body)
    return error


@pytest.mark.parametrize("sdk", [openai, anthropic])
def test_a_status_of_either_sdk_is_ours_without_the_secret(sdk: Any) -> None:
    old = status_error(sdk, 401, gpt("key sk-secret-123 is wrong"))
    new = translated(old, "p", "sk-secret-123", None)
    assert isinstance(new, AuthenticationError)
    assert (new.status, new.request_id, new.provider) == (401, "req_1", "p")
    for shown in (str(new), repr(new), str(old), repr(old)):
        assert "sk-secret-123" not in shown
    assert "key *** is wrong" in str(new)


@pytest.mark.parametrize("sdk", [openai, anthropic])
@pytest.mark.parametrize(
    ("make", "cls"),
    [
        (lambda sdk: sdk.APITimeoutError(request=REQUEST), ModelTimeoutError),
        (lambda sdk: sdk.APIConnectionError(request=REQUEST), ModelConnectionError),
        (lambda _: httpx2.ReadTimeout("slow"), ModelTimeoutError),
        (lambda _: httpx2.RemoteProtocolError("peer closed"), ModelConnectionError),
        (lambda _: httpx2.ReadError("reset"), ModelConnectionError),
        (lambda _: httpx2.DecodingError("gzip"), MalformedResponseError),
    ],
)
def test_what_breaks_on_the_way_is_ours(sdk: Any, make: Any, cls: type[ProviderError]) -> None:
    error = translated(make(sdk), "p", "sk-secret-123", None)
    assert type(error) is cls
    assert error.provider == "p"


@pytest.mark.parametrize("exc", [ValueError("x"), KeyError("x"), RuntimeError("x")])
def test_what_is_neither_the_sdks_nor_the_networks_stays_what_it_is(exc: Exception) -> None:
    assert translated(exc, "p", "sk-secret-123", None) is None


@pytest.mark.parametrize("body", ["", "{", "[1]", "null", b"\xff", "[" * 99_999])
def test_a_body_that_is_no_object_is_malformed(body: str | bytes) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        parsed_body("p", body)
    assert caught.value.provider == "p"


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_any_object_is_read_from_text_and_from_bytes(body: dict[str, Any]) -> None:
    text = httpx2.Response(200, json=body).text
    assert parsed_body("p", text) == parsed_body("p", text.encode()) == body


@pytest.mark.parametrize(
    "content_type", ["", "text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream;x"]
)
def test_only_the_media_type_counts(content_type: str) -> None:
    check_content_type("p", content_type, stream=True)


@pytest.mark.parametrize(("content_type", "stream"), [("text/html", False), ("text/html; charset=utf-8", True)])
def test_a_web_page_is_refused_with_a_word_about_base_url(content_type: str, stream: bool) -> None:
    with pytest.raises(MalformedResponseError, match=r"answered with text/html, not .*; check base_url"):
        check_content_type("p", content_type, stream=stream)


@pytest.mark.parametrize("sdk", [openai, anthropic])
def test_the_secret_is_three_stars_in_the_sdks_own_message(sdk: Any) -> None:
    old = status_error(sdk, 401, None)
    translated(old, "p", "sk-secret-123", None)
    assert vars(old)["message"] == "key *** is wrong"


def test_an_error_without_words_says_what_else_there_is() -> None:
    assert str(error_for("x", 500, {"error": {"type": "odd"}}, fallback="what the SDK says")).endswith(
        ": what the SDK says"
    )
    assert str(error_for("x", 500, {"error": {"type": "odd"}})).endswith(": no message")
