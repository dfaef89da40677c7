"""Scenarios of spec/workflows.md: workflows in workflows."""

from pathlib import Path
from typing import Any

from conformance.driver import Driver
from conformance.probes import PIXEL
from conformance.requirement import requirement
from conformance.scripted import Call, Reply, Request
from conformance.test_chat_images import image_count
from conformance.test_skills import PDF, folder, manager
from conformance.test_workflows import contents, echo, member, route, speaker, speech, task_of, team, verdict

NEEDS = ("scripted",)
SPEAKERS = ["skilled", "to crew", "writer", "critic", "planner", "executor", "boss", "helper", "last", "clerk"]


def deep(d: Driver) -> Any:
    """A Router of Chains of Parallels of Agents."""
    crew = d.api.Parallel(team(d, "b", "c"), "crew", member(d, "d"), "+", max_workers=1, stream_workers=True)
    chain = d.api.Chain([member(d, "a"), crew, member(d, "e")], "line")
    return d.api.Router(member(d, "to deep"), {"deep": chain, "flat": member(d, "f")}, "post")


def everything(d: Driver, root: Path) -> Any:
    """A runner of each kind, four deep: Chain, Router, Parallel, and in that one all the others."""
    skilled = d.api.SkillAgent(d.client(), "I am skilled", "skilled", skill_manager=manager(d, root))
    drafts = d.api.EvaluatorOptimizer(*team(d, "writer", "critic"))
    plans = d.api.PlanExecuteEvaluator(*team(d, "planner", "executor"), content_with_the_second(), "Be true")
    boss = d.api.OrchestratorAgent.assemble(d.client(), "I am boss", workers=[member(d, "helper")], name="boss")
    crew = d.api.Parallel([drafts, plans, boss], "crew", member(d, "last"), "+", max_workers=1, stream_workers=True)
    post = d.api.Router(member(d, "to crew"), {"crew": crew, "none": member(d, "clerk")}, "post")
    return d.api.Chain([skilled, post], "line")


def content_with_the_second() -> Any:
    """A scorer that likes the second of two outputs."""
    scores = [0.2, 0.9, 0.2, 0.9]

    def score(_row: Any) -> tuple[float, str]:
        return scores.pop(0), "more"

    return score


def all_speak(request: Request) -> Reply:
    """`echo`, and a boss who has his helper do the task, and a critic who passes the second draft."""
    who = speaker(request)
    if who == "boss" and "pong" not in str(request.body["messages"]):
        return Reply("I delegate", calls=[Call("helper", {"task": "ping"}, id="c1")])
    if who == "helper":
        return Reply("pong")
    if who == "boss":
        return Reply("boss: pong")
    if who == "writer":
        return Reply("second draft" if "Feedback" in task_of(request) else "first draft")
    if who == "critic":
        return verdict("PASS" if "second" in task_of(request) else "REVISE", "shorter")
    return echo(request)


@requirement("WORKFLOW-1", "WORKFLOW-5", needs=(*NEEDS, "constrained"))
async def test_router_of_chains_of_parallels(d: Driver) -> None:
    """Run and streamed: the same answer, each chunk under the name of who spoke, the step in its number."""
    d.server.always(echo)
    answer = "e(d(b(a(x))+c(a(x))))"
    assert await d(deep(d).run("x")) == answer
    stream = deep(d).run("x", stream=True)
    chunks = await d.collect(stream)
    assert d.direct(stream.result) == answer
    told = [("a", "a(x)"), ("b", "b(a(x))"), ("c", "c(a(x))"), ("d", "d(b(a(x))+c(a(x)))"), ("e", answer)]
    assert speech(chunks) == told
    assert {chunk.agent: chunk.iteration for chunk in chunks} == {"a": 0, "b": 1, "c": 1, "d": 1, "e": 2}


@requirement("WORKFLOW-1", "WORKFLOW-3", "WORKFLOW-5", needs=(*NEEDS, "tools", "constrained"))
async def test_all_kinds_in_one_nest(d: Driver) -> None:
    """Streamed: the same chunks on both surfaces, true names, and every history under its own."""
    d.server.always(all_speak)
    with folder(pdf__MD=PDF) as root:
        nest = everything(d, root)
        stream = nest.run("x", stream=True)
        chunks = await d.collect(stream)
        assert speech(chunks) == [
            ("skilled", "skilled(x)"),
            ("writer", "first draftsecond draft"),
            ("planner", "planner(Task:)"),
            ("executor", "executor(planner(Task:))"),
            ("planner", "planner(Task:)"),
            ("executor", "executor(planner(Task:))"),
            ("boss", "I delegateboss: pong"),
            ("last", "last(second draft+executor(planner(Task:))+boss: pong)"),
        ]
        called = [chunk for chunk in chunks if chunk.is_tool_call()]
        assert [(chunk.agent, chunk.content["name"], chunk.content["response"]) for chunk in called] == [
            ("boss", "helper", "pong")
        ]
        histories = d.direct(nest.messages)
        assert sorted(histories) == sorted(SPEAKERS)
        assert [name for name in SPEAKERS if not histories[name]] == ["clerk"]
        whole = await d(everything(d, root).run("x"))
        assert whole == d.direct(stream.result)


