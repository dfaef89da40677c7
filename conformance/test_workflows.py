"""Scenarios of spec/workflows.md: what all workflows share."""

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any

from conformance.driver import Driver
from conformance.props import said
from conformance.requirement import requirement
from conformance.scripted import Fault, Gate, Reply, Request

NEEDS = ("scripted",)
KINDS = ("Chain", "Router", "Parallel", "EvaluatorOptimizer", "PlanExecuteEvaluator")


def member(d: Driver, name: str, client: Any = None, **options: Any) -> Any:
    """An agent that the server knows by its instructions, on a client of its own."""
    return d.api.Agent(client or d.client(), f"I am {name}", name, **options)


def team(d: Driver, *names: str, **options: Any) -> list[Any]:
    """Agents of these names."""
    return [member(d, name, **options) for name in names]


def speaker(request: Request) -> str:
    """Who sent a request, by its instructions."""
    return said(request)[0][1].partition("I am ")[2].partition("\n")[0]


def task_of(request: Request) -> str:
    """What the last message of a request says."""
    return said(request)[-1][1]


def echo(request: Request) -> Reply:
    """An answer that says who gave it and to what; a verdict where one is asked for.

    A classifier is called by the route it takes, as in "to deep"; a critic is never content.
    """
    who, task = speaker(request), task_of(request)
    if who.startswith("to "):
        return route(who.removeprefix("to "))
    if who.startswith("critic"):
        return verdict("REVISE", "shorter")
    return Reply(f"{who}({task.partition(chr(10))[0]})")


def route(name: str) -> Reply:
    """A routing agent's answer."""
    return Reply(json.dumps({"route": name}))


def verdict(word: str, feedback: str = "") -> Reply:
    """An evaluator's answer."""
    return Reply(json.dumps({"verdict": word, "feedback": feedback}))


def speech(chunks: Iterable[Any]) -> list[tuple[str, str]]:
    """Who said what, one entry for each uninterrupted speech."""
    told: list[tuple[str, str]] = []
    for chunk in chunks:
        if chunk.phase == "generating":
            is_same = told and told[-1][0] == chunk.agent
            told[-1:] = (
                [(chunk.agent, (told[-1][1] if is_same else "") + chunk.content)]
                if is_same
                else ([*told[-1:], (chunk.agent, chunk.content)])
            )
    return told


def contents(runner: Any) -> dict[str, list[str]]:
    """What was said to and by each speaker, without instructions."""
    return {
        name: [message["content"] for message in history if message["role"] != "system"]
        for name, history in runner.messages.items()
    }


def examples(d: Driver) -> dict[str, Any]:
    """One workflow of each kind, its members named after it."""
    return {
        "Chain": d.api.Chain(team(d, "chain-1", "chain-2")),
        "Router": d.api.Router(member(d, "to it"), {"it": member(d, "router-it")}),
        "Parallel": d.api.Parallel(team(d, "parallel-1", "parallel-2"), max_workers=1),
        "EvaluatorOptimizer": d.api.EvaluatorOptimizer(*team(d, "writer", "critic")),
        "PlanExecuteEvaluator": d.api.PlanExecuteEvaluator(*team(d, "planner", "executor"), perfect, "Be true"),
    }


def perfect(_row: Any) -> tuple[float, str]:
    """A scorer that is content with anything."""
    return 1.0, "fine"


@requirement("WORKFLOW-1", needs=(*NEEDS, "constrained"))
async def test_workflows_are_runners(d: Driver) -> None:
    """Each kind runs, and is a member of a chain; the signature of run is that of every runner."""
    d.server.always(echo)
    found = examples(d)
    assert sorted(found) == sorted(KINDS)
    for kind, workflow in found.items():
        assert type(workflow) is getattr(d.api, kind)
        assert isinstance(workflow, d.api.Runner)
        assert inspect.signature(type(workflow).run) == inspect.signature(d.api.Runner.run)
        alone = await d(workflow.run("go"))
        nested = await d(d.api.Chain([d.api.Chain([workflow], "inner")], "outer").run("go"))
        assert alone == nested != ""
    assert await d(found["Chain"].run("x")) == "chain-2(chain-1(x))"


