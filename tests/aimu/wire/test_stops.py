"""Stop strings: the same end, however the text is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.wire.stops import StopStrings
from tests.aimu.strategies import pieces

STOPS = st.lists(st.text("ab<|", min_size=1, max_size=4), max_size=3)


def passed(stops: list[str], texts: list[str]) -> tuple[str, str | None]:
    reader = StopStrings(stops)
    said = [reader.feed(text) for text in texts]
    return "".join([*said, reader.finish()]), reader.hit


@pytest.mark.parametrize(
    ("stops", "text", "said", "hit"),
    [
        ([], "abc", "abc", None),
        ([""], "abc", "abc", None),
        (["b"], "abc", "a", "b"),
        (["STOP"], "go STOP on STOP", "go ", "STOP"),
        (["STOP"], "go STO", "go STO", None),
        (["aab"], "aaab", "a", "aab"),
        (["c", "b"], "abc", "a", "b"),
        (["abcd", "bc"], "abcd", "a", "bc"),
        (["bc", "abc"], "abc", "", "abc"),
        (["\n\n"], "one\ntwo\n\nthree", "one\ntwo", "\n\n"),
        (["é", "\U0001f600"], "a\U0001f600é", "a", "\U0001f600"),
    ],
)
def test_the_first_stop_string_that_is_complete_ends_the_text(
    stops: list[str], text: str, said: str, hit: str | None
) -> None:
    assert passed(stops, [text]) == (said, hit)
    assert passed(stops, list(text)) == (said, hit)


@given(STOPS, st.text("ab<|", max_size=12), st.data())
def test_any_cut_gives_the_same_text(stops: list[str], text: str, data: st.DataObject) -> None:
    whole = passed(stops, [text])
    assert passed(stops, data.draw(pieces(text))) == whole
    said, hit = whole
    assert text.startswith(said + (hit or ""))
    assert not any(stop in said for stop in stops)
    assert hit is not None or said == text


def test_what_cannot_become_a_stop_string_is_passed_on_at_once() -> None:
    reader = StopStrings(["</end>"])
    assert [reader.feed(text) for text in ("a<", "/e", "!b", "<", "/end>", "c")] == ["a", "", "</e!b", "", "", ""]
    assert (reader.hit, reader.finish()) == ("</end>", "")
