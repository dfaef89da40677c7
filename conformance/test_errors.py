"""What is raised when the other side fails."""

import socket
from collections.abc import Callable
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import WAYS, ask, failure, tools_of
from conformance.requirement import LIBRARY
from conformance.scripted import Call, Fault, Gate, Raw, Reply

WIRE = ("wire", "scripted", "streaming")

# status: the class, and whether to try again
STATUSES: Final = {
    400: ("InvalidRequestError", False),
    401: ("AuthenticationError", False),
    403: ("AuthenticationError", False),
    404: ("InvalidRequestError", False),
    408: ("ModelTimeoutError", True),
    409: ("InvalidRequestError", True),
    413: ("InvalidRequestError", False),
    422: ("InvalidRequestError", False),
    429: ("RateLimitError", True),
    500: ("ServerError", True),
    502: ("ServerError", True),
    503: ("OverloadedError", True),
    529: ("OverloadedError", True),
}


def status_of(error: object) -> object:
    """The status that an exception of an SDK, or of the HTTP client beneath, holds."""
    return getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)


@requirement("ERRORS-1", subject=LIBRARY)
async def test_one_tree(d: Driver) -> None:
    """Every error is an AimuError; those of the other side are ProviderErrors, some of them standard ones too."""
    errors = d.direct(d.lib.errors)
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.AimuError), name
    parents = {
        errors.ModelConnectionError: (errors.ProviderError, ConnectionError),
        errors.ModelTimeoutError: (errors.ModelConnectionError, TimeoutError),
        errors.ContextOverflowError: (errors.InvalidRequestError,),
        errors.MalformedResponseError: (errors.ProviderError,),
        errors.RefusalError: (errors.ProviderError,),
        errors.TruncatedReplyError: (errors.DegenerateTurnError,),
        errors.ToolSignatureError: (TypeError,),
        errors.ColourError: (ValueError,),
        errors.ConcurrentTurnError: (RuntimeError,),
        errors.MissingDependencyError: (ImportError,),
    }
    for child, bases in parents.items():
        assert all(issubclass(child, base) for base in bases), child
    assert not issubclass(errors.DegenerateTurnError, errors.ProviderError)


@requirement("ERRORS-2", needs=WIRE, recorded="Errors")
async def test_status_decides_the_class(d: Driver) -> None:
    """Each status is its class, whole and streamed, with provider, status, request id, retryable and the SDK's own."""
    for status, (name, retryable) in STATUSES.items():
        for stream in WAYS:
            client = d.client()
            d.script(Fault(status))
            error = await failure(d, client, d.lib.errors.ProviderError, stream=stream, match=str(status))
            assert type(error).__name__ == name, status
            assert (error.provider, error.status, error.retryable) == (d.target.provider, status, retryable)
            assert error.request_id == f"req_scripted_{len(d.server.requests)}"
            assert status_of(error.__cause__) == status
            assert type(error.__cause__).__module__.split(".")[0] != d.lib.__name__
            assert client.messages == []


@requirement("ERRORS-2", needs=WIRE)
async def test_message_holds_the_providers_words(d: Driver) -> None:
    """The message names the provider and says what the provider said."""
    for stream in WAYS:
        d.script(Fault(404, {"error": {"message": "no model by that name", "type": "not_found_error"}}))
        error = await failure(d, d.client(), d.lib.errors.InvalidRequestError, stream=stream, match="no model by that")
        assert d.target.provider in str(error)


@requirement("ERRORS-3", needs=WIRE)
async def test_what_is_not_the_wire_is_malformed(d: Driver) -> None:
    """A web page, another content type, torn or foreign JSON and an empty body are MalformedResponseError."""
    page = b"<html><body>Welcome</body></html>"
    bodies = [
        page,
        b"",
        b'{"content": [',
        b'{"choices": [',
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"ok": true}',
        b"[" * 100_000,
    ]
    answers = [Raw(page, content_type="text/html"), Raw(b"{}", content_type="text/plain; charset=utf-8")]
    for answer in [*answers, *(Raw(body, content_type="application/json") for body in bodies)]:
        client = d.client()
        d.script(answer)
        error = await failure(d, client, d.lib.errors.MalformedResponseError, stream=False)
        assert (error.provider, error.retryable, client.messages) == (d.target.provider, False, [])
        assert error.request_id == f"req_scripted_{len(d.server.requests)}"
    events = [b"data: {\n\n", b"data: <html>\n\n", b"data: []\n\n", b"data: null\n\n", b"data: 5\n\n"]
    pages = [Raw(page, content_type="text/html"), Raw(b"{}", content_type="application/json")]
    for answer in [*pages, *(Raw(event) for event in events)]:
        client = d.client()
        d.script(answer)
        error = await failure(d, client, d.lib.errors.MalformedResponseError, stream=True)
        assert (error.provider, client.messages) == (d.target.provider, [])
        assert error.request_id == f"req_scripted_{len(d.server.requests)}"