@requirement("WORKFLOW-2", needs=NEEDS)
async def test_what_is_no_runner_is_refused(d: Driver) -> None:
    """Named by its field at construction, and when it was set later, before anything is sent."""
    a, b = team(d, "a", "b")
    client = a.model_client
    refused: dict[str, Callable[[], Any]] = {
        r"agents\[1\]": lambda: d.api.Chain([a, client]),
        "routing_agent": lambda: d.api.Router(client, {"b": b}),
        r"handlers\['b'\]": lambda: d.api.Router(a, {"b": None}),
        "fallback": lambda: d.api.Router(a, {"b": b}, fallback="c"),
        r"workers\[0\]": lambda: d.api.Parallel([len, b]),
        "aggregator": lambda: d.api.Parallel([a], aggregator=client),
        "generator": lambda: d.api.EvaluatorOptimizer(client, b),
        "evaluator": lambda: d.api.EvaluatorOptimizer(a, object()),
        "planner": lambda: d.api.PlanExecuteEvaluator("a", b, perfect),
        "executor": lambda: d.api.PlanExecuteEvaluator(a, client, perfect),
    }
    for where, make in refused.items():
        with d.raises(TypeError, match=f"^{where} "):
            make()
    chain = d.api.Chain([a, b])
    chain.agents = [a, client]
    with d.raises(TypeError, match=r"^agents\[1\] "):
        await d(chain.run("go"))
    assert d.server.requests == []


@requirement("WORKFLOW-2", needs=NEEDS, ledger="LEDGER-COLOUR")
async def test_runners_of_the_other_surface_are_refused(d: Driver) -> None:
    """The error names the field and the twin."""
    other = d.twin("aio" if d.on_sync else "sync")
    stranger = other.api.Agent(d.target.client(other), name="stranger")
    twin = f"{other.api.__name__}.Agent"
    b = member(d, "b")
    makers: list[Callable[[], Any]] = [
        lambda: d.api.Chain([b, stranger]),
        lambda: d.api.Chain([b, other.api.Chain([stranger])]),
        lambda: d.api.Parallel([b], aggregator=stranger),
    ]
    for make in makers:
        with d.raises(d.lib.errors.ColourError, match="agents|aggregator") as caught:
            make()
        assert str(caught.value).startswith(("agents[1]", "aggregator"))
    with d.raises(d.lib.errors.ColourError, match=r"^agents\[0\]") as caught:
        d.api.Chain([stranger])
    assert twin.rpartition(".")[0] in str(caught.value)


@requirement("WORKFLOW-3", needs=(*NEEDS, "constrained"))
async def test_histories_are_merged(d: Driver) -> None:
    """By the names of the speakers, in the order of the members, also of those that did not speak."""
    d.server.always(echo)
    a, b, c, e = team(d, "a", "b", "c", "e")
    inner = d.api.Router(member(d, "to b"), {"b": b, "c": d.api.Chain([c, a])}, fallback=e)
    chain = d.api.Chain([a, inner])
    assert d.direct(chain.messages) == {"a": [], "to b": [], "b": [], "c": [], "e": []}
    assert list(chain.messages) == ["a", "to b", "b", "c", "e"]
    await d(chain.run("x"))
    histories = d.direct(chain.messages)
    assert [len(histories[name]) for name in chain.messages] == [3, 3, 3, 0, 0]
    assert histories["b"] == b.messages["b"]
    assert contents(chain)["b"] == ["a(x)", "b(a(x))"]


@requirement("WORKFLOW-3", needs=NEEDS)
async def test_names_that_clash_are_refused(d: Driver) -> None:
    """At construction, at any depth, and at the start of a run; nothing is overwritten and nothing is sent."""
    a, b, same = member(d, "a"), member(d, "b"), member(d, "a")
    makers: list[Callable[[], Any]] = [
        lambda: d.api.Chain([a, same]),
        lambda: d.api.Parallel([a, d.api.Chain([b, same])]),
        lambda: d.api.Router(a, {"x": d.api.Chain([same])}),
    ]
    for make in makers:
        with d.raises(ValueError, match="'a'"):
            make()
    chain = d.api.Chain([a, b])
    b.name = "a"
    with d.raises(ValueError, match="'a'"):
        await d(chain.run("go"))
    with d.raises(ValueError, match="'a'"):
        d.direct(chain.messages)
    assert d.server.requests == []


