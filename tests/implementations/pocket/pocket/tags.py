"""`<think>` at the start of a text, wherever the text is cut."""

from typing import Final

OPEN: Final = "<think>"
CLOSE: Final = "</think>"


class Tags:
    """Splits a text into ("thinking", ...) and ("generating", ...) as it comes."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def feed(self, text: str) -> list[tuple[str, str]]:
        """Take a piece; what may still turn out to be a tag, or a line end beside one, is held."""
        if self._state == "text":
            return [("generating", text)]
        self._held += text
        found: list[tuple[str, str]] = []
        if self._state == "start":
            found += self._start()
        if self._state == "after open" and (rest := self._held.lstrip("\r\n")):
            self._held, self._state = rest, "inside"
        if self._state == "inside":
            found += self._inside()
        if self._state == "after close" and (rest := self._held.lstrip("\r\n")):
            self._held, self._state = "", "text"
            found.append(("generating", rest))
        return found

    def end(self) -> list[tuple[str, str]]:
        """What was held."""
        rest, self._held = self._held, ""
        phase = "generating" if self._state in ("start", "text") else "thinking"
        return [] if self._state.startswith("after") else [(phase, rest)]

    def _start(self) -> list[tuple[str, str]]:
        shown = self._held.lstrip()
        if shown.startswith(OPEN):
            self._held, self._state = shown.removeprefix(OPEN), "after open"
        elif not OPEN.startswith(shown):
            rest, self._held, self._state = self._held, "", "text"
            return [("generating", rest)]
        return []

    def _inside(self) -> list[tuple[str, str]]:
        thought, close, rest = self._held.partition(CLOSE)
        if close:
            self._held, self._state = rest, "after close"
            return [("thinking", thought.rstrip("\r\n"))]
        sure = len(self._held)
        for size in range(len(CLOSE) - 1, 0, -1):
            if self._held.endswith(CLOSE[:size]):
                sure -= size
                break
        sure = len(self._held[:sure].rstrip("\r\n"))
        told, self._held = self._held[:sure], self._held[sure:]
        return [("thinking", told)]
