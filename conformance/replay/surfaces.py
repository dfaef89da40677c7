"""What the client of each surface does with a recorded reply."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any, Final, Self

from conformance.implementation import Implementation
from conformance.readings.oracle import TIMEOUT, served
from conformance.readings.recording import Interaction
from conformance.replay.outcome import REFUSAL_WORDS, REFUSED, Outcome
from conformance.scripted import Fault, ScriptedServer

MESSAGE: Final = "Hello"
ABILITIES: Final = "tools,thinking,vision"


@dataclass
class Observed:
    """What a client did; two surfaces agree when theirs are equal.

    Args:
        result: str or None, what was returned.
        error: str or None, the class of the exception; kinds: it and its parents, by name.
        chunks: list of tuple, (phase, content, iteration) of each.
    """

    result: str | None = None
    error: str | None = None
    kinds: list[str] = field(default_factory=list)
    words: str = ""
    status: int | None = None
    request_id: str | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, int] | None = None
    thinking: str = ""
    stop: str | None = None
    chunks: list[tuple[str, Any, int]] = field(default_factory=list)
    requests: int = 0

    def failed(self, error: Exception) -> None:
        """Note the exception that came out of the call."""
        self.error = type(error).__name__
        self.kinds = [kind.__name__ for kind in type(error).__mro__]
        self.words = str(error)
        self.status = getattr(error, "status", None)
        self.request_id = getattr(error, "request_id", None)

    def saw(self, chunk: Any) -> None:
        """Note a chunk of the stream."""
        self.chunks.append((str(chunk.phase), chunk.content, chunk.iteration))

    def ended(self, client: Any, server: ScriptedServer) -> None:
        """Note what is left in the client."""
        self.messages = [dict(message) for message in client.messages]
        self.usage = dict(client.last_usage) if client.last_usage is not None else None
        self.thinking, self.stop = client.last_thinking, client.stop_reason
        self.requests = len(server.requests)


class Surfaces:
    """Both surfaces of an implementation, before one server; a context manager.

    Args:
        implementation: Implementation, what is judged.
        server: ScriptedServer, running.
    """

    def __init__(self, implementation: Implementation, server: ScriptedServer) -> None:
        self._implementation = implementation
        self._server = server
        self._clients: dict[tuple[str, str], Any] = {}
        self._stack = contextlib.ExitStack()
        self._runner = self._stack.enter_context(asyncio.Runner())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def observe(self, surface: str, interaction: Interaction, expected: Outcome, piece: int | None = None) -> Observed:
        """Replay an interaction.

        Args:
            surface: "sync" or "aio".
            interaction: Interaction, any.
            expected: Outcome, which says how often the reply has to be served.
            piece: int or None, default None: the size of the fragments in which it is served.

        Returns:
            Observed: what the client did.
        """
        reply = served(interaction, piece)
        identity = {"request-id": interaction.request_id, "x-request-id": interaction.request_id}
        refusal = {"error": {"type": "invalid_request_error", "message": REFUSAL_WORDS}}
        self._server.clear()
        self._server.script(*[reply] * (2 if expected.answered else 1))
        self._server.always(Fault(REFUSED, refusal, identity))
        client = self._client(surface, interaction).fork()
        if surface == "aio":
            return self._runner.run(_converse_aio(client, interaction.streamed, self._server))
        return _converse(client, interaction.streamed, self._server)

    def _client(self, surface: str, interaction: Interaction) -> Any:
        """A client of the provider; each replay has a conversation of its own on its connection."""
        key = surface, interaction.provider
        if key not in self._clients:
            self._clients[key] = client = self._implementation.front_door(surface).client(
                f"{interaction.provider}:replayed;{ABILITIES}",
                base_url=self._server.url(interaction.wire),
                max_retries=0,
                timeout=TIMEOUT,
            )
            if surface == "aio":
                self._stack.callback(lambda: self._runner.run(client.close()))
            else:
                self._stack.callback(client.close)
        return self._clients[key]


def _converse(client: Any, streamed: bool, server: ScriptedServer) -> Observed:
    observed = Observed()
    try:
        if streamed:
            with client.chat(MESSAGE, stream=True) as stream:
                for chunk in stream:
                    observed.saw(chunk)
            observed.result = stream.result
        else:
            observed.result = client.chat(MESSAGE)
    except Exception as error:
        observed.failed(error)
    observed.ended(client, server)
    return observed


async def _converse_aio(client: Any, streamed: bool, server: ScriptedServer) -> Observed:
    observed = Observed()
    try:
        if streamed:
            async with client.chat(MESSAGE, stream=True) as stream:
                async for chunk in stream:
                    observed.saw(chunk)
            observed.result = stream.result
        else:
            observed.result = await client.chat(MESSAGE)
    except Exception as error:
        observed.failed(error)
    observed.ended(client, server)
    return observed
