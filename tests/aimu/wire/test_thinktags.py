"""<think> in text: the same split, however the text is cut."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.reply import Piece
from aimu.wire.thinktags import CLOSE, OPEN, ThinkTags, overlap
from tests.aimu.strategies import joined, pieces

PARTS = st.sampled_from([OPEN, CLOSE, "<", "<think", "</thi", ">", "\n", " ", "a", "bc", "é"])
TANGLES = st.lists(PARTS, max_size=8).map("".join)


def split(texts: list[str], *, opened: bool = False) -> list[Piece]:
    tags = ThinkTags(opened=opened)
    return [*(piece for text in texts for piece in tags.feed(text)), *tags.finish()]


def both(found: list[Piece]) -> tuple[str, str]:
    return joined(found, THINKING), joined(found, GENERATING)


@given(TANGLES, st.data(), st.booleans())
@example("<think>\na</think>\nb", None, False)
def test_any_cut_gives_the_same_thought_and_answer(text: str, data: st.DataObject | None, opened: bool) -> None:
    wanted = both(split([text], opened=opened))
    assert both(split(list(text), opened=opened)) == wanted
    if data is not None:
        assert both(split(data.draw(pieces(text)), opened=opened)) == wanted


@given(TANGLES, st.booleans())
def test_nothing_is_lost_but_tags_and_blanks_around_them(text: str, opened: bool) -> None:
    thought, answer = both(split(list(text), opened=opened))
    rest = text
    if opened or text.lstrip().startswith(OPEN):
        rest = (text if opened else text.lstrip().removeprefix(OPEN)).replace(CLOSE, "", 1)
    assert (thought + answer).replace("\n", "") == rest.replace("\n", "")


@given(TANGLES, st.booleans())
def test_no_piece_is_empty_and_thought_comes_first(text: str, opened: bool) -> None:
    found = split(list(text), opened=opened)
    assert all(piece for _, piece in found)
    phases = [phase for phase, _ in found]
    assert phases == sorted(phases, key=[THINKING, GENERATING].index)


@pytest.mark.parametrize(
    ("text", "opened", "thought", "answer"),
    [
        ("hi", False, "", "hi"),
        ("<think>hm</think>hi", False, "hm", "hi"),
        ("  \n<think>\n\nhm\n</think>\n\n hi\n", False, "hm", " hi\n"),
        ("hm</think>hi", True, "hm", "hi"),
        ("\nhm</think>\n\nhi", True, "hm", "hi"),
        ("hi <think>hm</think>", False, "", "hi <think>hm</think>"),
        ("<think>a</think>b<think>c</think>", False, "a", "b<think>c</think>"),
        ("<think></think>hi", False, "", "hi"),
        ("<think>hm", False, "hm", ""),
        ("<think>hm</thi", False, "hm</thi", ""),
        ("<think>hm</think>\n\n", False, "hm", ""),
        ("<think>\n\n", False, "", ""),
        ("<thi", False, "", "<thi"),
        ("<thinking>hm", False, "", "<thinking>hm"),
        ("  hi", False, "", "  hi"),
        ("</think>hi", False, "", "</think>hi"),
    ],
)
def test_only_a_tag_that_opens_the_text_counts(text: str, opened: bool, thought: str, answer: str) -> None:
    assert both(split([text], opened=opened)) == (thought, answer)


def test_text_is_given_out_as_soon_as_it_cannot_be_a_tag() -> None:
    tags = ThinkTags()
    assert tags.feed("<th") == []
    assert tags.feed("ink>so") == [(THINKING, "so")]
    assert tags.feed(" be it</") == [(THINKING, " be it")]
    assert tags.feed("x") == [(THINKING, "</x")]
    assert tags.feed("</think>yes") == [(GENERATING, "yes")]
    assert tags.feed("<think>") == [(GENERATING, "<think>")]


@given(st.text("</think>ab", max_size=12))
def test_the_overlap_is_the_longest_end_that_could_start_the_tag(text: str) -> None:
    ends = [size for size in range(1, len(CLOSE)) if text.endswith(CLOSE[:size])]
    assert overlap(text, CLOSE) == max(ends, default=0)
