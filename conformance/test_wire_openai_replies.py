"""Text, thinking, usage and endings, as Chat Completions and the servers that resemble it send them."""

import json
from typing import Any

from conformance import Driver, requirement
from conformance.exchanges import DONE, WAYS, Json, ask, call_part, chat_stream, chunk, completion, failure, tools_of
from conformance.scripted import Call, Raw, Reply, Usage

OPENAI = ("scripted", "openai_wire", "streaming")
STOP = chunk({}, "stop")


def counted(prompt: int, output: int) -> Json:
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}


async def said(d: Driver, answer: Any, *, stream: bool = True) -> Any:
    """The client after one reply, of which the returned and the recorded text are the same."""
    client = d.client()
    d.script(answer)
    text = await ask(d, client, stream=stream)
    assert client.messages[-1]["content"] == text
    return client


@requirement("WIRE-OPENAI-2", needs=(*OPENAI, "tools", "thinking", "usage"), recorded="O1, O5, O13")
async def test_whole_and_streamed_leave_the_same(d: Driver) -> None:
    """One script read both ways leaves equal histories, usage, thinking and stop reason."""
    outcomes = []
    for stream in WAYS:
        client = d.client(tools=tools_of(d))
        call = Call("weather", {"city": "Oslo"}, id="c1")
        d.script(
            Reply("Let me see.", thinking="hm", calls=[call, Call("clock", id="c2")]),
            Reply("Sunny.", thinking="so", usage=Usage(20, 5, cache_read=4, reasoning=2)),
        )
        await ask(d, client, stream=stream)
        outcomes.append((client.messages, client.last_usage, client.last_thinking, client.stop_reason))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0][1]["content"] == "Let me see."


@requirement("WIRE-OPENAI-15", needs=(*OPENAI, "usage"), recorded="O6, O7, C6, C7")
async def test_usage_wherever_it_stands(d: Driver) -> None:
    """On a chunk without choices, beside choices, on every chunk, or before a chunk whose usage is null."""
    text, last = chunk({"content": "Hi"}), counted(11, 7)
    empty = {"choices": [], "usage": last}
    streams = {
        "own chunk": [text, STOP, empty],
        "beside choices": [text, chunk({}, "stop", usage=last)],
        "every chunk": [
            chunk({"content": "H"}, usage=counted(11, 1)),
            chunk({"content": "i"}, usage=counted(11, 6)),
            chunk({}, "stop", usage=last),
        ],
        "null after": [text, STOP, empty, {"choices": [], "usage": None, "moderation": {}}],
        "second finish": [text, STOP, chunk({"content": ""}, "stop", usage=last)],
        "both places": [text, chunk({}, "stop", usage=last, x_groq={"usage": last}), empty],
        "null throughout": [chunk({"content": "Hi"}, usage=None), chunk({}, "stop", usage=None), empty],
    }
    for label, chunks in streams.items():
        client = await said(d, chat_stream(*chunks))
        assert client.last_usage == {"input_tokens": 11, "output_tokens": 7}, label


@requirement("WIRE-OPENAI-16", needs=OPENAI, recorded="O6, O7, C18")
async def test_chunks_without_choices_are_harmless(d: Driver) -> None:
    """A chunk whose choices are empty, absent or null may stand anywhere, first as well."""
    empties: list[Json] = [
        {"choices": [], "prompt_filter_results": [{}], "id": "", "model": ""},
        {"id": "x"},
        {"choices": None},
    ]
    for empty in empties:
        for place in range(3):
            chunks = [chunk({"role": "assistant", "content": "Hel"}), chunk({"content": "lo"}), STOP]
            chunks.insert(place, empty)
            client = await said(d, chat_stream(*chunks))
            assert client.messages[-1]["content"] == "Hello"


@requirement("WIRE-OPENAI-16", needs=OPENAI, recorded="C16, C21")
async def test_content_in_every_form(d: Driver) -> None:
    """Text, a list of text parts, and an object that the server decoded are all the reply's text."""
    forms: list[tuple[Any, str]] = [
        ("Hello", "Hello"),
        ([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}], "Hello"),
        ([{"type": "text", "text": "Hello"}, {"type": "reference", "reference_ids": [1]}], "Hello"),
        ({"a": 1}, json.dumps({"a": 1})),
    ]
    for content, text in forms:
        for stream in WAYS:
            answer = chat_stream(chunk({"content": content}), STOP) if stream else completion({"content": content})
            client = await said(d, answer, stream=stream)
            assert client.messages[-1]["content"] == text


