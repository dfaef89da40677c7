"""Scenarios of spec/evaluation.md: what a PlanExecuteEvaluator plans, runs and keeps."""

import inspect
from collections.abc import Callable
from typing import Any

from conformance.driver import Driver
from conformance.requirement import requirement
from conformance.scripted import Call, Gate, Reply

NEEDS = ("scripted",)
FALLBACK = "Successfully complete the task, wholly and correctly."
FIELDS = {
    "planner": inspect.Parameter.empty,
    "executor": inspect.Parameter.empty,
    "scorer": inspect.Parameter.empty,
    "criteria": None,
    "name": "plan_execute_evaluator",
    "max_rounds": 3,
    "pass_threshold": 0.7,
    "pass_keyword": None,
}


def scores(*found: tuple[float, str]) -> tuple[Callable[[Any], tuple[float, str]], list[Any]]:
    """A scorer that gives one score after the other, and the rows it was given."""
    left, rows = list(found), list[Any]()

    def score(row: Any) -> tuple[float, str]:
        rows.append((row.content, row.output, row.reference))
        return left.pop(0)

    return score, rows


def workflow_of(d: Driver, scorer: Any, **options: Any) -> Any:
    """A planner and an executor that start over with each round."""
    planner = d.api.Agent(d.client(), "You plan.", "planner", reset_messages_on_run=True)
    executor = d.api.Agent(d.client(), "You work.", "executor", reset_messages_on_run=True)
    return d.api.PlanExecuteEvaluator(planner, executor, scorer, **options)


