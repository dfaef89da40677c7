"""Scenarios of spec/workflows.md: chains."""

import dataclasses
from typing import Any

from conformance.driver import Driver
from conformance.probes import PIXEL
from conformance.props import on_wire, said
from conformance.requirement import requirement
from conformance.scripted import Call, Reply, Request
from conformance.test_chat_images import image_count
from conformance.test_workflows import contents, echo, member, speaker, speech, team

NEEDS = ("scripted",)


@dataclasses.dataclass
class Weather:
    """What the last step answers."""

    city: str
    degrees: int


@requirement("CHAIN-1", needs=NEEDS)
async def test_each_is_given_the_answer_before(d: Driver) -> None:
    """Three steps, streamed or not; the first is told the task and nobody is told anything else."""
    d.server.always(echo)
    for streamed in (False, True):
        chain = d.api.Chain(team(d, "a", "b", "c"))
        assert chain.name == "chain"
        given = chain.run("x", stream=streamed)
        if streamed:
            await d.collect(given)
        assert (given.result if streamed else await d(given)) == "c(b(a(x)))"
        asked = [said(request)[1:] for request in d.server.requests[-3:]]
        assert asked == [[("user", "x")], [("user", "a(x)")], [("user", "b(a(x))")]]
        assert contents(chain)["c"] == ["b(a(x))", "c(b(a(x)))"]


@requirement("CHAIN-1", needs=NEEDS)
async def test_empty_chain_answers_the_task(d: Driver) -> None:
    """Nothing is sent, also inside of another chain."""
    assert await d(d.api.Chain([]).run("x")) == "x"
    assert d.server.requests == []
    d.server.always(echo)
    assert await d(d.api.Chain([d.api.Chain([], "none"), member(d, "a")]).run("x")) == "a(x)"


@requirement("CHAIN-2", needs=(*NEEDS, "tools"))
async def test_chunks_tell_the_step(d: Driver) -> None:
    """Of every step, tool rounds and nested chains included, as they come."""

    def ping() -> str:
        """Do it."""
        return "pong"

    a, b, c = member(d, "a", tools=[d.lib.tool(ping)]), member(d, "b"), member(d, "c")
    d.script(Reply("Let me see", calls=[Call("ping")]), Reply("one"), Reply("two"), Reply("three"))
    chunks = await d.collect(d.api.Chain([a, d.api.Chain([b, c], "inner")]).run("x", stream=True))
    told = list(dict.fromkeys((str(chunk.phase), chunk.agent, chunk.iteration) for chunk in chunks))
    assert told == [("generating", "a", 0), ("tool_calling", "a", 0), ("generating", "b", 1), ("generating", "c", 1)]
    assert speech(chunks) == [("a", "Let me seeone"), ("b", "two"), ("c", "three")]


@requirement("CHAIN-3", needs=NEEDS)
async def test_chain_from_prompts(d: Driver) -> None:
    """An agent for each prompt, on forks of the client, which start anew with each run."""
    d.server.always(echo)
    client = d.client(system="own")
    chain = d.direct(d.api.Chain.from_client(client, ["I am a", "I am b"]))
    assert (chain.name, list(chain.messages)) == ("chain", ["step-0", "step-1"])
    assert [await d(chain.run(task)) for task in ("x", "y")] == ["b(a(x))", "b(a(y))"]
    assert contents(chain) == {"step-0": ["y", "a(y)"], "step-1": ["a(y)", "b(a(y))"]}
    assert [speaker(request) for request in d.server.requests] == ["a", "b", "a", "b"]
    heard = [[text for role, text in said(request) if role != "system"] for request in d.server.requests]
    assert heard == [["x"], ["a(x)"], ["y"], ["a(y)"]]
    assert client.messages == []
    other = d.api.Chain.from_client(client, ["I am a"], name="other")
    assert list(other.messages) == ["other-step-0"]
    both = d.api.Chain([chain, other])
    assert list(both.messages) == ["step-0", "step-1", "other-step-0"]


@requirement("CHAIN-3", needs=NEEDS)
async def test_chain_from_plain_data(d: Driver) -> None:
    """Names and flags of the config win; an unknown key is refused."""
    d.server.always(echo)
    client = d.client()
    configs: list[dict[str, Any]] = [
        {"system_message": "I am a", "name": "first", "reset_messages_on_run": False},
        {"system_message": "I am b"},
    ]
    before = [dict(config) for config in configs]
    chain = d.direct(d.api.Chain.from_config(configs, client, name="pair"))
    assert configs == before
    for task in ("x", "y"):
        await d(chain.run(task))
    assert contents(chain) == {"first": ["x", "a(x)", "y", "a(y)"], "pair-step-1": ["a(y)", "b(a(y))"]}
    with d.raises(ValueError, match="nmae"):
        d.api.Chain.from_config([{"nmae": "typo"}], client)


@requirement("CHAIN-4", needs=(*NEEDS, "images"))
async def test_images_are_for_the_first_step(d: Driver) -> None:
    """Also when they come as an iterator, and when the first step is a chain."""
    d.server.always(echo)
    chain = d.api.Chain([d.api.Chain(team(d, "a", "b"), "inner"), member(d, "c")])
    await d(chain.run("x", images=iter([PIXEL, PIXEL])))
    assert [image_count(request) for request in d.server.requests] == [2, 0, 0]


@requirement("CHAIN-5", needs=NEEDS)
async def test_the_last_step_answers_in_the_schema(d: Driver) -> None:
    """The others answer in text; the object is the answer and the stream's result."""
    chain = d.api.Chain(team(d, "a", "b"))
    for streamed in (False, True):
        d.script(Reply("Rome, 31"), Reply('{"city": "Rome", "degrees": 31}'))
        given = chain.run("How warm?", stream=streamed, schema=Weather)
        if streamed:
            chunks = await d.collect(given)
            assert speech(chunks)[1] == ("b", '{"city": "Rome", "degrees": 31}')
        assert (given.result if streamed else await d(given)) == Weather("Rome", 31)
    if on_wire(d) and "constrained" in d.target.capabilities:
        assert [is_constrained(request) for request in d.server.requests] == [False, True] * 2


def is_constrained(request: Request) -> bool:
    """Whether a request holds its answer to a schema, on either wire."""
    return "schema" in str(request.body.get("response_format") or request.body.get("output_config") or "")