@requirement("WIRE-OPENAI-17", needs=(*OPENAI, "thinking"), recorded="O18, C16")
async def test_reasoning_in_every_form(d: Driver) -> None:
    """Reasoning is thinking under either field name, as a list in content, and beside text that is null or empty."""
    inner = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}, {"type": "text", "text": "m"}]}]
    details = [{"type": "reasoning.text", "text": "hmm", "index": 0}]
    forms: dict[str, list[Json]] = {
        "reasoning_content": [{"content": None, "reasoning_content": "hm"}, {"reasoning_content": "m"}],
        "reasoning": [{"content": "", "reasoning": "hm"}, {"content": "", "reasoning": "m"}],
        "list": [{"content": inner}],
        "details beside": [{"content": "", "reasoning": "hmm", "reasoning_details": details}],
        "details alone": [
            {"reasoning_details": [{"type": "reasoning.text", "text": t, "index": 0}]} for t in ("h", "mm")
        ],
        "both names": [{"reasoning_content": "hmm", "reasoning": "hmm"}],
    }
    for label, deltas in forms.items():
        chunks = [chunk(delta) for delta in deltas]
        client = await said(d, chat_stream(*chunks, chunk({"content": "Yes"}), STOP))
        assert (client.last_thinking, client.messages[-1]["content"]) == ("hmm", "Yes"), label
    for message in ({"content": "Yes", "reasoning": "hmm"}, {"content": [*inner, {"type": "text", "text": "Yes"}]}):
        client = await said(d, completion(message), stream=False)
        assert (client.last_thinking, client.messages[-1]["content"]) == ("hmm", "Yes")


@requirement("WIRE-OPENAI-18", needs=OPENAI, recorded="O8, C12, C13, C14")
async def test_either_ending_will_do(d: Driver) -> None:
    """A finish reason without [DONE], or [DONE] without a finish reason, is a whole reply; what follows is read too."""
    text = chunk({"content": "Hello"})
    endings = {
        "both": ([STOP], DONE),
        "no [DONE]": ([STOP], ""),
        "no finish": ([], DONE),
        "empty finish": ([chunk({}, "")], DONE),
        "text with finish": ([chunk({"content": ""}, "eos")], DONE),
    }
    for label, (ending, end) in endings.items():
        client = await said(d, chat_stream(text, *ending, end=end))
        assert (client.messages[-1]["content"], client.stop_reason) == ("Hello", "stop"), label
    client = await said(d, chat_stream(chunk({"content": "Hel"}), chunk({"content": "lo"}, "stop"), end=DONE))
    assert client.messages[-1]["content"] == "Hello"


@requirement("WIRE-OPENAI-18", needs=OPENAI)
async def test_neither_ending_is_a_cut(d: Driver) -> None:
    """A stream that ends with neither is a broken connection, and nothing of it is recorded."""
    client = d.client()
    d.script(chat_stream(chunk({"content": "Hel"}), end=""))
    await failure(d, client, d.lib.errors.ModelConnectionError, stream=True, match="before the reply was whole")
    assert client.messages == []


@requirement("WIRE-OPENAI-19", needs=(*OPENAI, "tools"), recorded="O9, C8, C20, C23")
async def test_unknown_and_empty_keys_change_nothing(d: Driver) -> None:
    """Empty shells, odd ids, roles in every delta, keys of one server and a model of another name are ignored."""
    shells: Json = {
        "function_call": {"name": "", "arguments": ""},
        "audio": {"data": ""},
        "tool_calls": None,
        "role": None,
    }
    odd: Json = {
        "id": "",
        "created": 0,
        "object": "",
        "obfuscation": "xYz",
        "provider": "P",
        "padding": "   ",
        "usage": None,
    }
    weighed = chunk({"role": "assistant", "content": "Hel", **shells}, None)
    weighed["choices"][0]["logprobs"] = {
        "content": [{"token": "Hel", "logprob": -0.1, "bytes": [72], "top_logprobs": []}]
    }
    chunks = [
        chunk({"role": "assistant", "content": "", "refusal": None}, model="dated-2026", **odd),
        weighed,
        chunk({"role": "assistant", "content": "lo", "tool_calls": [], "logprobs": None}, ""),
        chunk({}, "stop", native_finish_reason="STOP", system_fingerprint=None, service_tier=None, timings={}),
    ]
    client = await said(d, chat_stream(*chunks))
    assert (client.messages[-1], client.stop_reason) == ({"role": "assistant", "content": "Hello"}, "stop")
    for calls in (None, list[Json]()):
        message = {"content": "Hello", "tool_calls": calls, "refusal": None, "annotations": [], "audio": None}
        client = await said(d, completion(message, model="dated-2026", prompt_filter_results=[{}]), stream=False)
        assert client.messages[-1] == {"role": "assistant", "content": "Hello"}


