"""Thinking: how it is asked for, and where it is found."""

import itertools
import warnings
from typing import Any, Final

from conformance import Driver, requirement
from conformance.exchanges import WAYS, Json, ask, chat_stream, chunk, completion, preset, speaks, tools_of
from conformance.scripted import Call, Reply

THINKING = ("wire", "scripted", "streaming", "thinking")
OPENAI = ("scripted", "openai_wire", "streaming", "thinking")
ANTHROPIC = ("scripted", "anthropic_wire", "thinking")

ROOM: Final = {"max_tokens": 50_000}


async def sent(d: Driver, client: Any, **kwargs: Any) -> Json:
    """The request's body but for model, messages and limits."""
    d.script(Reply("ok"))
    await d(client.chat("hi", generate_kwargs=kwargs))
    limits = ("model", "messages", "max_tokens", "max_completion_tokens")
    return {k: v for k, v in d.server.requests[-1].body.items() if k not in limits}


EFFORT: Final[dict[Any, Json]] = {
    True: {"reasoning_effort": "medium"},
    False: {},
    "low": {"reasoning_effort": "low"},
    "high": {"reasoning_effort": "high"},
    1024: {"reasoning_effort": "low"},
    20_000: {"reasoning_effort": "high"},
}
TEMPLATE: Final[dict[Any, Json]] = {
    True: {"chat_template_kwargs": {"enable_thinking": True}},
    False: {"chat_template_kwargs": {"enable_thinking": False}},
    "low": {"chat_template_kwargs": {"enable_thinking": True}},
    1024: {"chat_template_kwargs": {"enable_thinking": True}},
}
SWITCH: Final[dict[Any, Json]] = {
    True: {"thinking": {"type": "enabled"}},
    False: {"thinking": {"type": "disabled"}},
    "low": {"thinking": {"type": "enabled"}},
}
REASONING: Final[dict[Any, Json]] = {
    True: {"reasoning": {"effort": "medium"}},
    False: {},
    "high": {"reasoning": {"effort": "high"}},
    3000: {"reasoning": {"max_tokens": 3000}},
}
BUDGET: Final[dict[Any, Json]] = {
    True: {"thinking": {"type": "enabled", "budget_tokens": 8192}},
    False: {},
    "low": {"thinking": {"type": "enabled", "budget_tokens": 2048}},
    "high": {"thinking": {"type": "enabled", "budget_tokens": 16384}},
    3000: {"thinking": {"type": "enabled", "budget_tokens": 3000}},
}
WISHES: Final = {
    "openai": EFFORT,
    "ollama": EFFORT,
    "gemini": EFFORT,
    "groq": EFFORT,
    "vllm": TEMPLATE,
    "sglang": TEMPLATE,
    "llamaserver": TEMPLATE,
    "deepseek": SWITCH,
    "openrouter": REASONING,
    "anthropic": BUDGET,
}


def spoken(d: Driver) -> dict[str, dict[Any, Json]]:
    """The wishes of the providers that are reached over a wire of the target."""
    return {name: wishes for name, wishes in WISHES.items() if speaks(d, name)}


@requirement("THINK-2", needs=(*THINKING, "spec_wire"))
async def test_wish_on_every_provider(d: Driver) -> None:
    """A bool, a level and a budget are sent as each provider asks for them."""
    for name, wishes in spoken(d).items():
        for value, expected in wishes.items():
            assert await sent(d, preset(d, name), thinking=value, **ROOM) == expected, (name, value)


@requirement("THINK-2", needs=ANTHROPIC)
async def test_adaptive_models_are_asked_for_an_effort(d: Driver) -> None:
    """A model that decides by itself gets no budget: it is told to think, and how hard."""
    settings = {"base_url": d.server.url("anthropic"), "api_key": "test-key", "max_retries": 0}
    client = d.track(d.api.client(d.lib.AnthropicModel.CLAUDE_SONNET_5, **settings))
    body = await sent(d, client, thinking=True)
    assert body["thinking"]["type"] == "adaptive"
    assert "output_config" not in body
    for value, effort in (("high", "high"), ("minimal", "low"), (1024, "low"), (20_000, "high")):
        body = await sent(d, client, thinking=value)
        assert (body["thinking"]["type"], body["output_config"]) == ("adaptive", {"effort": effort})


@requirement("THINK-2", needs=ANTHROPIC)
async def test_sampling_that_thinking_forbids_is_dropped(d: Driver) -> None:
    """Messages refuses temperature and top_k beside thinking: they are dropped with a warning, then only."""
    client = preset(d, "anthropic")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        body = await sent(d, client, thinking=2000, temperature=0.5, top_k=5, **ROOM)
        assert set(body) == {"thinking"}
        assert len(caught) == 2
        assert await sent(d, client, temperature=0.5, top_k=5) == {"temperature": 0.5, "top_k": 5}


@requirement("THINK-3", needs=THINKING)
async def test_nonsense_is_refused_before_anything_is_sent(d: Driver) -> None:
    """A value that is no bool, level or positive budget is a ValueError that shows it."""
    nonsense: list[Any] = ["lots", 0, -5, 2.5, [], {"budget": 5}, "HIGH"]
    for value in nonsense:
        with d.raises(ValueError, "thinking="):
            await d(d.client().chat("hi", generate_kwargs={"thinking": value}))
        with d.raises(ValueError, "thinking="):
            d.client().chat("hi", generate_kwargs={"thinking": value}, stream=True)
    assert d.server.requests == []