@requirement("WORKFLOW-4", needs=NEEDS)
async def test_a_stream_without_speakers_has_the_answer(d: Driver) -> None:
    """One chunk under the name of the workflow that has the answer; with speakers there is no such chunk."""
    d.server.always(echo)
    chunks = await d.collect(d.api.Chain([], "empty").run("x", stream=True))
    assert [tuple(chunk) for chunk in chunks] == [("generating", "x", "empty", 0)]
    crew = d.api.Parallel(team(d, "a", "b"), "pair", separator="+", max_workers=1)
    stream = crew.run("x", stream=True)
    assert [tuple(chunk) for chunk in await d.collect(stream)] == [("generating", "a(x)+b(x)", "pair", 0)]
    assert d.direct(stream.result) == "a(x)+b(x)"
    assert speech(await d.collect(d.api.Chain([crew, member(d, "c")]).run("y", stream=True))) == [
        ("pair", "a(y)+b(y)"),
        ("c", "c(a(y)+b(y))"),
    ]


@requirement("WORKFLOW-6", needs=NEEDS)
async def test_one_task_at_a_time(d: Driver) -> None:
    """A second run is refused while the first waits for its last step; then the first one ends as if alone."""
    gate = Gate()
    d.script(Reply("one"), Reply("two", before=gate))
    chain = d.api.Chain(team(d, "a", "b"), "duo")
    first = d.start(lambda: chain.run("go"))
    await d.wait(gate.reached)
    for streamed in (False, True):
        with d.raises(d.lib.errors.ConcurrentTurnError, match=r"'duo'.*fork\(\)"):
            await (d.collect(chain.run("again", stream=True)) if streamed else d(chain.run("again")))
    with d.raises(ValueError, match="nothing to resume"):
        await d(chain.resume())
    gate.open()
    assert await first.result() == "two"
    assert len(d.server.requests) == 2
    assert contents(chain) == {"a": ["go", "one"], "b": ["one", "two"]}
    with d.raises(ValueError, match="nothing to resume"):
        await d(chain.resume())


@requirement("WORKFLOW-6", needs=(*NEEDS, "wire"))
async def test_refused_run_leaves_what_can_be_resumed(d: Driver) -> None:
    """The run that was going on fails later, and is the one that is resumed."""
    gate = Gate()
    d.script(Reply("one"), Fault(400), Reply("two", before=gate))
    chain = d.api.Chain(team(d, "a", "b"))
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(chain.run("go"))
    going = d.start(lambda: chain.resume())
    await d.wait(gate.reached)
    with d.raises(d.lib.errors.ConcurrentTurnError):
        await d(chain.run("again"))
    gate.open()
    assert await going.result() == "two"


@requirement("WORKFLOW-6", needs=NEEDS)
async def test_a_workflow_runs_again_and_again(d: Driver) -> None:
    """Its speakers remember, unless they start anew with each run."""
    d.server.always(echo)
    a, b = member(d, "a"), member(d, "b", reset_messages_on_run=True)
    chain = d.api.Chain([a, b])
    assert [await d(chain.run(task)) for task in ("x", "y")] == ["b(a(x))", "b(a(y))"]
    assert contents(chain) == {"a": ["x", "a(x)", "y", "a(y)"], "b": ["a(y)", "b(a(y))"]}


@requirement("WORKFLOW-7", needs=(*NEEDS, "wire", "constrained"))
async def test_settings_reach_every_request(d: Driver) -> None:
    """Of the members of every kind, verdicts included; the caller's dict is not changed."""
    d.server.always(echo)
    for streamed in (False, True):
        for workflow in examples(d).values():
            kwargs = {"temperature": 0.25, "max_tokens": 77}
            outer = d.api.Chain([workflow])
            given = outer.run("go", kwargs, streamed)
            await (d.collect(given) if streamed else d(given))
            assert kwargs == {"temperature": 0.25, "max_tokens": 77}
    bodies = [request.body for request in d.server.requests]
    assert len(bodies) == 2 * (2 + 2 + 2 + 5 + 2)
    assert all(body["temperature"] == 0.25 for body in bodies)
    assert all(body.get("max_tokens", body.get("max_completion_tokens")) == 77 for body in bodies)


