"""Conversations with a real server, replayed: asked for is what any capable model does, not its words."""

import json
from dataclasses import dataclass
from typing import Any

from conformance import Driver, requirement
from conformance.exchanges import WAYS
from conformance.props import outcome
from conformance.requirement import SERVER

WIRE = ("wire", "streaming")
TOOLS = (*WIRE, "tools")
WEATHER = "What is the weather in Paris?"
REPORT = "sunny and 21 degrees"
SHORT = {"max_tokens": 128}
THOUGHTFUL = {"max_tokens": 2048, "thinking": True}


@dataclass
class Person:
    """A person."""

    name: str
    age: int


def toolbox(d: Driver, ran: list[tuple[str, Any]]) -> list[Any]:
    """The tools that the questions below are about; each notes that it ran."""

    def get_weather(city: str) -> str:
        """get_weather."""
        ran.append(("get_weather", city))
        return REPORT if city == "Paris" else "rain"

    def get_time(city: str) -> str:
        """get_time."""
        ran.append(("get_time", city))
        return "12:30"

    def multiply(a: int, b: int) -> int:
        """multiply."""
        ran.append(("multiply", (a, b)))
        return a * b

    def set_timer(minutes: int) -> str:
        """set_timer."""
        ran.append(("set_timer", minutes))
        return "done"

    def ping() -> str:
        """ping."""
        ran.append(("ping", None))
        return "pong"

    return [d.lib.tool(tool) for tool in (get_weather, get_time, multiply, set_timer, ping)]


async def turn(d: Driver, client: Any, question: str, *, stream: bool, **more: Any) -> str:
    """One turn, of which the text, the calls, the token counts and the end are what an independent reader finds."""
    before, known = len(d.server.requests), len(client.messages)
    text = await outcome(d, client, question, streamed=stream, generate_kwargs=SHORT | more)
    readings = d.readings[before:]
    assert text == client.messages[-1]["content"] == readings[-1].text
    assert client.stop_reason == readings[-1].stop
    assert client.last_thinking == "".join(each.thinking for each in readings)
    counted = [each.usage or (0, 0) for each in readings]
    assert client.last_usage["input_tokens"] == sum(read for read, _ in counted)
    assert client.last_usage["output_tokens"] == sum(written for _, written in counted)
    calls = [call["function"] for message in client.messages[known:] for call in message.get("tool_calls", ())]
    read = [(call.name, call.parsed()) for each in readings for call in each.calls]
    assert [(call["name"], json.loads(call["arguments"])) for call in calls] == read
    return text


async def asked(
    d: Driver, question: str, names: tuple[str, ...], *, stream: bool, **options: Any
) -> tuple[Any, str, list[tuple[str, Any]]]:
    """Ask a question that needs tools; the client, the answer, and what ran."""
    ran: list[tuple[str, Any]] = []
    tools = [tool for tool in toolbox(d, ran) if tool.__name__ in names]
    client = d.client(tools=tools, **options)
    text = await turn(d, client, question, stream=stream)
    assert client.messages[-1]["content"] == text
    return client, text, ran


def roles(client: Any) -> list[str]:
    return [message["role"] for message in client.messages]


