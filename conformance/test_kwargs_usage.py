"""Token counts and stop reasons."""

from conformance import Driver, requirement
from conformance.exchanges import WAYS, Json, ask, chat_stream, chunk, completion, message, tools_of, whole_json
from conformance.scripted import Call, Fault, Reply, Usage

WIRE = ("wire", "scripted", "streaming", "usage")
OPENAI = ("scripted", "openai_wire", "streaming", "usage")
ANTHROPIC = ("scripted", "anthropic_wire", "usage")


@requirement("USAGE-1", needs=("usage",))
async def test_usage_is_told_after_a_turn(d: Driver) -> None:
    """Before the first turn there is none; after one the counts are positive numbers under our names."""
    assert d.client().last_usage is None
    client = d.client()
    d.script(Reply("Hello"))
    await d(client.chat("Say hello."))
    usage = client.last_usage
    assert usage, f"expected the counts of the turn, observed {usage!r}"
    names = {"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"}
    assert {"input_tokens", "output_tokens"} <= set(usage) <= names
    assert all(isinstance(count, int) for count in usage.values())
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] > 0


@requirement("USAGE-1", needs=(*WIRE, "tools"))
async def test_usage_is_summed_over_a_turn(d: Driver) -> None:
    """The counts of all requests of a turn are added, and those of the turn before are not."""
    for stream in WAYS:
        client = d.client(tools=tools_of(d))
        d.script(
            Reply(calls=[Call("clock")], usage=Usage(10, 2)),
            Reply(calls=[Call("clock")], usage=Usage(20, 3)),
            Reply("Noon.", usage=Usage(30, 5)),
            Reply("Yes.", usage=Usage(40, 1)),
        )
        await ask(d, client, stream=stream)
        assert (client.last_usage["input_tokens"], client.last_usage["output_tokens"]) == (60, 10)
        await ask(d, client, stream=stream)
        assert (client.last_usage["input_tokens"], client.last_usage["output_tokens"]) == (40, 1)


@requirement("USAGE-3", needs=OPENAI, recorded="O16, C19")
async def test_cache_and_reasoning_on_chat_completions(d: Driver) -> None:
    """The input of this wire includes what the cache gave; cache and reasoning counts stand beside."""
    for stream in WAYS:
        client = d.client()
        d.script(Reply("Hi", usage=Usage(100, 9, cache_read=60, reasoning=4)))
        await ask(d, client, stream=stream)
        expected = {"input_tokens": 100, "output_tokens": 9, "cache_read_tokens": 60, "reasoning_tokens": 4}
        assert client.last_usage == expected


@requirement("USAGE-3", needs=(*ANTHROPIC, "streaming"), recorded="A21")
async def test_cache_and_reasoning_on_messages(d: Driver) -> None:
    """The input of this wire excludes the cache, so what was read from and written to it is added."""
    for stream in WAYS:
        client = d.client()
        d.script(Reply("Hi", usage=Usage(10, 9, cache_read=60, cache_write=30, reasoning=4)))
        await ask(d, client, stream=stream)
        assert client.last_usage == {
            "input_tokens": 100,
            "output_tokens": 9,
            "cache_read_tokens": 60,
            "cache_write_tokens": 30,
            "reasoning_tokens": 4,
        }


@requirement("USAGE-4", needs=OPENAI)
async def test_untold_counts_on_chat_completions(d: Driver) -> None:
    """No usage is None, a count that is missing or null has no key, and one turn's usage is not the next one's."""
    client = d.client()
    d.script(
        completion({"content": "Hi"}, usage={"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": None})
    )
    await d(client.chat("hi"))
    assert client.last_usage == {"input_tokens": 5, "output_tokens": 2}
    for stream in WAYS:
        for told in ({}, {"usage": None}):
            more: Json = dict(told)
            answer = chat_stream(chunk({"content": "Hi"}), chunk({}, "stop", **more))
            d.script(answer if stream else completion({"content": "Hi"}, **more))
            await ask(d, client, stream=stream)
            assert client.last_usage is None


@requirement("USAGE-4", needs=ANTHROPIC)
async def test_untold_counts_on_messages(d: Driver) -> None:
    """No usage is None; a cache count that is null has no key."""
    client = d.client()
    text = {"type": "text", "text": "Hi"}
    d.script(message(text, usage={"input_tokens": 5, "cache_read_input_tokens": None, "output_tokens": 2}))
    await d(client.chat("hi"))
    assert client.last_usage == {"input_tokens": 5, "output_tokens": 2}
    d.script(message(text, usage={"output_tokens": 2}))
    await d(client.chat("hi"))
    assert client.last_usage == {"output_tokens": 2}
    d.script(whole_json({"type": "message", "content": [text], "stop_reason": "end_turn"}))
    await d(client.chat("hi"))
    assert client.last_usage is None
    d.script(message(text, usage=Json()))
    await d(client.chat("hi"))
    assert client.last_usage is None


@requirement("USAGE-1", needs=(*WIRE, "tools"))
async def test_usage_of_a_failed_turn_is_what_was_told(d: Driver) -> None:
    """The rounds that came before a failure are counted; a turn that failed at once has no usage."""
    client = d.client(tools=tools_of(d))
    d.script(Reply(calls=[Call("clock")], usage=Usage(10, 2)), Fault(500), Fault(500))
    with d.raises(d.lib.errors.ServerError):
        await ask(d, client, stream=True)
    assert (client.last_usage["input_tokens"], client.last_usage["output_tokens"]) == (10, 2)
    with d.raises(d.lib.errors.ServerError):
        await d(client.resume())
    assert client.last_usage is None


@requirement("USAGE-2", needs=("wire", "scripted", "streaming", "tools"))
async def test_stop_reasons(d: Driver) -> None:
    """One word for each way a reply ends, whatever the provider's own; an unknown word is told as it is."""
    for stop, expected in (("end", "stop"), ("length", "length"), ("novel_reason", "novel_reason")):
        for stream in WAYS:
            client = d.client()
            assert client.stop_reason is None
            d.script(Reply("Hi", stop=stop))
            await ask(d, client, stream=stream)
            assert client.stop_reason == expected
    client = d.client(tools=tools_of(d))
    d.script(Reply(calls=[Call("clock")]), Fault(500), Reply("Noon."))
    with d.raises(d.lib.errors.ServerError):
        await ask(d, client, stream=False)
    assert client.stop_reason == "tool_calls"
    await d(client.resume())
    assert client.stop_reason == "stop"


@requirement("USAGE-2", needs=OPENAI)
async def test_stop_reasons_of_chat_completions(d: Driver) -> None:
    """The words of the servers on this wire; an empty text after a wanted stop string ended at it."""
    for finish, expected in {"eos": "stop", "stop": "stop", "": "stop", "content_filter": "content_filter"}.items():
        client = d.client()
        d.script(completion({"content": "Hi"}, finish))
        await d(client.chat("hi"))
        assert client.stop_reason == expected
    client = d.client()
    d.script(completion({"content": ""}, "stop"))
    assert await d(client.chat("hi", generate_kwargs={"stop": ["X"]})) == ""
    assert client.stop_reason == "stop_sequence"


@requirement("USAGE-2", needs=ANTHROPIC)
async def test_stop_reasons_of_messages(d: Driver) -> None:
    """The words of this wire."""
    words = {"end_turn": "stop", "max_tokens": "length", "model_context_window_exceeded": "length"}
    for stop, expected in (words | {"stop_sequence": "stop_sequence"}).items():
        client = d.client()
        d.script(message({"type": "text", "text": "Hi"}, stop=stop))
        await d(client.chat("hi"))
        assert client.stop_reason == expected
