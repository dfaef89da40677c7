"""Scenarios of spec/evaluation.md: how a verdict is asked for and read."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from conformance.driver import Driver
from conformance.requirement import LIBRARY, requirement
from conformance.scripted import Fault, Reply

NEEDS = ("scripted",)
ROUTES = ("code", "prose")
ROW = SimpleNamespace(content="Add 1 and 2", output="3", reference="Be right")


def free_client(d: Driver) -> Any:
    """A client of a provider that does not keep to a schema."""
    options = {"base_url": d.server.url("openai"), "api_key": "test-key", "max_retries": 0}
    return d.track(d.api.client("groq:scripted-model", **options))


def own_runner(d: Driver, name: str, answer: Callable[[str], str]) -> Any:
    """A runner of the user's own that has a name and a function, and knows no schema."""

    def answered(_: Any, task: str, *_given: Any) -> str:
        return answer(task)

    async def awaited(_: Any, task: str, *_given: Any) -> str:
        return answer(task)

    run = answered if d.on_sync else awaited
    members = {"name": name, "run": run, "messages": property(lambda _: {name: []})}
    return type("Own", (d.api.Runner,), members)()


def saying(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """A function that gives one answer after the other, and the tasks it was given."""
    left, tasks = list(answers), list[str]()

    def answer(task: str) -> str:
        tasks.append(task)
        return left.pop(0)

    return answer, tasks


def asked_schema(body: dict[str, Any]) -> Any:
    """The schema that a request wants its answer kept to, on either wire; None for none."""
    if "response_format" in body:
        return body["response_format"]["json_schema"]["schema"]
    return body.get("output_config", {}).get("format", {}).get("schema")


def last_text(body: dict[str, Any]) -> str:
    """What was said last in a request, on either wire."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def router(d: Driver, decider: Any, **options: Any) -> Any:
    """A router between two handlers that say their names."""
    handlers = {route: own_runner(d, route, lambda _, route=route: f"{route} done") for route in ROUTES}  # type: ignore[misc]
    return d.api.Router(decider, handlers, **options)


def critic(d: Driver, decider: Any, *drafts: str, **options: Any) -> Any:
    """An EvaluatorOptimizer whose generator says the drafts."""
    return d.api.EvaluatorOptimizer(own_runner(d, "writer", saying(*drafts)[0]), decider, **options)


@requirement("VERDICT-1", needs=(*NEEDS, "wire", "constrained"))
async def test_route_is_structured(d: Driver) -> None:
    """The schema has the routes and nothing else; the fallback is one of them where there is one."""
    for fallback, word, answer in ((None, "code", "code done"), (own_runner(d, "rest", str.upper), None, "FIX IT")):
        done = len(d.server.requests)
        decider = d.api.Agent(d.client(), "Who?", "who")
        workflow = router(d, decider, fallback=fallback)

        def choose(request: Any, word: Any = word) -> Reply:
            routes = asked_schema(request.body)["properties"]["route"]["enum"]
            return Reply(json.dumps({"route": word or routes[-1]}))

        d.script(choose)
        assert await d(workflow.run("fix it")) == answer
        (request,) = d.server.requests[done:]
        schema = asked_schema(request.body)
        assert (schema["required"], schema["additionalProperties"]) == (["route"], False)
        assert schema["properties"]["route"]["enum"][:2] == list(ROUTES)
        assert len(schema["properties"]["route"]["enum"]) == 2 + (fallback is not None)


@requirement("VERDICT-1", needs=("constrained",))
async def test_route_of_any_model(d: Driver) -> None:
    """Whatever a model would rather say, it is kept to one of the routes, and asked once."""
    d.script(Reply('{"route": "code"}'))
    decider = d.api.Agent(d.client(), name="who")
    assert await d(router(d, decider).run("Sing me a song")) in ("code done", "prose done")
    assert [message["role"] for message in decider.messages["who"]] == ["user", "assistant"]
    assert json.loads(decider.messages["who"][1]["content"])["route"] in ROUTES


@requirement("VERDICT-1", needs=(*NEEDS, "wire", "constrained"))
async def test_pass_is_structured(d: Driver) -> None:
    """The verdict is one of two words, whatever the feedback says."""
    d.script(
        Reply('{"verdict": "REVISE", "feedback": "No PASS: too long"}'), Reply('{"verdict": "PASS", "feedback": ""}')
    )
    workflow = critic(d, d.api.Agent(d.client(), name="critic"), "long", "short", "never")
    assert await d(workflow.run("Write")) == "short"
    for request in d.server.requests:
        assert asked_schema(request.body)["properties"]["verdict"]["enum"] == ["PASS", "REVISE"]


@requirement("VERDICT-1", "SCORER-3", needs=(*NEEDS, "wire", "constrained"))
async def test_score_is_structured(d: Driver) -> None:
    """A whole number, a tenth of which is the score, and the judge's reasons."""
    d.script(Reply('{"score": 7, "feedback": "Right, but 10 would be nicer"}'))
    client = d.client(system="own")
    score, feedback = await d(d.api.LLMJudgeScorer(client).score(ROW))
    assert (score, feedback) == (0.7, "Right, but 10 would be nicer")
    (request,) = d.server.requests
    assert asked_schema(request.body)["properties"]["score"]["type"] == "integer"
    assert all(text in last_text(request.body) for text in ("Add 1 and 2", "Be right", "3"))
    assert client.messages == []


@requirement("VERDICT-2", needs=(*NEEDS, "wire", "openai_wire"))
async def test_route_is_a_line_elsewhere(d: Driver) -> None:
    """Asked for in the request, read whole, in any case of letters, with its label or without."""
    for answer in ("ROUTE: code", "route: Code", " CODE \n"):
        d.script(Reply(answer))
        assert await d(router(d, d.api.Agent(free_client(d), name="who")).run("fix it")) == "code done"
    for request in d.server.requests:
        assert asked_schema(request.body) is None
        assert "ROUTE: <one of: code, prose>" in last_text(request.body)


@requirement("VERDICT-2", needs=(*NEEDS, "wire", "openai_wire"))
async def test_pass_is_a_line_elsewhere(d: Driver) -> None:
    """The first line; what stands below it is the feedback."""
    generator = d.api.Agent(d.client(), name="writer")
    d.script(Reply("long"), Reply("VERDICT: REVISE\nToo long.\nVERDICT: PASS if shorter"))
    d.script(Reply("short"), Reply("VERDICT: PASS"))
    workflow = d.api.EvaluatorOptimizer(generator, d.api.Agent(free_client(d), name="critic"))
    assert await d(workflow.run("Write")) == "short"
    bodies = [request.body for request in d.server.requests]
    assert len(bodies) == 4
    assert "VERDICT: PASS\nor\nVERDICT: REVISE" in last_text(bodies[1])
    assert "Too long.\nVERDICT: PASS if shorter" in last_text(bodies[2])


@requirement("VERDICT-2", needs=(*NEEDS, "wire", "openai_wire"))
async def test_score_is_a_line_elsewhere(d: Driver) -> None:
    """From 1 to 10; the reasons stand below it."""
    for answer, found in (("SCORE: 10", (1.0, "")), ("SCORE: 1\nWrong.\nSCORE: 9", (0.1, "Wrong.\nSCORE: 9"))):
        d.script(Reply(answer))
        assert tuple(await d(d.api.LLMJudgeScorer(free_client(d)).score(ROW))) == found
    assert "SCORE: <a whole number from 1 to 10>" in last_text(d.server.requests[0].body)


@requirement("VERDICT-2", subject=LIBRARY)
async def test_own_runner_is_asked_for_a_line(d: Driver) -> None:
    """It knows nothing of schemas; it is asked once when it answers well."""
    answer, tasks = saying("ROUTE: prose")
    assert await d(router(d, own_runner(d, "who", answer)).run("tell me")) == "prose done"
    assert len(tasks) == 1
    assert tasks[0].startswith("tell me")
    assert "ROUTE: <one of: code, prose>" in tasks[0]


@requirement("VERDICT-3", subject=LIBRARY)
async def test_line_is_asked_for_once_more(d: Driver) -> None:
    """The second request has question, answer, fault and form; a second misfit is an error with its text."""
    answer, tasks = saying("Hm, code?", "ROUTE: code", "Hm.", "Still hm.", "ROUTE: prose")
    workflow = router(d, own_runner(d, "who", answer))
    assert await d(workflow.run("fix it")) == "code done"
    for text in ("fix it", "Hm, code?", "is not one of", "ROUTE: <one of: code, prose>"):
        assert text in tasks[1]
    with d.raises(d.lib.errors.VerdictError, match=r"Still hm\.") as caught:
        await d(workflow.run("fix it"))
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, d.lib.errors.VerdictError)
    assert caught.value.text == "Still hm."
    assert len(tasks) == 4