def last_text(body: dict[str, Any]) -> str:
    """What was said last in a request, on either wire."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def system_of(body: dict[str, Any]) -> str | None:
    """The system message of a request, on either wire."""
    head = body["messages"][0]
    return head["content"] if head["role"] == "system" else body.get("system")


def asked(d: Driver) -> list[str]:
    """What was said last in each request so far."""
    return [last_text(request.body) for request in d.server.requests]


@requirement("PLAN-EXECUTE-EVALUATOR-1", needs=(*NEEDS, "images"))
async def test_plan_execute_score(d: Driver) -> None:
    """The planner has the task, the executor the plan and the images, the scorer all that matters."""
    score, rows = scores((0.9, "Fine"))
    d.script(Reply("1. Look"), Reply("A cat"))
    workflow = workflow_of(d, score, criteria="Be exact")
    assert await d(workflow.run("Describe it", images=["https://example.com/cat.png"])) == "A cat"
    assert [system_of(request.body) for request in d.server.requests] == ["You plan.", "You work."]
    assert "Describe it" in asked(d)[0]
    assert asked(d)[1] == "1. Look"
    assert ["cat.png" in str(request.body) for request in d.server.requests] == [False, True]
    assert rows == [("Describe it", "A cat", "Be exact")]
    assert list(workflow.messages) == ["planner", "executor"]


@requirement("PLAN-EXECUTE-EVALUATOR-2", needs=NEEDS)
async def test_what_is_good_enough(d: Driver) -> None:
    """The threshold itself is; the keyword is, as a line of its own; a word in a line is not."""
    d.server.always(Reply("done"))
    for found, options, is_accepted in (
        ((0.7, ""), {}, True),
        ((0.69, "PASS"), {}, False),
        ((0.0, "Not bad\n PASS \nreally"), {"pass_keyword": "PASS"}, True),
        ((0.6, "does not PASS"), {"pass_keyword": "PASS"}, False),
        ((0.6, "PASS?"), {"pass_keyword": "PASS"}, False),
        ((0.3, ""), {"pass_threshold": 0.25}, True),
        ((0.0, ""), {"pass_threshold": 0}, True),
        ((0.99, ""), {"pass_threshold": 1}, False),
    ):
        score, rows = scores(found, (1.0, "Fine"))
        await d(workflow_of(d, score, criteria="x", **options).run("Do it"))
        assert len(rows) == (1 if is_accepted else 2), found


@requirement("PLAN-EXECUTE-EVALUATOR-3", needs=NEEDS)
async def test_criteria_of_the_user(d: Driver) -> None:
    """The planner is shown them; its whole answer, stripped, is the plan, whatever headers are in it."""
    score, rows = scores((1.0, ""))
    d.script(Reply("\n## Plan\n1. Go\n"), Reply("Gone"))
    await d(workflow_of(d, score, criteria="Be quick").run("Go"))
    assert "Be quick" in asked(d)[0]
    assert "## Evaluation criteria" not in asked(d)[0]
    assert asked(d)[1] == "## Plan\n1. Go"
    assert rows[0][2] == "Be quick"


@requirement("PLAN-EXECUTE-EVALUATOR-3", needs=NEEDS)
async def test_plan_with_nothing_in_it(d: Driver) -> None:
    """The error names the planner and has what it said; nothing is executed."""
    score, _ = scores((1.0, ""))
    d.script(Reply("## Evaluation criteria\nBe quick\n## Plan\n"))
    with d.raises(d.lib.errors.VerdictError, match="planner") as caught:
        await d(workflow_of(d, score).run("Go"))
    assert str(getattr(caught.value, "text", "")).endswith("## Plan")
    assert len(d.server.requests) == 1


@requirement("PLAN-EXECUTE-EVALUATOR-3", needs=NEEDS)
async def test_criteria_of_the_planner(d: Driver) -> None:
    """Sections are read by their headers; what is missing is made up for."""
    for answer, criteria, plan in (
        ("## Evaluation criteria\nBe quick\n\n## Plan\n1. Go", "Be quick", "1. Go"),
        (
            "Sure!\n\n##  evaluation CRITERIA:\nBe quick\n## PLAN :\n1. Go\n## Plan\n2. Stop",
            "Be quick",
            "1. Go\n## Plan\n2. Stop",
        ),
        ("Be quick\n## Plan\n1. Go", "Be quick", "1. Go"),
        ("## Plan\n1. Go", FALLBACK, "1. Go"),
        ("## Evaluation criteria\n\n## Plan\n1. Go", FALLBACK, "1. Go"),
        ("1. Go, see ## Plan\n2. Stop", FALLBACK, "1. Go, see ## Plan\n2. Stop"),
        ("## Planning\n1. Go", FALLBACK, "## Planning\n1. Go"),
    ):
        done = len(d.server.requests)
        score, rows = scores((1.0, ""))
        d.script(Reply(answer), Reply("Gone"))
        await d(workflow_of(d, score).run("Go"))
        told, executed = asked(d)[done:]
        assert "## Evaluation criteria" in told
        assert "## Plan" in told
        assert executed == plan
        assert rows == [("Go", "Gone", criteria)]


@requirement("PLAN-EXECUTE-EVALUATOR-4", needs=NEEDS)
async def test_next_plan_knows_of_the_last(d: Driver) -> None:
    """Plan, output, feedback and score are in the request; a long output is cut."""
    score, _ = scores((0.123, "Too slow"), (0.5, "Too loud"), (1.0, ""))
    long = "x" * 500
    d.script(Reply("Plan A"), Reply(long + "TAIL"), Reply("Plan B"), Reply(long), Reply("Plan C"), Reply("Gone"))
    await d(workflow_of(d, score, criteria="Be quick").run("Go"))
    first, second, third = asked(d)[::2]
    assert not any(text in first for text in ("Previous plan", "Feedback"))
    for text in ("Go", "Be quick", "Plan A", f"{long}…", "Too slow", "0.12"):
        assert text in second
    assert "TAIL" not in second
    for text in ("Plan B", f"{long}\n", "Too loud", "0.50"):
        assert text in third
    assert not any(text in third for text in ("Plan A", "…"))


@requirement("PLAN-EXECUTE-EVALUATOR-5", needs=NEEDS)
async def test_best_output_when_none_is_good(d: Driver) -> None:
    """The first of the best; every attempt is kept, and those of the next run take their place."""
    score, _ = scores((0.1, "a"), (0.4, "b"), (0.4, "c"), (1.0, "d"))
    answers = ("Plan 1", "One", "Plan 2", "Two", "Plan 3", "Three", "Plan 4", "Four")
    d.script(*map(Reply, answers))
    workflow = workflow_of(d, score, criteria="x")
    assert await d(workflow.run("Go")) == "Two"
    attempts = d.direct(workflow.last_attempts)
    assert attempts[1] == {
        "round": 2,
        "plan": "Plan 2",
        "criteria": "x",
        "output": "Two",
        "score": 0.4,
        "feedback": "b",
    }
    assert [attempt["round"] for attempt in attempts] == [1, 2, 3]
    assert len(d.server.requests) == 6
    assert await d(workflow.run("Go")) == "Four"
    assert [attempt["output"] for attempt in workflow.last_attempts] == ["Four"]
    assert d.direct(workflow.fork().last_attempts) == []


@requirement("PLAN-EXECUTE-EVALUATOR-6", needs=(*NEEDS, "tools", "constrained"))
async def test_all_of_it_from_one_client(d: Driver) -> None:
    """Two agents on forks that start over, and a judge; the client's own history stays."""

    def look() -> str:
        """Look."""
        return "seen"

    d.script(Reply("Plan"), Reply(calls=[Call("look")]), Reply("Seen"), Reply('{"score": 3, "feedback": "Hm"}'))
    d.script(Reply("Better plan"), Reply("Seen well"), Reply('{"score": 8, "feedback": "Ok"}'))
    client = d.client(system="own")
    workflow = d.api.PlanExecuteEvaluator.from_client(
        client,
        criteria="Be right",
        executor_tools=[d.lib.tool(look)],
        planner_system_message="You plan.",
        executor_system_message="You work.",
    )
    assert await d(workflow.run("Look")) == "Seen well"
    bodies = [request.body for request in d.server.requests]
    told = ["You plan.", "You work.", "You work.", None, "You plan.", "You work.", None]
    assert [system_of(body) for body in bodies] == told
    assert ["tools" in body for body in bodies] == [system == "You work." for system in told]
    for body in bodies[4:]:
        assert [message["role"] for message in body["messages"] if message["role"] != "system"] == ["user"]
    assert "Be right" in last_text(bodies[3])
    assert [message["role"] for message in client.messages] == []
    assert list(workflow.messages) == ["planner", "executor"]
    assert isinstance(workflow.scorer, d.api.LLMJudgeScorer)
    assert workflow.scorer.judge_client is client


