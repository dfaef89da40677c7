"""The checked conversations: what the micro model says by itself, on each engine and surface, streamed or not."""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

from conformance import Driver, requirement
from conformance.props import outcome, told

NEEDS = ("in_process", "micro_model", "tools", "thinking")
KINDS = {"string": str, "integer": int}
LONG = ("count_to_200", "ten_turns")  # held by scenarios of their own
WEATHER = "What is the weather in Paris?"
# one of each kind; that all of the others are exact too is tested on the bare engines
LOOPS = frozenset(
    (
        *("weather", "accent", "text_beside_a_call", "tool_error"),
        *("two_tools_at_once", "two_rounds", "three_rounds"),
    )
)
BOTH_WAYS = frozenset(("memory", "weather", "two_tools_at_once", "two_rounds", "thinking_then_a_call"))


def conversations(wanted: Callable[[Any], bool]) -> list[Any]:
    """The checked conversations of a kind."""
    from conformance.models.conversations import CONVERSATIONS

    found = [conversation for conversation in CONVERSATIONS.values() if wanted(conversation)]
    assert found, "there is no checked conversation of that kind"
    return found


def tool_of(d: Driver, spec: dict[str, Any], results: Iterator[str], is_async: bool = False) -> Any:
    """A tool of that name and parameters, whose runs give the results one after the other."""
    home = asyncio.get_running_loop() if is_async else None

    def run(**_: Any) -> str:
        return next(results)

    async def run_on_loop(**_: Any) -> str:
        assert asyncio.get_running_loop() is home
        return next(results)

    function: Any = run_on_loop if is_async else run
    function.__name__, function.__doc__ = spec["function"]["name"], "Do it."
    properties = spec["function"]["parameters"]["properties"]
    function.__annotations__ = {name: KINDS[part["type"]] for name, part in properties.items()} | {"return": str}
    function.__signature__ = inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=function.__annotations__[name])
            for name in properties
        ]
    )
    return d.lib.tool(function)


def ways(found: list[Any]) -> Iterator[tuple[Any, bool]]:
    """Each conversation, streamed or not in turn; those of each kind that say most, both ways."""
    for number, conversation in enumerate(found):
        for streamed in (False, True) if conversation.name in BOTH_WAYS else (bool(number % 2),):
            yield conversation, streamed


async def hold(d: Driver, conversation: Any, *, streamed: bool, is_async: bool = False) -> Any:
    """Hold a checked conversation: each answer, call and thought has to be the one that is written down."""
    messages = list(conversation.messages)
    system = messages[0]["content"] if messages[0]["role"] == "system" else None
    results = iter([message["content"] for message in messages if message["role"] == "tool"])
    tools = [tool_of(d, spec, results, is_async) for spec in conversation.tools]
    client = d.client(system=system, tools=tools)
    options: dict[str, Any] = {"generate_kwargs": {"thinking": True}} if conversation.thinking else {}
    for message in messages:
        if message["role"] == "user":
            await outcome(d, client, message["content"], streamed=streamed, **options)
    assert told(d, client.messages) == told(d, messages), conversation.name
    return client


@requirement("INPROCESS-19", needs=NEEDS)
async def test_plain_replies(d: Driver) -> None:
    """Greetings, a persona from the system message, things remembered, characters of several bytes."""
    for one, streamed in ways(conversations(lambda c: not (c.tools or c.thinking or c.schema or c.name in LONG))):
        await hold(d, one, streamed=streamed)


@requirement("INPROCESS-19", needs=NEEDS)
async def test_tool_loops(d: Driver) -> None:
    """Question, call with copied arguments, result, answer; several calls at once; a second and a third round."""
    for one, streamed in ways(conversations(lambda c: c.name in LOOPS)):
        client = await hold(d, one, streamed=streamed)
        assert client.stop_reason == "stop"


@requirement("INPROCESS-19", "THINK-4", needs=NEEDS)
async def test_thinking(d: Driver) -> None:
    """Thoughts before an answer and before a call, each with its own message, none in the text."""
    for one, streamed in ways(conversations(lambda c: c.thinking)):
        client = await hold(d, one, streamed=streamed)
        assert "think>" not in str(client.messages)
        assert client.last_thinking


