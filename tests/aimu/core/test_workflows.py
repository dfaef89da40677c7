"""What all workflows decide: who does what next, what is left of a run, whose conversations are whose."""

from collections.abc import Callable
from typing import Any

import pytest

from aimu.core.chain import ChainState
from aimu.core.chunks import GENERATING, StreamChunk
from aimu.core.conversation import Conversation
from aimu.core.messages import Message
from aimu.core.parallel import ParallelState
from aimu.core.router import RouterState
from aimu.core.runners import MessageHistory, RunnerState, Task
from aimu.core.runs import WorkflowRun
from aimu.core.steps import Crew, Step
from aimu.errors import ConcurrentTurnError, StructuredOutputError, VerdictError


class Speaker(RunnerState):
    """Answers with its name and the task."""

    __aimu_colour__ = "sync"

    name: str

    def __init__(self, name: str, talk: Conversation | None = None) -> None:
        self.name = name
        self.talk = talk or Conversation()

    @property
    def messages(self) -> MessageHistory:
        return {self.name: list(self.talk.messages)}

    def answer(self, text: str) -> str:
        return f"{self.name}({text})"

    def _own_conversation(self) -> Conversation:
        return self.talk

    def _fork(self, suffix: str, forks: dict[int, Any]) -> "Speaker":
        return Speaker(f"{self.name}{suffix}", forks.setdefault(id(self.talk), Conversation()))

    def _can_resume(self) -> bool:
        return self.talk.is_resumable


class Chain(ChainState[Speaker]):
    __aimu_colour__ = "sync"


class Router(RouterState[Speaker]):
    __aimu_colour__ = "sync"


class Parallel(ParallelState[Speaker]):
    __aimu_colour__ = "sync"


def drive(workflow: Any, text: str = "x", take: Callable[[Step], Any] | None = None, **task: Any) -> WorkflowRun:
    """Run a workflow to its end, or to the failure of a step."""
    return go_on(workflow, workflow._begin(Task(text, **task)), take)


def go_on(workflow: Any, run: WorkflowRun, take: Callable[[Step], Any] | None = None) -> WorkflowRun:
    """Take the steps that are left."""
    with workflow._kept(run):
        for found in run.steps():
            for step in found.unfinished() if isinstance(found, Crew) else [found]:
                with step.running():
                    step.result = take(step) if take else step.runner.answer(step.text)
    return run


def failing(*names: str) -> Callable[[Step], Any]:
    """Steps of these speakers fail."""

    def take(step: Step) -> Any:
        if step.runner.name in names:
            raise OSError(step.runner.name)
        return step.runner.answer(step.text)

    return take


def speakers(*names: str) -> list[Speaker]:
    return [Speaker(name) for name in names]


