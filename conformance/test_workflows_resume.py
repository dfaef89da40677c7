"""Scenarios of spec/workflows.md: going on with a run that did not end well."""

import dataclasses
from typing import Any

from conformance.driver import Driver
from conformance.probes import PIXEL
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Gate, Reply
from conformance.test_chat_images import image_count
from conformance.test_workflows import contents, echo, examples, member, perfect, speaker, speech, task_of, team

NEEDS = ("scripted",)
TOOLS = ("scripted", "tools")
ROUND = Reply("I look", calls=[Call("look", id="c1")])


@dataclasses.dataclass
class Weather:
    """What a last step answers."""

    degrees: int


def looker(d: Driver, name: str, looks: list[str]) -> Any:
    """An agent with a tool that notes who looked."""

    def look() -> str:
        """Look."""
        looks.append(name)
        return "seen"

    return member(d, name, tools=[d.lib.tool(look)])


async def fail(d: Driver, runner: Any, streamed: bool = False, **options: Any) -> None:
    """Run into an error of the server."""
    with d.raises(d.lib.errors.InvalidRequestError):
        given = runner.run("x", stream=streamed, **options)
        await (d.collect(given) if streamed else d(given))


async def resumed(d: Driver, runner: Any, streamed: bool, **options: Any) -> Any:
    """What a resumed run answers."""
    given = runner.resume(stream=streamed, **options)
    if not streamed:
        return await d(given)
    await d.collect(given)
    return d.direct(given.result)


def asked(d: Driver, since: int = 0) -> list[str]:
    """Who was asked, in order."""
    return [speaker(request) for request in d.server.requests[since:]]


@requirement("WORKFLOW-8", needs=(*TOOLS, "wire"))
async def test_an_agent_goes_on_from_its_round(d: Driver) -> None:
    """In a chain, streamed or not, before and after: finished steps and rounds are not done again."""
    for first, second in ((False, False), (False, True), (True, False), (True, True)):
        done = len(d.server.requests)
        looks: list[str] = []
        d.script(Reply("one"), ROUND, Fault(400), Reply("two"), Reply("three"))
        chain = d.api.Chain([member(d, "a"), looker(d, "b", looks), member(d, "c")])
        await fail(d, chain, first)
        assert await resumed(d, chain, second) == "three"
        assert asked(d, done) == ["a", "b", "b", "b", "c"]
        assert looks == ["b"]
        assert contents(chain)["b"] == ["one", "I look", "seen", "two"]
        with d.raises(ValueError, match="nothing to resume"):
            await resumed(d, chain, second)


@requirement("WORKFLOW-8", needs=(*NEEDS, "wire"))
async def test_what_recorded_nothing_is_asked_again(d: Driver) -> None:
    """Also when the same agent has histories of earlier runs, and when it fails twice."""
    a, b = member(d, "a"), member(d, "b")
    chain = d.api.Chain([a, b])
    d.script(Reply("1"), Reply("2"), Reply("one"), Fault(400), Fault(400), Reply("two"))
    await d(chain.run("before"))
    await fail(d, chain)
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(chain.resume())
    assert await d(chain.resume()) == "two"
    assert contents(chain) == {"a": ["before", "1", "x", "one"], "b": ["1", "2", "one", "two"]}


@requirement("WORKFLOW-8", needs=(*TOOLS, "wire"))
async def test_an_agent_that_starts_anew_goes_on_too(d: Driver) -> None:
    """The same task twice leaves the same messages; they are told from those of the run before."""
    looks: list[str] = []
    b = looker(d, "b", looks)
    b.reset_messages_on_run = True
    chain = d.api.Chain([b])
    for _ in range(2):
        d.script(ROUND, Fault(400))
        await fail(d, chain)
    d.script(Reply("two"))
    assert await d(chain.resume()) == "two"
    assert looks == ["b", "b"]
    assert contents(chain)["b"] == ["x", "I look", "seen", "two"]


@requirement("WORKFLOW-8", needs=(*TOOLS, "wire", "constrained"), ledger="LEDGER-CONCURRENCY")
async def test_nested_workflows_go_on(d: Driver) -> None:
    """A Router in a Parallel in a Chain in a Chain: only what is left is asked."""
    for streamed in (False, True):
        done = len(d.server.requests)
        looks: list[str] = []
        post = d.api.Router(member(d, "to it"), {"it": d.api.Chain([member(d, "b"), looker(d, "c", looks)], "deep")})
        crew = d.api.Parallel([post], "crew", member(d, "e"), stream_workers=True)
        chain = d.api.Chain([member(d, "a"), d.api.Chain([crew, member(d, "f")], "inner")], "outer")
        d.script(Reply("1"), Reply('{"route": "it"}'), Reply("2"), ROUND, Fault(400))
        with d.raises((d.lib.errors.InvalidRequestError, ExceptionGroup)) as caught:
            given = chain.run("x", stream=streamed)
            await (d.collect(given) if streamed else d(given))
        assert isinstance(caught.value, ExceptionGroup) is d.on_aio
        d.script(Reply("3"))
        d.server.always(echo)
        assert await resumed(d, chain, streamed) == "f(e(3))"
        assert asked(d, done) == ["a", "to it", "b", "c", "c", "c", "e", "f"]
        assert looks == ["c"]


@requirement("WORKFLOW-8", needs=(*NEEDS, "wire", "constrained"))
async def test_a_router_keeps_its_decision(d: Driver) -> None:
    """When the handler fails the routing agent is not asked again; when it fails itself, it is."""
    for streamed in (False, True):
        done = len(d.server.requests)
        post = d.api.Router(member(d, "to it"), {"it": member(d, "a")})
        d.script(Fault(400), Reply('{"route": "it"}'), Fault(400), Reply("done"))
        await fail(d, post, streamed)
        with d.raises(d.lib.errors.InvalidRequestError):
            await resumed(d, post, streamed)
        assert await resumed(d, post, streamed) == "done"
        assert asked(d, done) == ["to it", "to it", "a", "a"]