@requirement("INPROCESS-19", needs=NEEDS)
async def test_a_long_reply(d: Driver) -> None:
    """Two hundred tokens, each leaving as it is generated: as many chunks, not a few at the end."""
    (one,) = conversations(lambda c: c.name == LONG[0])
    client = d.client()
    chunks = await d.collect(client.chat(one.messages[0]["content"], {"max_tokens": 200}, stream=True))
    said = "".join(chunk.content for chunk in chunks)
    assert len(said) > 150
    assert one.messages[1]["content"].startswith(said)
    assert len(chunks) > client.last_usage["output_tokens"] / 2


@requirement("INPROCESS-19", "SCHEMA-1", needs=NEEDS)
async def test_answers_that_are_objects(d: Driver) -> None:
    """An object that fits its schema; by a grammar after a call too, without one told in words; streamed or not."""
    has_grammar = "constrained" in d.target.capabilities
    for one in conversations(lambda c: c.schema and not c.thinking and (has_grammar or not c.tools)):
        for streamed in (False, True):
            results = iter([message["content"] for message in one.messages if message["role"] == "tool"])
            client = d.client(tools=[tool_of(d, spec, results) for spec in one.tools])
            (question,) = (message["content"] for message in one.messages if message["role"] == "user")
            answer = client.chat(question, schema=dict(one.schema), stream=streamed)
            if streamed:
                await d.collect(answer)
            value = d.direct(answer.result) if streamed else await d(answer)
            assert value == json.loads(one.messages[-1]["content"])


@requirement("INPROCESS-14", needs=(*NEEDS, "constrained"))
async def test_a_thought_may_come_before_an_object(d: Driver) -> None:
    """Where thinking was asked for, the grammar of the answer lets a thought pass first, which is no part of it."""
    (one,) = conversations(lambda c: c.schema and c.thinking)
    question, answer = one.messages
    for thinking in (False, True):
        client = d.client()
        found = await d(client.chat(question["content"], {"thinking": thinking}, schema=dict(one.schema)))
        assert found == json.loads(answer["content"])
        assert client.last_thinking == (answer["thinking"] if thinking else "")


@requirement("INPROCESS-18", "COLOUR-4", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_async_tools_run_on_the_loop(d: Driver) -> None:
    """B-10: an async def tool of a wrapped model is awaited on the event loop, and its result recorded."""
    for number, one in enumerate(conversations(lambda c: c.tools and c.name in BOTH_WAYS)):
        await hold(d, one, streamed=bool(number % 2), is_async=True)


@requirement("INPROCESS-19", "AGENT-2", needs=NEEDS)
async def test_an_agent_on_real_weights(d: Driver) -> None:
    """The agent loop is the client's: the same question, call, result and answer, under the agent's name."""
    (one,) = conversations(lambda c: c.name == "weather_assistant")
    for streamed in (False, True):
        results = iter([message["content"] for message in one.messages if message["role"] == "tool"])
        tools = [tool_of(d, spec, results) for spec in one.tools]
        agent = d.api.Agent(d.client(), one.messages[0]["content"], "scout", tools)
        answer = agent.run(WEATHER, stream=streamed)
        chunks = await d.collect(answer) if streamed else [await d(answer)]
        assert told(d, agent.messages["scout"]) == told(d, list(one.messages))
        assert not streamed or {chunk.agent for chunk in chunks} == {"scout"}


@requirement("INPROCESS-13", "TURN-5", needs=NEEDS)
async def test_forbidden_calls_cannot_be_written(d: Driver) -> None:
    """The last request of a turn wants a second round and cannot open it: one call ran, and none more is written."""
    (one,) = conversations(lambda c: c.name == "two_rounds")
    for streamed in (False, True):
        results = iter([message["content"] for message in one.messages if message["role"] == "tool"])
        client = d.client(tools=[tool_of(d, spec, results) for spec in one.tools], max_iterations=2)
        options: dict[str, Any] = {"generate_kwargs": {"max_tokens": 60}}
        await outcome(d, client, one.messages[0]["content"], streamed=streamed, **options)
        assert len(list(results)) == 1
        assert [message["role"] for message in client.messages] == ["user", "assistant", "tool", "assistant"]
        assert "<tool_call>" not in str(client.messages)
