"""The conclusion of a run: which of several ends decides."""

import pytest

from conformance.outcomes import Outcome, Result, conclude, qualify, tally


def results(*outcomes: str, target: str = "a", is_derived: bool = False) -> list[Result]:
    return [
        Result(f"area/test_{number}[{target}-sync]", target, Outcome(outcome), "why", is_derived=is_derived)
        for number, outcome in enumerate(outcomes)
    ]


@pytest.mark.parametrize(
    ("outcomes", "code", "verdict"),
    [
        (["pass"], 0, "conformant"),
        (["pass", "not-applicable"], 0, "conformant"),
        (["pass", "expected-fail"], 0, "conformant"),
        (["pass", "fail"], 1, "not conformant"),
        (["pass", "unexpected-pass"], 1, "not conformant"),
        (["pass", "fail", "could-not-run"], 1, "not conformant"),
        (["pass", "harness-error"], 2, None),
        (["fail", "harness-error", "could-not-run"], 2, None),
        (["pass", "could-not-run"], 3, None),
        (["not-applicable"], 3, None),
        (["expected-fail"], 3, None),
        ([], 3, None),
    ],
)
def test_the_worst_end_decides(outcomes: list[str], code: int, verdict: str | None) -> None:
    found = conclude(results(*outcomes), len(outcomes), {"a"})
    assert (found.code, found.verdict) == (code, verdict)
    assert found.sentence


def test_only_a_required_target_that_could_not_run_counts() -> None:
    both = results("pass") + results("could-not-run", target="b")
    assert conclude(both, 2, {"a"}).code == 0
    assert conclude(both, 2, {"a", "b"}).code == 3


def test_an_outcome_that_repeats_another_does_not_count() -> None:
    both = results("pass") + results("could-not-run", is_derived=True)
    assert conclude(both, 2, {"a"}).code == 0


def test_a_check_without_outcome_is_a_harness_error() -> None:
    found = conclude(results("pass"), 2, {"a"})
    assert (found.code, found.verdict) == (2, None)
    assert found.sentence == "2 checks were declared and 1 have an outcome"


def test_a_partial_run_has_no_verdict() -> None:
    assert conclude(results("pass"), 2, {"a"}, partial="partial run").code == 3
    failed = conclude(results("fail"), 2, {"a"}, partial="partial run")
    assert (failed.code, failed.verdict, failed.sentence) == (1, None, "1 check failed; partial run")


def test_an_error_outside_of_any_check_decides() -> None:
    found = conclude(results("fail"), 1, {"a"}, errors=["stale"])
    assert (found.code, found.verdict, found.sentence) == (2, None, "stale")


def test_every_outcome_is_counted() -> None:
    every = [outcome.value for outcome in Outcome]
    assert tally(results(*every, "pass")) == dict.fromkeys(every, 1) | {"pass": 2}


@pytest.mark.parametrize(
    ("outcomes", "asked", "verdict", "sentence"),
    [
        (["pass"], (), "conformant", "every required check passed"),
        (["pass"], ("core", "mcp"), "conformant in core, mcp", "every required check passed; only core, mcp asked for"),
        (["fail"], ("core",), "not conformant in core", "1 check failed; only core asked for"),
        (["harness-error"], ("core",), None, "1 check had a harness error; only core asked for"),
    ],
)
def test_a_conclusion_says_which_profiles_it_is_on(
    outcomes: list[str], asked: tuple[str, ...], verdict: str | None, sentence: str
) -> None:
    whole = conclude(results(*outcomes), len(outcomes), {"a"})
    found = qualify(whole, dict.fromkeys(asked, whole), asked)
    assert (found.code, found.verdict, found.sentence) == (whole.code, verdict, sentence)


def test_a_profile_that_shows_nothing_is_named_and_keeps_the_verdict_back_where_it_was_asked_for() -> None:
    parts = {"core": conclude(results("pass"), 1, {"a"}), "mcp": conclude(results("not-applicable"), 1, {"a"})}
    whole = conclude(results("pass", "not-applicable"), 2, {"a"})
    for found in (qualify(whole, parts, ("core", "mcp")), qualify(whole, parts, missing=("mcp",))):
        assert (found.code, found.verdict) == (3, None)
        assert "no check passed in mcp" in found.sentence
    named = qualify(whole, parts)
    assert (named.code, named.verdict) == (0, "conformant")
    assert "nothing was shown in mcp" in named.sentence