def a_round(call: str = "c1") -> list[Message]:
    """What a conversation holds that waits for its model."""
    return [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": call, "name": "look", "content": "seen"}]


def test_a_plan_goes_from_step_to_step() -> None:
    assert drive(Chain(speakers("a", "b"))).result == "b(a(x))"
    assert drive(Parallel(speakers("a", "b"), separator="+", aggregator=Speaker("e"))).result == "e(a(x)+b(x))"
    assert drive(Router(Speaker("ROUTE: A"), {"a": Speaker("h")}), take=_routed).result == "h(x)"


def _routed(step: Step) -> Any:
    return "ROUTE: A" if step.is_quiet else step.runner.answer(step.text)


def test_there_is_no_result_before_the_end() -> None:
    chain = Chain(speakers("a", "b"))
    with pytest.raises(OSError, match="b"):
        drive(chain, take=failing("b"))
    run = chain._interrupted_run(Task(""))
    with pytest.raises(RuntimeError, match="there is no result"):
        run.result  # noqa: B018


def test_what_failed_is_taken_again_and_what_is_done_is_not() -> None:
    asked: list[str] = []

    def noted(step: Step) -> Any:
        asked.append(step.runner.name)
        return step.runner.answer(step.text)

    chain = Chain(speakers("a", "b", "c"))
    with pytest.raises(OSError, match="b"):
        drive(chain, take=failing("b"))
    assert go_on(chain, chain._interrupted_run(Task("")), noted).result == "c(b(a(x)))"
    assert asked == ["b", "c"]
    assert not chain._can_resume()
    crew = Parallel(speakers("a", "b", "c"), separator="+")
    with pytest.raises(OSError, match="b"):
        drive(crew, take=failing("b"))
    asked.clear()
    assert go_on(crew, crew._interrupted_run(Task("")), noted).result == "a(x)+b(x)+c(x)"
    assert asked == ["b", "c"]


def test_a_step_goes_on_where_something_was_recorded_that_waits() -> None:
    speaker = Speaker("a")
    step = Step(speaker, "x")
    assert not step.goes_on
    for recorded, goes_on in (([], False), (a_round(), True), ([{"role": "assistant", "content": "done"}], False)):
        with pytest.raises(OSError, match="broken"), step.running():
            raise OSError("broken")
        speaker.talk.record(recorded)
        assert step.goes_on is goes_on


def test_equal_messages_of_an_earlier_run_are_not_mistaken_for_new_ones() -> None:
    speaker = Speaker("a")
    speaker.talk.record(a_round())
    step = Step(speaker, "x")
    with pytest.raises(OSError, match="broken"), step.running():
        raise OSError("broken")
    assert not step.goes_on
    speaker.talk.record(a_round(), fresh=True)
    assert step.goes_on


def test_a_plan_that_failed_cannot_go_on() -> None:
    router = Router(Speaker("dunno"), {"a": Speaker("h")})
    with pytest.raises(VerdictError, match="No handler for route"):
        drive(router)
    with pytest.raises(ValueError, match="nothing to resume"):
        router._interrupted_run(Task(""))


def test_a_resumed_run_keeps_its_conditions() -> None:
    chain = Chain(speakers("a"))
    schema = {"type": "object"}
    with pytest.raises(OSError, match="a"):
        drive(chain, take=failing("a"), generate_kwargs={"seed": 1}, images=["i"], schema=schema)
    for given, kwargs in (
        (Task("", stream=True), {"seed": 1}),
        (Task("", {"seed": 2}, True, None, schema), {"seed": 2}),
    ):
        task = chain._interrupted_run(given).task
        assert task == Task("x", kwargs, True, ["i"], schema)
    with pytest.raises(ValueError, match="schema"):
        chain._interrupted_run(Task("", schema={"type": "object", "title": "other"}))


def test_one_run_at_a_time() -> None:
    chain = Chain(speakers("a"), "duo")
    first, second = chain._begin(Task("x")), chain._begin(Task("y"))
    with chain._kept(first), pytest.raises(ConcurrentTurnError, match=r"'duo'.*fork\(\)"), chain._kept(second):
        pass
    assert chain._interrupted_run(Task("")).task.text == "x"
    assert go_on(chain, second).result == "a(y)"


def test_a_run_that_is_let_go_begins_nothing_and_frees_what_it_holds() -> None:
    chain = Chain(speakers("a", "b"))
    run = chain._begin(Task("x", stream=True))
    held = Stream()
    with chain._kept(run):
        step = next(run.steps())
        with run.reading(held):
            run.close()
            assert held.is_closed
        with step.running():
            step.result = "late"
        with pytest.raises(RuntimeError, match="dropped"):
            next(run.steps())
        again = chain._interrupted_run(Task(""))
        with chain._kept(again):
            assert next(again.steps()).runner.name == "b"
    assert chain._can_resume()


class Stream:
    """A stream as a run holds it."""

    def __init__(self) -> None:
        self.is_closed = False
        self._work = self

    @property
    def result(self) -> Any:
        return None

    def close(self) -> None:
        self.is_closed = True


def test_the_answer_is_told_where_nobody_spoke() -> None:
    run = drive(Chain([], "empty"), stream=True)
    assert run.closing() == [StreamChunk(GENERATING, "x", "empty")]
    run.shown(StreamChunk(GENERATING, "x", "a"))
    assert run.closing() == []
    assert drive(Chain([], "empty")).closing() == []


def test_a_fork_has_the_same_shape_whatever_its_fields_are_made_of() -> None:
    a, b = speakers("a", "b")
    origin = Router(a, {"x": Chain((b, a)), "y": b}, "post", b)  # type: ignore[dict-item]
    with pytest.raises(OSError, match="a"):
        drive(origin, take=failing("a"))
    twin: Any = origin.fork("-2")
    assert list(twin.messages) == ["a-2", "b-2"]
    assert twin.fallback is twin.handlers["y"] is twin.handlers["x"].agents[0]
    assert twin.routing_agent is twin.handlers["x"].agents[1]
    assert (twin.name, twin._can_resume(), origin._can_resume()) == ("post", False, True)
    run = origin._interrupted_run(Task(""))
    with origin._kept(run):
        free: Any = origin.fork("-3")
        with free._kept(free._begin(Task("y"))):
            assert list(free.messages) == ["a-3", "b-3"]


@pytest.mark.parametrize("kind", [Chain, Parallel])
def test_members_are_a_list(kind: Any) -> None:
    (one,) = speakers("a")
    for given, name in ((one, "Speaker"), (iter([one]), "list_iterator")):
        with pytest.raises(TypeError, match=rf"must be a list of runners, not {name}"):
            kind(given)


def test_who_shares_a_conversation_is_found_in_any_depth() -> None:
    talk = Conversation()
    a, b, c = Speaker("a", talk), Speaker("b", talk), Speaker("c")
    for workers in ([a, b], [c, Chain([a]), b], [Parallel([c]), Chain([Chain([c], "deep")])]):  # type: ignore[list-item]
        with pytest.raises(ValueError, match=r"workers\[\d\] and workers\[\d\] share a conversation"):
            Parallel(workers)  # type: ignore[arg-type]
    assert len(Parallel([Chain([a, b]), c]).conversations()) == 3  # type: ignore[list-item]


def test_a_schema_is_for_an_aggregator() -> None:
    with pytest.raises(ValueError, match=r"^schema= needs an aggregator, whose answer it is that is to fit$"):
        Parallel(speakers("a"))._begin(Task("x", schema={"type": "object"}))


def test_only_where_a_verdict_is_wanted_may_an_answer_not_fit() -> None:
    def answer() -> None:
        raise StructuredOutputError("it does not fit", text="")

    step, verdict = Step(Speaker("a"), "x"), Step(Speaker("a"), "x", is_verdict=True)
    with pytest.raises(StructuredOutputError), step.running():
        answer()
    with verdict.running():
        answer()
    assert (step.is_done, verdict.is_done) == (False, True)
