"""Scenarios of spec/turn.md: how many requests a turn makes, and what ends it."""

from typing import Any

from conformance.driver import Driver
from conformance.props import adder, may_call, offered, on_wire, outcome, said, sum_round, sums, told
from conformance.requirement import requirement
from conformance.scripted import Reply

USER = {"role": "user", "content": "Add"}


@requirement("TURN-1", needs=("scripted", "tools"))
async def test_one_tool_round_is_two_requests(d: Driver) -> None:
    """A round of calls and an answer: two requests, one run of the tool, and no user message put in between."""
    for streamed in (False, True):
        ran: list[tuple[int, int]] = []
        d.server.clear()
        d.script(sums((1, 2)), Reply("3"))
        client = d.client(tools=[adder(d, ran)])
        assert await outcome(d, client, "Add", streamed=streamed) == "3"
        assert len(d.server.requests) == 2
        assert ran == [(1, 2)]
        assert told(d, client.messages) == told(d, [USER, *sum_round(1, 2), {"role": "assistant", "content": "3"}])
        assert [text for role, text in said(d.server.requests[1]) if role == "user" and text] == ["Add"]


@requirement("TURN-2", needs=("scripted", "tools", "parallel_tools", "thinking"))
async def test_requests_do_not_depend_on_the_way_they_are_made(d: Driver) -> None:
    """Byte for byte the same bodies on both surfaces; streamed or not they differ in stream and stream_options."""
    bodies: list[Any] = []
    for streamed in (False, True):
        d.server.clear()
        client = d.client(system="Be brief.", tools=[adder(d)])
        d.script(Reply("Adding", thinking="Hmm", calls=sums((1, 2), (3, 4)).calls), Reply("3 and 7"), Reply("Bye"))
        options: dict[str, Any] = {"generate_kwargs": {"temperature": 0.5, "max_tokens": 64}}
        await outcome(d, client, "Add", streamed=streamed, **options)
        await outcome(d, client, "Thanks", streamed=streamed)
        d.observe("bytes", [request.raw for request in d.server.requests])
        bodies.append([{**request.body, "stream": None, "stream_options": None} for request in d.server.requests])
        if on_wire(d):
            assert [request.body.get("stream", False) for request in d.server.requests] == [streamed] * 3
    assert bodies[0] == bodies[1]


@requirement("TURN-3", needs=("scripted", "tools"))
async def test_rounds_follow_each_other(d: Driver) -> None:
    """As many rounds as the model asks for, each with the results of those before it."""
    for streamed in (False, True):
        ran: list[tuple[int, int]] = []
        d.server.clear()
        client = d.client(tools=[adder(d, ran)])
        d.script(sums((1, 2)), sums((3, 3), start=2), sums((6, 4), start=3), Reply("10"))
        assert await outcome(d, client, "Add", streamed=streamed) == "10"
        assert ran == [(1, 2), (3, 3), (6, 4)]
        rounds = [*sum_round(1, 2, "sum1"), *sum_round(3, 3, "sum2"), *sum_round(6, 4, "sum3")]
        assert told(d, client.messages) == told(d, [USER, *rounds, {"role": "assistant", "content": "10"}])
        assert [len(request.body["messages"]) for request in d.server.requests] == [1, 3, 5, 7]


@requirement("TURN-4", "TURN-5", needs=("scripted", "tools"))
async def test_limit_counts_requests(d: Driver) -> None:
    """N requests and no more; the last one keeps the tools and forbids them; its calls are neither run nor stored."""
    for limit in (2, 3):
        for streamed in (False, True):
            ran: list[tuple[int, int]] = []
            d.server.clear()
            d.server.always(sums((1, 2)))
            client = d.client(tools=[adder(d, ran)], max_iterations=limit)
            with d.raises(d.lib.errors.IterationLimitError, match=f"max_iterations={limit}"):
                await outcome(d, client, "Add", streamed=streamed)
            assert [may_call(request) for request in d.server.requests] == [*[True] * (limit - 1), False]
            assert [offered(request) for request in d.server.requests] == [["add"]] * limit
            assert len(ran) == limit - 1
            assert told(d, client.messages) == told(d, [USER, *sum_round(1, 2) * (limit - 1)])


