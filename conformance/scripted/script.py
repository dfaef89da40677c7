"""The words of a script: what the server is told to answer, and what it was asked."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]


class Gate:
    """A place in a reply where the server waits until the test lets it go on.

    Args:
        timeout: float, default 30.0: seconds after which the server gives up and closes the connection.

    Attributes:
        reached: threading.Event, set when the server has got here; all that came before is sent and flushed.
    """

    def __init__(self, timeout: float = 30.0) -> None:
        self.timeout = timeout
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        """Let the server go on, now or when it gets here."""
        self._opened.set()

    @property
    def is_open(self) -> bool:
        """Whether `open` was called."""
        return self._opened.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait until the gate is open.

        Args:
            timeout: float, the longest wait in seconds.

        Returns:
            bool: whether the gate is open.
        """
        return self._opened.wait(timeout)


Pieces: TypeAlias = str | Sequence[str | Gate]


@dataclass(frozen=True)
class Usage:
    """Token counts, sent as the wire names them; `input` is sent as it is, the cache counts are not added to it.

    Args:
        input: int, default 11: `input_tokens` (anthropic), `prompt_tokens` (openai).
        output: int, default 7: `output_tokens`, `completion_tokens`.
        cache_read: int, default 0: `cache_read_input_tokens`, `prompt_tokens_details.cached_tokens`.
        cache_write: int, default 0: `cache_creation_input_tokens`; the openai wire has no such count.
        reasoning: int, default 0: `thinking_tokens`, `reasoning_tokens` in the details of output.
    """

    input: int = 11
    output: int = 7
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Call:
    """A tool call.

    Args:
        name: str, the tool.
        arguments: Mapping or str, default {}: a str is sent as it is, so it may be torn JSON.
        id: str or None, default None: None makes `call_1`, `call_2` ... (openai) or `toolu_1` ... (anthropic).
        pieces: Sequence of str or None, default None: the exact streamed fragments, which then are the arguments.
    """

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None
    pieces: Sequence[str] | None = None


@dataclass(frozen=True)
class Reply:
    """What the model says: a whole body or a stream, on either wire, as the request asks.

    Args:
        text: str or Sequence of str and Gate, default "": a str is streamed in two to four pieces, a sequence as given.
            A whole body is held at its gates before anything is sent.
        thinking: like text, default "": a thinking block (anthropic), `reasoning_content` (openai).
        signature: str, default "sig": of the thinking block; anthropic only.
        redacted: Sequence of str, default (): data of redacted_thinking blocks; anthropic only.
        calls: Sequence of Call, default ().
        stop: str or None, default None: end, length, calls, stop_sequence, refusal, content_filter or pause; another
            word is sent as it is. None is "refusal", "calls", "stop_sequence" or "end", by what the reply holds.
        stop_sequence: str or None, default None: the matched stop string; anthropic only.
        refusal: str or None, default None: `refusal` (openai), `stop_details.explanation` (anthropic).
        usage: Usage, default Usage(11, 7).
        ends: bool, default True: False ends the response, by the rules of HTTP, after the last content event, without
            the closing events, and closes the connection. A whole body is then cut in half.
        drops: bool, default False: True is like ends=False, but the connection breaks: the client's HTTP layer sees it.
        error: Mapping or None, default None: an error object sent in the stream in place of the closing events. To a
            request that does not stream it is an HTTP 500.
        blocks: Sequence of Mapping, default (): opaque blocks between thinking and text; anthropic only.
        before: Gate or None, default None: held before the response headers are sent.
    """

    text: Pieces = ""
    _: KW_ONLY
    thinking: Pieces = ""
    signature: str = "sig"
    redacted: Sequence[str] = ()
    calls: Sequence[Call] = ()
    stop: str | None = None
    stop_sequence: str | None = None
    refusal: str | None = None
    usage: Usage = field(default_factory=Usage)
    ends: bool = True
    drops: bool = False
    error: Mapping[str, Any] | None = None
    blocks: Sequence[Mapping[str, Any]] = ()
    before: Gate | None = None

    @property
    def stop_word(self) -> str:
        """The neutral word for why the reply stopped."""
        if self.stop is not None:
            return self.stop
        if self.refusal is not None:
            return "refusal"
        if self.calls:
            return "calls"
        return "end" if self.stop_sequence is None else "stop_sequence"


@dataclass(frozen=True)
class Fault:
    """A failure in place of a reply.

    Args:
        status: int, default 500: the HTTP status.
        body: Mapping, str or None, default None: None is what the real endpoint sends with that status.
        headers: Mapping of str to str, default {}: added to the response.
        kind: "reset", "hang" or None, default None: "reset" breaks the connection before any response byte, "hang"
            never answers; the other arguments then mean nothing.
    """

    status: int = 500
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    _: KW_ONLY
    kind: Literal["reset", "hang"] | None = None


@dataclass(frozen=True)
class Raw:
    """Exact bytes.

    Args:
        body: bytes or Sequence of bytes and Gate: each item is sent and flushed as one HTTP chunk.
        status: int, default 200.
        content_type: str or None, default None: that of a stream on the wire of the request.
        headers: Mapping of str to str, default {}: added to the response.
        ends: bool, default True: False breaks the connection instead of sending the terminating chunk.
        resets: bool, default False: with ends=False, whether it is reset; otherwise it is closed.
    """

    body: bytes | Sequence[bytes | Gate]
    _: KW_ONLY
    status: int = 200
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ends: bool = True
    resets: bool = False


@dataclass(frozen=True)
class Bare:
    """Exact bytes of the connection in place of a response: whatever there is of HTTP is in them. Then it is closed.

    Args:
        data: bytes or Sequence of bytes and Gate.
        resets: bool, default False: whether it is reset instead.
    """

    data: bytes | Sequence[bytes | Gate]
    _: KW_ONLY
    resets: bool = False


@dataclass(frozen=True)
class Request:
    """A request as it arrived.

    Args:
        wire: str, "openai", "anthropic", another the server was made with, or "" for a path of none.
        method: str.
        path: str, without the query.
        headers: dict of str to str, names in lower case.
        raw: bytes, the body.
        body: dict, the body as JSON, by `Wire.asked` of a wire of your own; {} when it is not a JSON object.
        query: str, default "": what followed the question mark.
    """

    wire: str
    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: Json
    query: str = ""


Answerable: TypeAlias = Reply | Fault | Raw | Bare
Scripted: TypeAlias = Answerable | Callable[[Request], Answerable]
