"""Scenarios of spec/chat.md: chat and generate."""

import copy

from conformance.driver import Driver
from conformance.props import adder, may_call, offered, on_wire, said, sums
from conformance.requirement import requirement
from conformance.scripted import Reply, Usage


@requirement("CHAT-1")
async def test_client_is_the_providers_own(d: Driver) -> None:
    """client() gives a subclass of this surface's ModelClient, with an empty history and the options given."""
    d.enter()
    client = d.client(system="Be brief.", max_iterations=4)
    assert isinstance(client, d.api.ModelClient)
    assert type(client) is not d.api.ModelClient
    assert client.messages == []
    assert client.system_message == "Be brief."
    assert client.max_iterations == 4


@requirement("CHAT-2")
async def test_chat_returns_and_records_the_answer(d: Driver) -> None:
    """The final text comes back, and the two messages are in the history."""
    d.script(Reply("Hello there"))
    client = d.client()
    text = await d(client.chat("Hi"))
    d.check_text(text, "Hello there")
    assert client.messages == [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": text}]


@requirement("CHAT-2", needs=("scripted",))
async def test_each_turn_sends_the_conversation_so_far(d: Driver) -> None:
    """The second request holds the first exchange and the new message, and nothing else."""
    d.script(Reply("One"), Reply("Two"))
    client = d.client()
    await d(client.chat("First"))
    await d(client.chat("Second"))
    assert said(d.server.requests[0]) == [("user", "First")]
    assert said(d.server.requests[1]) == [("user", "First"), ("assistant", "One"), ("user", "Second")]


@requirement("CHAT-3")
async def test_message_without_text_is_refused(d: Driver) -> None:
    """Empty text, blanks and what is no text raise in the call itself, on chat and generate alike."""
    client = d.client()
    for ask in (client.chat, client.generate):
        for empty in ("", "  \n"):
            with d.raises(ValueError, match="empty"):
                ask(empty)
        for stranger in (None, 7, b"Hi", ["Hi"]):
            with d.raises(TypeError, match=type(stranger).__name__):
                ask(stranger)
    assert client.messages == []


@requirement("CHAT-4", needs=("scripted", "tools"))
async def test_bad_arguments_raise_before_any_wait(d: Driver) -> None:
    """chat, generate and resume refuse bad arguments without await and without next, and send nothing."""
    client = d.client(tools=[adder(d)])
    for streamed in (False, True):
        for ask in (client.chat, client.generate):
            with d.raises(ValueError, match="include"):
                ask("Hi", stream=streamed, include=["chatting"])
            with d.raises(ValueError, match="thinking"):
                ask("Hi", {"thinking": "a lot"}, stream=streamed)
        with d.raises(ValueError, match="resume"):
            client.resume(stream=streamed)
    client.max_iterations = 0
    with d.raises(ValueError, match="max_iterations"):
        client.chat("Hi")
    assert d.server.requests == []
    assert client.messages == []


@requirement("CHAT-10", needs=("scripted",))
async def test_nothing_is_sent_before_the_first_chunk_is_asked_for(d: Driver) -> None:
    """A stream that nobody iterates sends nothing; its first chunk makes the request."""
    d.script(Reply("Hello"))
    client = d.client()
    stream = client.chat("Hi", stream=True)
    assert d.direct(d.server.requests) == []
    assert client.messages == []
    await d.collect(stream)
    assert len(d.server.requests) == 1


@requirement("CHAT-12", needs=("scripted", "tools"))
async def test_use_tools_false_forbids_calls_in_this_turn_only(d: Driver) -> None:
    """The request permits no call, one that comes all the same is not run, and the next turn has the tools back."""
    ran: list[tuple[int, int]] = []
    client = d.client(tools=[adder(d, ran)])
    d.script(sums((1, 2)), Reply("No tools"), sums((3, 4), start=2), Reply("7"))
    assert await d(client.chat("Add", use_tools=False)) == "No tools"
    assert [may_call(request) for request in d.server.requests] == [False, False]
    assert ran == []
    assert await d(client.chat("Add again")) == "7"
    assert may_call(d.server.requests[2])
    assert ran == [(3, 4)]


@requirement("CHAT-6")
async def test_generate_leaves_the_history_alone(d: Driver) -> None:
    """generate answers, and the history is the same object with the same messages."""
    d.script(Reply("Hello"), Reply("Generated"))
    client = d.client(system="Be brief.")
    await d(client.chat("Hi"))
    before, seen = client.messages, copy.deepcopy(client.messages)
    d.check_text(await d(client.generate("Say something")), "Generated")
    assert client.messages is before
    assert client.messages == seen


@requirement("CHAT-6", needs=("scripted", "tools", "usage", "wire"))
async def test_generate_sends_the_prompt_alone(d: Driver) -> None:
    """No history, no system message and no tools go with the prompt; the readings are those of generate."""
    d.script(Reply("Hello"), Reply("Generated"), Reply("Streamed", usage=Usage(3, 4)))
    client = d.client(system="Be brief.", tools=[adder(d)])
    await d(client.chat("Hi"))
    client.default_generate_kwargs = {"max_tokens": 7}
    assert await d(client.generate("Say something")) == "Generated"
    stream = client.generate("Say more", stream=True)
    chunks = await d.collect(stream)
    assert "".join(chunk.content for chunk in chunks) == d.direct(stream.result) == "Streamed"
    for request, prompt in zip(d.server.requests[1:], ("Say something", "Say more"), strict=True):
        assert said(request) == [("user", prompt)]
        assert offered(request) == []
    assert (client.last_usage["input_tokens"], client.last_usage["output_tokens"]) == (3, 4)


@requirement("CHAT-16", needs=("scripted", "thinking", "usage"))
async def test_readings_are_of_the_last_turn(d: Driver) -> None:
    """last_thinking, last_usage and stop_reason belong to the last turn; a reset forgets them."""
    d.script(Reply("One", thinking="Hmm"), Reply("Two"))
    client = d.client()
    assert (client.last_thinking, client.last_usage, client.stop_reason) == ("", None, None)
    await d(client.chat("First"))
    assert (client.last_thinking, client.stop_reason) == ("Hmm", "stop")
    count = client.last_usage["output_tokens"]
    assert count == 7 if on_wire(d) else count > 0
    await d(client.chat("Second"))
    assert client.last_thinking == ""
    client.reset()
    assert (client.last_thinking, client.last_usage, client.stop_reason) == ("", None, None)