@requirement("ERRORS-3", needs=WIRE)
async def test_json_of_another_shape_is_malformed(d: Driver) -> None:
    """A body or an event that is right outside and wrong inside is malformed too, on either wire."""
    bodies = [b'{"choices": [5], "content": [5]}', b'{"choices": [{"message": 5}], "content": [{"text": 5}]}']
    events = [
        b'{"type": "content_block_delta", "delta": {"type": "text_delta"}, "choices": [5]}',
        b'{"type": "content_block_start", "choices": [{"delta": {"tool_calls": [5]}}]}',
        b'{"type": "message_start", "message": 5, "choices": [{"delta": 5}]}',
    ]
    answers = [(False, Raw(body, content_type="application/json")) for body in bodies]
    for stream, answer in [*answers, *((True, Raw(b"data: " + event + b"\n\n")) for event in events)]:
        client = d.client()
        d.script(answer)
        error = await failure(d, client, d.lib.errors.MalformedResponseError, stream=stream)
        assert (error.provider, client.messages) == (d.target.provider, [])
        assert error.__cause__ is not None or d.server.requests[-1].wire not in ("openai", "anthropic")


@requirement("ERRORS-3", needs=WIRE)
async def test_web_page_names_base_url(d: Driver) -> None:
    """A web page in place of a reply says what it was and to look at base_url."""
    for stream in WAYS:
        d.script(Raw(b"<html>", content_type="text/html; charset=utf-8"))
        await failure(d, d.client(), d.lib.errors.MalformedResponseError, stream=stream, match="text/html.*base_url")


@requirement("ERRORS-4", needs=WIRE)
async def test_refused_connection(d: Driver) -> None:
    """A port where nobody listens is ModelConnectionError, which is a ConnectionError, with the SDK's own as cause."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        for stream in WAYS:
            client = d.client(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
            error = await failure(d, client, ConnectionError, stream=stream, match="Connection refused.*base_url")
            assert type(error) is d.lib.errors.ModelConnectionError
            assert (error.provider, error.status, error.retryable) == (d.target.provider, None, True)
            assert "Connect" in type(error.__cause__).__name__


@requirement("ERRORS-4", needs=WIRE)
async def test_broken_connection(d: Driver) -> None:
    """A connection that breaks before, in or at the end of a reply is ModelConnectionError; nothing is recorded."""
    faults: list[tuple[bool, Any]] = [
        (False, Fault(kind="reset")),
        (True, Fault(kind="reset")),
        (False, Reply("Hello there", drops=True)),
        (True, Reply("Hello there", drops=True)),
        (True, Reply("Hello there", ends=False)),
        (True, Raw(b"")),
    ]
    for stream, fault in faults:
        client = d.client()
        d.script(fault, Reply("Hello"))
        error = await failure(d, client, d.lib.errors.ModelConnectionError, stream=stream)
        assert (error.provider, error.status, error.retryable) == (d.target.provider, None, True)
        assert client.messages == []
        assert await ask(d, client, stream=stream) == "Hello"


@requirement("ERRORS-4", needs=WIRE)
async def test_time_out(d: Driver) -> None:
    """No answer within the time, or none in the middle of a stream, is ModelTimeoutError, which is a TimeoutError."""
    silences: list[tuple[bool, Any]] = [
        (False, Fault(kind="hang")),
        (True, Fault(kind="hang")),
        (True, Reply(["Hel", Gate(), "lo"])),
    ]
    for stream, silence in silences:
        client = d.client(timeout=0.1)
        d.script(silence)
        error = await failure(d, client, TimeoutError, stream=stream, match="in time")
        assert isinstance(error, d.lib.errors.ModelTimeoutError)
        assert (error.provider, error.status, error.retryable) == (d.target.provider, None, True)
        assert error.__cause__ is not None
        assert client.messages == []


@requirement("ERRORS-5", needs=WIRE)
async def test_retries_are_the_sdks(d: Driver) -> None:
    """max_retries sends a failed request again; without retries the first failure is the error."""
    soon = {"retry-after-ms": "1"}
    for stream in WAYS:
        d.script(Fault(500, headers=soon), Fault(429, headers=soon), Reply("Hello"))
        assert await ask(d, d.client(max_retries=2), stream=stream) == "Hello"
        d.script(Fault(500, headers=soon))
        await failure(d, d.client(max_retries=0), d.lib.errors.ServerError, stream=stream)
        d.script(Fault(500, headers=soon), Fault(500, headers=soon))
        await failure(d, d.client(max_retries=1), d.lib.errors.ServerError, stream=stream)
    assert len(d.server.requests) == 12
    assert d.server.unanswered == 0


@requirement("ERRORS-6", needs=(*WIRE, "tools"))
async def test_failure_in_a_later_round_keeps_the_rounds_before(d: Driver) -> None:
    """A request that fails records nothing of its own round, and the conversation goes on from there."""
    faults: list[Callable[[], Any]] = [
        lambda: Fault(500),
        lambda: Reply("torn", drops=True),
        lambda: Raw(b"data: {\n\n"),
    ]
    for fault in faults:
        client = d.client(tools=tools_of(d))
        d.script(Reply(calls=[Call("clock")]), fault(), Reply("noon"))
        await failure(d, client, d.lib.errors.ProviderError, stream=True)
        assert [message["role"] for message in client.messages] == ["user", "assistant", "tool"]
        assert await d(client.resume()) == "noon"