@requirement("WORKFLOW-11", needs=(*NEEDS, "constrained"))
async def test_a_fork_is_apart(d: Driver) -> None:
    """Same shape and settings, other conversations; one member in two places is one in the fork."""
    d.server.always(echo)
    a, b = team(d, "a", "b")
    origin = d.api.Router(member(d, "to x"), {"x": d.api.Chain([a, b, a]), "y": a}, "post", b)
    await d(origin.run("go"))
    twin = d.direct(origin.fork("-2"))
    assert d.direct(twin.messages) == {name: [] for name in ("to x-2", "a-2", "b-2")}
    assert (type(twin), twin.name, list(twin.handlers)) == (type(origin), "post", ["x", "y"])
    assert twin.handlers["y"] is twin.handlers["x"].agents[0] is twin.handlers["x"].agents[2]
    assert await d(twin.run("go")) == "a(b(a(go)))"
    ours = {id(held) for held in origin.conversations()}
    assert len(ours) == 3
    assert not ours & {id(held) for held in twin.conversations()}
    assert list(origin.fork().messages) == ["to x", "a", "b"]


@requirement("WORKFLOW-12", needs=NEEDS)
async def test_what_cannot_be_done_is_refused_at_once(d: Driver) -> None:
    """An empty task, a schema that is none, an image that is no list: at the call, with nothing sent."""
    for workflow in examples(d).values():
        for streamed in (False, True):
            with d.raises(ValueError, match="empty"):
                d.direct(workflow.run("", stream=streamed))
            with d.raises(TypeError, match="images=.*list"):
                d.direct(workflow.run("go", stream=streamed, images="cat.png"))
        if not isinstance(workflow, d.api.Parallel):
            with d.raises(TypeError, match="schema="):
                d.direct(workflow.run("go", schema="dict"))
    assert d.server.requests == []


@requirement("WORKFLOW-12", needs=NEEDS)
async def test_a_workflow_in_itself_is_refused(d: Driver) -> None:
    """Directly, below others, in a member, and with no end to its histories; a fork of it is one as well."""
    chain = d.api.Chain([member(d, "a")])
    below = d.api.Chain([d.api.Parallel([chain], name="crew")], name="top")
    for inside in (chain, below):
        chain.agents[1:] = [inside]
        for workflow in (chain, below):
            with d.raises(ValueError, match="'(chain|top)' contains itself"):
                await d(workflow.run("go"))
            with d.raises(ValueError, match="contains itself"):
                d.direct(workflow.run("go", stream=True))
            with d.raises(ValueError, match="contains itself"):
                _ = workflow.messages
            with d.raises(ValueError, match="contains itself"):
                _ = workflow.fork().messages
    assert d.server.requests == []
    chain.agents.pop()
    d.script(Reply("1"))
    assert await d(below.run("go")) == "1"


@requirement("WORKFLOW-12", needs=NEEDS)
async def test_what_is_no_list_is_refused(d: Driver) -> None:
    """A single prompt in the place of a list would make an agent a letter."""
    with d.raises(TypeError, match="prompts takes a list of texts, not a single str"):
        d.api.Chain.from_client(d.client(), "You write.")
    with d.raises(TypeError, match="worker_prompts takes a list of texts, not a single str"):
        d.api.Parallel.from_client(d.client(), "You write.")
    with d.raises(TypeError, match="separator must be a str, not NoneType"):
        d.api.Parallel(team(d, "a", "b"), separator=None)


@requirement("WORKFLOW-7", "WORKFLOW-8", needs=(*NEEDS, "wire"))
async def test_settings_are_those_of_the_call(d: Driver) -> None:
    """What becomes of the caller's dict later changes nothing, for the steps to come and for ``resume``."""
    d.script(Fault(400), Reply("1"))
    settings = {"temperature": 0.25}
    chain = d.api.Chain(team(d, "a"))
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(chain.run("go", settings))
    settings["temperature"] = 0.75
    assert await d(chain.resume()) == "1"
    assert [request.body["temperature"] for request in d.server.requests] == [0.25, 0.25]