@requirement("PLAN-EXECUTE-EVALUATOR-6", needs=NEEDS)
async def test_parts_of_a_factory(d: Driver) -> None:
    """A judge of one's own, names behind the workflow's, limits; skills make the planner a SkillAgent."""
    client, other = d.client(), d.client()
    make = d.api.PlanExecuteEvaluator.from_client
    workflow = make(client, judge_client=other, name="trip", max_rounds=2, pass_threshold=0.5, pass_keyword="OK")
    d.enter()
    assert workflow.scorer.judge_client is other
    assert list(workflow.messages) == ["trip-planner", "trip-executor"]
    assert (workflow.max_rounds, workflow.pass_threshold, workflow.pass_keyword) == (2, 0.5, "OK")
    kind = d.api.SkillAgent
    assert type(workflow.planner) is d.api.Agent
    skills = d.lib.skills.SkillManager([])
    planner = make(client, skill_manager=skills).planner
    assert type(planner) is kind
    assert planner.skill_manager is skills


@requirement("PLAN-EXECUTE-EVALUATOR-7")
async def test_fields_of_a_plan_execute_evaluator(d: Driver) -> None:
    """Their names, order and defaults; senseless ones are refused at once, and when they were set later."""
    parameters = inspect.signature(d.api.PlanExecuteEvaluator).parameters
    assert {name: parameter.default for name, parameter in parameters.items()} == FIELDS
    assert list(parameters) == list(FIELDS)
    bad: list[tuple[type[Exception], str, Any]] = [(ValueError, "max_rounds", number) for number in (0, -1)]
    bad += [(ValueError, "pass_threshold", number) for number in (-0.1, 7, float("nan"))]
    bad += [(ValueError, "pass_keyword", word) for word in ("", " ", "A\nB", " OK")]
    bad += [(TypeError, "scorer", thing) for thing in (None, 0.5, "judge", object())]
    score, _ = scores()
    for error, name, value in bad:
        workflow = workflow_of(d, score)
        options = {"scorer": score, name: value}
        with d.raises(error, match=name):
            workflow_of(d, options.pop("scorer"), **options)
        setattr(workflow, name, value)
        with d.raises(error, match=name):
            await d(workflow.run("Go"))


@requirement("PLAN-EXECUTE-EVALUATOR-8", needs=(*NEEDS, "streaming"))
async def test_stream_shows_plans_and_outputs(d: Driver) -> None:
    """As they come, numbered by the round; the result is what was accepted."""
    gate = Gate()
    score, _ = scores((0.5, ""), (0.6, ""))
    d.script(Reply(["Plan ", gate, "A"]), Reply("One"), Reply("Plan B"), Reply("Two"))
    stream = workflow_of(d, score, criteria="x", max_rounds=2).run("Go", stream=True)
    said: dict[tuple[Any, ...], str] = {}
    async for chunk in d.stream(stream):
        gate.open()
        speaker = (chunk.agent, chunk.iteration)
        said[speaker] = said.get(speaker, "") + chunk.content
    assert list(said.items()) == [
        (("planner", 0), "Plan A"),
        (("executor", 0), "One"),
        (("planner", 1), "Plan B"),
        (("executor", 1), "Two"),
    ]
    assert stream.result == "Two"