@requirement("WORKFLOW-1", needs=(*NEEDS, "tools", "constrained"))
async def test_a_nest_leaves_the_same_histories_streamed_or_not(d: Driver) -> None:
    """And the same requests, but for their being streamed."""
    d.server.always(all_speak)
    with folder(pdf__MD=PDF) as root:
        streamed, whole = everything(d, root), everything(d, root)
        await d.collect(streamed.run("x", stream=True))
        half = len(d.server.requests)
        await d(whole.run("x"))
    assert d.direct(whole.messages) == d.direct(streamed.messages)
    asked = [(speaker(request), task_of(request)) for request in d.server.requests]
    assert asked[:half] == asked[half:]


@requirement("CHAIN-4", "ROUTER-6", "PARALLEL-12", needs=(*NEEDS, "images"))
async def test_images_find_their_way(d: Driver) -> None:
    """To the first step, past the routing agent, to every worker, not to the aggregator."""
    d.server.always(echo)
    crew = d.api.Parallel([d.api.Chain(team(d, "a", "b")), member(d, "c")], aggregator=member(d, "e"), max_workers=1)
    post = d.api.Router(member(d, "to it"), {"it": crew})
    await d(d.api.Chain([post, member(d, "f")], "line").run("x", images=iter([PIXEL])))
    counts = [(speaker(request), image_count(request)) for request in d.server.requests]
    assert counts == [("to it", 0), ("a", 1), ("b", 0), ("c", 1), ("e", 0), ("f", 0)]


@requirement("WORKFLOW-7", needs=(*NEEDS, "wire", "constrained"))
async def test_settings_reach_the_bottom(d: Driver) -> None:
    """Of every request of a nest, and the settings given to resume win for what is left."""
    d.server.always(echo)
    await d(deep(d).run("x", {"temperature": 0.5}))
    assert [request.body["temperature"] for request in d.server.requests] == [0.5] * 6


@requirement("WORKFLOW-3", needs=(*NEEDS, "constrained"))
async def test_one_agent_in_two_places_is_one_speaker(d: Driver) -> None:
    """It has one history, in which it goes on."""
    d.server.always(echo)
    a, b = team(d, "a", "b")
    chain = d.api.Chain([a, d.api.Router(member(d, "to it"), {"it": d.api.Chain([b, a])})])
    assert await d(chain.run("x")) == "a(b(a(x)))"
    assert list(d.direct(chain.messages)) == ["a", "to it", "b"]
    assert contents(chain)["a"] == ["x", "a(x)", "b(a(x))", "a(b(a(x)))"]


@requirement("WORKFLOW-1", "WORKFLOW-5", needs=(*NEEDS, "constrained"))
async def test_a_runner_of_the_users_own_is_a_member(d: Driver) -> None:
    """In every kind of workflow; its answer is one chunk of its name."""
    d.server.always(echo)
    shout = shouter(d)("shout")
    chain = d.api.Chain([member(d, "a"), d.api.Parallel([shout, member(d, "b")], "crew", max_workers=1), shout], "line")
    assert await d(chain.run("x")) == "A(X)!\n\n---\n\nB(A(X))!"
    chunks = await d.collect(chain.run("x", stream=True))
    assert speech(chunks)[-1] == ("shout", "A(X)!\n\n---\n\nB(A(X))!")
    assert chunks[-1].iteration == 2
    assert d.direct(chain.messages)["shout"] == []
    d.script(route("it"))
    routed = d.api.Router(member(d, "to it"), {"it": shout})
    assert speech(await d.collect(routed.run("hm", stream=True))) == [("shout", "HM!")]


def shouter(d: Driver) -> Any:
    """A runner with nothing but what a runner must have."""

    base: Any = d.api.Runner

    class Loud(base):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            self.name = name

        @property
        def messages(self) -> dict[str, list[Any]]:
            return {self.name: []}

    class Shouter(Loud):
        def run(self, task: str, *_args: Any, **_options: Any) -> Any:
            return f"{task.upper()}!"

    class AsyncShouter(Loud):
        async def run(self, task: str, *_args: Any, **_options: Any) -> Any:
            return f"{task.upper()}!"

    return Shouter if d.on_sync else AsyncShouter
