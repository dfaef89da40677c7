"""Scenarios of spec/evaluation.md: what a scorer may be, and what it may return."""

import asyncio
import contextvars
import threading
from types import SimpleNamespace
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Gate, Reply

NEEDS = ("scripted",)
PATIENCE = 10.0
ROW = SimpleNamespace(content="Add 1 and 2", output="3", reference="Be right")
WHO = contextvars.ContextVar("WHO", default="nobody")


def workflow_of(d: Driver, scorer: Any, **options: Any) -> Any:
    """One round of a planner and an executor that say what the server always says."""
    d.server.always(Reply("done"))
    planner, executor = d.api.Agent(d.client(), name="planner"), d.api.Agent(d.client(), name="executor")
    return d.api.PlanExecuteEvaluator(planner, executor, scorer, "Be right", max_rounds=1, **options)


def last_text(body: dict[str, Any]) -> str:
    """What was said last in a request, on either wire."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@requirement("SCORER-1", needs=NEEDS)
async def test_what_a_scorer_may_be(d: Driver) -> None:
    """A function, an object that can be called, an object with score, a Scorer of the library."""

    def function(row: Any) -> tuple[float, str]:
        return 0.9, f"{row.content}|{row.output}|{row.reference}"

    class Callable:
        def __call__(self, row: Any) -> tuple[float, str]:
            return function(row)

    class Duck:
        def score(self, row: Any) -> tuple[float, str]:
            return function(row)

    for scorer in (function, Callable(), Duck(), lambda row: list(function(row))):
        workflow = workflow_of(d, scorer)
        assert await d(workflow.run("Go")) == "done"
        assert workflow.last_attempts[0]["feedback"] == "Go|done|Be right"
        assert workflow.last_attempts[0]["score"] == 0.9


@requirement("SCORER-1", "SCORER-4", "SCORER-5", needs=NEEDS, ledger="LEDGER-COLOUR")
async def test_scorer_of_the_surface(d: Driver) -> None:
    """Its score is async on aio and plain on sync; Scorer itself cannot be made."""
    with d.raises(TypeError, match="abstract"):
        d.api.Scorer()

    def plain(_self: Any, row: Any) -> tuple[float, str]:
        return 1.0, str(row.output)

    async def awaited(_self: Any, row: Any) -> tuple[float, str]:
        return 1.0, str(row.output)

    scorer = type("Own", (d.api.Scorer,), {"score": plain if d.on_sync else awaited})()
    workflow = workflow_of(d, scorer)
    assert await d(workflow.run("Go")) == "done"
    assert workflow.last_attempts[0]["feedback"] == "done"


@requirement("SCORER-2", needs=NEEDS)
async def test_scores_of_the_wrong_shape(d: Driver) -> None:
    """A bare number, a text, a triple, a number that is none, a feedback that is none: TypeError with the value."""
    shapes: list[Any] = [0.5, None, "fine", (), (0.5,), (0.5, "a", "b"), {}]
    for bad in (*shapes, ("0.5", "a"), (True, "a"), (None, "a"), (0.5, None)):
        with d.raises(TypeError, match=r"a scorer returns \(score, feedback\)"):
            await d(workflow_of(d, lambda _, bad=bad: bad).run("Go"))


@requirement("SCORER-2", needs=NEEDS)
async def test_scores_out_of_range(d: Driver) -> None:
    """Below 0, above 1, and what is no number at all; the bounds themselves are fine."""
    for bad in (-0.01, 1.01, 7, float("nan"), float("inf")):
        with d.raises(ValueError, match="from 0 to 1, not"):
            await d(workflow_of(d, lambda _, bad=bad: (bad, "")).run("Go"))
    for good in (0, 1, 0.0, 1.0):
        workflow = workflow_of(d, lambda _, good=good: (good, ""))
        assert await d(workflow.run("Go")) == "done"
        assert workflow.last_attempts[0]["score"] == float(good)


@requirement("SCORER-2", needs=NEEDS)
async def test_what_a_scorer_raises_propagates(d: Driver) -> None:
    """As it is; the end of an iterator, which no generator lets through, as RuntimeError. Then the run goes on."""
    failures: list[BaseException] = [LookupError("no scale"), StopIteration()]

    def score(_: Any) -> tuple[float, str]:
        if failures:
            raise failures.pop(0)
        return 1.0, ""

    workflow = workflow_of(d, score)
    with d.raises(LookupError, match="no scale"):
        await d(workflow.run("Go"))
    with d.raises(RuntimeError, match="the scorer raised StopIteration"):
        await d(workflow.resume())
    assert await d(workflow.resume()) == "done"
    assert len(d.server.requests) == 2


@requirement("SCORER-4", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_async_scorer_is_awaited_on_the_loop(d: Driver) -> None:
    """A function, an object and one with score: on the thread of the loop, while other tasks go on."""
    here = threading.get_ident()

    async def function(row: Any) -> tuple[float, str]:
        asked, answered = asyncio.Event(), asyncio.Event()

        async def other_task() -> None:
            await asked.wait()
            answered.set()

        beside = asyncio.create_task(other_task())
        asked.set()
        async with asyncio.timeout(PATIENCE):
            await answered.wait()
            await beside
        return 1.0, f"{row.output} {threading.get_ident() == here}"

    class Callable:
        async def __call__(self, row: Any) -> tuple[float, str]:
            return await function(row)

    class Duck:
        async def score(self, row: Any) -> tuple[float, str]:
            return await function(row)

    for scorer in (function, Callable(), Duck()):
        workflow = workflow_of(d, scorer)
        assert await d(workflow.run("Go")) == "done"
        assert workflow.last_attempts[0]["feedback"] == "done True"


@requirement("SCORER-4", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_sync_scorer_does_not_block_the_loop(d: Driver) -> None:
    """It waits for what a task of the loop does; the caller's context is there too."""
    asked, answered = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    WHO.set("caller")

    def score(_: Any) -> tuple[float, str]:
        loop.call_soon_threadsafe(answered.set)
        asked.set()
        return 1.0, f"{answered.wait(PATIENCE)} {WHO.get()}"

    workflow = workflow_of(d, score)
    assert await d(workflow.run("Go")) == "done"
    assert asked.is_set()
    assert workflow.last_attempts[0]["feedback"] == "True caller"


