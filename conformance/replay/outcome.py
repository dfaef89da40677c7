"""What a client must do with a reading, when the conversation has no tools and the next request is refused. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from conformance.readings.reading import Reading

REFUSED: Final = 418  # the status of every request after those that the reply leads to
REFUSAL_WORDS: Final = "the recording ends here"


@dataclass(frozen=True)
class Outcome:
    """What must come of a recorded reply.

    Args:
        reading: Reading, from which it is derived.
        requests: int, how many requests are made.
        error: str or None, the class of the exception; None when the text is returned.
        words: str, what the exception says.
        status: int or None, of the exception.
        answered: bool, whether the second request is answered with the same reply.
        messages: int, how many messages history holds.
    """

    reading: Reading
    requests: int = 1
    error: str | None = None
    words: str = ""
    status: int | None = None
    answered: bool = False
    messages: int = 0

    @property
    def usage(self) -> dict[str, int] | None:
        """The tokens of all replies that came to their end."""
        if self.reading.usage is None or self.reading.failure or not self.reading.whole:
            return None
        times = 2 if self.answered else 1
        read, written = self.reading.usage
        return {"input_tokens": times * read, "output_tokens": times * written}

    @property
    def stop(self) -> str | None:
        """Why the last reply ended; unknown of one that did not come to its end."""
        return None if self.reading.failure or not self.reading.whole else self.reading.stop

    @property
    def thinking(self) -> str:
        """What was thought in replies that came to their end."""
        return "" if self.reading.failure or not self.reading.whole else self.reading.thinking


def outcome(reading: Reading) -> Outcome:
    """Derive what must come of a reply.

    Args:
        reading: Reading, of the reply.

    Returns:
        Outcome: an error of the provider first, then a stream cut short, a refusal, a pause, calls that no tool
        answers, text, and at last the replies that have neither text nor calls.
    """
    facts: dict[str, Any]
    if reading.failure is not None:
        failure = reading.failure
        facts = {"error": failure.family, "words": failure.message, "status": failure.status}
    elif not reading.whole:
        facts = {"error": "ModelConnectionError"}
    elif reading.refusal is not None:
        facts = {"error": "RefusalError", "words": reading.refusal, "status": 200}
    elif reading.stop == "pause" or reading.calls:
        kept = 0 if reading.stop == "pause" else 2 + len(reading.calls)
        facts = {"error": "InvalidRequestError", "words": REFUSAL_WORDS, "status": REFUSED}
        facts |= {"requests": 2, "messages": kept}
    elif reading.text or reading.stop == "stop_sequence":
        facts = {"messages": 2}
    elif reading.stop == "length":
        facts = {"error": "TruncatedReplyError"}
    else:
        facts = {"error": "EmptyReplyError", "requests": 2, "answered": True}
    return Outcome(reading, **facts)