@requirement("TURN-4", needs=("scripted",))
async def test_limit_of_one_is_one_request(d: Driver) -> None:
    """Without tools one request is a legal limit: its answer is returned, and nothing is asked a second time."""
    for streamed in (False, True):
        d.server.clear()
        d.script(Reply("Hello"), Reply(""))
        client = d.client(max_iterations=1)
        assert await outcome(d, client, "Hi", streamed=streamed) == "Hello"
        with d.raises(d.lib.errors.DegenerateTurnError):
            await outcome(d, client, "Again", streamed=streamed)
        assert len(d.server.requests) == 2
        assert len(client.messages) == 2


@requirement("TURN-4", "HISTORY-5", needs=("scripted", "tools"))
async def test_turn_over_its_limit_can_be_resumed(d: Driver) -> None:
    """The finished rounds are kept, and resume() has a new count."""
    client = d.client(tools=[adder(d)], max_iterations=2)
    d.script(sums((1, 2)), sums((9, 9), start=9), sums((3, 3), start=2), Reply("6"))
    with d.raises(d.lib.errors.IterationLimitError, match=r"resume\(\)"):
        await d(client.chat("Add"))
    assert await d(client.resume()) == "6"
    rounds = [*sum_round(1, 2, "sum1"), *sum_round(3, 3, "sum2")]
    assert told(d, client.messages) == told(d, [USER, *rounds, {"role": "assistant", "content": "6"}])


@requirement("TURN-4", needs=("scripted", "tools"))
async def test_default_limit_is_ten(d: Driver) -> None:
    """A model that never stops asking is stopped after ten requests."""
    d.server.always(sums((1, 2)))
    client = d.client(tools=[adder(d)])
    assert client.max_iterations == 10
    with d.raises(d.lib.errors.IterationLimitError):
        await d(client.chat("Add"))
    assert len(d.server.requests) == 10


@requirement("TURN-6", needs=("scripted", "tools"))
async def test_text_of_the_last_request_is_the_answer(d: Driver) -> None:
    """Text beside calls that were forbidden is returned, and stored without the calls."""
    for streamed in (False, True):
        ran: list[tuple[int, int]] = []
        d.server.clear()
        d.script(sums((1, 2)), sums((3, 4), text="Enough: 3", start=2))
        client = d.client(tools=[adder(d, ran)], max_iterations=2)
        assert await outcome(d, client, "Add", streamed=streamed) == "Enough: 3"
        assert ran == [(1, 2)]
        answer = {"role": "assistant", "content": "Enough: 3"}
        assert told(d, client.messages) == told(d, [USER, *sum_round(1, 2), answer])


@requirement("TURN-7", needs=("scripted", "tools"))
async def test_one_request_with_tools_is_refused(d: Driver) -> None:
    """A single request could never use its tools: ValueError in the call itself, unless calls are forbidden anyway."""
    client = d.client(tools=[adder(d)], max_iterations=1)
    for streamed in (False, True):
        with d.raises(ValueError, match="max_iterations=1"):
            client.chat("Add", stream=streamed)
    d.script(Reply("No tools"))
    assert await d(client.chat("Add", use_tools=False)) == "No tools"


@requirement("TURN-8", needs=("scripted", "thinking"))
async def test_empty_reply_is_asked_for_once_more(d: Driver) -> None:
    """With neither text nor call, a prompt to go on is sent behind the user's message, and never stored."""
    for streamed in (False, True):
        for empty in (Reply(""), Reply("", thinking="Hmm")):
            d.server.clear()
            d.script(empty, Reply("Hello"))
            client = d.client(system="Be brief.")
            assert await outcome(d, client, "Hi", streamed=streamed) == "Hello"
            first, second = (said(request) for request in d.server.requests)
            texts = "".join(text for _, text in second[1:])
            assert first == [("system", "Be brief."), ("user", "Hi")]
            assert texts.startswith("Hi")
            assert len(texts) > 10
            assert {role for role, _ in second[1:]} == {"user"}
            assert [message["content"] for message in client.messages] == ["Be brief.", "Hi", "Hello"]


