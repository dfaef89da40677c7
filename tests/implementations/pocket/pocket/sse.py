"""Server-sent events from bytes in any pieces."""

import re
from collections.abc import Iterator
from typing import Final

CAP: Final = 16 * 1024 * 1024
LINE_END: Final = re.compile(rb"\r\n|\r|\n")
MARK: Final = b"\xef\xbb\xbf"


class TooLongError(OverflowError):
    """An event has grown beyond the cap."""


class Events:
    """Collects bytes, and gives the data of the events that they make."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._is_first = True

    def feed(self, piece: bytes) -> Iterator[str]:
        """Take a piece and give the data of each event that it completes; UnicodeError and TooLongError are raised."""
        start = 1 if self._after_cr and piece[:1] == b"\n" else 0
        self._after_cr = piece.endswith(b"\r")
        for end in LINE_END.finditer(piece, start):
            self._hold(piece[start : end.start()])
            yield from self._line_done()
            start = end.end()
        self._hold(piece[start:])

    def end(self) -> Iterator[str]:
        """The event at the end that has no blank line behind it; half a line is nothing."""
        self._line = []
        yield from self._event_done()

    def _hold(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > CAP:
            raise TooLongError(f"an event has more than {CAP} bytes")
        if part:
            self._line.append(part)

    def _line_done(self) -> Iterator[str]:
        line = b"".join(self._line)
        self._line = []
        if self._is_first:
            line, self._is_first = line.removeprefix(MARK), False
        if not line:
            yield from self._event_done()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        else:
            self._size -= len(line)

    def _event_done(self) -> Iterator[str]:
        data, self._data, self._size = b"\n".join(self._data), [], 0
        if data:
            yield data.decode()
