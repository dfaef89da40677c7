"""Reading verdicts: one strict line, or an object, and nothing in between."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.steps import Step
from aimu.core.structured import output_schema
from aimu.core.verdicts import NO_ROUTE, check_keyword, how_good, whether_it_passes, which_route
from aimu.errors import ProviderError, StructuredOutputError, VerdictError


class Decider:
    """A runner that is never run: the test answers its steps."""

    name = "who"

    def __init__(self, constrains: bool) -> None:
        self._can_constrain: Callable[[Any], bool] = lambda _: constrains

    def conversations(self) -> list[Any]:
        return []


def answered(question: Any, *answers: Any, constrains: bool = False) -> tuple[Any, list[Step]]:
    """The verdict after these answers, and the steps they were given to."""
    plan, steps = question.asked_of(Decider(constrains), "Is it?"), list[Step]()
    left = list(answers)
    try:
        step = next(plan)
        while True:
            steps.append(step)
            with step.running():
                if isinstance(answer := left.pop(0), Exception):
                    raise answer
                step.result = answer
            step = next(plan)
    except StopIteration as end:
        assert left == []
        return end.value, steps


def test_a_route_is_read_whole() -> None:
    question = which_route(["Code", "prose"], has_fallback=False)
    for text in ("code", "ROUTE: code", "route:CODE", "\n ROUTE:  Code \n"):
        assert question.from_text(text) == "Code"
    for text in ("", "codes", "ROUTE:", "ROUTE: code.", "code prose", "ROUTE: code\nprose", NO_ROUTE):
        with pytest.raises(ValueError, match="is not one of the routes"):
            question.from_text(text)


def test_space_round_a_name_is_no_part_of_it() -> None:
    question = which_route([" code "], has_fallback=False)
    assert question.from_text("ROUTE: code") == " code "
    assert question.from_object({"route": " code "}) == " code "


def test_no_route_is_a_route_where_there_is_a_fallback() -> None:
    question = which_route(["code"], has_fallback=True)
    assert question.from_text(f"ROUTE: {NO_ROUTE}") is None
    assert question.from_object({"route": NO_ROUTE}) is None
    assert question.schema["properties"]["route"]["enum"] == ["code", NO_ROUTE]


def test_a_pass_is_the_word_of_the_first_line() -> None:
    question = whether_it_passes("PASS")
    assert question.from_text("VERDICT: PASS\nREVISE") == (True, "REVISE")
    assert question.from_text(" VERDICT:REVISE \n\n PASS\n") == (False, "PASS")
    for text in ("PASS", "VERDICT: pass", "VERDICT: PASS.", "verdict: PASS", "So:\nVERDICT: PASS", "VERDICT:\nPASS"):
        with pytest.raises(ValueError, match=r"VERDICT|neither"):
            question.from_text(text)


@given(st.text())
def test_no_other_text_passes(text: str) -> None:
    """Whatever is said: it passes only when its first line is the verdict."""
    try:
        passed = whether_it_passes("PASS").from_text(text).passed
    except ValueError:
        passed = False
    first = text.strip().partition("\n")[0]
    assert passed == (first.startswith("VERDICT:") and first[8:].strip() == "PASS")


def test_a_score_is_a_whole_number_from_one_to_ten() -> None:
    question = how_good()
    for number in range(1, 11):
        assert question.from_text(f"SCORE: {number}\nwhy") == (number / 10, "why")
    for text in ("0", "11", "01", "-1", "7/10", "7.0", "seven", "7 of 10", "٧"):
        with pytest.raises(ValueError, match="is not a whole number from 1 to 10"):
            question.from_text(f"SCORE: {text}")


def test_the_schemas_let_through_what_they_ask_for_only() -> None:
    for question, good, bad in (
        (which_route(["a"], False), '{"route": "a"}', ['{"route": "A"}', '{"route": "a", "b": 1}', "a"]),
        (whether_it_passes("OK"), '{"verdict": "OK", "feedback": ""}', ['{"verdict": "OK"}', '{"verdict": "NOT OK"}']),
        (how_good(), '{"score": 1, "feedback": ""}', ['{"score": 11, "feedback": ""}', '{"score": 0, "feedback": ""}']),
    ):
        schema = output_schema(question.schema)
        assert schema is not None
        schema.read(good)
        for text in bad:
            with pytest.raises(StructuredOutputError):
                schema.read(text)


def test_a_line_is_asked_for_twice_and_no_more() -> None:
    verdict, steps = answered(how_good(), "hm", "SCORE: 3\nmeh")
    assert verdict == (0.3, "meh")
    assert all("SCORE: <" in step.text and step.is_quiet and step.schema is None for step in steps)
    assert "'hm'" in steps[1].text
    with pytest.raises(VerdictError, match="'who' gave no verdict") as caught:
        answered(how_good(), "hm", "still hm")
    assert caught.value.text == "still hm"
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_object_is_asked_for_once_since_the_turn_asks_again_itself() -> None:
    verdict, steps = answered(whether_it_passes("OK"), {"verdict": "OK", "feedback": "f"}, constrains=True)
    assert verdict == (True, "f")
    assert [(step.text, step.is_quiet) for step in steps] == [("Is it?", True)]
    with pytest.raises(VerdictError) as caught:
        answered(how_good(), StructuredOutputError("no", text="raw"), constrains=True)
    assert caught.value.text == "raw"


def test_a_failure_passes_through() -> None:
    for constrains in (False, True):
        with pytest.raises(ProviderError):
            answered(how_good(), ProviderError("down"), constrains=constrains)


def test_keywords() -> None:
    for keyword in ("PASS", "SHIP IT", "ça va"):
        check_keyword(keyword)
    for keyword in ("", " ", "PASS ", "\tPASS", "A\nB", "A\u2028B", "REVISE"):
        with pytest.raises(ValueError, match="pass_keyword="):
            check_keyword(keyword)


def test_nothing_changes_a_question() -> None:
    question = how_good()
    with pytest.raises(FrozenInstanceError):
        question.protocol = "Say anything."  # type: ignore[misc]
