"""Scenarios of spec/security.md: planted secrets, and what a model writes."""

import base64
import logging
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import WAYS, ask, failure, preset
from conformance.props import Records
from conformance.scripted import Call, Fault, Raw, Reply

WIRE: Final = ("wire", "scripted", "streaming", "spec_wire")
TOOLS: Final = ("wire", "scripted", "tools")
KEY: Final = "canary-key-0123456789"
HEADER: Final = "canary-header-0123456789"
QUERY: Final = "canary-query-0123456789"
USER: Final = "canary-user-0123456789"
BASIC: Final = base64.b64encode(f"me:{USER}".encode()).decode()
SECRETS: Final = (KEY, HEADER, QUERY, USER, BASIC)
SETTINGS: Final = {"default_headers": {"X-Gateway-Key": HEADER}, "default_query": {"token": QUERY}}
WANTED: Final = ("os.system", "__import__", "eval", "../tool", "note; touch x", "$(touch x)", "note\nnote", "NOTE", "")


def address(d: Driver) -> str:
    """Where the server is, with a user and a password that has a sign of its own."""
    return d.server.url(d.target.provider).replace("://", f"://me:{USER}@")


def guarded(d: Driver, **keywords: Any) -> Any:
    """A client that was given every kind of secret."""
    settings = {"api_key": KEY, "base_url": address(d), "model_kwargs": SETTINGS}
    return preset(d, d.target.provider, **settings | keywords)


def family(exc: BaseException | None) -> Iterator[BaseException]:
    """An exception, and all that it came from."""
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


def shown(error: BaseException) -> str:
    """All that is printed of an error."""
    parts = [text for one in family(error) for text in (str(one), repr(one), str(getattr(one, "__notes__", "")))]
    return "\n".join([*parts, *traceback.format_exception(error), repr(vars(error))])


def locals_of(error: BaseException, lib: Any) -> dict[str, str]:
    """The locals of the library's own frames in the traceback of an error, and of what it came from."""
    home = str(Path(lib.__file__).parent)
    stacks = [traceback.TracebackException.from_exception(one, capture_locals=True).stack for one in family(error)]
    own = [frame for stack in stacks for frame in stack if frame.filename.startswith(home)]
    return {f"{frame.name} {name}": value for frame in own for name, value in (frame.locals or {}).items()}


@requirement("SECURITY-1", needs=WIRE)
async def test_no_planted_secret_is_shown(d: Driver) -> None:
    """Key, header, query and password, each echoed by the server in every way, are in nothing that is printed."""
    echo = {"message": " ".join(SECRETS), "type": HEADER, "code": USER}
    answers: list[Any] = [
        Fault(401, {"error": echo}),
        Fault(500, "<html>" + " ".join(SECRETS)),
        Reply("Hi", error=echo),
        Raw(b"x", content_type=f"text/{HEADER}"),
    ]
    client = guarded(d)
    for stream in WAYS:
        for answer in answers:
            d.script(answer)
            error = await failure(d, client, d.lib.errors.ProviderError, stream=stream)
            text = "\n".join([shown(error), repr(client), str(client)])
            assert [secret for secret in SECRETS if secret in text] == []
        d.script(Fault(401, {"error": {"message": "no"}}))
        found = locals_of(await failure(d, client, d.lib.errors.ProviderError, stream=stream), d.lib)
        assert found
        assert {name: value for name, value in found.items() if any(secret in value for secret in SECRETS)} == {}
    sent = d.server.requests[0]
    assert sent.headers["authorization"] == f"Basic {BASIC}"
    assert sent.headers["x-gateway-key"] == HEADER


@requirement("SECURITY-1", needs=WIRE)
async def test_no_planted_secret_is_logged(d: Driver) -> None:
    """By any logger, at DEBUG, on success and on failure; a secret in the query is the HTTP library's to show."""
    client = guarded(d, model_kwargs={**SETTINGS, "default_query": {}})
    d.script(Reply("Hello"), Fault(401, {"error": {"message": " ".join(SECRETS)}}))
    with Records() as seen:
        assert await ask(d, client, stream=False) == "Hello"
        await failure(d, client, d.lib.errors.AuthenticationError, stream=False)
    lines = [logging.Formatter().format(record) for record in seen]
    assert lines
    assert [line for line in lines if any(secret in line for secret in SECRETS)] == []


@requirement("SECURITY-1", needs=WIRE)
async def test_an_address_with_a_query(d: Driver) -> None:
    """It is refused at construction, with where else to say it, and without its secrets."""
    for end in (f"?key={KEY}", f"/?key={KEY}", f"#{KEY}"):
        with d.raises(ValueError, match="default_query") as caught:
            guarded(d, base_url=f"{address(d)}{end}")
        assert [secret for secret in SECRETS if secret in str(caught.value)] == []


@requirement("SECURITY-2", needs=TOOLS)
async def test_no_file_that_others_name_is_read(d: Driver) -> None:
    """A path in a reply, in a call's arguments, in a tool's result: nothing of the file is sent."""
    with tempfile.TemporaryDirectory() as folder:
        file, held = planted(folder)
        names = [str(file), file.as_uri(), f"![image]({file.as_uri()})", f'{{"image_url": "{file.as_uri()}"}}']
        client = d.client(tools=[d.lib.tool(note)])
        for name in names:
            d.script(Reply(name, calls=[Call("note", {"text": name}, id="c1")]), Reply(name))
            assert await d(client.chat("go on")) == name
        d.script(Reply("Seen"))
        await d(client.chat("And again"))
        assert not [request for request in d.server.requests if any(piece in str(request.body) for piece in held)]


def planted(folder: str) -> tuple[Path, tuple[str, str]]:
    """An image in a folder, and the two forms in which its content would be sent."""
    file = Path(folder, "canary.png")
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + KEY.encode())
    return file, (KEY, base64.b64encode(file.read_bytes()).decode()[:24])


def note(text: str) -> str:
    """Give it back.

    Args:
        text: whatever.
    """
    return text


@requirement("SECURITY-3", needs=TOOLS)
async def test_only_a_tool_that_was_offered_runs(d: Driver) -> None:
    """What is called by any name but a tool's own is answered; what a model writes is a value and nothing else."""
    ran: list[str] = []

    def note(text: str) -> str:
        """Keep it."""
        ran.append(text)
        return text

    client = d.client(tools=[d.lib.tool(note)])
    for name in WANTED:
        d.script(Reply(calls=[Call(name, {"text": name}, id="c1")]), Reply("Well"))
        assert await d(client.chat("go")) == "Well"
        assert ran == []
    d.script(Reply(calls=[Call("note", {"text": "$(touch x); __import__('os')"}, id="c1")]), Reply("Well"))
    await d(client.chat("go"))
    assert ran == ["$(touch x); __import__('os')"]
