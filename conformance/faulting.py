"""What a fault has to come to, in all its ways: streamed and whole, in the first round of a turn and in a later one."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.driver import Driver
from conformance.exchanges import WAYS, Json, ask
from conformance.scripted import Call, Reply, Request

BEFORE: Final[list[Json]] = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
FINE: Final = "Fíne 🙂"
ROUND: Final = Reply("See.", calls=[Call("clock", {"zone": "CET"})])
ROUNDS: Final = {False: "in the first round", True: "in a later round"}
PATIENCE: Final = 2.0  # seconds for a connection that is being closed
SENT: Final = {False: "whole", True: "streamed"}


@dataclass(frozen=True)
class Fault:
    """One fault, and what has to come of it.

    Args:
        name: str, of the row.
        answer: what the server does: an entry of a script, or a callable of the Request that returns one.
        error: str, the class of the error; "" where the answer has to be read, as `FINE`, in spite of it.
        retryable: bool, default True: whether the error says that a retry may work.
        status: int or None, default None: the status that it has.
        words: str, default "": what its message has to hold.
        has_id: bool or None, default False: whether it has the id of the request; None where only some can know it.
        is_caused: bool, default True: whether it comes of an exception of the SDK or of another library.
        streams: tuple of bool, default both: whether the reply is asked for as a stream.
        rounds: tuple of bool, default both: whether it comes in a later round.
        calls: int, default 0: how many calls of `weather` an answer holds that has to be read; `FINE` follows them.
    """

    name: str
    answer: Any
    error: str
    retryable: bool = True
    status: int | None = None
    words: str = ""
    has_id: bool | None = False
    is_caused: bool = True
    streams: tuple[bool, ...] = WAYS
    rounds: tuple[bool, ...] = WAYS
    calls: int = 0


@dataclass
class Bench:
    """One client, to which one fault after the other happens.

    Args:
        d: Driver.
        settings: dict, default {}: keywords of the client.
    """

    d: Driver
    settings: Mapping[str, Any] = field(default_factory=dict)
    _client: Any = None
    _runs: list[str] = field(default_factory=list)

    async def endure(self, faults: Iterable[Fault]) -> None:
        """Let each fault happen in all its ways, a row each.

        Args:
            faults: the table.
        """
        for fault in faults:
            for stream in fault.streams:
                for later in fault.rounds:
                    await self._try(fault, stream, later)
        await self._renew()

    async def _try(self, fault: Fault, stream: bool, later: bool) -> None:
        name = f"{fault.name}, {SENT[stream]}, {ROUNDS[later]}"
        with self.d.row(name):
            if fault.error:
                await self._suffer(fault, stream, later)
            else:
                await self._survive(fault, stream, later)
        if name in self.d.rows.fallen:
            await self._renew()

    async def _suffer(self, fault: Fault, stream: bool, later: bool) -> None:
        """The fault is an error; nothing of its round is kept, and the very next try succeeds."""
        client, asked = self._ready(fault, later)
        with self.d.raises(self.d.lib.errors.ProviderError) as caught:
            await ask(self.d, client, stream=stream)
        self._check_error(fault, caught.value)
        kept = copy.deepcopy(client.messages)
        self._check_turn(kept, ["user", "assistant", "tool"] if later else [])
        self._check_sent(asked + 1 + later)
        self.d.script(Reply(FINE))
        observed = await self._resumed(client, stream) if later else await ask(self.d, client, stream=stream)
        assert observed == FINE, f"the retry said {observed!r}"
        assert client.messages[: len(kept)] == kept, "the retry changed what was kept"
        self._check_over(client.messages, later)
        self._check_sent(asked + 2 + later)
        await self._check_connections()

    async def _survive(self, fault: Fault, stream: bool, later: bool) -> None:
        """The fault costs nothing: the reply is read."""
        client, asked = self._ready(fault, later)
        self.d.script(*[Reply(FINE)] * (fault.calls > 0))
        observed = await ask(self.d, client, stream=stream)
        said = f"See.{FINE}" if later and stream else FINE
        assert observed == said, f"the reply was read as {observed!r}"
        calls = ["assistant", *["tool"] * fault.calls] if fault.calls else []
        self._check_over(client.messages, later, calls)
        self._check_sent(asked + 1 + later + (fault.calls > 0))
        await self._check_connections()

    def _ready(self, fault: Fault, later: bool) -> tuple[Any, int]:
        """The client before its turn, and how many requests were sent by now."""
        d = self.d
        if self._client is None:
            self._client = d.client(tools=self._tools(), **self.settings)
        self._client.messages = copy.deepcopy(BEFORE)
        self._runs.clear()
        d.script(*([ROUND] if later else []), fault.answer)
        return self._client, len(d.server.requests)

    def _tools(self) -> list[Callable[..., str]]:
        @self.d.lib.tool  # type: ignore[untyped-decorator]
        def clock(zone: str = "UTC") -> str:
            """Tell the time."""
            self._runs.append(zone)
            return f"noon in {zone}"

        @self.d.lib.tool  # type: ignore[untyped-decorator]
        def weather(city: str) -> str:
            """Tell the weather."""
            self._runs.append(city)
            return f"sunny in {city}"

        return [weather, clock]

    def _check_error(self, fault: Fault, error: Any) -> None:
        d, number = self.d, len(self.d.server.requests)
        told = type(error).__name__, error.status, error.retryable
        assert told == (fault.error, fault.status, fault.retryable), f"raised {error!r} {told}"
        assert error.provider == d.target.provider, f"of {error.provider!r}"
        expected = f"req_scripted_{number}" if fault.has_id else None
        is_known = fault.has_id is None or error.request_id == expected
        assert is_known, f"its request_id is {error.request_id!r}, not {expected!r}"
        assert fault.words in str(error), f"{fault.words!r} is not in {str(error)!r}"
        if fault.is_caused:
            assert error.__cause__ is not None, "it does not say what it came from"
            assert type(error.__cause__).__module__.partition(".")[0] != d.lib.__name__, repr(error.__cause__)

    def _check_turn(self, messages: list[Json], roles: list[str]) -> None:
        """The history holds what was there before, the finished rounds, and nothing else."""
        observed = [message["role"] for message in messages]
        assert observed == ["user", "assistant", *roles], f"the history holds {observed}"
        assert messages[:2] == BEFORE, f"the history before the turn is now {messages[:2]}"
        results = [message for message in messages if message["role"] == "tool"]
        calls = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
        assert [message["tool_call_id"] for message in results] == calls, f"the calls {calls} have {results}"
        assert len(set(calls)) == len(calls), f"two calls of one id: {calls}"
        assert len(self._runs) == len(results), f"tools ran {len(self._runs)} times for {len(results)} results"

    def _check_over(self, messages: list[Json], later: bool, calls: Sequence[str] = ()) -> None:
        self._check_turn(messages, ["user", *(["assistant", "tool"] if later else []), *calls, "assistant"])
        assert (messages[2]["content"], messages[-1]["content"]) == ("hi", FINE), f"observed {messages[2:]}"

    def _check_sent(self, expected: int) -> None:
        server = self.d.server
        assert len(server.requests) == expected, f"{len(server.requests) - expected:+} requests beside those expected"
        assert server.unanswered == 0, f"{server.unanswered} replies were not asked for"

    async def _check_connections(self) -> None:
        """The connection was returned or closed: there is at most the one that the client keeps."""
        if not self.d.server.alone.is_set():
            await self.d.wait(self.d.server.alone, PATIENCE)

    async def _resumed(self, client: Any, stream: bool) -> str:
        if not stream:
            return str(await self.d(client.resume()))
        return "".join(chunk.content for chunk in await self.d.collect(client.resume(stream=True)))

    async def _renew(self) -> None:
        """Let the client go: after a row that fell, lest the next one shows it too, and at the end."""
        if self._client is not None:
            client, self._client = self._client, None
            await self.d.close(client)


def by_way(whole: Any, streamed: Any) -> Callable[[Request], Any]:
    """An answer that depends on how it is asked for.

    Args:
        whole: the answer to a request that does not stream.
        streamed: the answer to one that does.
    """
    return lambda request: streamed if request.body.get("stream") else whole