@requirement("VERDICT-3", needs=(*NEEDS, "wire", "constrained"))
async def test_object_is_asked_for_once_more(d: Driver) -> None:
    """Where the provider should have kept to the schema and did not; history has neither misfit nor question."""
    d.script(Reply('{"verdict": "MAYBE", "feedback": ""}'), Reply('{"verdict": "PASS", "feedback": ""}'))
    decider = d.api.Agent(d.client(), name="critic")
    assert await d(critic(d, decider, "draft").run("Write")) == "draft"
    assert "MAYBE" in str(d.server.requests[1].body["messages"])
    assert [message["role"] for message in decider.messages["critic"]] == ["user", "assistant"]
    d.script(Reply("It does PASS"), Reply("PASS"))
    with d.raises(d.lib.errors.VerdictError, match="'critic' gave no verdict") as caught:
        await d(critic(d, decider, "draft").run("Write"))
    assert isinstance(caught.value, d.lib.errors.VerdictError)
    assert caught.value.text == "PASS"
    assert isinstance(caught.value.__cause__, d.lib.errors.StructuredOutputError)
    assert len(d.server.requests) == 4


@requirement("VERDICT-3", "SCORER-3", needs=(*NEEDS, "wire", "openai_wire"))
async def test_judge_is_asked_once_more(d: Driver) -> None:
    """Both kinds of client; without a score it is an error, never a score in the middle."""
    for client, bad, good in (
        (d.client(), "Quite good", '{"score": 4, "feedback": "so so"}'),
        (free_client(d), "Quite good", "SCORE: 4\nso so"),
    ):
        scorer = d.api.LLMJudgeScorer(client)
        d.script(Reply(bad), Reply(good), Reply(bad), Reply("No idea"))
        assert tuple(await d(scorer.score(ROW))) == (0.4, "so so")
        with d.raises(d.lib.errors.VerdictError, match="No idea") as caught:
            await d(scorer.score(ROW))
        assert isinstance(caught.value, d.lib.errors.VerdictError)
        assert caught.value.text == "No idea"
        assert client.messages == []
    assert len(d.server.requests) == 8


