"""Who speaks in a runner, and which runner takes a call."""

import copy
from typing import Any

import pytest

from aimu import tool
from aimu.core.agents import AgentState
from aimu.core.runners import RunnerState, Understudies, merged_messages, runner_tool
from aimu.errors import ToolError
from tests.aimu.core.test_client import Client


class SyncClient(Client):
    __aimu_colour__ = "sync"


class Agent(AgentState[Client]):
    __aimu_colour__ = "sync"


class Own(RunnerState):
    name = "own"

    @property
    def messages(self) -> dict[str, Any]:
        return {"own": []}


class Group(Own):
    """A runner of the user's own that is made of others, and says so."""

    def __init__(self, *members: RunnerState) -> None:
        self.members = members

    def speakers(self) -> list[RunnerState]:
        return [self, *self.members]


def agent(name: str, *tools: Any) -> Agent:
    return Agent(SyncClient(), name, name, list(tools))


def as_tool(runner: RunnerState, name: str | None = None) -> Any:
    def work(task: str) -> str:
        return task

    return runner_tool(tool(work), Understudies.of(runner), name, None)


def names(speakers: list[RunnerState]) -> list[str | None]:
    return [speaker.name for speaker in speakers]


def test_an_agent_speaks_with_those_behind_its_tools_each_once() -> None:
    low = agent("low")
    mid = agent("mid", as_tool(low))
    top = agent("top", as_tool(mid), as_tool(low, "direct"))
    assert names(top.speakers()) == ["top", "mid", "low"]
    assert [id(held) for held in top.conversations()] == [id(one.model_client._conversation) for one in (top, mid, low)]


def test_a_circle_ends() -> None:
    first, second = agent("first"), agent("second")
    first.tools = [as_tool(second)]
    second.tools = [as_tool(first)]
    assert names(first.speakers()) == ["first", "second"]
    assert list(second.messages) == ["second", "first"]


def test_a_runner_of_ones_own_may_say_who_speaks_in_it() -> None:
    inner = agent("inner", as_tool(agent("behind")))
    group = Group(inner)
    assert names(agent("top", as_tool(group)).speakers()) == ["top", "own", "inner", "behind"]


def test_a_name_that_two_have_is_refused() -> None:
    with pytest.raises(ValueError, match="two speakers are called 'a'"):
        merged_messages([agent("a"), agent("a")])


def test_a_runner_has_one_crew_and_a_copy_its_own() -> None:
    runner = agent("a")
    crew = Understudies.of(runner)
    assert Understudies.of(runner) is crew
    twin = copy.copy(runner)
    assert Understudies.of(twin).runner is twin
    assert Understudies.of(runner) is crew


def fail_in(crew: Understudies) -> None:
    with crew.one("x"):
        raise LookupError


def test_who_is_free_takes_the_call_the_first_one_first() -> None:
    crew = Understudies.of(agent("a"))
    with crew.one("x") as first:
        with crew.one("y") as second, crew.one("z") as third:
            assert [one.name for one in (first, second, third)] == ["a", "a-2", "a-3"]
        with crew.one("y") as again:
            assert again is second
    with pytest.raises(LookupError):
        fail_in(crew)
    with crew.one("x") as after:
        assert after is first


def test_a_call_without_a_task_takes_nobody() -> None:
    crew = Understudies.of(agent("a"))
    with pytest.raises(ToolError, match="'task' is empty"), crew.one(" \n"):
        pass
    with crew.one("x") as runner:
        assert runner.name == "a"


def test_who_cannot_be_forked_stays_free_for_the_next_call() -> None:
    crew = Understudies.of(own := Own())
    with crew.one("x"), pytest.raises(TypeError, match="Own brings no fork"), crew.one("y"):
        pass
    with crew.one("x") as runner:
        assert runner is own
