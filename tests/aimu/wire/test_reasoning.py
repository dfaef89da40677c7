"""Thoughts in parts: what is joined, what is replaced, what stays apart."""

from typing import Any

import pytest

from aimu.wire.reasoning import detailed_thought, merge_details

Details = list[dict[str, Any]]


@pytest.mark.parametrize("key", ["text", "summary", "data"])
def test_what_is_said_is_appended(key: str) -> None:
    details: Details = []
    for part in ("a", "b"):
        merge_details(details, [{"index": 0, "type": "t", key: part}])
    assert details == [{"index": 0, "type": "t", key: "ab"}]


def test_what_only_describes_is_replaced_and_nothing_replaces_nothing() -> None:
    details: Details = []
    parts: Details = [
        {"index": 0, "format": "x"},
        {"index": 0, "format": "y", "text": "a"},
        {"index": 0, "format": None},
    ]
    merge_details(details, parts)
    assert details == [{"index": 0, "format": "y", "text": "a"}]


@pytest.mark.parametrize(
    "second",
    [{"index": 1, "type": "t", "text": "b"}, {"index": 0, "type": "u", "text": "b"}, {"type": "t", "text": "b"}],
)
def test_parts_of_another_index_or_type_or_of_none_stay_apart(second: dict[str, Any]) -> None:
    details: Details = []
    merge_details(details, [{"index": 0, "type": "t", "text": "a"}, second])
    assert details == [{"index": 0, "type": "t", "text": "a"}, second]


def test_the_thought_is_the_text_or_the_summary_of_each() -> None:
    assert detailed_thought([{"text": "a", "summary": "x"}, {"summary": "b"}, {"data": "c"}]) == "ab"
