"""Providers: the official SDKs underneath, and the servers that have names."""

from typing import Any, Final

import pytest

from conformance import Driver, requirement
from conformance.exchanges import WAYS, ask, completion, failure, message, preset
from conformance.requirement import LIBRARY
from conformance.scripted import Fault, Gate, Reply

WIRE = ("wire", "scripted", "streaming")
OPENAI = ("scripted", "openai_wire", "streaming")

ADDRESSES: Final = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "anthropic": "https://api.anthropic.com/v1/messages",
    "ollama": "http://localhost:11434/v1/chat/completions",
    "vllm": "http://localhost:8000/v1/chat/completions",
    "llamaserver": "http://localhost:8080/v1/chat/completions",
    "lmstudio": "http://localhost:1234/v1/chat/completions",
    "sglang": "http://localhost:30000/v1/chat/completions",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "together": "https://api.together.xyz/v1/chat/completions",
}
LOCAL: Final = ("ollama", "vllm", "llamaserver", "lmstudio", "sglang")
SERVERS: Final = tuple(name for name in ADDRESSES if name != "anthropic")


@requirement("PROVIDERS-1", needs=(*WIRE, "spec_wire"))
async def test_options_reach_the_sdk(d: Driver) -> None:
    """base_url, api_key, timeout, max_retries and model_kwargs are the SDK's own, on both wires."""
    d.script(Fault(500, headers={"retry-after-ms": "1"}), Reply("Hello"))
    extra = {"default_headers": {"x-team": "blue"}, "default_query": {"version": "7"}}
    client = d.client(api_key="another-key", max_retries=1, timeout=33, model_kwargs=extra)
    assert await ask(d, client, stream=False) == "Hello"
    assert len(d.server.requests) == 2
    for request in d.server.requests:
        assert request.headers["x-team"] == "blue"
        assert request.query == "version=7"
        assert any(value.endswith("another-key") for value in request.headers.values())
    d.script(Fault(kind="hang"))
    await failure(d, d.client(timeout=0.05), d.lib.errors.ModelTimeoutError, stream=False)


@requirement("PROVIDERS-1", needs=WIRE)
async def test_unknown_option_is_refused(d: Driver) -> None:
    """A keyword that neither the client nor the SDK has is a TypeError at construction."""
    with d.raises(TypeError, "retries_max"):
        d.client(retries_max=3)
    with pytest.raises(TypeError, match="retries_max"):
        d.client(model_kwargs={"retries_max": 3})


@requirement("PROVIDERS-2", needs=(*WIRE, "spec_wire"))
async def test_official_sdk_speaks(d: Driver) -> None:
    """Requests come from the official SDK of the wire, whole and streamed."""
    for stream in WAYS:
        d.script(Reply("Hello"))
        await ask(d, d.client(), stream=stream)
    sdk = {"openai": "OpenAI/Python", "anthropic": "Anthropic/Python"}
    for request in d.server.requests:
        assert sdk[request.wire] in request.headers["user-agent"]


@requirement("PROVIDERS-3", needs=OPENAI)
async def test_every_server_by_base_url(d: Driver) -> None:
    """Each named server is reached where base_url says, with any model id, and errors bear its name."""
    for name in SERVERS:
        for stream in WAYS:
            client = preset(d, name)
            d.script(Reply("Hello"), Fault(500))
            assert await ask(d, client, stream=stream) == "Hello"
            assert d.server.requests[-1].body["model"] == "scripted-model"
            error = await failure(d, client, d.lib.errors.ServerError, stream=stream, match=name)
            assert error.provider == name
    client = d.track(d.api.client("openai:a/b:c", base_url=d.server.openai_url, api_key="test-key"))
    d.script(Reply("Hello"))
    await ask(d, client, stream=False)
    assert d.server.requests[-1].body["model"] == "a/b:c"


@requirement("PROVIDERS-4", subject=LIBRARY)
async def test_default_addresses(d: Driver) -> None:
    """Without base_url a request goes to the provider's own address."""
    import httpx2

    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url))
        raw = message({"type": "text", "text": "ok"}) if "anthropic" in seen[-1] else completion({"content": "ok"})
        body = raw.body if isinstance(raw.body, bytes) else b""
        return httpx2.Response(200, content=body, headers={"content-type": "application/json"})

    kind: Any = httpx2.Client if d.on_sync else httpx2.AsyncClient
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
            patch.delenv(variable, raising=False)
        for name, address in ADDRESSES.items():
            transport = {"http_client": kind(transport=httpx2.MockTransport(answer))}
            client = d.track(d.api.client(f"{name}:m;tools", api_key="test-key", model_kwargs=transport))
            assert await ask(d, client, stream=False) == "ok"
            assert seen[-1] == address


@requirement("PROVIDERS-5", needs=OPENAI)
async def test_servers_without_a_key(d: Driver) -> None:
    """A local server needs no key, nor does any other that base_url names."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("OPENAI_API_KEY", "GROQ_API_KEY"):
            patch.delenv(variable, raising=False)
        for name in LOCAL:
            d.track(d.api.client(f"{name}:any-model"))
        for name in (*LOCAL, "openai", "groq"):
            d.script(Reply("Hello"))
            assert await ask(d, preset(d, name, api_key=None), stream=False) == "Hello"


@requirement("PROVIDERS-6", needs=OPENAI)
async def test_usage_is_asked_of_all_but_one(d: Driver) -> None:
    """A stream of each server is asked for usage, but for Mistral, which tells it unasked and refuses the key."""
    for name in SERVERS:
        d.script(Reply("Hello"))
        await ask(d, preset(d, name), stream=True)
        asked = d.server.requests[-1].body.get("stream_options")
        assert asked == (None if name == "mistral" else {"include_usage": True}), name


@requirement("PROVIDERS-7", needs=WIRE)
async def test_leaving_a_stream_frees_the_connection(d: Driver) -> None:
    """Closing a stream in the middle closes its response, and the client goes on."""
    client, gate = d.client(), Gate()
    d.script(Reply(["one", gate, "two"]), Reply("Hello"))
    stream = client.chat("hi", stream=True)
    async for _ in d.stream(stream):
        break
    await d.close(stream)
    await d.wait(d.server.disconnected)
    assert await ask(d, client, stream=False) == "Hello"
    assert [entry["content"] for entry in client.messages] == ["hi", "Hello"]


@requirement("PROVIDERS-8", needs=("wire",))
async def test_a_client_class_refuses_another_provider(d: Driver) -> None:
    """The class of one wire, given a model of the other, is not made, and says whose it is; so no key is sent there."""
    client = d.client()
    other = "openai:gpt-5" if "anthropic_wire" in d.target.capabilities else "anthropic:claude-sonnet-5"
    with d.raises(ValueError, match=other.partition(":")[0]):
        type(client)(other, api_key="test-key")
