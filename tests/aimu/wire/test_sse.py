"""Server-sent events: the same events, however the bytes are cut and whatever ends a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.errors import MalformedResponseError
from aimu.wire.sse import SSEDecoder
from tests.aimu.strategies import every_byte, pieces

LINES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=10)
ENDS = ["\n", "\r\n", "\r"]
# what a server may send between two data lines, and nobody wants
NOISE = st.sampled_from(["", ": ping", "event: message", "id: 7", "retry: 10", "dat: x", "datum"])


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """Bytes on the wire, and the events in them."""
    events = draw(st.lists(st.lists(LINES, min_size=1, max_size=3), max_size=4))
    end, space = draw(st.sampled_from(ENDS)), draw(st.sampled_from(["", " "]))
    text = ""
    for lines in events:
        for line in lines:
            # without a space of its own a line that starts with one would lose it
            text += f"{noise}{end}" if (noise := draw(NOISE)) else ""
            text += f"data:{space or ' ' * line.startswith(' ')}{line}{end}"
        text += end
    return text.encode(), ["\n".join(lines) for lines in events]


def read(fragments: list[bytes], **options: int) -> list[str]:
    decoder = SSEDecoder(**options)
    return [*(event for fragment in fragments for event in decoder.feed(fragment)), *decoder.close()]


@given(streams(), st.data())
def test_any_fragmentation_gives_the_same_events(stream: tuple[bytes, list[str]], data: st.DataObject) -> None:
    whole, events = stream
    assert read([whole]) == events
    assert read(data.draw(pieces(whole))) == events
    assert read(every_byte(whole)) == events


@given(
    st.lists(st.sampled_from([b"data: a", b"data:", b"", b"\n", b"\r", b"\r\n", b": x", b"data: \xc3\xa9"])), st.data()
)
def test_mixed_line_ends_are_cut_alike(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    assert read(data.draw(pieces(whole))) == read([whole]) == read(every_byte(whole))


@pytest.mark.parametrize("end", ENDS)
def test_an_event_comes_with_its_blank_line_and_not_before(end: str) -> None:
    decoder = SSEDecoder()
    assert decoder.feed(f"data: a{end}".encode()) == []
    assert decoder.feed(end.encode()) == ["a"]
    assert decoder.close() == []


def test_a_carriage_return_ends_the_line_without_waiting_for_more() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\r") == ["a"]
    assert decoder.feed(b"\ndata: b\r\n\r") == ["b"]
    assert decoder.feed(b"\n\n") == []


def test_whole_lines_without_their_blank_one_are_an_event_and_a_torn_line_is_none() -> None:
    assert read([b"data: a\n"]) == ["a"]
    assert read([b"data: a\n\ndata: b"]) == ["a"]


def test_blank_lines_comments_and_events_without_data_are_nothing() -> None:
    assert read([b"\n\n: ping\n\nevent: ping\n\n\n"]) == []
    assert read([b"data: \n\n"]) == [""]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    whole = b"\xef\xbb\xbfdata: a\n\ndata: \xef\xbb\xbfb\n\n"
    assert read([whole]) == read(every_byte(whole)) == ["a", "\ufeffb"]


def test_a_multi_byte_character_may_be_cut() -> None:
    assert read(every_byte("data: 🙂é\n\n".encode())) == ["🙂é"]


@pytest.mark.parametrize("size", [1, 7])
def test_the_cap_holds_for_one_line_for_many_and_for_one_that_never_ends(size: int) -> None:
    for flood in (b"data: " + b"x" * 200, b"data: x\n" * 200, b"data:\n" * 200, b"data: " + b"x" * 200 + b"\n\n"):
        fragments = [flood[at : at + size] for at in range(0, len(flood), size)]
        with pytest.raises(MalformedResponseError, match="more than 100 bytes"):
            read(fragments, max_event_bytes=100)


def test_the_cap_is_of_one_event_and_not_of_the_stream() -> None:
    assert read(every_byte(b"data: 0123456789\n: comment\n\n" * 50), max_event_bytes=20) == ["0123456789"] * 50


def test_an_event_as_large_as_the_cap_is_read() -> None:
    assert read([b"data: 01234\ndata: 6789\n\n"], max_event_bytes=10) == ["01234\n6789"]
    with pytest.raises(MalformedResponseError):
        read([b"data: 01234\ndata: 67890\n\n"], max_event_bytes=10)


def test_what_is_not_utf_8_is_malformed() -> None:
    with pytest.raises(MalformedResponseError, match="not UTF-8") as caught:
        read([b"data: \xff\n\n"])
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)
