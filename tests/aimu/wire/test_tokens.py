"""From tokens to text: the same, however the text is cut into tokens."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.wire.stops import StopStrings
from aimu.wire.tokens import TokenReader

END = 256
TEXTS = st.text("ab\n é☕😀", max_size=12)


class Vocabulary:
    """Tokens for pieces of a text, as bytes; ``is_strict`` reads half a character as one mark for each byte."""

    def __init__(self, is_strict: bool = False) -> None:
        self._pieces: list[bytes] = []
        self._is_strict = is_strict

    def tokens(self, *pieces: bytes) -> list[int]:
        start = len(self._pieces)
        self._pieces += pieces
        return [END + 1 + start + at for at in range(len(pieces))]

    def decode(self, tokens: Sequence[int]) -> str:
        whole = b"".join(b"</s>" if token == END else self._pieces[token - END - 1] for token in tokens)
        try:
            return whole.decode()
        except UnicodeDecodeError:
            return "\N{REPLACEMENT CHARACTER}" * len(whole) if self._is_strict else whole.decode(errors="replace")


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[bytes]:
    """The bytes of a text, cut anywhere, also inside a character; no piece is empty."""
    whole = text.encode()
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=len(whole))))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    return [piece for piece in pieces if piece]


def read(
    vocabulary: Vocabulary, tokens: list[int], stops: Sequence[str] = (), limit: int = 100, prompt: Sequence[int] = ()
) -> tuple[list[str], TokenReader]:
    reader = TokenReader(vocabulary.decode, prompt, ends={END}, stops=stops, limit=limit)
    said = []
    for token in tokens:
        said.append(reader.feed(token))
        if reader.reason:
            break
    return [*said, reader.finish()], reader


@given(TEXTS, TEXTS, st.data())
def test_any_cut_gives_the_same_text(before: str, text: str, data: st.DataObject) -> None:
    """Whole characters only leave; nothing of the prompt does."""
    vocabulary = Vocabulary()
    prompt, tokens = vocabulary.tokens(before.encode()), vocabulary.tokens(*data.draw(cut(text)))
    said, reader = read(vocabulary, [*tokens, END], prompt=prompt)
    assert "".join(said) == text
    assert (reader.reason, reader.count) == ("stop", len(tokens))


@given(st.text("é☕😀", min_size=1, max_size=6))
def test_characters_written_byte_by_byte_are_read_where_half_of_one_spoils_the_rest(text: str) -> None:
    """Some vocabularies write what they have no token for in bytes, and decode a run of bytes as a whole."""
    vocabulary = Vocabulary(is_strict=True)
    tokens = vocabulary.tokens(*[text.encode()[at : at + 1] for at in range(len(text.encode()))])
    said, _ = read(vocabulary, [*tokens, END])
    assert "".join(said) == text
    assert [piece for piece in said if piece] == list(text)


@given(TEXTS, st.lists(st.text("ab\n é☕😀", min_size=1, max_size=3), max_size=2), st.data())
def test_a_stop_string_ends_the_text_across_tokens(text: str, stops: list[str], data: st.DataObject) -> None:
    plain = StopStrings(stops)
    wanted = plain.feed(text) + plain.finish()
    vocabulary = Vocabulary()
    said, reader = read(vocabulary, [*vocabulary.tokens(*data.draw(cut(text))), END], stops)
    assert "".join(said) == wanted
    assert reader.reason == ("stop" if plain.hit is None else "stop_sequence")


def test_the_token_with_the_stop_string_is_the_last_that_is_asked_for() -> None:
    vocabulary = Vocabulary()
    said, reader = read(vocabulary, vocabulary.tokens(b"one.", b" two", b"STOP", b" more"), ["twoSTOP"])
    assert ("".join(said), reader.count) == ("one. ", 3)


@pytest.mark.parametrize(("limit", "text", "reason"), [(1, "a", "length"), (2, "ab", "length"), (4, "abc", "stop")])
def test_the_limit_counts_tokens_and_the_end_is_none_of_them(limit: int, text: str, reason: str) -> None:
    vocabulary = Vocabulary()
    said, reader = read(vocabulary, [*vocabulary.tokens(b"a", b"b", b"c"), END], limit=limit)
    assert ("".join(said), reader.reason, reader.count) == (text, reason, len(text))


def test_what_might_have_been_a_stop_string_is_said_at_the_limit() -> None:
    vocabulary = Vocabulary()
    said, reader = read(vocabulary, vocabulary.tokens(b"go ", b"ST"), ["STOP"], limit=2)
    assert (said, reader.reason) == (["go ", "", "ST"], "length")


def test_half_a_character_at_the_limit_is_shown_as_one_that_is_broken() -> None:
    vocabulary = Vocabulary()
    said, _ = read(vocabulary, vocabulary.tokens(b"a", "é".encode()[:1]), limit=2)
    assert said == ["a", "", "\N{REPLACEMENT CHARACTER}"]


def test_text_leaves_with_its_token() -> None:
    vocabulary = Vocabulary()
    assert read(vocabulary, vocabulary.tokens(b"one ", b"two"))[0] == ["one ", "two", ""]


def test_a_reply_that_ends_at_once_is_empty() -> None:
    said, reader = read(Vocabulary(), [END], ["x"])
    assert (said, reader.reason, reader.count) == (["", ""], "stop", 0)
