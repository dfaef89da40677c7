"""Scenarios of spec/models.md: naming a model, and what is refused."""

import inspect
from typing import Any
from unittest import mock

from conformance.driver import Driver
from conformance.probes import PIXEL
from conformance.requirement import LIBRARY, requirement
from conformance.scripted import Reply

FORM = "provider:model_id"
SERVERS = (  # those of MODELS-9
    *("ollama", "vllm", "llamaserver", "lmstudio", "sglang"),
    *("gemini", "openrouter", "groq", "deepseek", "mistral", "together"),
)


def catalogues(d: Driver) -> list[Any]:
    """The catalogues of the library: its enums of models."""
    known: list[Any] = [getattr(d.lib, name) for name in d.lib.__all__ if name != "aio"]
    return [
        each for each in known if inspect.isclass(each) and issubclass(each, d.lib.Model) and each is not d.lib.Model
    ]


def listed(d: Driver) -> set[str]:
    """The providers that have a catalogue."""
    return {member.spec.provider for catalogue in catalogues(d) for member in catalogue}


def made(d: Driver, model: Any, **options: Any) -> Any:
    """A client of the wire of the target, for any model."""
    url = d.server.url(d.client().provider)
    return d.track(d.api.client(model, **{"base_url": url, "api_key": "test-key", **options}))


@requirement("MODELS-1", subject=LIBRARY)
async def test_model_spec(d: Driver) -> None:
    """Fields by position, defaults, and equality by id alone."""
    spec = d.direct(d.lib.ModelSpec("m"))
    assert (spec.id, spec.tools, spec.thinking, spec.vision, spec.generation_kwargs) == ("m", False, False, False, None)
    full = d.lib.ModelSpec("m", True, "adaptive", True, {"max_tokens": 5})
    assert (full.tools, full.thinking, full.vision) == (True, "adaptive", True)
    assert full.generation_kwargs == {"max_tokens": 5}
    assert spec == full
    assert hash(spec) == hash(full)
    assert len({spec, full}) == 1
    assert spec != d.lib.ModelSpec("n")
    assert spec != "m"


@requirement("MODELS-2", subject=LIBRARY)
async def test_model_members(d: Driver) -> None:
    """The value is the id; what the model can do is read from the spec; the defaults are a copy."""
    spec = d.lib.ModelSpec("one", tools=True, thinking="adaptive", generation_kwargs={"max_tokens": 5})
    catalogue = d.direct(d.lib.Model("Mine", {"ONE": spec, "TWO": d.lib.ModelSpec("two", vision=True)}))
    one, two = catalogue.ONE, catalogue.TWO
    assert (one.value, one.spec) == ("one", spec)
    assert one.spec is spec
    assert (one.supports_tools, one.supports_thinking, one.supports_vision) == (True, True, False)
    assert (two.supports_tools, two.supports_thinking, two.supports_vision) == (False, False, True)
    assert two.generation_kwargs == {}
    one.generation_kwargs["max_tokens"] = 6
    assert one.generation_kwargs == {"max_tokens": 5}


@requirement("MODELS-2", subject=LIBRARY)
async def test_second_member_of_one_id_is_refused(d: Driver) -> None:
    """B-39: it would have been an alias with the flags of the first."""
    members = {"ONE": d.lib.ModelSpec("one"), "AGAIN": d.lib.ModelSpec("one", tools=True)}
    with d.raises(TypeError, match="'one' twice"):
        d.lib.Model("Mine", members)


@requirement("MODELS-12", subject=LIBRARY)
async def test_catalogues_have_no_aliases(d: Driver) -> None:
    """B-39: as many ids as names, in every catalogue, and each knows its provider."""
    d.enter()
    assert catalogues(d)
    for catalogue in catalogues(d):
        assert list(catalogue.__members__) == [member.name for member in catalogue]
        assert len({member.value for member in catalogue}) == len(catalogue.__members__)
        for member in catalogue:
            assert d.lib.resolve_model_string(f"{member.spec.provider}:{member.value}") is member.spec


@requirement("MODELS-12", "MODELS-5", needs=("scripted", "wire", "spec_wire"))
async def test_listed_model_gives_a_client(d: Driver) -> None:
    """A member is enough; its id is what is sent."""
    provider = d.client().provider
    members = [member for catalogue in catalogues(d) for member in catalogue if member.spec.provider == provider]
    d.script(Reply("One"), Reply("Two"))
    for member in (members[0], members[-1]):
        client = made(d, member)
        assert client.model == member.spec
        await d(client.chat("Hello"))
    assert [request.body["model"] for request in d.server.requests] == [members[0].value, members[-1].value]


@requirement("MODELS-3", needs=("scripted", "wire"))
async def test_string_is_split_at_the_first_colon(d: Driver) -> None:
    """An id with colons and slashes reaches the wire as it is."""
    d.script(Reply("Hi"))
    client = made(d, f"{d.client().provider}:org/model:8b:latest")
    await d(client.chat("Hello"))
    assert client.model.id == "org/model:8b:latest"
    assert d.server.requests[0].body["model"] == "org/model:8b:latest"
    assert d.lib.resolve_model_string("ollama:qwen3:8b").id == "qwen3:8b"


@requirement("MODELS-3", subject=LIBRARY)
async def test_string_that_is_none_is_refused(d: Driver) -> None:
    """No colon, no provider, no id, nothing; each shows the form and what was given."""
    for text in ("gpt-5", ":gpt-5", "openai:", ":", ""):
        with d.raises(ValueError, match=FORM) as caught:
            d.api.client(text)
        assert repr(text) in str(caught.value)
    with d.raises(ValueError, match=FORM):
        d.lib.resolve_model_string("gpt-5")


