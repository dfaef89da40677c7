"""generate_kwargs: merged, translated, and never changed under the caller."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.kwargs import (
    PORTABLE,
    THINKING_LEVELS,
    checked_thinking,
    merged,
    thinking_budget,
    thinking_level,
    translated,
)

KEYS = st.sampled_from([*sorted(PORTABLE - {"thinking"}), "top_logprobs", "user"])
LAYERS = st.lists(st.none() | st.dictionaries(KEYS, st.none() | st.integers(0, 9)), max_size=4)


@given(LAYERS)
def test_the_last_layer_that_names_a_key_decides_and_none_removes_it(layers: list[dict[str, Any] | None]) -> None:
    before = copy.deepcopy(layers)
    result = merged(*layers)
    for name in {name for layer in layers for name in layer or {}}:
        last = [layer[name] for layer in layers if layer and name in layer][-1]
        assert result.get(name) == last
        assert (name in result) == (last is not None)
    assert layers == before


@given(
    st.dictionaries(KEYS, st.integers(0, 9)),
    st.lists(st.sampled_from(sorted(PORTABLE)), unique=True).map(
        lambda names: {name: f"wire_{name}" for name in names}
    ),
)
def test_each_key_is_renamed_dropped_or_passed_on(kwargs: dict[str, Any], names: dict[str, str]) -> None:
    before = dict(kwargs)
    body, dropped = translated(kwargs, names)
    assert kwargs == before
    assert set(dropped) == {name for name in kwargs if name in PORTABLE and name not in names}
    assert body == {names.get(name, name): value for name, value in kwargs.items() if name not in dropped}


@pytest.mark.parametrize("value", [True, False, 1, 1024, *THINKING_LEVELS])
def test_a_wish_to_think_is_a_bool_a_budget_or_a_level(value: bool | int | str) -> None:
    assert checked_thinking(value) is value


@pytest.mark.parametrize("value", [0, -1, 1.5, "hard", "", None, [], {}])
def test_any_other_wish_is_refused_with_the_ones_there_are(value: object) -> None:
    with pytest.raises(ValueError, match=r"thinking=.*use True, False, a token budget, or one of minimal, low"):
        checked_thinking(value)


@pytest.mark.parametrize("level", THINKING_LEVELS)
def test_every_level_has_a_budget(level: str) -> None:
    assert thinking_budget(level) >= 1024
    assert thinking_level(level) == level


def test_a_higher_level_is_a_larger_budget() -> None:
    budgets = [thinking_budget(level) for level in THINKING_LEVELS]
    assert budgets == sorted(set(budgets))


@given(st.integers(1, 50_000), st.integers(1, 50_000))
def test_a_larger_budget_is_never_a_lower_level(first: int, second: int) -> None:
    smaller, larger = sorted([first, second])
    assert THINKING_LEVELS.index(thinking_level(smaller)) <= THINKING_LEVELS.index(thinking_level(larger))
    assert thinking_budget(smaller) == smaller


def test_true_is_the_middle_and_one_is_a_budget() -> None:
    assert thinking_level(True) == "medium"
    assert thinking_budget(True) == thinking_budget("medium")
    assert thinking_level(1) == "low"
    assert thinking_budget(1) == 1


@pytest.mark.parametrize(("budget", "level"), [(2048, "low"), (2049, "medium"), (8192, "medium"), (8193, "high")])
def test_a_budget_is_the_level_it_reaches(budget: int, level: str) -> None:
    assert thinking_level(budget) == level
