"""The error bodies of many providers, in a response and in a stream."""

from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import (
    WAYS,
    Json,
    chunk,
    failure,
    message_start,
    sse,
    sse_text,
    text_block,
)
from conformance.scripted import Fault, Raw, Reply

WIRE = ("wire", "scripted", "streaming")
OPENAI = ("scripted", "openai_wire", "streaming")
ANTHROPIC = ("scripted", "anthropic_wire", "streaming")

WORDS: Final = "these very words"

# what servers put round a message
ENVELOPES: Final[dict[str, tuple[int, Any]]] = {
    "reference": (400, {"error": {"message": WORDS, "type": "invalid_request_error", "param": None, "code": None}}),
    "typed": (400, {"type": "error", "error": {"type": "invalid_request_error", "message": WORDS}, "request_id": None}),
    "code is text": (401, {"error": {"code": "401", "message": WORDS}}),
    "code is a number": (429, {"error": {"message": WORDS, "code": 429, "metadata": {"raw": "x"}}, "user_id": "u"}),
    "error is text": (404, {"error": WORDS}),
    "no error key": (400, {"object": "error", "message": WORDS, "type": "invalid_model", "code": "1500"}),
    "bare": (400, {"code": 400, "message": WORDS, "type": "Bad Request"}),
    "detail": (401, {"detail": WORDS}),
    "detail list": (422, {"detail": [{"loc": ["body"], "msg": WORDS}]}),
    "swapped": (401, {"error": {"message": WORDS, "type": "authentication_error", "code": "invalid_request_error"}}),
    "id beside": (
        401,
        {"id": "x", "error": {"message": WORDS, "type": "invalid_request_error", "code": "invalid_api_key"}},
    ),
    "plain text": (502, WORDS),
    "list": (500, f'[{{"error": {{"message": "{WORDS}"}}}}]'),
}

CLASSES: Final = {
    400: "InvalidRequestError",
    401: "AuthenticationError",
    404: "InvalidRequestError",
    422: "InvalidRequestError",
    429: "RateLimitError",
    500: "ServerError",
    502: "ServerError",
}

OVERFLOWS: Final[list[tuple[int, Json]]] = [
    (
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "prompt is too long: 3 tokens > 2 maximum"},
        },
    ),
    (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens.",
                "code": "context_length_exceeded",
            }
        },
    ),
    (
        400,
        {"error": {"message": "Too many tokens", "type": "invalid_request_error", "code": "context_length_exceeded"}},
    ),
    (400, {"error": {"message": "This endpoint's maximum context length is 200000 tokens.", "code": 400}}),
    (400, {"error": {"message": "The prompt has 9 tokens", "type": "too_many_prompt_tokens", "code": 400}}),
    (
        400,
        {
            "error": {
                "message": "prompt too long; exceeded max context length by 11 tokens",
                "type": "invalid_request_error",
            }
        },
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "request (9 tokens) exceeds",
                "type": "exceed_context_size_error",
                "n_ctx": 5,
            }
        },
    ),
    (
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "input length and `max_tokens` exceed context limit: 9 > 8",
            },
        },
    ),
    (413, {"error": {"message": "The input exceeds the context window of this model", "code": None}}),
]


@requirement("ERRORS-7", needs=WIRE, recorded="Errors")
async def test_every_envelope(d: Driver) -> None:
    """The message is found in each envelope, and the status decides the class whatever type and code say."""
    for label, (status, body) in ENVELOPES.items():
        for stream in WAYS:
            d.script(Fault(status, body))
            error = await failure(d, d.client(), d.lib.errors.ProviderError, stream=stream)
            assert str(error).endswith(WORDS) or (label == "detail list" and WORDS in str(error)), (label, str(error))
            assert (type(error).__name__, error.status) == (CLASSES[status], status), label


@requirement("ERRORS-7", needs=WIRE)
async def test_body_that_says_nothing(d: Driver) -> None:
    """An error without a readable body is told by its status."""
    empties: list[Any] = [
        "",
        {},
        {"error": None},
        {"error": {}},
        {"error": {"message": None, "type": None, "code": None}},
    ]
    for body in empties:
        d.script(Fault(500, body))
        error = await failure(d, d.client(), d.lib.errors.ServerError, stream=False, match="500")
        assert error.status == 500


@requirement("ERRORS-8", needs=WIRE, recorded="Errors")
async def test_context_overflow_by_each_providers_words(d: Driver) -> None:
    """A conversation that is too long is one class, whichever words a provider has for it."""
    for status, body in OVERFLOWS:
        for stream in WAYS:
            client = d.client()
            d.script(Fault(status, body))
            error = await failure(d, client, d.lib.errors.ContextOverflowError, stream=stream)
            assert (error.status, error.retryable, client.messages) == (status, False, [])


@requirement("ERRORS-8", needs=WIRE, recorded="Errors")
async def test_other_refused_requests_are_no_overflow(d: Driver) -> None:
    """A bad parameter is no overflow, nor is a busy server or a limit of tokens per minute."""
    per_minute = "Rate limit reached on tokens per min (TPM): Limit 10000, Used 9348, Requested 5086."
    bodies = [(400, "temperature: range: 0..1"), (400, "max_tokens must be positive"), (429, per_minute)]
    for status, words in bodies:
        d.script(Fault(status, {"error": {"message": words, "type": "invalid_request_error"}}))
        error = await failure(d, d.client(), d.lib.errors.ProviderError, stream=False)
        assert type(error).__name__ == CLASSES[status]