@requirement("MODELS-4", subject=LIBRARY)
async def test_flags_name_the_capabilities(d: Driver) -> None:
    """Exactly those named, none when nothing follows; an unknown flag is refused with the known ones."""
    d.enter()
    for flags, expected in (
        ("tools,vision", (True, False, True)),
        (" thinking , tools ", (True, True, False)),
        ("", (False, False, False)),
    ):
        spec = d.lib.resolve_model_string(f"openai:my:model;{flags}")
        assert spec.id == "my:model"
        assert (spec.tools, spec.thinking, spec.vision) == expected
    with d.raises(ValueError, match="tolls.*tools, thinking, vision"):
        d.api.client("openai:my-model;tolls,vision")


@requirement("MODELS-5", subject=LIBRARY)
async def test_what_is_no_model_is_refused(d: Driver) -> None:
    """By client, ModelClient and chat; the message names the type."""
    for thing in (42, None, ["openai:gpt-5"], d.lib.Model):
        for make in (d.api.client, d.api.ModelClient):
            with d.raises(TypeError, match=f"not {type(thing).__name__}"):
                make(thing)
        with d.raises(TypeError, match=f"not {type(thing).__name__}"):
            d.api.chat("Hello", model=thing)
    with d.raises(ValueError, match="provider"):
        d.api.client(d.lib.ModelSpec("gpt-5"))


@requirement("MODELS-5", needs=("scripted", "wire"))
async def test_spec_gives_a_client(d: Driver) -> None:
    """A spec that names its provider, with the capabilities it says, for client, ModelClient and chat."""
    provider = d.client().provider
    spec = d.direct(d.lib.ModelSpec("my-model", tools="tools" in d.target.capabilities, provider=provider))
    client = made(d, spec)
    assert client.model is spec
    url = d.server.url(provider)
    same = d.track(d.api.ModelClient(spec, base_url=url, api_key="k"))
    assert (type(same), same.model) == (type(client), spec)


@requirement("MODELS-7", subject=LIBRARY)
async def test_unknown_provider_is_refused(d: Driver) -> None:
    """With the providers there are."""
    for make in (d.api.client, d.api.ModelClient, d.lib.resolve_model_string):
        with d.raises(ValueError, match="'opennai'") as caught:
            make("opennai:gpt-5")
        assert [name for name in sorted({*SERVERS, *listed(d)}) if name not in str(caught.value)] == []


@requirement("MODELS-8", subject=LIBRARY)
async def test_unknown_id_is_refused(d: Driver) -> None:
    """With the nearest ids and the form with flags."""
    misspelt = {"anthropic": ("claude-sonet-5", "claude-sonnet-5"), "openai": ("gpt-5-minni", "gpt-5-mini")}
    assert listed(d) & set(misspelt)
    for provider in sorted(listed(d) & set(misspelt)):
        name, near = misspelt[provider]
        text = f"{provider}:{name}"
        with d.raises(ValueError, match=near) as caught:
            d.api.client(text, api_key="k")
        assert f"{text};tools,vision" in str(caught.value)
    with d.raises(ValueError, match=";tools"):
        d.api.client("openai:zzzzzz", api_key="k")


@requirement("MODELS-8", needs=("scripted", "wire", "images"))
async def test_base_url_makes_any_id_welcome(d: Driver) -> None:
    """A server of one's own serves what one loaded, and may be offered tools and images."""
    d.script(Reply("Hi"))
    client = made(d, f"{d.client().provider}:no-such-model")
    assert await d(client.chat("Hello", images=[PIXEL])) == "Hi"
    assert client.model.tools
    assert d.server.requests[0].body["model"] == "no-such-model"


@requirement("MODELS-10")
async def test_model_client_is_the_base(d: Driver) -> None:
    """Under both its names, of what client() gives."""
    assert d.api.BaseModelClient is d.api.ModelClient
    client = d.client()
    d.enter()
    assert isinstance(client, d.api.ModelClient)
    assert type(client) is not d.api.ModelClient


@requirement("MODELS-10", needs=("scripted", "wire"))
async def test_model_client_makes_the_providers_own(d: Driver) -> None:
    """The class that client() gives, and one that works."""
    d.script(Reply("Hi"))
    client = d.client()
    url = d.server.url(client.provider)
    model = f"{client.provider}:my-model;tools"
    same = d.track(d.api.ModelClient(model, base_url=url, api_key="k", system_message="own"))
    assert type(same) is type(client)
    assert same.system_message == "own"
    assert await d(same.chat("Hello")) == "Hi"


@requirement("MODELS-11", needs=("scripted", "wire"))
async def test_images_need_vision(d: Driver) -> None:
    """Nothing is sent and nothing recorded."""
    client = made(d, f"{d.client().provider}:blind;tools")
    with d.raises(ValueError, match="'blind' does not support vision"):
        await d(client.chat("What is it?", images=[PIXEL]))
    with d.raises(ValueError, match="does not support vision"):
        await d(d.api.Agent(client).run("What is it?", images=[PIXEL]))
    assert d.server.requests == []
    assert client.messages == []


@requirement("MODELS-9", subject=LIBRARY)
async def test_remote_presets_want_a_key(d: Driver) -> None:
    """AuthenticationError names the variable it looked for."""
    for name in ("gemini", "openrouter", "groq", "deepseek", "mistral", "together"):
        variable = f"{name.upper()}_API_KEY"
        with (
            mock.patch.dict("os.environ", {variable: ""}),
            d.raises(d.lib.errors.AuthenticationError, match=variable),
        ):
            d.api.client(f"{name}:some-model")
