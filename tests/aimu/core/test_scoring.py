"""Scorers: what may be one, and what it may return."""

import functools
import inspect
import math
from typing import Any

import pytest

from aimu.core.client import ClientState
from aimu.core.scoring import JudgeState, ScoredRow, Scoring, check_scorer
from aimu.errors import ColourError

ROW = ScoredRow("task", "output", "criteria")


async def later(_: Any) -> Any:
    return 1.0, ""


class Later:
    async def score(self, row: Any) -> Any:
        return await later(row)


@pytest.mark.parametrize("given", [(0, ""), (1, ""), [0.5, "fine"]])
def test_a_pair_is_taken(given: Any) -> None:
    step = Scoring(len, ROW)
    step.take(given)
    assert step.is_done
    assert isinstance(step.result.score, float)
    assert step.result == (float(given[0]), given[1])


@pytest.mark.parametrize("given", [None, 1, "ab", (1,), (1, "a", "b"), {1: "a"}, ("1", "a"), (True, ""), (1, None)])
def test_another_shape_is_a_type_error(given: Any) -> None:
    step = Scoring(len, ROW)
    with pytest.raises(TypeError, match="a scorer returns"):
        step.take(given)
    assert not step.is_done


@pytest.mark.parametrize("score", [-0.001, 1.001, 7, math.nan, math.inf])
def test_a_score_out_of_range_is_a_value_error(score: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        Scoring(len, ROW).take((score, ""))


def test_a_coroutine_is_closed_and_refused() -> None:
    given: Any = later(ROW)
    with pytest.raises(ColourError, match=r"aimu\.aio"):
        Scoring(len, ROW).take(given)
    assert inspect.getcoroutinestate(given) == inspect.CORO_CLOSED


def test_what_would_end_a_generator_does_not() -> None:
    with pytest.raises(RuntimeError, match="the scorer raised StopIteration") as caught:
        Scoring(lambda _: next(iter(())), ROW).invoke()
    assert isinstance(caught.value.__cause__, StopIteration)
    assert Scoring(lambda row: row.reference, ROW).invoke() == "criteria"


def test_colour_is_seen_through_partials_and_objects() -> None:
    for scorer in (later, Later(), functools.partial(later)):
        assert Scoring(scorer, ROW).is_async
        check_scorer(scorer, "async")
        with pytest.raises(ColourError, match="the scorer is async"):
            check_scorer(scorer, "sync")
    assert not Scoring(len, ROW).is_async
    check_scorer(len, "sync")


@pytest.mark.parametrize("thing", [None, 1, "judge", object()])
def test_what_is_no_scorer_is_a_type_error(thing: Any) -> None:
    with pytest.raises(TypeError, match=f"is {type(thing).__name__}"):
        check_scorer(thing, "async")


class Client(ClientState):
    __aimu_colour__ = "sync"

    def __init__(self) -> None:
        pass


class Judge(JudgeState[Client]):
    __aimu_colour__ = "sync"


def test_two_judges_are_two() -> None:
    client = Client()
    judges = [Judge(client), Judge(client)]
    assert judges[0] != judges[1]
    assert len(set(judges)) == 2
