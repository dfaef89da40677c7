"""Every requirement is checked by something, and what the spec names is there."""

from conformance import index


def test_the_spec_and_its_index_have_no_problems() -> None:
    assert index.check() == []


def test_every_requirement_has_a_scenario_or_names_its_test() -> None:
    assert index.coverage() == []
