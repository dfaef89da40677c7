"""How scenarios about the wires ask, and what servers have been seen to write that no `Reply` describes."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from conformance.driver import Driver
from conformance.scripted import Raw, Reply, Request, anthropic, openai

Json: TypeAlias = dict[str, Any]

WAYS: Final = (False, True)  # a whole reply, and a streamed one
JSON: Final = "application/json"


def preset(d: Driver, name: str, **keywords: Any) -> Any:
    """A client of a named provider whose server is the scripted one.

    Args:
        d: Driver.
        name: str, the prefix of its model strings.
        keywords: more of `client()`.
    """
    wire = "anthropic" if name == "anthropic" else "openai"
    settings = {"base_url": d.server.url(wire), "api_key": "test-key", "max_retries": 0}
    return d.track(d.api.client(f"{name}:{d.server.model};tools,vision,thinking", **settings | keywords))


def speaks(d: Driver, name: str) -> bool:
    """Whether a named provider is reached over a wire of the target; the other wire is for another target to show."""
    return f"{'anthropic' if name == 'anthropic' else 'openai'}_wire" in d.target.capabilities


async def ask(d: Driver, client: Any, text: str = "hi", *, stream: bool, **keywords: Any) -> str:
    """Say something and return the text of all rounds, whole or streamed."""
    if not stream:
        return str(await d(client.chat(text, **keywords)))
    chunks = await d.collect(client.chat(text, stream=True, **keywords))
    return "".join(chunk.content for chunk in chunks if chunk.phase == "generating")


async def failure(
    d: Driver, client: Any, expected: type[BaseException], *, stream: bool, match: str | None = None
) -> Any:
    """Say something, and return the exception that has to come of it."""
    with d.raises(expected, match) as caught:
        await ask(d, client, stream=stream)
    return caught.value


def tools_of(d: Driver) -> list[Callable[..., str]]:
    """Two tools: one with arguments, one that may go without."""

    @d.lib.tool  # type: ignore[untyped-decorator]
    def weather(city: str) -> str:
        """Tell the weather."""
        return f"sunny in {city}"

    @d.lib.tool  # type: ignore[untyped-decorator]
    def clock(zone: str = "UTC") -> str:
        """Tell the time."""
        return f"noon in {zone}"

    return [weather, clock]


async def round_of(d: Driver, answer: Any, *, stream: bool) -> tuple[list[Json], list[str]]:
    """Let the model answer with calls, then say "done".

    Returns:
        The calls as history holds them, and the results in their order.
    """
    client = d.client(tools=tools_of(d))
    d.script(answer, Reply("done"))
    text = await ask(d, client, stream=stream)
    assert text.endswith("done"), f"expected the turn to end in 'done', observed {text!r}"
    calls = client.messages[1].get("tool_calls") or []
    results = [message for message in client.messages if message["role"] == "tool"]
    assert [m["tool_call_id"] for m in results] == [call["id"] for call in calls], "a result for each call, in order"
    assert len({call["id"] for call in calls}) == len(calls), f"two calls of one id: {calls}"
    return calls, [message["content"] for message in results]


def named(calls: Iterable[Json]) -> list[tuple[str, str]]:
    """The names and the arguments of calls."""
    return [(call["function"]["name"], call["function"]["arguments"]) for call in calls]


def whole_json(body: Any, status: int = 200, content_type: str = JSON) -> Raw:
    """A JSON body."""
    return Raw(json.dumps(body).encode(), status=status, content_type=content_type)


def sse(*events: Json, end: str = "") -> Raw:
    """A stream of server-sent events; `end` is written after them as it is."""
    return Raw(sse_text(*events, end=end).encode())


def sse_text(*events: Json, end: str = "") -> str:
    """The text of such a stream; an event of Messages has its name in front."""
    names = [f"event: {event['type']}\n" if isinstance(event.get("type"), str) else "" for event in events]
    return "".join(f"{name}data: {json.dumps(event)}\n\n" for name, event in zip(names, events, strict=True)) + end


def streamed_bytes(reply: Reply, request: Request) -> bytes:
    """The bytes that a reply is streamed as, on the wire of the request."""
    events = anthropic.events if request.wire == "anthropic" else openai.events
    return b"".join(item for item in events(reply, request.body, 1) if isinstance(item, bytes))


# Chat Completions


DONE: Final = "data: [DONE]\n\n"


def chunk(delta: Json | None = None, finish: str | None = None, **more: Any) -> Json:
    """A chunk of one choice; `more` are keys of the chunk."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **more}


def call_part(index: int | None = 0, name: str | None = None, arguments: str = "", **more: Any) -> Json:
    """A fragment of a tool call, as an entry of `tool_calls`; what is None is absent."""
    function = {"name": name, "arguments": arguments} if name is not None else {"arguments": arguments}
    return ({} if index is None else {"index": index}) | {"function": function} | more


def chat_stream(*chunks: Json, end: str = DONE) -> Raw:
    """Chunks, and what closes them."""
    return sse(*chunks, end=end)


def completion(message: Json, finish: str | None = "stop", **more: Any) -> Raw:
    """A whole chat completion, on several lines as the endpoint writes it."""
    body = {"choices": [{"index": 0, "message": {"role": "assistant"} | message, "finish_reason": finish}]} | more
    return Raw(json.dumps(body, indent=2).encode(), content_type=JSON)


# Messages


def block(index: int, start: Json, *deltas: Json) -> list[Json]:
    """The events of one content block."""
    inner = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    opened = {"type": "content_block_start", "index": index, "content_block": start}
    return [opened, *inner, {"type": "content_block_stop", "index": index}]


def text_block(index: int, *pieces: str) -> list[Json]:
    """A text block, its text in pieces."""
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def tool_block(index: int, name: str, *pieces: str, call_id: str = "toolu_1", **more: Any) -> list[Json]:
    """A tool_use block, its input in pieces."""
    start = {"type": "tool_use", "id": call_id, "name": name, "input": {}, **more}
    return block(index, start, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def message_start(usage: Json | None = None, **more: Any) -> Json:
    """The event that opens a message."""
    counts = {"input_tokens": 11, "output_tokens": 2} if usage is None else usage
    head: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
    }
    return {"type": "message_start", "message": head | {"usage": counts} | more}


def message_end(stop: str = "end_turn", usage: Json | None = None, **more: Any) -> list[Json]:
    """The two events that close a message; `more` are keys of the delta."""
    counts = {"output_tokens": 7} if usage is None else usage
    delta = {"stop_reason": stop, "stop_sequence": None, **more}
    return [{"type": "message_delta", "delta": delta, "usage": counts}, {"type": "message_stop"}]


def message_stream(*content: list[Json], stop: str = "end_turn") -> Raw:
    """A streamed message of some blocks."""
    return sse(message_start(), *(event for events in content for event in events), *message_end(stop))


def message(*content: Json, stop: str = "end_turn", usage: Json | None = None, **more: Any) -> Raw:
    """A whole message of some blocks."""
    counts = {"input_tokens": 11, "output_tokens": 7} if usage is None else usage
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": list(content)}
    return whole_json(head | {"stop_reason": stop, "stop_sequence": None, "usage": counts} | more)