@requirement("VERDICT-4", subject=LIBRARY)
async def test_word_in_a_text_is_no_route(d: Driver) -> None:
    """Neither in prose nor beside other words, nor twice; nothing is done then."""
    for bad in (
        "I cannot say route code",
        "ROUTE: code please",
        "not code",
        "code, I think",
        "ROUTE: code\nROUTE: prose",
        "The route is\nROUTE: code",
        "ROUTE:",
        "co",
    ):
        answer, tasks = saying(bad, bad)
        with d.raises(d.lib.errors.VerdictError, match="No handler for route"):
            await d(router(d, own_runner(d, "who", answer)).run("fix it"))
        assert len(tasks) == 2


@requirement("VERDICT-4", "EVALUATOR-OPTIMIZER-4", subject=LIBRARY)
async def test_word_in_a_text_does_not_pass(d: Driver) -> None:
    """B-13: "does not PASS" is no verdict, and neither is any other line with the word in it."""
    for bad in (
        "This does not PASS",
        "PASS is not earned",
        "PASS",
        "VERDICT: does not PASS",
        "VERDICT: PASSABLE",
        "VERDICT: pass",
        "VERDICT: PASS, but shorten it",
        "Not yet.\nVERDICT: PASS",
    ):
        answer, tasks = saying(bad, bad)
        with d.raises(d.lib.errors.VerdictError, match="'critic' gave no verdict"):
            await d(critic(d, own_runner(d, "critic", answer), "draft", "never").run("Write"))
        assert len(tasks) == 2


