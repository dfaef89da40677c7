"""Server-sent events: fragments of bytes in, the data of whole events out.

Bytes may be cut anywhere, inside a UTF-8 character or between CR and LF. Only ``data`` is kept: on both
wires the event's name repeats what the data says.
"""

from __future__ import annotations

from aimu.errors import MalformedResponseError

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BLANK = (b"\n", b"\r\n", b"\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SSEDecoder:
    """Feed it bytes as they come; it gives back the data of each event that they complete (SSE-1)."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._at_start = True
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, fragment: bytes) -> list[str]:
        """The events completed by ``fragment``.

        Raises:
            MalformedResponseError: an event is larger than the cap, or is not UTF-8.
        """
        if self._after_cr and fragment:
            fragment = fragment[1:] if fragment[:1] == b"\n" else fragment
            self._after_cr = False
        if b"\n" not in fragment and b"\r" not in fragment:
            self._hold(fragment)
            return []
        lines = b"".join([*self._rest, fragment]).splitlines(keepends=True)
        self._rest, self._rest_size = [], 0
        if lines[-1][-1:] in (b"\n", b"\r"):
            self._after_cr = lines[-1][-1:] == b"\r"
        else:
            self._hold(lines.pop())
        if self._at_start:
            lines[:1], self._at_start = [line.removeprefix(_BYTE_ORDER_MARK) for line in lines[:1]], False
        return self._events(lines)

    def close(self) -> list[str]:
        """The event left at the end of the stream, if its lines are whole but the blank one is missing."""
        return self._events([b"\n"])

    def _hold(self, part: bytes) -> None:
        """Keep the start of a line; joined once, so that a long line costs no more than its length."""
        self._rest.append(part)
        self._rest_size += len(part)
        self._check(self._rest_size)

    def _events(self, lines: list[bytes]) -> list[str]:
        events: list[str] = []
        for line in lines:
            if line.startswith(b"data:"):
                data = (line[6:] if line.startswith(b"data: ") else line[5:]).rstrip(b"\r\n")
                self._size += len(data) + bool(self._data)
                self._check(self._size)
                self._data.append(data)
            elif self._data and line in _BLANK:
                events.append(_text(b"\n".join(self._data)))
                self._data, self._size = [], 0
        return events

    def _check(self, size: int) -> None:
        if size > self._max:
            raise MalformedResponseError(f"a server-sent event has more than {self._max} bytes")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise MalformedResponseError(f"a server-sent event is not UTF-8: {exc}") from exc
