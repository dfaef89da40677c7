"""One request and its reply, as a script: sent again where that may help, read as it comes."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import count
from typing import Any

from pocket import errors
from pocket.effects import Effect, Head, Open, Read, Shut, Wait
from pocket.faults import parsed, told
from pocket.reply import Piece, Reply
from pocket.sse import Events

Show = Callable[[str, Any], Generator[Effect, Any, None]]


@dataclass(frozen=True)
class Exchange:
    """How requests of one client are made.

    Args:
        provider: str, for errors.
        retries: int, how often a failed request is sent again.
        secret: str, the key, which no message may show.
    """

    provider: str
    retries: int
    secret: str

    def play(self, body: dict[str, Any], show: Show) -> Generator[Effect, Any, Reply]:
        """Make the request and read the reply; `show` takes each piece of text as it comes."""
        head = yield from self._opened(body)
        is_stream = bool(body.get("stream"))
        try:
            self._expect(head, "text/event-stream" if is_stream else "application/json")
            reply = yield from (self._streamed(show) if is_stream else self._whole())
            for phase, text in reply.end():
                yield from show(phase, text)
        except errors.ProviderError as error:
            error.request_id = error.request_id or head.headers.get("x-request-id")
            raise
        yield Shut()
        return reply

    def _opened(self, body: dict[str, Any]) -> Generator[Effect, Any, Head]:
        for attempt in count():
            headers: dict[str, str] = {}
            cause: BaseException | None = None
            try:
                head: Head = yield Open(body)
                if head.status < 400:
                    return head
                headers, cause = dict(head.headers), head.failure
                text = self._hidden((yield from _rest()).decode(errors="replace"))
                error = told(self.provider, head.status, parsed(text), headers.get("x-request-id"))
            except errors.ModelConnectionError as found:
                error, cause = found, found.__cause__
            if attempt >= self.retries or not error.retryable:
                raise error from cause
            yield Shut()
            yield Wait(_pause(headers, attempt))
        raise AssertionError("count() does not end")

    def _whole(self) -> Generator[Effect, Any, Reply]:
        raw = yield from _rest()
        reply = Reply()
        self._read(reply, raw.decode(errors="replace"), is_stream=False)
        return reply

    def _streamed(self, show: Show) -> Generator[Effect, Any, Reply]:
        reply, events = Reply(), Events()
        is_open = True
        while is_open and not reply.is_done:
            piece = yield Read()
            is_open = piece is not None
            try:
                for data in events.feed(piece) if piece is not None else events.end():
                    for phase, text in self._read(reply, data):
                        yield from show(phase, text)
            except UnicodeDecodeError as error:
                raise self._malformed("an event is not UTF-8") from error
            except OverflowError as error:
                raise self._malformed(str(error)) from error
        if not reply.is_whole:
            words = "the connection broke, or the stream ended, before the reply was whole; try again"
            raise errors.ModelConnectionError(words, provider=self.provider)
        return reply

    def _read(self, reply: Reply, text: str, is_stream: bool = True) -> list[Piece]:
        if text.strip() == "[DONE]":
            reply.is_done = True
            return []
        try:
            event = json.loads(text)
            if isinstance(event, dict) and event.get("error"):
                raise told(self.provider, None, json.loads(self._hidden(text)), None)
            return reply.feed(event, is_stream)
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise self._malformed(f"what came is not Chat Completions: {type(error).__name__}") from error

    def _expect(self, head: Head, kind: str) -> None:
        found = head.headers.get("content-type", "")
        if found.partition(";")[0].strip().lower() != kind:
            words = f"the answer is {self._hidden(found)!r} and not {kind}; look at base_url"
            raise errors.MalformedResponseError(words, provider=self.provider)

    def _malformed(self, words: str) -> errors.MalformedResponseError:
        return errors.MalformedResponseError(words, provider=self.provider)

    def _hidden(self, text: str) -> str:
        return text.replace(self.secret, "***") if self.secret else text


def _rest() -> Generator[Effect, Any, bytes]:
    parts = []
    while (piece := (yield Read())) is not None:
        parts.append(piece)
    return b"".join(parts)


def _pause(headers: dict[str, str], attempt: int) -> float:
    """Seconds to wait before the next attempt."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return min(float(headers.get(name, "")) / unit, 60.0)
        except ValueError:
            continue
    return min(0.5 * 2.0**attempt, 8.0)