@requirement("WORKFLOW-8", needs=(*NEEDS, "wire", "constrained"))
async def test_rounds_go_on(d: Driver) -> None:
    """Drafts, verdicts, plans and scores that are there are not asked for again."""
    for streamed in (False, True):
        done = len(d.server.requests)
        drafts = d.api.EvaluatorOptimizer(*team(d, "writer", "critic"))
        d.script(Reply("one"), Fault(400), Reply('{"verdict": "REVISE", "feedback": "no"}'), Fault(400), Reply("two"))
        d.script(Reply('{"verdict": "PASS", "feedback": ""}'))
        await fail(d, drafts, streamed)
        with d.raises(d.lib.errors.InvalidRequestError):
            await resumed(d, drafts, streamed)
        assert await resumed(d, drafts, streamed) == "two"
        assert asked(d, done) == ["writer", "critic", "critic", "writer", "writer", "critic"]
        done = len(d.server.requests)
        plans = d.api.PlanExecuteEvaluator(*team(d, "planner", "executor"), perfect, "Be true")
        d.script(Reply("plan"), Fault(400), Reply("output"))
        await fail(d, plans, streamed)
        assert await resumed(d, plans, streamed) == "output"
        assert asked(d, done) == ["planner", "executor", "executor"]
        assert [attempt["output"] for attempt in plans.last_attempts] == ["output"]


@requirement("WORKFLOW-8", needs=NEEDS)
async def test_a_scorer_that_fails_is_asked_again(d: Driver) -> None:
    """The output it was to score is kept."""
    scores: list[Any] = [OSError("gone"), (1.0, "fine")]

    def score(_row: Any) -> tuple[float, str]:
        found = scores.pop(0)
        if isinstance(found, OSError):
            raise found
        return found  # type: ignore[no-any-return]

    d.server.always(echo)
    plans = d.api.PlanExecuteEvaluator(*team(d, "planner", "executor"), score, "Be true")
    with d.raises(OSError, match="gone"):
        await d(plans.run("x"))
    assert await d(plans.resume()) == "executor(planner(Task:))"
    assert asked(d) == ["planner", "executor"]


@requirement("WORKFLOW-8", needs=(*NEEDS, "wire", "constrained"))
async def test_there_may_be_nothing_to_resume(d: Driver) -> None:
    """Before a run, after one that ended well, and for a run that another one has replaced."""
    d.server.always(echo)
    for workflow in examples(d).values():
        for _ in range(2):
            for streamed in (False, True):
                with d.raises(ValueError, match="nothing to resume"):
                    await resumed(d, workflow, streamed)
            await d(workflow.run("x"))
    chain = d.api.Chain(team(d, "a", "b"))
    d.script(Reply("one"), Fault(400))
    await fail(d, chain)
    assert await d(chain.run("y")) == "b(a(y))"
    with d.raises(ValueError, match="nothing to resume"):
        await d(chain.resume())


@requirement("WORKFLOW-8", "WORKFLOW-7", needs=(*NEEDS, "images"))
async def test_it_goes_on_under_the_conditions_of_the_run(d: Driver) -> None:
    """Task, images, schema and settings; only settings may be given anew."""
    for given, expected in ((None, 0.25), ({"temperature": 0.75}, 0.75)):
        chain = d.api.Chain([d.api.Router(member(d, "to it"), {"it": member(d, "a")})], "line")
        d.script(Reply('{"route": "it"}'), Fault(400), Reply('{"degrees": 31}'))
        await fail(d, chain, schema=Weather, images=iter([PIXEL]), generate_kwargs={"temperature": 0.25})
        with d.raises(ValueError, match="schema"):
            d.direct(chain.resume(schema={"type": "object"}))
        assert await resumed(d, chain, False, generate_kwargs=given) == Weather(31)
        last = d.server.requests[-1]
        assert (image_count(last), task_of(last), last.body["temperature"]) == (1, "x", expected)


@requirement("WORKFLOW-8", "WORKFLOW-9", needs=NEEDS)
async def test_a_closed_stream_can_be_resumed(d: Driver) -> None:
    """Closed or dropped in its second step: the first is not asked again, what was cut short is."""
    for is_closed in (True, False):
        done = len(d.server.requests)
        d.script(Reply("one"), Reply(["half", Gate(), " an answer"]), Reply("two"))
        chain = d.api.Chain(team(d, "a", "b"))
        chunks = chain.run("x", stream=True)
        async for chunk in d.stream(chunks):
            if chunk.agent == "b":
                d.leave()
                break
        if is_closed:
            await d.close(chunks)
        del chunks
        assert speech(await d.collect(chain.resume(stream=True))) == [("b", "two")]
        assert asked(d, done) == ["a", "b", "b"]
        assert contents(chain) == {"a": ["x", "one"], "b": ["one", "two"]}


@requirement("WORKFLOW-4", "WORKFLOW-8", needs=(*NEEDS, "wire", "constrained"))
async def test_a_resumed_stream_in_which_nobody_speaks(d: Driver) -> None:
    """The draft was told before the failure; the resumed stream tells the answer."""
    drafts = d.api.EvaluatorOptimizer(*team(d, "writer", "critic"), "desk")
    d.script(Reply("one"), Fault(400), Reply('{"verdict": "PASS", "feedback": ""}'))
    await fail(d, drafts, True)
    chunks = await d.collect(drafts.resume(stream=True))
    assert [(chunk.agent, chunk.content) for chunk in chunks] == [("desk", "one")]
