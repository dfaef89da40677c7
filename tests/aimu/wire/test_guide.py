"""Where in a reply a grammar applies."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.wire.family import Constraint
from aimu.wire.guide import Guide, Rule
from tests.aimu.strategies import pieces

SCHEMA = {"type": "object"}
CALL = Constraint("<call>", "\n", {"type": "object"}, "\n</call>")
INSIDE = Rule(constraint=CALL, is_inside=True)


def fed(guide: Guide, texts: list[str]) -> int | None:
    """Behind which of the texts another rule holds."""
    return next((at for at, text in enumerate(texts) if guide.feed(text)), None)


@pytest.mark.parametrize("prompt", ["<assistant>", "<think></think>"])
def test_an_answer_is_kept_to_its_schema_from_its_first_token(prompt: str) -> None:
    assert Guide(prompt, SCHEMA, None).rule == Rule(SCHEMA)
    assert Guide(prompt, SCHEMA, CALL).rule == Rule(SCHEMA, CALL)
    assert Guide(prompt, None, CALL).rule is None


@given(st.text("ab<call\n", max_size=12), st.data())
def test_behind_the_opener_a_call_is_kept_to_its_schema(text: str, data: st.DataObject) -> None:
    """However the opener is cut; one token of it may end in the opener, not go past it."""
    guide, said = Guide("", None, CALL), (text + "<call>").partition("<call>")
    assert fed(guide, data.draw(pieces(said[0] + said[1]))) is not None
    assert guide.rule == INSIDE


def test_a_call_that_is_complete_leaves_the_reply_free_for_another() -> None:
    guide = Guide("", None, CALL)
    assert fed(guide, ["Well, ", "<call>"]) == 1
    assert guide.leave()
    assert guide.rule is None
    assert fed(guide, ["\n", "<ca", "ll>"]) == 2
    assert guide.rule == INSIDE


def test_an_answer_that_is_complete_ends_the_reply() -> None:
    guide = Guide("", SCHEMA, CALL)
    assert not guide.leave()
    assert guide.rule is None


@pytest.mark.parametrize(("prompt", "opened"), [("<assistant><think>\n", ""), ("<assistant>", "\n<think>")])
@pytest.mark.parametrize(("schema", "constraint"), [(SCHEMA, None), (SCHEMA, CALL)])
def test_a_thought_is_free_and_the_answer_behind_it_is_not(
    prompt: str, opened: str, schema: dict[str, Any], constraint: Constraint | None
) -> None:
    guide = Guide(prompt, schema, constraint)
    if opened:
        guide.rule = None  # no grammar lets a thought begin; an engine without one for this schema does
    assert fed(guide, [opened, "a <call> in a thought", "</thi", "nk>"]) == 3
    assert guide.rule == Rule(schema, constraint)


@pytest.mark.parametrize(("prompt", "opened"), [("<think>", ""), ("", "<think>")])
def test_a_thought_that_speaks_of_a_call_makes_none(prompt: str, opened: str) -> None:
    guide = Guide(prompt, None, CALL)
    assert fed(guide, [opened, "I use <call>", "</think>", " so ", "<call>"]) == 4
    assert guide.rule == INSIDE


def test_without_schema_and_calls_nothing_is_kept_to_anything() -> None:
    guide = Guide("", None, None)
    assert fed(guide, ["<call>", "<think>", "</think>"]) is None
    assert guide.rule is None


def test_a_call_that_the_model_opens_of_itself_may_be_left_free() -> None:
    """Beside a schema it never is: what is no answer has to be a call."""
    guide = Guide("", None, CALL, is_strict=False)
    assert fed(guide, ["<call>", "anything", "</call>"]) is None
    assert Guide("", SCHEMA, CALL, is_strict=False).rule == Rule(SCHEMA, CALL)


def test_a_thought_may_come_before_an_answer_where_it_was_asked_for() -> None:
    assert Guide("", SCHEMA, None, may_think=True).rule == Rule(SCHEMA, may_think=True)
    opened = Guide("<think>", SCHEMA, None, may_think=True)
    assert fed(opened, ["so</think>"]) == 0
    assert opened.rule == Rule(SCHEMA)
