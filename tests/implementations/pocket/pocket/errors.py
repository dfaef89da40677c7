"""What goes wrong: each class of provider error says its statuses, and whether to try again."""

from typing import ClassVar


class AimuError(Exception):
    """The root that the spec names."""


class ProviderError(AimuError):
    """The other side, or the way to it, failed.

    Args:
        words: str, what it said.
        provider: str, default "".
        status: int or None, default None: None where there was no response.
        request_id: str or None, default None.
        retryable: bool or None, default None: None is what the class says.
    """

    statuses: ClassVar[tuple[int, ...]] = ()
    again: ClassVar[bool] = False

    def __init__(
        self,
        words: str,
        *,
        provider: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        head = " ".join(str(part) for part in (provider, status) if part)
        super().__init__(f"{head}: {words}" if head else words)
        self.provider, self.status, self.request_id = provider, status, request_id
        self.retryable = type(self).again if retryable is None else retryable


class ModelConnectionError(ProviderError, ConnectionError):
    """The server could not be reached, or the connection broke."""

    again = True


class ModelTimeoutError(ModelConnectionError, TimeoutError):
    """No answer in time."""

    statuses = (408,)


class AuthenticationError(ProviderError):
    """The key is missing, or wrong, or may not do this."""

    statuses = (401, 403)


class RateLimitError(ProviderError):
    """Too many requests."""

    statuses, again = (429,), True


class OverloadedError(ProviderError):
    """The server is busy."""

    statuses, again = (503, 529), True


class ServerError(ProviderError):
    """The server failed."""

    statuses, again = (500, 502, 504), True


class InvalidRequestError(ProviderError):
    """The server refused the request."""


class ContextOverflowError(InvalidRequestError):
    """The conversation is longer than the model can read."""


class RefusalError(ProviderError):
    """The model declined; `text` is what it said."""

    def __init__(self, words: str, *, text: str = "", provider: str = "") -> None:
        super().__init__(words, provider=provider)
        self.text = text


class MalformedResponseError(ProviderError):
    """What came is not what this wire looks like."""


class DegenerateTurnError(AimuError):
    """The model answered, and there is no answer."""


class EmptyReplyError(DegenerateTurnError):
    """Two replies in a row said nothing."""


class TruncatedReplyError(DegenerateTurnError):
    """The length limit was spent before any text."""


class IterationLimitError(DegenerateTurnError):
    """The last permitted request brought no text."""


class ConcurrentTurnError(AimuError, RuntimeError):
    """A turn is open on this conversation."""


class ToolError(AimuError):
    """Raised by a tool to tell the model something."""


class ToolSignatureError(AimuError, TypeError):
    """A function that cannot be offered as a tool."""


class ColourError(AimuError, ValueError):
    """Something of the other surface."""


class MissingDependencyError(AimuError, ImportError):
    """A package that is needed is not installed."""


__all__ = [
    "AimuError",
    "AuthenticationError",
    "ColourError",
    "ConcurrentTurnError",
    "ContextOverflowError",
    "DegenerateTurnError",
    "EmptyReplyError",
    "InvalidRequestError",
    "IterationLimitError",
    "MalformedResponseError",
    "MissingDependencyError",
    "ModelConnectionError",
    "ModelTimeoutError",
    "OverloadedError",
    "ProviderError",
    "RateLimitError",
    "RefusalError",
    "ServerError",
    "ToolError",
    "ToolSignatureError",
    "TruncatedReplyError",
]
