"""generate_kwargs: portable names, their translation, and what goes before what."""

import copy
import warnings
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import Json, preset
from conformance.scripted import Reply

WIRE = ("wire", "scripted")
OPENAI = ("scripted", "openai_wire")
ANTHROPIC = ("scripted", "anthropic_wire")

PORTABLE: Final[Json] = {
    "max_tokens": 99,
    "temperature": 0.5,
    "top_p": 0.9,
    "top_k": 40,
    "min_p": 0.1,
    "stop": ["X"],
    "seed": 7,
    "presence_penalty": 0.2,
    "frequency_penalty": 0.3,
    "repetition_penalty": 1.1,
}
SAME: Final = ("temperature", "top_p", "stop")
USUAL: Final = (*SAME, "max_tokens", "seed", "presence_penalty", "frequency_penalty")

# provider: the portable names it takes as they are, and those it has another name for
WIRES: Final[dict[str, tuple[tuple[str, ...], dict[str, str]]]] = {
    "openai": ((*SAME, "seed", "presence_penalty", "frequency_penalty"), {"max_tokens": "max_completion_tokens"}),
    "anthropic": (("max_tokens", "temperature", "top_p", "top_k"), {"stop": "stop_sequences"}),
    "ollama": (USUAL, {}),
    "vllm": ((*USUAL, "top_k", "min_p", "repetition_penalty"), {}),
    "sglang": ((*USUAL, "top_k", "min_p", "repetition_penalty"), {}),
    "llamaserver": ((*USUAL, "top_k", "min_p"), {"repetition_penalty": "repeat_penalty"}),
    "lmstudio": ((*USUAL, "top_k"), {"repetition_penalty": "repeat_penalty"}),
    "gemini": ((*SAME, "max_tokens"), {}),
    "openrouter": ((*USUAL, "top_k", "min_p", "repetition_penalty"), {}),
    "groq": (USUAL, {}),
    "deepseek": (USUAL, {}),
    "mistral": ((*SAME, "max_tokens", "presence_penalty", "frequency_penalty"), {"seed": "random_seed"}),
    "together": ((*USUAL, "top_k", "min_p", "repetition_penalty"), {}),
}


async def sent(d: Driver, client: Any, kwargs: Json | None = None) -> Json:
    """The request's body but for model and messages."""
    d.script(Reply("ok"))
    await d(client.chat("hi", generate_kwargs=kwargs))
    return {k: v for k, v in d.server.requests[-1].body.items() if k not in ("model", "messages")}


def ours(d: Driver) -> list[str]:
    """The presets that speak a wire of the target."""
    wires = {name: "anthropic_wire" if name == "anthropic" else "openai_wire" for name in WIRES}
    return [name for name, wire in wires.items() if wire in d.target.capabilities]


@requirement("KWARGS-1", "KWARGS-2", needs=(*WIRE, "spec_wire"))
async def test_portable_names_on_every_provider(d: Driver) -> None:
    """Each portable name is sent under the provider's own name, or dropped with one warning that names it."""
    for name in ours(d):
        same, renamed = WIRES[name]
        client = preset(d, name)
        expected = {key: PORTABLE[key] for key in same} | {new: PORTABLE[old] for old, new in renamed.items()}
        lacking = sorted(set(PORTABLE) - set(same) - set(renamed))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert await sent(d, client, PORTABLE) == expected, name
            assert await sent(d, client, PORTABLE) == expected, name
        assert all(item.category is UserWarning for item in caught)
        told = sorted(key for item in caught for key in PORTABLE if repr(key) in str(item.message))
        assert (told, len(caught)) == (lacking, len(lacking)), name


@requirement("KWARGS-2", needs=WIRE)
async def test_warning_is_for_the_caller_once_a_client(d: Driver) -> None:
    """The warning comes once per client and name, again on another client, and not for a value of None."""
    lacking = {"repetition_penalty": 1.1}
    for _ in range(2):
        client = d.client()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            await sent(d, client, {"repetition_penalty": None})
            assert caught == []
            await sent(d, client, lacking)
            await sent(d, client, lacking)
        assert [str(item.message).count("repetition_penalty") for item in caught] == [1]


@requirement("KWARGS-1", needs=ANTHROPIC)
async def test_stop_is_a_list_on_messages(d: Driver) -> None:
    """One stop string becomes a list of one; a list stays."""
    assert (await sent(d, d.client(), {"stop": "END"}))["stop_sequences"] == ["END"]
    assert (await sent(d, d.client(), {"stop": ["A", "B"]}))["stop_sequences"] == ["A", "B"]