@requirement("TURN-8", needs=("scripted",))
async def test_two_empty_replies_are_an_error(d: Driver) -> None:
    """After the second one the turn ends with EmptyReplyError, and the history is as it was."""
    for streamed in (False, True):
        d.server.clear()
        d.server.always(Reply(""))
        client = d.client()
        with d.raises(d.lib.errors.EmptyReplyError):
            await outcome(d, client, "Hi", streamed=streamed)
        assert len(d.server.requests) == 2
        assert client.messages == []


@requirement("TURN-8", "TURN-4", needs=("scripted", "tools"))
async def test_asking_once_more_counts(d: Driver) -> None:
    """The repeated request is one of max_iterations; after a tool round an empty reply is treated alike."""
    for streamed in (False, True):
        d.server.clear()
        client = d.client(tools=[adder(d)], max_iterations=4)
        d.script(Reply(""), sums((1, 2)), Reply(""), Reply("3"))
        assert await outcome(d, client, "Add", streamed=streamed) == "3"
        assert [may_call(request) for request in d.server.requests] == [True, True, True, False]
        assert told(d, client.messages) == told(d, [USER, *sum_round(1, 2), {"role": "assistant", "content": "3"}])


@requirement("TURN-9", needs=("scripted", "thinking", "wire"))
async def test_reply_cut_before_its_text_is_an_error_at_once(d: Driver) -> None:
    """The length limit was spent before any text: TruncatedReplyError after one request, nothing recorded."""
    for streamed in (False, True):
        for empty in (Reply("", stop="length"), Reply("", thinking="Hmm", stop="length")):
            d.server.clear()
            d.script(empty)
            client = d.client()
            with d.raises(d.lib.errors.TruncatedReplyError, match="max_tokens"):
                await outcome(d, client, "Hi", streamed=streamed)
            assert len(d.server.requests) == 1
            assert client.messages == []


@requirement("TURN-10", needs=("scripted", "wire"))
async def test_reply_cut_in_its_text_is_an_answer(d: Driver) -> None:
    """What there is is returned and stored; stop_reason tells that it was cut."""
    for streamed in (False, True):
        d.script(Reply("Half a sen", stop="length"))
        client = d.client()
        assert await outcome(d, client, "Hi", streamed=streamed) == "Half a sen"
        assert client.stop_reason == "length"
        assert client.messages[-1] == {"role": "assistant", "content": "Half a sen"}


@requirement("TURN-11", needs=("scripted", "wire"))
async def test_empty_reply_by_a_stop_sequence_is_legal(d: Driver) -> None:
    """A stop sequence right at the beginning gives the empty text, in one request; the conversation goes on."""
    for streamed in (False, True):
        d.server.clear()
        d.script(Reply("", stop_sequence="END"), Reply("Hello"))
        client = d.client()
        assert await outcome(d, client, "Hi", streamed=streamed, generate_kwargs={"stop": ["END"]}) == ""
        assert len(d.server.requests) == 1
        assert client.stop_reason == "stop_sequence"
        assert client.messages == [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}]
        assert await outcome(d, client, "Well", streamed=streamed) == "Hello"


@requirement("TURN-12", needs=("scripted", "wire"))
async def test_paused_reply_is_continued(d: Driver) -> None:
    """What comes after the pause is the rest of one reply; the request counts. A wire without pauses ends there."""
    for streamed in (False, True):
        d.server.clear()
        d.script(Reply("Half ", stop="pause"), Reply("of it ", stop="pause"), Reply("all.", stop="pause"), Reply("No"))
        client = d.client(max_iterations=3)
        text = await outcome(d, client, "Hi", streamed=streamed)
        pauses = d.server.requests[0].wire == "anthropic"
        assert text == ("Half of it all." if pauses else "Half ")
        assert [message["role"] for message in client.messages] == ["user", "assistant"]
        assert client.messages[-1]["content"] == text
        assert len(d.server.requests) == (3 if pauses else 1)
        if pauses:
            assert said(d.server.requests[2]) == [("user", "Hi"), ("assistant", "Half of it ")]
            d.server.clear()
            d.server.always(Reply("", stop="pause"))
            with d.raises(d.lib.errors.IterationLimitError):
                await outcome(d, client, "Again", streamed=streamed)
            assert len(d.server.requests) == 3
