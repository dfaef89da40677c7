"""States found again by the tokens they begin with, and never more of them than fit."""

from hypothesis import given
from hypothesis import strategies as st

from aimu.core.prefixes import Prefix, PrefixCache, common

TOKENS = st.lists(st.integers(0, 2), max_size=6)
STATES = st.lists(st.tuples(TOKENS, st.integers(0, 9)), max_size=8)


def filled(limit: int, states: list[tuple[list[int], int]]) -> PrefixCache:
    cache = PrefixCache(limit)
    for tokens, size in states:
        cache.keep(Prefix(tuple(tokens), None, size))
    return cache


@given(TOKENS, TOKENS)
def test_what_two_lists_have_in_common_is_their_longest_beginning(one: list[int], other: list[int]) -> None:
    count = common(one, other)
    assert one[:count] == other[:count]
    assert count in (len(one), len(other)) or one[count] != other[count]
    assert common(tuple(one), other) == common(other, tuple(one)) == count


@given(st.integers(0, 20), STATES)
def test_what_is_kept_takes_no_more_than_the_limit(limit: int, states: list[tuple[list[int], int]]) -> None:
    cache = PrefixCache(limit)
    for tokens, size in states:
        cache.keep(Prefix(tuple(tokens), None, size))
        assert cache.size <= limit


@given(STATES, TOKENS)
def test_the_state_that_shares_most_is_found(states: list[tuple[list[int], int]], prompt: list[int]) -> None:
    cache = filled(1000, states)
    found, shared = cache.longest(prompt)
    assert shared == max((common(tokens, prompt) for tokens, _ in states), default=0)
    assert (found is None) == (shared == 0)
    assert found is None or common(found.tokens, prompt) == shared


def test_a_state_goes_when_a_newer_one_goes_on_from_it() -> None:
    cache = filled(100, [([1], 5), ([1, 2], 7), ([3], 2), ([1, 2], 6)])
    assert cache.size == 8
    assert cache.longest([1, 2, 3])[1] == 2


def test_a_state_that_goes_less_far_stands_beside_the_older_one() -> None:
    cache = filled(100, [([1, 2, 3], 5), ([1, 2], 7)])
    assert cache.size == 12


def test_the_oldest_goes_first() -> None:
    cache = filled(10, [([1], 4), ([2], 4), ([3], 4)])
    assert [cache.longest([token])[1] for token in (1, 2, 3)] == [0, 1, 1]


def test_one_that_is_too_large_drives_out_nothing() -> None:
    cache = filled(10, [([1], 4), ([2], 11)])
    assert [cache.longest([token])[1] for token in (1, 2)] == [1, 0]


def test_without_room_nothing_is_kept() -> None:
    assert filled(0, [([1], 1)]).longest([1]) == (None, 0)


def test_what_is_taken_is_kept_no_longer() -> None:
    cache = filled(10, [([1], 4), ([1, 2], 4)])
    found, _ = cache.longest([1, 2])
    assert found
    cache.take(found)
    assert (cache.size, cache.longest([1, 2])) == (0, (None, 0))
