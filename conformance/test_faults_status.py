"""The fault matrix: every status that is none of success."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import ask
from conformance.faulting import FINE, SENT, Bench, Fault
from conformance.scripted import Bare, Raw, Reply
from conformance.scripted import Fault as Status
from conformance.test_errors import STATUSES

WIRE: Final = ("wire", "scripted", "streaming", "tools")
SOON: Final = {"retry-after-ms": "1"}
PAGE: Final = b"<!doctype html><html><body><h1>Not today</h1></body></html>"
LATER: Final = {"retry-after": "20"}
BODIES: Final = {
    "a page": (PAGE, "text/html"),
    "no body": (b"", "application/json"),
    "torn JSON": (b'{"error": {"mess', "application/json"),
    "JSON of another shape": (b"[[]]", "application/json"),
    "bytes": (b"\xff\xfe\x00", "application/json"),
}


def page(status: int, body: bytes = PAGE, content_type: str = "text/html") -> Raw:
    """What stands between a client and its provider says so in its own words."""
    return Raw(body, status=status, content_type=content_type)


def statuses(answer: Callable[[int], Any], label: str = "", **more: Any) -> list[Fault]:
    """Each status, answered by what a callable makes of it."""
    return [
        Fault(f"{status}{label}", answer(status), error, retryable, status, str(status), has_id=True, **more)
        for status, (error, retryable) in STATUSES.items()
    ]


@requirement("FAULTS-1", "ERRORS-2", "ERRORS-6", needs=WIRE)
async def test_each_status(d: Driver) -> None:
    """Every status with the body of its endpoint, and those that tell how long to wait."""
    waiting = statuses(lambda status: Status(status, headers=LATER), ", retry-after")
    await Bench(d).endure([*statuses(Status), *(row for row in waiting if row.status in (429, 503))])


@requirement("FAULTS-1", "ERRORS-2", "ERRORS-7", needs=WIRE)
async def test_each_status_of_someone_between(d: Driver) -> None:
    """A status decides by itself where its body is a web page, is empty, is torn, or is not even text."""
    rows = [Fault("500 that breaks off", Raw(b"{", status=500, ends=False), "ModelConnectionError")]
    for label, (body, kind) in BODIES.items():
        every = statuses(lambda status, body=body, kind=kind: page(status, body, kind), f", {label}", rounds=(False,))  # type: ignore[misc]
        rows += [row for row in every if row.status in (401, 429, 502)]
    await Bench(d).endure(rows)


@requirement("FAULTS-1", "ERRORS-5", needs=WIRE)
async def test_each_status_is_sent_again_as_it_says(d: Driver) -> None:
    """With one retry what may pass is sent twice, and what will not pass once."""
    client = d.client(max_retries=1)
    for status, (_, retryable) in STATUSES.items():
        for stream in (False, True):
            with d.row(f"{status}, one retry, {SENT[stream]}"):
                asked, client.messages = len(d.server.requests), []
                d.script(Status(status, headers=SOON), Reply(FINE))
                if retryable:
                    assert await ask(d, client, stream=stream) == FINE
                else:
                    with d.raises(d.lib.errors.ProviderError):
                        await ask(d, client, stream=stream)
                    assert client.messages == []
                    d.server.unscript()
                assert len(d.server.requests) - asked == 1 + retryable


@requirement("FAULTS-1", "ERRORS-3", "ERRORS-6", needs=WIRE)
async def test_success_without_an_answer(d: Driver) -> None:
    """A status that says that there is nothing is no answer, nor is a page with a status of success."""
    head = b"HTTP/1.1 204 No Content\r\nconnection: close\r\ncontent-type: "
    nothing, stream = Bare(head + b"application/json\r\n\r\n"), Bare(head + b"text/event-stream\r\n\r\n")
    wrong = partial(Fault, error="MalformedResponseError", retryable=False, is_caused=False)
    rows = [
        wrong("204", nothing, streams=(False,)),
        Fault("204", stream, "ModelConnectionError", streams=(True,), is_caused=False),
        wrong("200, a page", page(200), words="text/html", has_id=True),
        wrong("201, text", page(201, b"Made", "text/plain"), words="text/plain", has_id=True),
    ]
    await Bench(d).endure(rows)