@requirement("RECORDED-1", "RECORDED-2", needs=(*WIRE, "usage"), recorded=SERVER)
async def test_a_reply(d: Driver) -> None:
    """A greeting is answered, whole and streamed; the tokens are counted, and the end is told."""
    for stream in WAYS:
        client = d.client()
        text = await turn(d, client, "Hello", stream=stream)
        assert text
        assert client.messages == [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": text}]
        assert min(client.last_usage["input_tokens"], client.last_usage["output_tokens"]) > 0
        assert client.stop_reason == "stop"


@requirement("RECORDED-1", "RECORDED-2", needs=WIRE, recorded=SERVER)
async def test_characters_of_several_bytes(d: Driver) -> None:
    """Letters with accents arrive as they are, in pieces too."""
    for stream in WAYS:
        client = d.client()
        text = await turn(d, client, "Order a coffee in French.", stream=stream)
        assert "é" in text
        assert client.messages[-1]["content"] == text


@requirement("RECORDED-1", "RECORDED-2", needs=WIRE, recorded=SERVER)
async def test_the_system_message_is_heard(d: Driver) -> None:
    """Who the model is, it was told."""
    for stream in WAYS:
        client = d.client(system="You are Zorblat.")
        assert "Zorblat" in await turn(d, client, "Who are you?", stream=stream)


@requirement("RECORDED-1", "RECORDED-2", needs=WIRE, recorded=SERVER)
async def test_a_conversation_is_remembered(d: Driver) -> None:
    """Each turn is sent with those before it; a fork remembers nothing."""
    client = d.client()
    await turn(d, client, "My name is Alice.", stream=False)
    assert "Alice" in await turn(d, client, "What is my name?", stream=True)
    assert roles(client) == ["user", "assistant"] * 2
    fork = d.track(d.direct(client.fork()))
    assert "Alice" not in await turn(d, fork, "Hello", stream=False)


@requirement("RECORDED-1", "RECORDED-2", needs=WIRE, recorded=SERVER)
async def test_generate_keeps_nothing(d: Driver) -> None:
    """One prompt and its answer, beside the conversation."""
    client = d.client()
    assert "red" in (await d(client.generate("Say red.", SHORT))).lower()
    assert client.messages == []


@requirement("RECORDED-1", "RECORDED-2", needs=WIRE, recorded=SERVER)
async def test_a_reply_is_cut_by_its_limit(d: Driver) -> None:
    """What was said until then is the reply, and why it ends is told."""
    for stream in WAYS:
        client = d.client()
        assert await turn(d, client, "Count to 200.", stream=stream, max_tokens=16)
        assert (client.stop_reason, roles(client)) == ("length", ["user", "assistant"])


@requirement("RECORDED-1", "RECORDED-2", needs=WIRE, recorded=SERVER)
async def test_a_stop_string_ends_a_reply(d: Driver) -> None:
    """It is no part of the text."""
    for stream in WAYS:
        client = d.client()
        text = await turn(d, client, "Count to 20.", stream=stream, stop=["7"])
        assert "6" in text
        assert "7" not in text


@requirement("RECORDED-1", "RECORDED-2", needs=TOOLS, recorded=SERVER)
async def test_a_tool_loop(d: Driver) -> None:
    """Question, call, result, answer: two requests, and the call and its result in the history."""
    for stream in WAYS:
        client, text, ran = await asked(d, WEATHER, ("get_weather",), stream=stream)
        assert ran == [("get_weather", "Paris")]
        assert "21" in text
        assert roles(client) == ["user", "assistant", "tool", "assistant"]
        (call,) = client.messages[1]["tool_calls"]
        assert client.messages[2] == {
            "role": "tool",
            "tool_call_id": call["id"],
            "name": "get_weather",
            "content": REPORT,
        }


@requirement("RECORDED-1", "RECORDED-2", needs=TOOLS, recorded=SERVER)
async def test_a_tool_without_arguments(d: Driver) -> None:
    """No arguments, however the server spells them."""
    for stream in WAYS:
        _, text, ran = await asked(d, "Ping the server.", ("ping",), stream=stream)
        assert ran == [("ping", None)]
        assert "pong" in text


@requirement("RECORDED-1", "RECORDED-2", needs=(*TOOLS, "parallel_tools"), recorded=SERVER)
async def test_two_calls_at_once(d: Driver) -> None:
    """Both run, in their order, and their results go back together."""
    question = "What is the weather in Tokyo? What time is it in Berlin?"
    for stream in WAYS:
        client, text, ran = await asked(d, question, ("get_weather", "get_time"), stream=stream)
        assert ran == [("get_weather", "Tokyo"), ("get_time", "Berlin")]
        assert "12:30" in text
        assert roles(client) == ["user", "assistant", "tool", "tool", "assistant"]


@requirement("RECORDED-1", "RECORDED-2", needs=TOOLS, recorded=SERVER)
async def test_a_second_round(d: Driver) -> None:
    """The result of one call is the argument of the next: three requests."""
    question = "What is 12 * 9? Then call set_timer with the result."
    for stream in WAYS:
        client, _, ran = await asked(d, question, ("multiply", "set_timer"), stream=stream)
        assert ran == [("multiply", (12, 9)), ("set_timer", 108)]
        assert roles(client) == ["user", *["assistant", "tool"] * 2, "assistant"]


@requirement("RECORDED-1", "RECORDED-2", needs=TOOLS, recorded=SERVER)
async def test_the_last_request_forbids_calls(d: Driver) -> None:
    """A model that may not call any more says something, or the turn fails: no second call runs."""
    question = "What is 12 * 9? Then call set_timer with the result."
    ran: list[tuple[str, Any]] = []
    tools = [tool for tool in toolbox(d, ran) if tool.__name__ in ("multiply", "set_timer")]
    client = d.client(tools=tools, max_iterations=2)
    d.enter()
    try:
        await d(client.chat(question, SHORT))
    except d.lib.errors.IterationLimitError:
        assert roles(client) == ["user", "assistant", "tool"]
    assert ran == [("multiply", (12, 9))]


@requirement("RECORDED-1", "RECORDED-2", needs=TOOLS, recorded=SERVER)
async def test_a_failed_tool_is_told_to_the_model(d: Driver) -> None:
    """What a tool complains of, the model can answer."""

    @d.lib.tool  # type: ignore[untyped-decorator]
    def get_weather(city: str) -> str:
        """get_weather."""
        raise d.lib.tools.ToolError(f"error: no such city {city}")

    client = d.client(tools=[get_weather])
    text = await turn(d, client, "What is the weather in Atlantis?", stream=True)
    assert text
    assert "no such city Atlantis" in client.messages[2]["content"]


@requirement("RECORDED-1", "RECORDED-2", needs=WIRE, recorded=SERVER)
async def test_an_answer_that_is_an_object(d: Driver) -> None:
    """The server keeps to the schema, and the answer is one of the class."""
    for stream in WAYS:
        client = d.client()
        answer = client.chat("Describe Ada, who is 36 years old.", SHORT, schema=Person, stream=stream)
        if stream:
            await d.collect(answer)
        assert (d.direct(answer.result) if stream else await d(answer)) == Person("Ada", 36)


@requirement("RECORDED-1", "RECORDED-2", needs=(*WIRE, "thinking"), recorded=SERVER)
async def test_thinking(d: Driver) -> None:
    """Thoughts stand beside the answer and not in it."""
    for stream in WAYS:
        client = d.client()
        text = await turn(d, client, "Say blue bird.", stream=stream, **THOUGHTFUL)
        assert "blue bird" in text.lower()
        assert client.last_thinking
        assert client.last_thinking not in text


@requirement("RECORDED-1", "RECORDED-2", needs=(*TOOLS, "thinking"), recorded=SERVER)
async def test_thinking_before_a_call(d: Driver) -> None:
    """A thought stands with the message that it led to, and the call runs."""
    for stream in WAYS:
        ran: list[tuple[str, Any]] = []
        tools = [tool for tool in toolbox(d, ran) if tool.__name__ == "get_weather"]
        client = d.client(tools=tools)
        text = await turn(d, client, WEATHER, stream=stream, **THOUGHTFUL)
        assert ran == [("get_weather", "Paris")]
        assert "21" in text
        assert any(message.get("thinking") for message in client.messages)
        assert roles(client) == ["user", "assistant", "tool", "assistant"]


@requirement("RECORDED-1", "RECORDED-2", needs=TOOLS, recorded=SERVER)
async def test_an_agent(d: Driver) -> None:
    """An agent is the same conversation under its name."""
    for stream in WAYS:
        ran: list[tuple[str, Any]] = []
        tools = [tool for tool in toolbox(d, ran) if tool.__name__ == "get_weather"]
        agent = d.api.Agent(d.client(), "You are a helpful assistant.", "scout", tools)
        answer = agent.run(WEATHER, SHORT, stream=stream)
        chunks = await d.collect(answer) if stream else [await d(answer)]
        assert ran == [("get_weather", "Paris")]
        assert "21" in agent.messages["scout"][-1]["content"]
        assert not stream or {chunk.agent for chunk in chunks} == {"scout"}


@requirement("RECORDED-1", "RECORDED-3", needs=WIRE, recorded=SERVER)
async def test_a_key_that_is_refused(d: Driver) -> None:
    """AuthenticationError, whole and streamed, and nothing is recorded."""
    for stream in WAYS:
        client = d.client(api_key="not-a-key")
        with d.raises(d.lib.errors.AuthenticationError):
            await turn(d, client, "Hello", stream=stream)
        assert client.messages == []


@requirement("RECORDED-1", "RECORDED-3", needs=WIRE, recorded=SERVER)
async def test_a_parameter_that_is_not_taken(d: Driver) -> None:
    """A request that the server cannot read is InvalidRequestError, and the conversation goes on after it."""
    client = d.client()
    with d.raises(d.lib.errors.InvalidRequestError):
        await outcome(d, client, "Hello", streamed=False, generate_kwargs=SHORT | {"temperature": "hot"})
    assert client.messages == []
    assert await turn(d, client, "Hello", stream=False)
