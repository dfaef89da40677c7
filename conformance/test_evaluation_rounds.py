"""Scenarios of spec/evaluation.md: what an EvaluatorOptimizer does with its verdicts."""

import inspect
import json
from typing import Any

from conformance.driver import Driver
from conformance.props import on_wire
from conformance.requirement import requirement
from conformance.scripted import Gate, Reply

NEEDS = ("scripted",)
FIELDS = {
    "generator": inspect.Parameter.empty,
    "evaluator": inspect.Parameter.empty,
    "name": "evaluator_optimizer",
    "max_rounds": 3,
    "pass_keyword": "PASS",
}


def verdict(word: str, feedback: str = "") -> Reply:
    """What an evaluator says that is kept to a schema."""
    return Reply(json.dumps({"verdict": word, "feedback": feedback}))


def workflow_of(d: Driver, **options: Any) -> Any:
    """A writer that starts over with each draft, and a critic."""
    writer = d.api.Agent(d.client(), "You write.", "writer", reset_messages_on_run=True)
    critic = d.api.Agent(d.client(), "You judge.", "critic", reset_messages_on_run=True)
    return d.api.EvaluatorOptimizer(writer, critic, **options)


def last_text(body: dict[str, Any]) -> str:
    """What was said last in a request, on either wire."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def system_of(body: dict[str, Any]) -> str | None:
    """The system message of a request, on either wire."""
    head = body["messages"][0]
    return head["content"] if head["role"] == "system" else body.get("system")


def speakers(d: Driver) -> list[str | None]:
    """Whom each request was for."""
    return [system_of(request.body) for request in d.server.requests]


@requirement("EVALUATOR-OPTIMIZER-1", "EVALUATOR-OPTIMIZER-2", needs=(*NEEDS, "constrained"))
async def test_draft_verdict_revision(d: Driver) -> None:
    """B-14: the revision is asked for with task, draft and feedback; the draft that passes is the answer."""
    d.script(Reply("First try"), verdict("REVISE", "Be bolder"), Reply("Second try"), verdict("PASS"))
    workflow = workflow_of(d)
    assert await d(workflow.run("Write a poem")) == "Second try"
    assert speakers(d) == ["You write.", "You judge."] * 2
    texts = [last_text(request.body) for request in d.server.requests]
    assert texts[0] == "Write a poem"
    for number, *parts in ((1, "First try"), (2, "First try", "Be bolder"), (3, "Second try")):
        for part in ("Write a poem", *parts):
            assert part in texts[int(number)]
    assert len(d.server.requests[2].body["messages"]) == len(d.server.requests[0].body["messages"])
    assert list(workflow.messages) == ["writer", "critic"]
    assert workflow.messages["writer"][-1]["content"] == "Second try"


@requirement("EVALUATOR-OPTIMIZER-3", needs=(*NEEDS, "constrained"))
async def test_last_draft_is_not_evaluated(d: Driver) -> None:
    """Two drafts and one verdict for two rounds; one draft and none for one."""
    d.script(Reply("One"), verdict("REVISE", "More"), Reply("Two"))
    assert await d(workflow_of(d, max_rounds=2).run("Write")) == "Two"
    d.script(Reply("Only"))
    assert await d(workflow_of(d, max_rounds=1).run("Write")) == "Only"
    assert speakers(d) == ["You write.", "You judge.", "You write.", "You write."]


@requirement("EVALUATOR-OPTIMIZER-4", needs=(*NEEDS, "wire", "constrained"))
async def test_keyword_of_ones_own(d: Driver) -> None:
    """It is the word of the verdict then, and the usual one is not allowed any more."""
    d.script(Reply("One"), verdict("SHIP IT"), Reply("Two"), verdict("PASS"), verdict("SHIP IT"))
    workflow = workflow_of(d, pass_keyword="SHIP IT")
    assert await d(workflow.run("Write")) == "One"
    assert "SHIP IT" in str(d.server.requests[1].body)
    assert await d(workflow.run("Write")) == "Two"
    assert len(d.server.requests) == 5


@requirement("EVALUATOR-OPTIMIZER-5", needs=(*NEEDS, "streaming", "constrained"))
async def test_stream_shows_the_drafts(d: Driver) -> None:
    """Each draft as it comes, numbered, and no word of the evaluator; the result is the last draft."""
    gate = Gate()
    d.script(Reply(["One ", gate, "try"]), verdict("REVISE", "More"), Reply("Two tries"), verdict("PASS"))
    seen: list[tuple[Any, ...]] = []
    stream = workflow_of(d).run("Write", stream=True)
    async for chunk in d.stream(stream):
        gate.open()
        seen.append((str(chunk.phase), chunk.agent, chunk.iteration, chunk.content))
    assert "One ".startswith(seen[0][3])
    assert seen[0][3] == "One " or not on_wire(d)
    assert {row[:3] for row in seen} == {("generating", "writer", 0), ("generating", "writer", 1)}
    assert "".join(row[3] for row in seen if row[2] == 0) == "One try"
    assert "".join(row[3] for row in seen if row[2] == 1) == "Two tries"
    assert stream.result == "Two tries"


@requirement("EVALUATOR-OPTIMIZER-6")
async def test_fields_of_an_evaluator_optimizer(d: Driver) -> None:
    """Their names, order and defaults; senseless ones are refused at once, and when they were set later."""
    parameters = inspect.signature(d.api.EvaluatorOptimizer).parameters
    assert {name: parameter.default for name, parameter in parameters.items()} == FIELDS
    assert list(parameters) == list(FIELDS)
    bad: list[dict[str, Any]] = [{"max_rounds": number} for number in (0, -1)]
    bad += [{"pass_keyword": word} for word in ("", "  ", "REVISE", "PASS\nIT", " PASS", "PASS\n")]
    for options in bad:
        ((name, value),) = options.items()
        with d.raises(ValueError, match=f"{name}="):
            workflow_of(d, **options)
        workflow = workflow_of(d)
        setattr(workflow, name, value)
        with d.raises(ValueError, match=f"{name}="):
            await d(workflow.run("Write"))


@requirement("EVALUATOR-OPTIMIZER-7", needs=(*NEEDS, "images"))
async def test_images_go_to_the_first_draft(d: Driver) -> None:
    """Neither the evaluator nor a revision is shown them."""
    d.script(Reply("A cat"), verdict("REVISE", "Which?"), Reply("A red cat"), verdict("PASS"))
    await d(workflow_of(d).run("Describe it", images=["https://example.com/cat.png"]))
    assert ["cat.png" in str(request.body) for request in d.server.requests] == [True, False, False, False]


@requirement("EVALUATOR-OPTIMIZER-7", needs=(*NEEDS, "wire", "constrained"))
async def test_schema_holds_for_each_draft(d: Driver) -> None:
    """The object of the last one is the result; the evaluator reads JSON."""
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    d.script(Reply('{"n": 1}'), verdict("REVISE", "More"), Reply("two"), Reply('{"n": 2}'), verdict("PASS"))
    assert await d(workflow_of(d).run("Count", schema=schema)) == {"n": 2}
    assert '{"n":1}' in last_text(d.server.requests[1].body).replace(" ", "")
    assert len(d.server.requests) == 5