@requirement("KWARGS-3", needs=WIRE)
async def test_other_keys_go_through(d: Driver) -> None:
    """A key that is not portable goes to the body as it is, nested as it may be, and may be the wire's own name."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kwargs = {"metadata": {"user_id": "u"}, "service_tier": "flex", "novel": [1, {"a": None}]}
        body = await sent(d, d.client(), kwargs)
    assert {key: body[key] for key in kwargs} == kwargs


@requirement("KWARGS-3", needs=(*OPENAI, "streaming"))
async def test_users_stream_options_stand(d: Driver) -> None:
    """A stream_options of the user's own is not replaced."""
    d.script(Reply("ok"))
    await d.collect(d.client().chat("hi", {"stream_options": {"include_usage": False}}, stream=True))
    assert d.server.requests[-1].body["stream_options"] == {"include_usage": False}


@requirement("KWARGS-4", needs=(*WIRE, "spec_wire"))
async def test_call_before_client_before_model(d: Driver) -> None:
    """A key of the call beats the client's, that the model's, that the library's; other keys of each stay."""
    for name, limit in (("openai", "max_completion_tokens"), ("anthropic", "max_tokens")):
        if name not in ours(d):
            continue
        model = {"max_tokens": 1, "temperature": 0.1, "top_p": 0.1}
        spec = d.lib.ModelSpec("m", generation_kwargs=model, provider=name)
        url = d.server.url(name)
        settings = {"base_url": url, "api_key": "test-key", "max_retries": 0}
        client = d.track(d.api.client(spec, default_generate_kwargs={"temperature": 0.2, "top_p": 0.2}, **settings))
        assert await sent(d, client) == {limit: 1, "temperature": 0.2, "top_p": 0.2}
        assert await sent(d, client, {"top_p": 0.3}) == {limit: 1, "temperature": 0.2, "top_p": 0.3}
        assert await sent(d, client, {"top_p": None}) == {limit: 1, "temperature": 0.2}
        client.default_generate_kwargs = {"max_tokens": 7}
        assert await sent(d, client) == {limit: 7, "temperature": 0.1, "top_p": 0.1}
        assert model == {"max_tokens": 1, "temperature": 0.1, "top_p": 0.1}


@requirement("KWARGS-5", needs=(*WIRE, "thinking", "streaming"))
async def test_callers_dicts_are_unchanged(d: Driver) -> None:
    """The dict of a call and the client's defaults are as they were after any call, so providers can share them."""
    kwargs = {"max_tokens": 9000, "stop": "END", "thinking": 2000, "metadata": {"a": [1]}}
    defaults = {"max_tokens": 9000, "thinking": True, "service_tier": "flex"}
    before = copy.deepcopy((kwargs, defaults))
    client = d.client(default_generate_kwargs=defaults)
    d.script(*[Reply("ok")] * 3)
    await d(client.chat("hi", kwargs))
    await d.collect(client.chat("hi", kwargs, stream=True))
    await d(client.generate("hi", kwargs))
    assert (kwargs, defaults) == before
    defaults["max_tokens"] = 1
    assert client.default_generate_kwargs["max_tokens"] == 9000


@requirement("KWARGS-6", needs=WIRE)
async def test_defaults_can_be_assigned_and_changed(d: Driver) -> None:
    """New defaults count from the next call on, in chat and generate, on a fork and through an agent."""
    client = d.client()
    client.default_generate_kwargs = {"temperature": 0.7}
    assert (await sent(d, client))["temperature"] == 0.7
    client.default_generate_kwargs["temperature"] = 0.8
    assert (await sent(d, client))["temperature"] == 0.8
    fork = d.track(client.fork())
    fork.default_generate_kwargs = {"temperature": 0.9}
    assert (await sent(d, fork))["temperature"] == 0.9
    assert (await sent(d, client))["temperature"] == 0.8
    d.script(Reply("ok"), Reply("ok"))
    await d(client.generate("hi"))
    await d(d.api.Agent(client).run("hi"))
    assert [request.body["temperature"] for request in d.server.requests[-2:]] == [0.8, 0.8]


@requirement("KWARGS-7", needs=(*WIRE, "spec_wire"))
async def test_no_defaults_of_our_own(d: Driver) -> None:
    """Nothing asked is nothing sent; on Messages max_tokens alone, which that wire demands."""
    for name in ours(d):
        body = await sent(d, preset(d, name))
        assert set(body) == ({"max_tokens"} if name == "anthropic" else set()), name


@requirement("KWARGS-7", needs=ANTHROPIC)
async def test_max_tokens_comes_from_the_catalogue(d: Driver) -> None:
    """A model of the catalogue has its own max_tokens, and a call's goes before it."""
    settings = {"base_url": d.server.url("anthropic"), "api_key": "test-key", "max_retries": 0}
    model = d.lib.AnthropicModel.CLAUDE_SONNET_5
    client = d.track(d.api.client(model, **settings))
    assert (await sent(d, client))["max_tokens"] == model.generation_kwargs["max_tokens"]
    assert (await sent(d, client, {"max_tokens": 5}))["max_tokens"] == 5
