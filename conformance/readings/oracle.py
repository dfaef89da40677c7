"""The independent reading of a reply: by the official SDK's typed objects, else from plain JSON.

Both are served the recorded bytes or read them here; neither knows the implementation under test.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any, Final, Self

from conformance.readings import chat, messages
from conformance.readings.reading import Failure, Reading, failure, member
from conformance.readings.recording import Interaction
from conformance.scripted import Raw, ScriptedServer

ASK: Final[dict[str, Any]] = {"model": "replayed", "messages": [{"role": "user", "content": "Hello"}]}
READERS: Final[dict[str, ModuleType]] = {"openai": chat, "anthropic": messages}
TIMEOUT: Final = 30.0


class CannotReadError(Exception):
    """The SDK has no typed object for this reply; its text says why."""


class Oracle:
    """Reads replies; a context manager, for the connections of the SDKs.

    Args:
        server: ScriptedServer, running.
    """

    def __init__(self, server: ScriptedServer) -> None:
        self._server = server
        self._clients: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def read(self, interaction: Interaction) -> tuple[Reading, str]:
        """Read a reply.

        Args:
            interaction: Interaction, any.

        Returns:
            tuple: the reading, and who read it: "sdk", or "plain" with the reason.
        """
        if wrong := _wrong_type(interaction):
            return wrong, "plain (not the media type that was asked for)"
        try:
            return self._typed(interaction), "sdk"
        except CannotReadError as reason:
            return plain(interaction), f"plain ({reason})"

    def _typed(self, interaction: Interaction) -> Reading:
        sdk, create = self._sdk(interaction.wire)
        reading = Reading()
        self._server.clear()
        self._server.script(served(_terminated(interaction)))
        try:
            answer = create(**ASK, stream=interaction.streamed)
            if interaction.streamed:
                with answer:
                    READERS[interaction.wire].read_events(reading, _guarded(sdk, answer))
            else:
                READERS[interaction.wire].read_whole(reading, answer)
        except sdk.APIStatusError as error:
            return Reading(failure=failure(error.body, error.status_code))
        except (sdk.APIError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise CannotReadError(type(error).__name__) from error
        reading.whole = reading.whole or (interaction.wire == "openai" and _says_done(interaction))
        return reading

    def _sdk(self, wire: str) -> tuple[Any, Any]:
        """The SDK of a wire and its method that asks."""
        options = {"api_key": "not-needed", "max_retries": 0, "timeout": TIMEOUT, "base_url": self._server.url(wire)}
        sdk: Any
        try:
            if wire == "openai":
                import openai as sdk
            else:
                import anthropic as sdk
        except ImportError as error:
            raise CannotReadError(f"{error.name} is not installed") from error
        if wire not in self._clients:
            made = sdk.OpenAI(**options) if wire == "openai" else sdk.Anthropic(**options)
            self._clients[wire] = self._stack.enter_context(made)
        client = self._clients[wire]
        if wire == "openai":
            return sdk, client.chat.completions.create
        return sdk, lambda **asked: client.messages.create(**asked, max_tokens=64)


def served(interaction: Interaction, piece: int | None = None) -> Raw:
    """The recorded reply, to be served again.

    Args:
        interaction: Interaction, any.
        piece: int or None, default None: the size of the fragments in which the body is sent; None is all at once.
    """
    body = interaction.body
    fragments = [body] if piece is None else [body[at : at + piece] for at in range(0, len(body), piece)]
    identity = {"request-id": interaction.request_id, "x-request-id": interaction.request_id}
    return Raw(fragments, status=interaction.status, content_type=interaction.content_type, headers=identity)


def _guarded(sdk: Any, events: Iterable[Any]) -> Iterator[Any]:
    """The events of a stream; an error that the SDK raises for one of them becomes an event again."""
    try:
        yield from events
    except sdk.APIStatusError as error:
        yield error.body if member(error.body, "error") else {"type": "error", "error": error.body}
    except sdk.APIError as error:
        if error.body is None:
            raise
        yield {"error": error.body}


def _wrong_type(interaction: Interaction) -> Reading | None:
    wanted = "text/event-stream" if interaction.streamed else "application/json"
    if interaction.status != 200 or interaction.media_type in ("", wanted):
        return None
    return Reading(failure=Failure("MalformedResponseError", interaction.media_type))


def plain(interaction: Interaction) -> Reading:
    """The reading without an SDK."""
    reader, reading = READERS[interaction.wire], Reading()
    try:
        if interaction.status != 200:
            return Reading(failure=failure(_error_body(interaction.body), interaction.status))
        if interaction.streamed:
            reader.read_events(reading, _events(interaction.body))
        else:
            reader.read_whole(reading, json.loads(interaction.body))
    except (AttributeError, LookupError, TypeError, ValueError):
        reading.failure = Failure("MalformedResponseError", "")
    reading.whole = reading.whole or (interaction.wire == "openai" and _says_done(interaction))
    return reading


def _events(body: bytes) -> Iterator[Any]:
    """The decoded data of each event; the lines of one event's data are joined."""
    for event in body.decode().replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(line[5:] for line in event.splitlines() if line.startswith("data:")).strip()
        if data not in ("[DONE]", ""):
            yield json.loads(data)


def _terminated(interaction: Interaction) -> Interaction:
    """The same with a blank line at its end: the SDKs drop a last event whose lines are whole but have none after."""
    body = interaction.body
    if not interaction.is_event_stream or not body.endswith(b"\n") or body.endswith((b"\n\n", b"\n\r\n")):
        return interaction
    return replace(interaction, body=body + b"\n")


def _says_done(interaction: Interaction) -> bool:
    """Whether the stream says that it is at its end, which no typed object does."""
    return re.search(rb"(?m)^data: ?\[DONE\]\r?\n", interaction.body) is not None


def _error_body(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