@requirement("SCORER-4", needs=NEEDS, surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_awaitable_of_a_sync_scorer_is_awaited(d: Driver) -> None:
    """A plain function that returns a coroutine has it awaited on the loop."""
    here = threading.get_ident()

    async def later(row: Any) -> tuple[float, str]:
        return 1.0, f"{row.output} {threading.get_ident() == here}"

    workflow = workflow_of(d, lambda row: later(row))
    assert await d(workflow.run("Go")) == "done"
    assert workflow.last_attempts[0]["feedback"] == "done True"


@requirement("SCORER-4", needs=(*NEEDS, "constrained"), surfaces=("aio",), ledger="LEDGER-COLOUR")
async def test_sync_judge_does_not_block_the_loop(d: Driver) -> None:
    """Held at the server it leaves the loop to others; cancelled, the run ends at once."""
    gate = Gate()
    judging = d.target.client(d.twin("sync"))
    workflow = workflow_of(d, d.lib.LLMJudgeScorer(judging))
    d.script(Reply("Plan"), Reply("Output"), Reply('{"score": 9, "feedback": "Fine"}', before=gate))
    handle = d.start(lambda: workflow.run("Go"))
    await d.wait(gate.reached)
    assert not handle.done
    gate.open()
    assert await handle.result() == "Output"
    assert workflow.last_attempts[0]["score"] == 0.9
    judging.close()


@requirement("SCORER-5", needs=NEEDS, surfaces=("sync",), ledger="LEDGER-COLOUR")
async def test_async_scorer_is_refused_on_sync(d: Driver) -> None:
    """At construction, and at the start of a run when it was set later; nothing is sent."""

    async def function(_: Any) -> tuple[float, str]:
        return 1.0, ""

    class Duck:
        async def score(self, row: Any) -> tuple[float, str]:
            return await function(row)

    judge = d.lib.aio.LLMJudgeScorer(d.target.client(d.twin("aio")))
    for scorer in (function, Duck(), judge):
        with d.raises(d.lib.errors.ColourError, match=rf"{d.lib.__name__}\.aio"):
            workflow_of(d, scorer)
        workflow = workflow_of(d, lambda _: (1.0, ""))
        workflow.scorer = scorer
        with d.raises(d.lib.errors.ColourError, match=rf"{d.lib.__name__}\.aio"):
            await d(workflow.run("Go"))
    assert d.server.requests == []


@requirement("SCORER-5", needs=NEEDS, surfaces=("sync",), ledger="LEDGER-COLOUR")
async def test_awaitable_score_is_refused_on_sync(d: Driver) -> None:
    """A plain function whose result turns out to be a coroutine, which is closed."""

    async def later() -> tuple[float, str]:
        return 1.0, ""

    with d.raises(d.lib.errors.ColourError, match=rf"{d.lib.__name__}\.aio"):
        await d(workflow_of(d, lambda _: later()).run("Go"))


@requirement("SCORER-3", needs=(*NEEDS, "constrained"))
async def test_judge_uses_generate_only(d: Driver) -> None:
    """Its client may have a turn open; history stays; own criteria win over the row's, which win over none."""
    d.script(Reply(["one ", "two"]), *[Reply('{"score": 10, "feedback": ""}')] * 3)
    client = d.client()
    stream = client.chat("Count", stream=True)
    async for _ in d.stream(stream):
        assert tuple(await d(d.api.LLMJudgeScorer(client, "Be brave").score(ROW))) == (1.0, "")
        break
    await d.close(stream)
    assert client.messages == []
    await d(d.api.LLMJudgeScorer(client).score(ROW))
    bare = SimpleNamespace(content="c", output="o", reference="")
    await d(d.api.LLMJudgeScorer(client).score(bare))
    texts = [last_text(request.body) for request in d.server.requests][1:]
    assert "Be brave" in texts[0]
    assert "Be right" not in texts[0]
    assert "Be right" in texts[1]
    assert "Successfully complete the task" in texts[2]


@requirement("SCORER-6", needs=(*NEEDS, "wire", "constrained"))
async def test_question_of_ones_own(d: Driver) -> None:
    """Filled in whatever the texts contain; settings are sent with each request."""
    d.script(Reply("bad"), Reply('{"score": 2, "feedback": ""}'))
    row = SimpleNamespace(content="{task}", output="{output} {0}", reference="{}")
    template = "{{T}} {content} / {output} / {criteria}"
    scorer = d.api.LLMJudgeScorer(d.client(), prompt_template=template, generate_kwargs={"temperature": 0.25})
    assert tuple(await d(scorer.score(row))) == (0.2, "")
    assert "{T} {task} / {output} {0} / {}" in str(d.server.requests[0].body["messages"])
    assert [request.body["temperature"] for request in d.server.requests] == [0.25, 0.25]


@requirement("SCORER-6")
async def test_question_that_cannot_be_filled_in(d: Driver) -> None:
    """Another name, a number, an attribute, a torn brace: at construction."""
    for template in ("{task}", "{}", "{0}", "{content.upper}", "{content", "content}"):
        with d.raises(ValueError, match=r".+"):
            d.api.LLMJudgeScorer(d.client(), prompt_template=template)
    for thing in (None, "openai:gpt-5", object()):
        with d.raises(TypeError, match="judge_client must be a client"):
            d.api.LLMJudgeScorer(thing)
