"""The implementation's pure decoders, where it has them, on streams that are split anywhere.

Over sockets a byte at a time is slow; this is the same claim without one: where a stream is cut says nothing.
"""

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.implementation import Implementation
from conformance.readings.recording import Interaction

EVERYWHERE: Final = 10  # how many of the smallest streams are cut at every offset
CODECS: Final = {"openai": "OpenAICodec", "anthropic": "AnthropicCodec"}


@dataclass
class Splits:
    """What was split, and what came of it.

    Args:
        bytewise: int, streams that were fed one byte at a time.
        cuts: int, cuts in two, at every offset of the smallest streams.
        wrong: list of str, each split that changed the reply.
    """

    bytewise: int = 0
    cuts: int = 0
    wrong: list[str] = field(default_factory=list)


class Decoders:
    """The pure decoders of an implementation that has a package `wire`.

    Args:
        implementation: Implementation, what is judged.

    Raises:
        ImportError: it has none, and need not.
    """

    def __init__(self, implementation: Implementation) -> None:
        name = implementation.name
        self._events = importlib.import_module(f"{name}.wire.sse").SSEDecoder
        self._codecs = {
            wire: getattr(importlib.import_module(f"{name}.wire.{wire}"), codec) for wire, codec in CODECS.items()
        }
        self._request = importlib.import_module(f"{name}.core.reply").Request
        self._spec = importlib.import_module(f"{name}.core.models").ModelSpec

    def decode(self, interaction: Interaction, fragments: Iterable[bytes]) -> tuple[list[Any], Any]:
        """Decode a stream from its fragments.

        Args:
            interaction: Interaction, whose wire and provider choose the codec.
            fragments: Iterable of bytes, the body in parts.

        Returns:
            tuple: the pieces as they came, and the reply, or the exception as (class, text).
        """
        codec = self._codecs[interaction.wire](interaction.provider, self._spec("replayed", tools=True, thinking=True))
        decoder = codec.decoder(self._request("/", {}, stream=True))
        events, pieces = self._events(), []
        try:
            for fragment in fragments:
                for event in events.feed(fragment):
                    pieces += decoder.feed(event)
            for event in events.close():
                pieces += decoder.feed(event)
            pieces += decoder.finish()
        except Exception as error:
            return pieces, (type(error).__name__, str(error))
        return pieces, decoder.reply


def split_streams(decoders: Decoders, streams: Sequence[tuple[str, Interaction]]) -> Splits:
    """Feed each stream byte by byte, and the smallest ones cut in two at every offset.

    Args:
        decoders: Decoders, under test.
        streams: Sequence of tuple, a name and an interaction each.

    Returns:
        Splits: the counts, and what changed.
    """
    splits = Splits()
    for name, stream in streams:
        whole = decoders.decode(stream, [stream.body])
        splits.bytewise += 1
        if decoders.decode(stream, _single_bytes(stream.body)) != whole:
            splits.wrong.append(f"{name}: one byte at a time")
    for name, stream in sorted(streams, key=lambda each: len(each[1].body))[:EVERYWHERE]:
        whole = decoders.decode(stream, [stream.body])
        body = stream.body
        splits.cuts += len(body) + 1
        wrong = [at for at in range(len(body) + 1) if decoders.decode(stream, [body[:at], body[at:]]) != whole]
        splits.wrong += [f"{name}: cut at {', '.join(map(str, wrong[:5]))} ({len(wrong)} offsets)"] if wrong else []
    return splits


def _single_bytes(body: bytes) -> Iterable[bytes]:
    return (body[at : at + 1] for at in range(len(body)))