@requirement("THINK-3", needs=ANTHROPIC)
async def test_budget_needs_room(d: Driver) -> None:
    """On Messages a budget must be smaller than max_tokens; what does not fit is refused with both numbers."""
    client = preset(d, "anthropic")
    for budget, limit in ((1000, 1000), (2000, 1000), ("high", 1000)):
        with d.raises(ValueError, f"{limit}"):
            await d(client.chat("hi", generate_kwargs={"thinking": budget, "max_tokens": limit}))
    assert d.server.requests == []
    assert (await sent(d, client, thinking=1024, max_tokens=1025))["thinking"]["budget_tokens"] == 1024


@requirement("THINK-5", needs=(*THINKING, "spec_wire"))
async def test_off_unless_asked(d: Driver) -> None:
    """Without the key nothing about thinking is sent, and a model that cannot think is not asked to, with a warning."""
    for name in spoken(d):
        assert await sent(d, preset(d, name)) == {}, name
    settings = {"base_url": d.server.url("openai"), "api_key": "test-key", "max_retries": 0}
    plain = d.track(d.api.client("openai:plain;tools", **settings))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert await sent(d, plain, thinking=True) == {}
        assert await sent(d, plain, thinking="high") == {}
    assert [("thinking" in str(item.message)) for item in caught] == [True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert await sent(d, plain, thinking=False) == {}


@requirement("THINK-1", "THINK-6", needs=(*THINKING, "tools"))
async def test_thinking_is_kept_apart(d: Driver) -> None:
    """Thinking is in last_thinking, in chunks of its phase and under `thinking` in history, never in the text."""
    for stream in WAYS:
        client = d.client(tools=tools_of(d))
        d.script(
            Reply("See.", thinking="first", calls=[Call("clock")]), Reply("Noon.", thinking="second"), Reply("Yes.")
        )
        assert "first" not in await ask(d, client, stream=stream)
        assert client.last_thinking == "second"
        assert [m.get("thinking") for m in client.messages] == [None, "first", None, "second"]
        assert [m["content"] for m in client.messages if m["role"] == "assistant"] == ["See.", "Noon."]
        await ask(d, client, "sure?", stream=stream)
        assert client.last_thinking == ""
        assert "thinking" not in client.messages[-1]
        d.script(Reply("G", thinking="aside"))
        await d(client.generate("hi"))
        assert client.last_thinking == "aside"


@requirement("THINK-6", needs=THINKING)
async def test_thinking_chunks(d: Driver) -> None:
    """A stream yields thinking in its own phase, before the text, and without empty chunks."""
    client = d.client()
    d.script(Reply("Answer", thinking="Thought"))
    chunks = await d.collect(client.chat("hi", stream=True))
    phases = [phase for phase, _ in itertools.groupby(str(piece.phase) for piece in chunks)]
    assert phases == ["thinking", "generating"]
    assert "".join(piece.content for piece in chunks if piece.phase == "thinking") == "Thought"
    assert all(piece.content for piece in chunks)


TAGGED: Final[list[tuple[str, str, str]]] = [
    ("<think>hm\nm</think>Yes", "hm\nm", "Yes"),
    ("\n <think>\nhmm</think>\n\nYes", "hmm", "Yes"),
    ("<think></think>\n\nYes", "", "Yes"),
    ("<think>a < b </thin> c</think>Yes", "a < b </thin> c", "Yes"),
    ("Yes <think>no</think>", "", "Yes <think>no</think>"),
    ("<thinker>Yes", "", "<thinker>Yes"),
    ("<thin", "", "<thin"),
    ("<think>hmm</think>Yes </think> <think>x</think>", "hmm", "Yes </think> <think>x</think>"),
]


@requirement("THINK-4", needs=OPENAI)
async def test_tags_at_the_start_on_any_split(d: Driver) -> None:
    """Tags that open the text enclose thinking, wherever the text is cut; any others are text."""
    client = d.client()
    for text, thought, answer in TAGGED:
        splits = [[text[:at], text[at:]] for at in range(1, len(text))]
        for pieces in [*splits, list(text), [text]]:
            d.script(chat_stream(*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop")))
            chunks = await d.collect(client.chat("hi", stream=True))
            spoken = "".join(piece.content for piece in chunks if piece.phase == "generating")
            assert (client.last_thinking, spoken) == (thought, answer), pieces
            assert all(piece.content for piece in chunks), pieces
        d.script(completion({"content": text}))
        assert (await d(client.chat("hi")), client.last_thinking) == (answer, thought)


@requirement("THINK-4", needs=OPENAI)
async def test_unclosed_tag_is_no_answer(d: Driver) -> None:
    """Thinking that was cut off before its closing tag, or inside it, is thinking, not an answer."""
    for stream, thought in itertools.product(WAYS, ("I was still", "I was done</thi")):
        client = d.client()
        content = {"content": f"<think>{thought}"}
        d.script(chat_stream(chunk(content), chunk({}, "length")) if stream else completion(content, "length"))
        with d.raises(d.lib.errors.TruncatedReplyError):
            await ask(d, client, stream=stream)
        assert (client.last_thinking, client.messages) == (thought, [])