@requirement("WIRE-OPENAI-19", needs=OPENAI, recorded="C12")
async def test_choice_without_delta(d: Driver) -> None:
    """A choice that has no delta, or null for one, says nothing."""
    filtered: Json = {"choices": [{"index": 0, "finish_reason": None, "content_filter_results": {}}]}
    null: Json = {"choices": [{"index": 0, "delta": None, "finish_reason": None}]}
    client = await said(d, chat_stream(filtered, chunk({"content": "Hello"}), null, STOP))
    assert client.messages[-1]["content"] == "Hello"


@requirement("WIRE-OPENAI-22", needs=OPENAI, recorded="O14, O15, C27")
async def test_refusal_in_every_form(d: Driver) -> None:
    """A refusal field, whole or in pieces, and a content filter that left no text are RefusalError."""
    pieces: list[Json] = [
        {"role": "assistant", "content": None, "refusal": ""},
        {"refusal": "I can"},
        {"refusal": "not."},
    ]
    streamed = chat_stream(*(chunk(piece) for piece in pieces), STOP)
    filtered = chat_stream(chunk({"content": ""}), chunk({}, "content_filter"))
    answers: list[tuple[bool, Raw, str]] = [
        (False, completion({"content": None, "refusal": "I cannot."}), r"I cannot\."),
        (True, streamed, r"I cannot\."),
        (False, completion({"content": None}, "content_filter"), "content filter"),
        (True, filtered, "content filter"),
    ]
    for stream, answer, words in answers:
        client = d.client()
        d.script(answer)
        await failure(d, client, d.lib.errors.RefusalError, stream=stream, match=words)
        assert client.messages == []


@requirement("WIRE-OPENAI-23", needs=(*OPENAI, "usage"), recorded="O16")
async def test_thought_only_reply_cut_by_length(d: Driver) -> None:
    """A reply that spent its limit on thinking is TruncatedReplyError, and its tokens are known."""
    spent = counted(11, 64) | {"completion_tokens_details": {"reasoning_tokens": 64}}
    for stream in WAYS:
        answer = (
            chat_stream(chunk({"content": ""}), chunk({}, "length"), {"choices": [], "usage": spent})
            if stream
            else completion({"content": ""}, "length", usage=spent)
        )
        client = d.client()
        d.script(answer)
        await failure(d, client, d.lib.errors.TruncatedReplyError, stream=stream)
        assert client.last_usage == {"input_tokens": 11, "output_tokens": 64, "reasoning_tokens": 64}
        assert (client.stop_reason, client.messages) == ("length", [])


@requirement("WIRE-OPENAI-24", needs=OPENAI, recorded="C24")
async def test_media_type_alone_counts(d: Driver) -> None:
    """The parameters and the letter case of a content type are no matter."""
    body = b"".join(f"data: {json.dumps(c)}\n\n".encode() for c in (chunk({"content": "Hello"}), STOP))
    whole = json.dumps({"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}, indent=4).encode()
    for kind in ("text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream;charset=UTF-8"):
        await said(d, Raw(body, content_type=kind))
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        await said(d, Raw(whole, content_type=kind), stream=False)


@requirement("WIRE-OPENAI-14", needs=(*OPENAI, "tools"), recorded="C4")
async def test_text_in_the_finish_chunk_counts(d: Driver) -> None:
    """What the finish chunk carries is part of the reply, before a call as well."""
    client = d.client(tools=tools_of(d))
    last = chunk({"content": "o.", "tool_calls": [call_part(0, "clock", "{}", id="c1")]}, "tool_calls")
    d.script(chat_stream(chunk({"content": "S"}), last), Reply("done"))
    assert await ask(d, client, stream=True) == "So.done"
    assert client.messages[1]["content"] == "So."
