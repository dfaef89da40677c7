"""Model strings, specs and catalogue members."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.models import CAPABILITIES, Model, ModelSpec, ad_hoc_spec, split_model_string

PREFIXES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
MODEL_IDS = st.text("abc019-_./:@", min_size=1, max_size=20)


@given(PREFIXES, MODEL_IDS)
def test_a_model_string_is_split_at_its_first_colon(prefix: str, model_id: str) -> None:
    assert split_model_string(f"{prefix}:{model_id}") == (prefix, model_id)


@pytest.mark.parametrize("text", ["", "gpt-5", ":", "openai:", ":gpt-5"])
def test_any_other_string_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a model string; write provider:model_id") as caught:
        split_model_string(text)
    assert repr(text) in str(caught.value)


@given(MODEL_IDS, st.lists(st.sampled_from(CAPABILITIES)), st.sampled_from([",", ", ", " ,", ",,"]))
def test_flags_say_what_an_unknown_model_can_do(model_id: str, flags: list[str], comma: str) -> None:
    spec = ad_hoc_spec(f"{model_id};{comma.join(flags)}")
    assert spec is not None
    assert spec.id == model_id
    assert {name for name in CAPABILITIES if getattr(spec, name)} == set(flags)


@given(MODEL_IDS)
def test_without_a_semicolon_there_are_no_flags(model_id: str) -> None:
    assert ad_hoc_spec(model_id) is None


@pytest.mark.parametrize(("text", "named"), [("m;tool", "tool"), ("m;tools,sight,audio", "audio, sight")])
def test_an_unknown_flag_is_named_with_the_ones_there_are(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=rf"unknown flags {named}; flags are tools, thinking, vision"):
        ad_hoc_spec(text)


def test_flags_without_an_id_are_refused() -> None:
    with pytest.raises(ValueError, match="';tools' names no model"):
        ad_hoc_spec(";tools")


def test_specs_are_equal_and_hashed_by_id_alone() -> None:
    assert ModelSpec("a", tools=True) == ModelSpec("a", provider="openai")
    assert len({ModelSpec("a", tools=True), ModelSpec("a"), ModelSpec("b")}) == 2
    assert ModelSpec("a") != ModelSpec("b")
    assert ModelSpec("a") != "a"


class Shelf(Model):
    PLAIN = ModelSpec("plain")
    CLEVER = ModelSpec("clever", tools=True, thinking="adaptive", vision=True, generation_kwargs={"max_tokens": 9})


def test_a_member_is_its_id_and_knows_its_spec() -> None:
    assert Shelf.CLEVER.value == "clever"
    by_id: Any = "plain"
    assert Shelf(by_id) is Shelf.PLAIN
    assert Shelf.CLEVER.spec == ModelSpec("clever")
    assert [Shelf.CLEVER.supports_tools, Shelf.CLEVER.supports_thinking, Shelf.CLEVER.supports_vision] == [True] * 3
    assert [Shelf.PLAIN.supports_tools, Shelf.PLAIN.supports_thinking, Shelf.PLAIN.supports_vision] == [False] * 3


def test_a_members_defaults_are_a_copy() -> None:
    Shelf.CLEVER.generation_kwargs["max_tokens"] = 1
    assert Shelf.CLEVER.generation_kwargs == {"max_tokens": 9}
    assert Shelf.PLAIN.generation_kwargs == {}


def test_two_members_of_one_id_are_refused() -> None:
    with pytest.raises(TypeError, match="lists the id 'same' twice"):

        class Twice(Model):
            ONE = ModelSpec("same")
            TWO = ModelSpec("same", tools=True)
