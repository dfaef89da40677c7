"""Chunks and phases."""

from typing import Any

import pytest

from aimu.core.chunks import GENERATING, THINKING, TOOL_CALLING, StreamChunk, StreamingContentType, phases


def test_phases_equal_their_strings() -> None:
    assert [phase.value for phase in StreamingContentType] == ["thinking", "tool_calling", "generating", "done"]
    assert all(phase == phase.value for phase in StreamingContentType)


@pytest.mark.parametrize(("phase", "is_text", "is_call"), [(THINKING, 1, 0), (GENERATING, 1, 0), (TOOL_CALLING, 0, 1)])
def test_a_chunk_knows_what_it_holds(phase: StreamingContentType, is_text: int, is_call: int) -> None:
    chunk = StreamChunk(phase, "x")
    assert (chunk.is_text(), chunk.is_tool_call()) == (bool(is_text), bool(is_call))
    assert (chunk.agent, chunk.iteration) == (None, 0)


def test_done_is_neither_text_nor_a_call() -> None:
    chunk = StreamChunk(StreamingContentType.DONE, "")
    assert not chunk.is_text()
    assert not chunk.is_tool_call()


def test_no_filter_and_an_empty_filter_are_different_wishes() -> None:
    assert phases(None) is None
    assert phases([]) == frozenset()


@pytest.mark.parametrize("include", ["generating", ["generating"], (GENERATING,), {GENERATING, "generating"}])
def test_phases_are_named_by_string_or_member(include: Any) -> None:
    assert phases(include) == frozenset({GENERATING})


@pytest.mark.parametrize("include", [["text"], "text", [None], ["generating", "text"]])
def test_an_unknown_phase_is_named_with_the_ones_there_are(include: Any) -> None:
    with pytest.raises(ValueError, match=r"unknown phase ('text'|None).*'thinking', 'tool_calling', 'generating'"):
        phases(include)
