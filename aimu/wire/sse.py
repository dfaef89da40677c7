"""Server-sent events: fragments of bytes in, the data of whole events out.

Bytes may be cut anywhere, inside a UTF-8 character or between CR and LF. Only ``data`` is kept: on both
wires the event's name repeats what the data says.
"""

from __future__ import annotations

from aimu.errors import MalformedResponseError

MAX_EVENT_BYTES = 16 * 1024 * 1024


class SSEDecoder:
    """Feed it bytes as they come; it gives back the data of each event that they complete (SSE-1)."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._rest = b""
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
        lines = (self._rest + fragment).splitlines(keepends=True)
        self._rest = b""
        if lines and lines[-1][-1:] not in (b"\n", b"\r"):
            self._rest = lines.pop()
        elif lines:
            self._after_cr = lines[-1][-1:] == b"\r"
        self._check(len(self._rest))
        events: list[str] = []
        for line in lines:
            self._take(line.rstrip(b"\r\n"), events)
        return events

    def close(self) -> list[str]:
        """The event left at the end of the stream, if its lines are whole but the blank one is missing."""
        events: list[str] = []
        self._take(b"", events)
        return events

    def _take(self, line: bytes, events: list[str]) -> None:
        if line.startswith(b"data:"):
            data = line[6:] if line[5:6] == b" " else line[5:]
            self._size += len(data)
            self._check(self._size)
            self._data.append(data)
        elif not line and self._data:
            events.append(_text(b"\n".join(self._data)))
            self._data, self._size = [], 0

    def _check(self, size: int) -> None:
        if size > self._max:
            raise MalformedResponseError(f"a server-sent event has more than {self._max} bytes")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise MalformedResponseError(f"a server-sent event is not UTF-8: {exc}") from exc
