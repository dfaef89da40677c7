"""The blocks of a reply that return to Messages as they came."""

from conformance import Driver, requirement
from conformance.exchanges import (
    WAYS,
    Json,
    ask,
    block,
    message,
    message_stream,
    preset,
    text_block,
    tool_block,
    tools_of,
)
from conformance.scripted import Call, Reply

ANTHROPIC = ("scripted", "anthropic_wire", "tools", "thinking")
STREAMED = (*ANTHROPIC, "streaming")


def bodies(d: Driver) -> list[Json]:
    return [request.body for request in d.server.requests]


def text(words: str) -> Json:
    return {"type": "text", "text": words}


THOUGHT = {"type": "thinking", "thinking": "I think", "signature": "SIG=="}
SILENT = {"type": "thinking", "thinking": "", "signature": "SIG2"}
REDACTED = [{"type": "redacted_thinking", "data": "EncA"}, {"type": "redacted_thinking", "data": "EncB"}]
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result"}]}
CITED: Json = {"type": "text", "text": "See.", "citations": [{"type": "char_location", "cited_text": "a"}]}
CALLED = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {"zone": "CET"}, "caller": {"type": "direct"}}
ALL: list[Json] = [THOUGHT, SILENT, *REDACTED, SEARCH, FOUND, CITED, CALLED]


def streamed_blocks() -> list[list[Json]]:
    """`ALL` as the endpoint streams it."""
    opening = {"type": "thinking", "thinking": "", "signature": ""}
    pieces = [{"type": "thinking_delta", "thinking": piece} for piece in ("I ", "think")]
    query = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"query":', ' "x"}')]
    citation = {"type": "citations_delta", "citation": CITED["citations"][0]}
    return [
        block(0, opening, *pieces, {"type": "signature_delta", "signature": "SIG=="}),
        block(1, {"type": "thinking", "thinking": ""}, {"type": "signature_delta", "signature": "SIG2"}),
        block(2, REDACTED[0]),
        block(3, REDACTED[1]),
        block(4, SEARCH | {"input": {}}, *query),
        block(5, FOUND),
        block(6, text("") | {"citations": []}, {"type": "text_delta", "text": "See."}, citation),
        tool_block(7, "clock", "", '{"zone":', ' "CET"}', caller={"type": "direct"}),
    ]


@requirement("WIRE-ANTHROPIC-10", needs=STREAMED, recorded="A10, A11, A13, A19")
async def test_opaque_blocks_return_verbatim(d: Driver) -> None:
    """Signed, silent and redacted thinking and unknown blocks return in their order, in this turn and the next."""
    answers = [message(*ALL, stop="tool_use"), message_stream(*streamed_blocks(), stop="tool_use")]
    for stream, answer in zip(WAYS, answers, strict=True):
        client = d.client(tools=tools_of(d))
        d.script(answer, Reply("noon"), Reply("yes"))
        await ask(d, client, stream=stream)
        await ask(d, client, "sure?", stream=stream)
        for body in bodies(d)[-2:]:
            assert body["messages"][1] == {"role": "assistant", "content": ALL}
        assert client.messages[1]["thinking"] == "I think"


@requirement("WIRE-ANTHROPIC-10", needs=ANTHROPIC)
async def test_opaque_blocks_go_to_no_other_provider(d: Driver) -> None:
    """Another provider is sent text and calls only; a message whose text the user changed is sent as it now reads."""
    client = d.client(tools=tools_of(d))
    d.script(message(*ALL, stop="tool_use"), Reply("noon"))
    await d(client.chat("hi"))
    other = preset(d, "openai", tools=tools_of(d))
    other.messages = client.messages
    d.script(Reply("ok"))
    await d(other.chat("hi"))
    sent = bodies(d)[-1]["messages"][1]
    assert set(sent) == {"role", "content", "tool_calls"}
    assert sent["content"] == "See."
    edited = [dict(m) for m in client.messages]
    edited[1]["content"] = "Look."
    client.messages = edited
    d.script(Reply("ok"))
    await d(client.chat("hi"))
    parts = bodies(d)[-1]["messages"][1]["content"]
    assert [part["type"] for part in parts] == ["text", "tool_use"]
    assert parts[0] == text("Look.")


@requirement("WIRE-ANTHROPIC-5", needs=STREAMED)
async def test_empty_text_block_of_a_reply_is_not_sent_back(d: Driver) -> None:
    """A text block without text between thinking and a call is dropped; the other blocks return as they came."""
    thought = {"type": "thinking", "thinking": "hm", "signature": "S"}
    used_clock = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
    signed = ({"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "S"})
    streamed = message_stream(
        block(0, {"type": "thinking", "thinking": "", "signature": ""}, *signed),
        text_block(1),
        tool_block(2, "clock", ""),
        stop="tool_use",
    )
    for stream, answer in zip(WAYS, [message(thought, text(""), used_clock, stop="tool_use"), streamed], strict=True):
        d.script(answer, Reply("done"))
        await ask(d, d.client(tools=tools_of(d)), stream=stream)
        assert bodies(d)[-1]["messages"][1] == {"role": "assistant", "content": [thought, used_clock]}


@requirement("WIRE-ANTHROPIC-11", needs=ANTHROPIC, recorded="A10, A14")
async def test_thinking_of_a_paused_reply_returns(d: Driver) -> None:
    """A pause with thinking, then a call: the joined blocks go back whole, the thinking with its signature."""
    for stream in WAYS:
        client = d.client(tools=tools_of(d))
        first = Reply("One ", thinking="I think", signature="SIG==", stop="pause")
        d.script(first, Reply("two", calls=[Call("clock", id="c1")]), Reply("done"))
        await ask(d, client, stream=stream)
        back = bodies(d)[-1]["messages"][1]["content"]
        assert back[0] == THOUGHT
        assert [part["type"] for part in back] == ["thinking", "text", "text", "tool_use"]
