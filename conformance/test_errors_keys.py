"""API keys: where they come from, and that they are never shown."""

import os
import traceback
from typing import Any, Final

import pytest

from conformance import Driver, requirement
from conformance.exchanges import WAYS, ask, failure, preset
from conformance.requirement import LIBRARY
from conformance.scripted import Fault, Raw, Reply

WIRE = ("wire", "scripted", "streaming")

SECRET: Final = "key-0123456789-abcdef"


@requirement("ERRORS-12", needs=WIRE)
async def test_key_is_never_shown(d: Driver) -> None:
    """A key that the server echoes is in no text of the error, its causes, a traceback or the client's repr."""
    echo = {"message": f"bad key {SECRET}!", "type": f"t {SECRET}", "code": SECRET}
    answers: list[tuple[bool, Any]] = [
        *((stream, Fault(401, {"error": echo})) for stream in WAYS),
        *((stream, Fault(500, f"<html>{SECRET}</html>")) for stream in WAYS),
        (True, Reply("Hi", error=echo)),
        (False, Reply("Hi", error=echo)),
        (False, Raw(SECRET.encode(), content_type=f"text/{SECRET}")),
        (True, Raw(f"data: {SECRET}\n\n".encode())),
    ]
    for stream, answer in answers:
        client = d.client(api_key=SECRET)
        d.script(answer)
        error = await failure(d, client, d.lib.errors.ProviderError, stream=stream)
        shown = [repr(client), str(client), "".join(traceback.format_exception(error))]
        cause: BaseException | None = error
        while cause is not None:
            shown += [str(cause), repr(cause), str(getattr(cause, "message", ""))]
            cause = cause.__cause__ or cause.__context__
        assert not [text for text in shown if SECRET in text]


@requirement("ERRORS-12", needs=WIRE)
async def test_key_that_no_header_can_hold(d: Driver) -> None:
    """Blanks round a key are taken off; one that cannot be sent is refused at construction, without showing it."""
    d.script(Reply("Hello"))
    assert await ask(d, d.client(api_key=f" {SECRET}\n"), stream=False) == "Hello"
    assert any(value.endswith(SECRET) for value in d.server.requests[0].headers.values())
    for bad in (f"{SECRET}\nx", f"{SECRET}é"):
        with d.raises(d.lib.errors.AuthenticationError) as caught:
            d.client(api_key=bad)
        assert SECRET not in "".join(traceback.format_exception(caught.value))


VARIABLES: Final = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "groq": "GROQ_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "together": "TOGETHER_API_KEY",
}


@requirement("ERRORS-13", subject=LIBRARY)
async def test_missing_key_names_its_variable(d: Driver) -> None:
    """Without a key, construction fails and names the environment variable; with the variable set it does not."""
    with pytest.MonkeyPatch.context() as patch:
        for name, variable in VARIABLES.items():
            patch.delenv(variable, raising=False)
            with d.raises(d.lib.errors.AuthenticationError, variable) as caught:
                d.api.client(f"{name}:some-model;tools")
            assert vars(caught.value)["provider"] == name
            patch.setenv(variable, "")
            with d.raises(d.lib.errors.AuthenticationError, variable):
                d.api.client(f"{name}:some-model;tools")
            patch.setenv(variable, SECRET)
            assert SECRET not in repr(d.track(d.api.client(f"{name}:some-model;tools")))
    assert SECRET not in os.environ.values()


@requirement("ERRORS-13", needs=("scripted", "openai_wire"))
async def test_key_of_the_environment_is_sent(d: Driver) -> None:
    """The key of the environment is used, one given by argument goes before it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GROQ_API_KEY", "from-environment")
        d.script(Reply("a"), Reply("b"))
        await d(preset(d, "groq", api_key=None).chat("hi"))
        await d(preset(d, "groq", api_key="from-argument").chat("hi"))
    sent = [request.headers["authorization"] for request in d.server.requests]
    assert sent == ["Bearer from-environment", "Bearer from-argument"]