@requirement("ERRORS-9", needs=WIRE, recorded="Errors")
async def test_spent_quota_is_not_retryable(d: Driver) -> None:
    """A rate limit passes; a spent quota, and a request that is larger than the limit itself, do not."""
    quota = "You exceeded your current quota, please check your plan and billing details."
    large = "Request too large for m on tokens per min (TPM): Limit 10000, Requested 30601."
    bodies: list[tuple[Json, bool]] = [
        ({"message": quota, "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}, False),
        ({"message": "Quota", "type": "insufficient_quota", "code": "insufficient_quota"}, False),
        ({"message": large, "type": "tokens", "code": "rate_limit_exceeded"}, False),
        ({"message": "Rate limit reached for m", "type": "tokens", "code": "rate_limit_exceeded"}, True),
        ({"message": "Rate limited", "type": "rate_limit_error"}, True),
    ]
    for error, retryable in bodies:
        d.script(Fault(429, {"error": error}))
        raised = await failure(d, d.client(), d.lib.errors.RateLimitError, stream=False)
        assert raised.retryable is retryable, error


@requirement("ERRORS-10", needs=OPENAI, recorded="C25, C26")
async def test_error_in_a_chat_completions_stream(d: Driver) -> None:
    """An error event, or an error beside choices after a finish, first or later, is the error its code says."""
    failed = {
        "message": "Failed to call",
        "type": "invalid_request_error",
        "code": "tool_use_failed",
        "status_code": 400,
    }
    beside = {"error": {"code": 400, "message": "Provider said no"}}
    text, stop = chunk({"content": "Hel"}), chunk({}, "stop")
    streams: list[tuple[Raw, str, int | None]] = [
        (sse(text, {"type": "x", "error": failed}), "InvalidRequestError", 400),
        (Raw(b"event: error\n" + sse_text({"error": failed}).encode()), "InvalidRequestError", 400),
        (
            sse(text, stop, chunk({"content": ""}, "error", **beside), end="data: [DONE]\n\n"),
            "InvalidRequestError",
            400,
        ),
        (sse({"error": {"code": 429, "message": "slow down"}}), "RateLimitError", 429),
        (sse(text, {"error": {"message": "boom", "type": "server_error", "code": None}}), "ServerError", 500),
        (sse(text, {"error": "boom"}), "ServerError", None),
    ]
    for raw, name, status in streams:
        client = d.client()
        d.script(raw)
        error = await failure(
            d, client, d.lib.errors.ProviderError, stream=True, match="Failed|said no|slow down|: boom"
        )
        assert (type(error).__name__, error.status, client.messages) == (name, status, [])
        assert (error.provider, error.request_id) == (d.target.provider, f"req_scripted_{len(d.server.requests)}")


@requirement("ERRORS-10", needs=ANTHROPIC, recorded="A22, Errors")
async def test_error_in_a_messages_stream(d: Driver) -> None:
    """An error event, first or later, is the error its type says; an error body to a streamed request is one too."""
    kinds = {
        "overloaded_error": ("OverloadedError", 529, True),
        "rate_limit_error": ("RateLimitError", 429, True),
        "api_error": ("ServerError", 500, True),
        "invalid_request_error": ("InvalidRequestError", 400, False),
        "authentication_error": ("AuthenticationError", 401, False),
        "request_too_large": ("InvalidRequestError", 413, False),
        "novel_error": ("ServerError", None, True),
    }
    for kind, expected in kinds.items():
        event = {"type": "error", "error": {"details": None, "type": kind, "message": "Told"}, "request_id": "req_in"}
        for events in ([event], [message_start(), *text_block(0, "Hel")[:-1], event]):
            client = d.client()
            d.script(sse(*events))
            error = await failure(d, client, d.lib.errors.ProviderError, stream=True, match="Told")
            assert (type(error).__name__, error.status, error.retryable) == expected, kind
            assert (error.provider, error.request_id, client.messages) == (d.target.provider, "req_in", [])


@requirement("ERRORS-10", needs=WIRE, recorded="C25, C26, Errors")
async def test_error_after_some_text(d: Driver) -> None:
    """Text that had come is yielded, then the error rises, and nothing is recorded."""
    client, seen = d.client(), ""
    d.script(Reply("Hello there", error={"type": "server_error", "message": "boom", "code": None}))
    with d.raises(d.lib.errors.ServerError, "boom"):
        async for piece in d.stream(client.chat("hi", stream=True)):
            seen += piece.content
    assert seen == "Hello there"
    assert client.messages == []


@requirement("ERRORS-11", needs=WIRE)
async def test_refusal(d: Driver) -> None:
    """A refusal is RefusalError on every wire, whole and streamed; it is not retryable and records nothing."""
    for stream in WAYS:
        client = d.client()
        d.script(Reply(refusal="I will not."))
        error = await failure(d, client, d.lib.errors.RefusalError, stream=stream, match="I will not")
        assert (error.provider, error.retryable) == (d.target.provider, False)
        assert (client.messages, client.stop_reason) == ([], "refusal")