@requirement("VERDICT-4", "EVALUATOR-OPTIMIZER-4", needs=(*NEEDS, "wire", "openai_wire"))
async def test_word_in_feedback_does_not_pass(d: Driver) -> None:
    """Feedback that speaks of the word revises all the same, structured or not."""
    for client, no, yes in (
        (d.client(), '{"verdict": "REVISE", "feedback": "PASS"}', '{"verdict": "PASS", "feedback": "REVISE"}'),
        (free_client(d), "VERDICT: REVISE\nPASS", "VERDICT: PASS\nREVISE"),
    ):
        d.script(Reply(no), Reply(yes))
        workflow = critic(d, d.api.Agent(client, name="critic"), "one", "two", "three")
        assert await d(workflow.run("Write")) == "two"


@requirement("VERDICT-4", "SCORER-3", needs=(*NEEDS, "wire", "openai_wire"))
async def test_number_in_a_text_is_no_score(d: Driver) -> None:
    """Out of range, a fraction, a word, a number in prose: none is read, on either kind of client."""
    lines = (
        "7",
        "I give it a 7",
        "SCORE: 11",
        "SCORE: 0",
        "SCORE: 7/10",
        "SCORE: 7.5",
        "SCORE: seven",
        "Fine.\nSCORE: 7",
    )
    objects: tuple[str, ...] = (
        '{"score": 11, "feedback": ""}',
        '{"score": 0, "feedback": ""}',
        '{"score": 7.5, "feedback": ""}',
        "7",
    )
    objects += (
        '{"score": "7", "feedback": ""}',
        '{"score": true, "feedback": ""}',
        'I say {"score": 7, "feedback": ""}',
    )
    for client, answers in ((free_client(d), lines), (d.client(), objects)):
        for bad in answers:
            d.script(Reply(bad), Reply(bad))
            with d.raises(d.lib.errors.VerdictError):
                await d(d.api.LLMJudgeScorer(client).score(ROW))
    assert len(d.server.requests) == 2 * (len(lines) + len(objects))


@requirement("VERDICT-5", needs=(*NEEDS, "wire", "openai_wire"))
async def test_failure_of_who_decides_propagates(d: Driver) -> None:
    """A provider's error, and one of a runner of one's own; the fallback is not taken."""

    def broken(_: str) -> str:
        raise LookupError("no answer")

    answer, taken = saying()
    fallback = own_runner(d, "rest", answer)
    for client in (d.client(), free_client(d)):
        d.script(Fault(400))
        with d.raises(d.lib.errors.InvalidRequestError):
            await d(router(d, d.api.Agent(client, name="who"), fallback=fallback).run("fix it"))
    with d.raises(LookupError, match="no answer"):
        await d(router(d, own_runner(d, "who", broken), fallback=fallback).run("fix it"))
    d.script(Fault(400))
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(critic(d, d.api.Agent(d.client(), name="critic"), "draft", "never").run("Write"))
    assert taken == []
