"""Recorded replies: the same pieces and the same reply, however the bytes of the body are cut."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu import errors
from conformance.implementation import load
from conformance.readings.recording import Interaction, interactions, recordings
from conformance.recorded.target import default_folder
from conformance.replay.decoders import Decoders
from tests.aimu.strategies import every_byte, pieces

FEWEST = 30  # streams in the cassettes; fewer means that they were not found
WIRES = ("openai", "anthropic")


@cache
def streams() -> list[tuple[str, Interaction]]:
    """The streams of the cassettes, and of the folder that AIMU_RECORDINGS names."""
    folders = [default_folder(), *map(Path, filter(None, [os.environ.get("AIMU_RECORDINGS")]))]
    paths = [path for folder in folders for path in recordings(folder)]
    found = [(f"{path.name} #{n}", each) for path in paths for n, each in enumerate(interactions(path))]
    return [(name, each) for name, each in found if isinstance(each, Interaction) and each.is_event_stream]


@cache
def decoders() -> Decoders:
    return Decoders(load("aimu"))


def told(each: Interaction, fragments: list[bytes]) -> Any:
    return decoders().decode(each, fragments)


def test_there_are_streams_of_both_wires() -> None:
    assert len(streams()) >= FEWEST
    assert {each.wire for _, each in streams()} == set(WIRES)


def test_each_stream_says_the_same_byte_by_byte() -> None:
    for name, each in streams():
        assert told(each, every_byte(each.body)) == told(each, [each.body]), name


@pytest.mark.parametrize("wire", WIRES)
@given(data=st.data())
def test_any_cut_of_any_stream_says_the_same(wire: str, data: st.DataObject) -> None:
    name, each = data.draw(st.sampled_from([found for found in streams() if found[1].wire == wire]))
    assert told(each, data.draw(pieces(each.body))) == told(each, [each.body]), name


@pytest.mark.parametrize("wire", WIRES)
@given(data=st.data())
def test_a_stream_that_breaks_off_tells_the_beginning_of_what_it_says_whole(wire: str, data: st.DataObject) -> None:
    """Nothing is told that is not in the whole; then it is over, or that error of a provider which it is."""
    _, each = data.draw(st.sampled_from([found for found in streams() if found[1].wire == wire]))
    cut = data.draw(st.integers(0, len(each.body)))
    found, outcome = told(each, [each.body[:cut]])
    whole, reply = told(each, [each.body])
    assert found == whole[: len(found)]
    if isinstance(outcome, tuple):  # class and text of an exception
        assert issubclass(getattr(errors, outcome[0]), errors.ProviderError), outcome
    else:
        assert (outcome.text, outcome.calls) == (reply.text, reply.calls)
