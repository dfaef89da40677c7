"""Scenarios of spec/agents.md: runners as tools, forks of them, and runners of one's own."""

import json
from typing import Any

from conformance.driver import Driver
from conformance.props import on_wire
from conformance.requirement import LIBRARY, requirement
from conformance.scripted import Call, Gate, Reply, Request

NEEDS = ("scripted", "tools")
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}


def spoken(messages: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """What each speaker was told and said, without instructions."""
    return {
        name: [message["content"] for message in history if message["role"] != "system"]
        for name, history in messages.items()
    }


def system_of(body: dict[str, Any]) -> str:
    """The system message of a request, on either wire."""
    head = body["messages"][0]
    return str(head["content"] if head["role"] == "system" else body.get("system", ""))


def agent(d: Driver, name: str | None, client: Any = None, **options: Any) -> Any:
    """An agent whose instructions are its name."""
    return d.api.Agent(client or d.client(), name, name, **options)


def parrot(d: Driver, name: str | None, **members: Any) -> Any:
    """A runner of the user's own that says what it was told, in capitals, and remembers."""
    told: list[dict[str, str]] = []

    def answered(_: Any, task: str, *_given: Any) -> str:
        told.append({"role": "user", "content": task})
        return task.upper()

    async def awaited(_: Any, task: str, *_given: Any) -> str:
        return answered(_, task)

    members = {"run": answered if d.on_sync else awaited, "messages": property(lambda _: {name: told})} | members
    return type("Parrot", (d.api.Runner,), {"name": name, **members})()


@requirement("RUNNER-5", needs=NEEDS)
async def test_runner_as_a_tool(d: Driver) -> None:
    """One required string, the task; called like any tool it answers, and the history is the runner's."""
    d.script(Reply("One"), Reply("Two"))
    runner = d.api.Agent(d.client(), "You write.\n\nAlways in rhyme.", "writer")
    tool = d.direct(runner.as_tool())
    function = tool.__tool_spec__["function"]
    assert (function["name"], function["description"], tool.__name__) == ("writer", "You write.", "writer")
    assert function["parameters"]["properties"]["task"]["type"] == "string"
    assert function["parameters"]["required"] == ["task"]
    assert list(function["parameters"]["properties"]) == ["task"]
    assert await d(tool("Write")) == "One"
    assert await d(tool(task="More")) == "Two"
    assert spoken(runner.messages) == {"writer": ["Write", "One", "More", "Two"]}


@requirement("RUNNER-5")
async def test_names_and_descriptions_of_tools(d: Driver) -> None:
    """Every name is made one that a function may have; both can be given; there is always a description."""
    client = d.client()
    for name, made in (
        ("my worker!", "my_worker"),
        ("step-0", "step-0"),
        ("größe", "gr_e"),
        ("...", "worker"),
        ("x" * 80, "x" * 64),
    ):
        tool = d.direct(agent(d, name, client).as_tool())
        assert tool.__tool_spec__["function"]["name"] == made
    told = agent(d, "a", client).as_tool("the best", "Ask it.").__tool_spec__["function"]
    assert (told["name"], told["description"]) == ("the_best", "Ask it.")
    bare = d.api.Chain([d.api.Agent(client, name="a")], name="line").as_tool().__tool_spec__["function"]
    assert bare["name"] == "line"
    assert "line" in bare["description"]
    assert parrot(d, None).as_tool().__tool_spec__["function"]["name"] == "worker"


@requirement("RUNNER-5", needs=NEEDS)
async def test_task_that_is_none(d: Driver) -> None:
    """An empty, a missing and a misnamed task are told to the model; the runner is not run."""
    d.script(
        Reply(calls=[Call("writer", {"task": "  "}), Call("writer"), Call("writer", {"text": "x"})]), Reply("Done")
    )
    worker = agent(d, "writer")
    boss = d.api.Agent(d.client(), name="boss", tools=[worker.as_tool()])
    assert await d(boss.run("Go")) == "Done"
    told = spoken(boss.messages)
    assert "argument 'task' is empty" in told["boss"][2]
    assert all("'task'" in text or "task" in text for text in told["boss"][3:5])
    assert told["writer"] == []
    assert len(d.server.requests) == 2


@requirement("RUNNER-6", needs=(*NEEDS, "parallel_tools", "wire"))
async def test_two_tools_of_one_runner(d: Driver) -> None:
    """They share what they are called at the same time for: two conversations, and no more in the next round."""
    d.is_ordered = False
    gates = [Gate() for _ in range(4)]
    left = list(gates)
    calls = [Call("first", {"task": "Sing"}), Call("second", {"task": "Sing"})]
    bosses = [Reply(calls=calls), Reply(calls=calls), Reply("Done")]

    def speak(request: Request) -> Reply:
        return Reply("La", before=left.pop(0)) if system_of(request.body) == "singer" else bosses.pop(0)

    d.server.always(speak)
    singer = agent(d, "singer")
    boss = agent(d, "boss", tools=[singer.as_tool("first"), singer.as_tool("second")], concurrent_tool_calls=True)
    handle = d.start(lambda: boss.run("Go"))
    for pair in (gates[:2], gates[2:]):
        for gate in pair:
            await d.wait(gate.reached)
        for gate in pair:
            gate.open()
    assert await handle.result() == "Done"
    told = spoken(boss.messages)
    assert list(told) == ["boss", "singer", "singer-2"]
    assert told["singer"] == told["singer-2"] == ["Sing", "La"] * 2


@requirement("RUNNER-6", needs=NEEDS)
async def test_one_call_at_a_time_is_one_conversation(d: Driver) -> None:
    """Also after a call that failed: no fork is made, and the history goes on."""
    failures = [LookupError("lost")]

    def look() -> str:
        """Look."""
        if failures:
            raise failures.pop()
        return "seen"

    d.script(Reply(calls=[Call("look")]), Reply("One"), Reply("Two"))
    worker = agent(d, "writer", tools=[d.lib.tool(look)])
    tool = worker.as_tool()
    with d.raises(LookupError, match="lost"):
        await d(tool("Write"))
    assert await d(tool("Again")) == "One"
    assert await d(tool("More")) == "Two"
    boss = d.api.Agent(d.client(), name="boss", tools=[tool])
    assert list(boss.messages) == ["boss", "writer"]
    assert spoken(boss.messages)["writer"][-4:] == ["Again", "One", "More", "Two"]


@requirement("RUNNER-6", needs=(*NEEDS, "parallel_tools", "wire"))
async def test_who_takes_a_call_has_a_name_of_its_own(d: Driver) -> None:
    """Also where another speaker is called that: the given names stay, at any depth, and the run goes on."""
    d.is_ordered = False
    gates = [Gate(), Gate()]
    left = list(gates)
    bosses = [Reply(calls=[Call("writer", {"task": "Write"})] * 2), Reply("Done"), Reply("Again")]

    def speak(request: Request) -> Reply:
        return Reply("A poem", before=left.pop(0)) if system_of(request.body) == "writer" else bosses.pop(0)

    d.server.always(speak)
    boss = agent(d, "boss", tools=[agent(d, "writer").as_tool(), agent(d, "writer-2").as_tool()])
    boss.concurrent_tool_calls = True
    chain = d.api.Chain([boss, agent(d, "writer-3")])
    handle = d.start(lambda: boss.run("Go"))
    for gate in gates:
        await d.wait(gate.reached)
    for gate in gates:
        gate.open()
    assert await handle.result() == "Done"
    poem, none = ["Write", "A poem"], list[Any]()
    assert list(spoken(boss.messages).values())[1:] == [poem, poem, none]
    assert list(boss.messages) == ["boss", "writer", "writer-3", "writer-2"]
    told = spoken(chain.messages)
    assert {name: said for name, said in told.items() if name != "boss"} == {
        "writer": poem, "writer-4": poem, "writer-2": none, "writer-3": none
    }  # fmt: skip
    d.server.always(Reply("Last"))
    assert await d(chain.run("More")) == "Last"


@requirement("RUNNER-7", needs=NEEDS)
async def test_a_fork_has_those_behind_its_tools_too(d: Driver) -> None:
    """Of the agent's own tools and of the client's, at any depth, also in a circle; so a crew can be made of forks."""
    low = agent(d, "low")
    client = d.client()
    client.tools = [low.as_tool("other", "Ask low.")]
    middle, same = agent(d, "middle", client), agent(d, "same", tools=[low.as_tool()])
    top = agent(d, "top", tools=[middle.as_tool(), same.as_tool(), parrot(d, "p").as_tool()])
    twin = d.direct(top.fork("-x"))
    assert list(twin.messages) == ["top-x", "middle-x", "low-x", "same-x", "p"]
    assert list(top.messages) == ["top", "middle", "low", "same", "p"]
    assert not {id(held) for held in twin.conversations()} & {id(held) for held in top.conversations()}
    assert len(twin.conversations()) == 4
    (asked,) = next(one for one in twin.speakers() if one.name == "middle-x").model_client.tools
    assert asked.__tool_spec__ == client.tools[0].__tool_spec__
    d.script(Reply(calls=[Call("low", {"task": "Dig"})]), Reply("Dug"), Reply("Done"))
    pair = [agent(d, "boss", tools=[low.as_tool()])]
    pair.append(d.direct(pair[0].fork("-2")))
    assert d.api.Parallel(pair).name == "parallel"
    assert await d(pair[1].run("Go")) == "Done"
    assert spoken(pair[1].messages)["low-2"] == ["Dig", "Dug"]
    assert low.messages["low"] == []
    low.tools = [top.as_tool("up")]
    assert list(d.direct(low.fork("-y")).messages) == ["low-y", "top-y", "middle-y", "same-y", "p"]


@requirement("RUNNER-7", needs=NEEDS)
async def test_forks_of_runners(d: Driver) -> None:
    """Empty conversations of their own, names with the suffix; who spoke together still does."""
    d.script(Reply("1"), Reply("2"), Reply("3"), Reply("4"))
    shared = d.client()
    chain = d.api.Chain([agent(d, "a", shared), d.api.Chain([agent(d, "b", shared)], name="inner"), agent(d, "c")])
    assert await d(chain.run("Go")) == "3"
    twin = d.direct(chain.fork("-x"))
    assert type(twin) is type(chain)
    assert spoken(twin.messages) == {"a-x": [], "b-x": [], "c-x": []}
    first, second, third = twin.conversations()
    assert first is second
    assert third is not first
    assert not {id(held) for held in twin.conversations()} & {id(held) for held in chain.conversations()}
    plain = agent(d, "a").fork()
    assert await d(plain.run("Go")) == "4"
    assert spoken(plain.messages) == {"a": ["Go", "4"]}
    with d.raises(TypeError, match="Parrot brings no fork"):
        parrot(d, "p").fork()
    bird = parrot(d, "p", fork=lambda _, suffix="": parrot(d, f"p{suffix}"))
    assert spoken(d.direct(d.api.Chain([bird]).fork("-x")).messages) == {"p-x": []}


@requirement("RUNNER-8", needs=NEEDS)
async def test_runner_in_its_own_conversation_is_refused(d: Driver) -> None:
    """Directly, in a workflow, behind a tool of a worker; a fork of it is fine."""
    client = d.client()
    own = d.api.Agent(client, name="own")
    chain = d.api.Chain([agent(d, "other"), own])
    behind = agent(d, "behind", tools=[chain.as_tool("inside")])
    for runner, name in ((own, "own"), (chain, "chain"), (behind, "behind")):
        with d.raises(ValueError, match=f"the runner behind tool '{name}' speaks in the conversation that would call"):
            d.api.Agent(client, name="boss", tools=[runner.as_tool()])
    assert d.api.Agent(client.fork(), name="boss", tools=[own.as_tool()]).tools


@requirement("RUNNER-8", needs=NEEDS)
async def test_runner_in_its_own_conversation_is_refused_later(d: Driver) -> None:
    """On the client, on an agent, and in a circle: before anything is sent."""
    client = d.client()
    client.tools = [d.api.Agent(client, name="own").as_tool()]
    with d.raises(ValueError, match="tool 'own' speaks in the conversation"):
        await d(client.chat("Go"))
    boss, worker = agent(d, "boss"), agent(d, "worker")
    boss.tools.append(boss.as_tool("me"))
    with d.raises(ValueError, match="tool 'me' speaks in the conversation"):
        await d(boss.run("Go"))
    boss.tools[:] = [worker.as_tool()]
    worker.tools.append(boss.as_tool())
    for runner, name in ((boss, "worker"), (worker, "boss")):
        with d.raises(ValueError, match=f"tool '{name}' speaks in the conversation"):
            await d(runner.run("Go"))
    assert sorted(boss.messages) == ["boss", "worker"]
    assert d.server.requests == []


@requirement("RUNNER-9", needs=(*NEEDS, "constrained"))
async def test_own_runner_in_every_workflow(d: Driver) -> None:
    """As a step, a handler, a worker, a generator, an executor and a tool; streamed it is one chunk of its name."""

    def fine(_: Any) -> tuple[float, str]:
        return 1.0, ""

    route, passed = json.dumps({"route": "x"}), json.dumps({"verdict": "PASS", "feedback": ""})
    made: list[tuple[Any, list[Reply], str]] = [
        (lambda own: d.api.Chain([own]), [], "GO"),
        (lambda own: d.api.Router(agent(d, "who"), {"x": own}), [Reply(route)], "GO"),
        (
            lambda own: d.api.Parallel([own, parrot(d, "q")], separator="+", stream_workers=True, max_workers=1),
            [],
            "GO+GO",
        ),
        (lambda own: d.api.EvaluatorOptimizer(own, agent(d, "critic")), [Reply(passed)], "GO"),
        (lambda own: d.api.PlanExecuteEvaluator(agent(d, "planner"), own, fine, "x"), [Reply("Plan")], "PLAN"),
    ]
    for make, replies, answer in made:
        for is_streamed in (False, True):
            d.script(*replies)
            own = parrot(d, "p")
            workflow = make(own)
            assert workflow.messages["p"] == []
            if not is_streamed:
                assert await d(workflow.run("Go")) == answer
                continue
            stream = workflow.run("Go", stream=True)
            chunks = await d.collect(stream)
            (chunk,) = [chunk for chunk in chunks if chunk.agent == "p"]
            assert (str(chunk.phase), chunk.content) == ("generating", answer.partition("+")[0])
            assert stream.result == answer
            assert len(workflow.messages["p"]) == 1


@requirement("RUNNER-9", needs=NEEDS)
async def test_own_runner_that_streams(d: Driver) -> None:
    """What its run streams is shown as it comes; what it is asked for beside the task, it gets."""
    gate = Gate()
    d.script(Reply(["one ", gate, "two"]), Reply('{"n": 4}'))
    inner = agent(d, "inner")
    given: list[Any] = []

    def run(_: Any, task: str, kwargs: Any = None, stream: bool = False, images: Any = None, **options: Any) -> Any:
        given.append((task, kwargs, stream, images, options))
        return inner.run(task, kwargs, stream, images, **options)

    chain = d.api.Chain([parrot(d, "p", run=run)])
    stream = chain.run("Go", {"temperature": 0.5}, stream=True)
    said: list[str] = []
    async for chunk in d.stream(stream):
        gate.open()
        said.append(chunk.content)
        assert chunk.agent == "inner"
    assert "one ".startswith(said[0])
    assert said[0] == "one " or not on_wire(d)
    assert stream.result == "one two"
    assert await d(chain.run("Go", schema=SCHEMA)) == {"n": 4}
    assert given[0] == ("Go", {"temperature": 0.5}, True, None, {})
    assert given[1] == ("Go", None, False, None, {"schema": SCHEMA})


@requirement("RUNNER-9", subject=LIBRARY)
async def test_own_runner_that_does_not_answer(d: Driver) -> None:
    """Nothing, an iterator, what no text can be made of: an error that names it, in a workflow and as a tool."""
    answers: list[Any] = [None, iter("abc"), object()]
    for answer in answers:
        for streamed in (False, True):

            def told(_: Any, *_given: Any, answer: Any = answer) -> Any:
                return answer

            async def atold(_: Any, *_given: Any, answer: Any = answer) -> Any:
                return answer

            own = parrot(d, "p", run=told if d.on_sync else atold)
            workflow = d.api.Chain([own, parrot(d, "q")])
            kind = type(answer).__name__
            with d.raises(TypeError, match=kind):
                await (d.collect(workflow.run("Go", stream=True)) if streamed else d(workflow.run("Go")))
            with d.raises(TypeError, match=kind):
                await d(own.as_tool()("Go"))


@requirement("RUNNER-9", subject=LIBRARY, surfaces=("sync",), ledger="LEDGER-COLOUR")
async def test_own_async_runner_is_refused_on_sync(d: Driver) -> None:
    """One whose run turns out to be async, in a workflow and as a tool; it never begins."""

    async def run(_: Any, *_given: Any) -> str:
        raise AssertionError("it began")

    own = parrot(d, "p", run=run)
    with d.raises(d.lib.errors.ColourError, match="run of 'p' is async"):
        await d(d.api.Chain([own]).run("Go"))
    with d.raises(d.lib.errors.ColourError, match="run of 'p' is async"):
        await d.collect(d.api.Chain([own]).run("Go", stream=True))
    with d.raises(d.lib.errors.ColourError, match="run of 'p' is async"):
        await d(own.as_tool()("Go"))


@requirement("RUNNER-6", "RUNNER-9", subject=LIBRARY)
async def test_own_runner_called_while_it_works(d: Driver) -> None:
    """It can do one task at a time, and says so; with a fork of its own it does two."""
    tools: list[Any] = []

    def answered(_: Any, task: str) -> Any:
        return tools[0]("inner") if task == "outer" else task.upper()

    async def awaited(_: Any, task: str) -> Any:
        return await tools[0]("inner") if task == "outer" else task.upper()

    run = answered if d.on_sync else awaited
    tools.append(parrot(d, "p", run=run).as_tool())
    with d.raises(TypeError, match="Parrot brings no fork; it can do one task at a time"):
        await d(tools[0]("outer"))
    forked: list[str] = []

    def fork(_: Any, suffix: str = "") -> Any:
        forked.append(suffix)
        return parrot(d, "p" + suffix)

    tools[0] = parrot(d, "p", run=run, fork=fork).as_tool()
    assert await d(tools[0]("outer")) == "INNER"
    assert await d(tools[0]("outer")) == "INNER"
    assert forked == ["-2"]


@requirement("RUNNER-10", ledger="LEDGER-COLOUR")
async def test_colour_of_a_runners_tool(d: Driver) -> None:
    """That of the runner, whatever it is made of."""
    runner = d.api.Agent(d.client(), name="a")
    for one in (runner, d.api.Chain([runner]), parrot(d, "p")):
        assert d.direct(one.as_tool()).__tool_is_async__ is d.on_aio


@requirement("RUNNER-10", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_sync_runners_tool_runs_in_a_thread_on_aio(d: Driver) -> None:
    """Held at the server it leaves the loop to others; its history is among the others."""
    gate = Gate()
    inner = d.target.client(d.twin("sync"))
    worker = d.lib.Agent(inner, "writer", "writer")
    boss = d.api.Agent(d.client(), "boss", "boss", [worker.as_tool()])
    d.script(Reply(calls=[Call("writer", {"task": "Write"})]), Reply("A poem", before=gate), Reply("Done"))
    handle = d.start(lambda: boss.run("Go"))
    await d.wait(gate.reached)
    assert not handle.done
    gate.open()
    assert await handle.result() == "Done"
    assert spoken(boss.messages) == {"boss": ["Go", None, "A poem", "Done"], "writer": ["Write", "A poem"]}
    inner.close()


@requirement("RUNNER-10", needs=NEEDS, surfaces=("sync",), ledger="LEDGER-COLOUR")
async def test_async_runners_tool_is_refused_on_sync(d: Driver) -> None:
    """Like any async tool: before a call of the reply runs, and nothing of the round is recorded."""
    worker = d.lib.aio.Agent(d.target.client(d.twin("aio")), "writer", "writer")
    boss = d.api.Agent(d.client(), "boss", "boss", [worker.as_tool()])
    d.script(Reply(calls=[Call("writer", {"task": "Write"})]))
    with d.raises(d.lib.errors.ColourError, match="'writer' is an async function"):
        await d(boss.run("Go"))
    assert spoken(boss.messages) == {"boss": [], "writer": []}
    assert len(d.server.requests) == 1
