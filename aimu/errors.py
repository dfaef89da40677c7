"""Every exception of AIMU, for every provider and both surfaces.

AimuError
├── ProviderError                  the other side: has .provider .status .request_id .retryable
│   ├── ModelConnectionError       unreachable, dropped, or the stream ended early  (also ConnectionError)
│   │   └── ModelTimeoutError      no answer in time                                (also TimeoutError)
│   ├── AuthenticationError        401, 403, or no key at all
│   ├── RateLimitError             429; not retryable when the quota itself is spent
│   ├── OverloadedError            503, 529: busy, try later
│   ├── ServerError                any other 5xx
│   ├── InvalidRequestError        any other 4xx: the request is at fault
│   │   └── ContextOverflowError   the conversation is longer than the model's context
│   ├── RefusalError               the model declined; .text is what it had said
│   └── MalformedResponseError     the reply is not what the wire promises
├── DegenerateTurnError            the model answered, and there is nothing to return
│   ├── EmptyReplyError            no text and no tool call, twice
│   ├── TruncatedReplyError        the length limit was spent before any text
│   ├── IterationLimitError        max_iterations requests, and still no text
│   └── StructuredOutputError      the answer does not fit schema=; .text is what it was
├── VerdictError                   a router, evaluator or judge gave no verdict      (also ValueError)
├── ConcurrentTurnError            a second turn on a conversation that has one open  (also RuntimeError)
├── ToolError                      raise it in a tool: its text goes to the model
├── ToolSignatureError             @tool cannot offer this signature                 (also TypeError)
├── MCPConnectionError             an MCP server cannot be reached, or went away     (also RuntimeError)
├── SkillLoadError                 a SKILL.md that cannot be read; .path and .line   (also ValueError)
├── SkillNotFoundError             there is no skill of that name                    (also KeyError)
├── ColourError                    sync where async is needed, or the reverse        (also ValueError)
└── MissingDependencyError         an optional package is not installed              (also ImportError)
"""

from __future__ import annotations

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
    "MCPConnectionError",
    "MalformedResponseError",
    "MissingDependencyError",
    "ModelConnectionError",
    "ModelTimeoutError",
    "OverloadedError",
    "ProviderError",
    "RateLimitError",
    "RefusalError",
    "ServerError",
    "SkillLoadError",
    "SkillNotFoundError",
    "StructuredOutputError",
    "ToolError",
    "ToolSignatureError",
    "TruncatedReplyError",
    "VerdictError",
]


class AimuError(Exception):
    """The root: ``except AimuError`` catches whatever this library raises on purpose (ERRORS-1)."""


class ProviderError(AimuError):
    """A provider, or the way to it, failed (ERRORS-1).

    Args:
        message: What went wrong, with the provider's own words.
        provider: Name of the provider, such as ``"anthropic"``.
        status: HTTP status, or None where there was no response.
        request_id: The provider's id of the request, for its support; None if it sent none.
        retryable: Whether the same request may succeed later; None takes the class's own answer.
    """

    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.status = status
        self.request_id = request_id
        if retryable is not None:
            self.retryable = retryable


class ModelConnectionError(ProviderError, ConnectionError):
    """The provider cannot be reached, or the connection broke before the reply was whole."""

    retryable = True


class ModelTimeoutError(ModelConnectionError, TimeoutError):
    """The provider did not answer within the client's ``timeout``."""


class AuthenticationError(ProviderError):
    """The key is missing, wrong, or not allowed to do this."""


class RateLimitError(ProviderError):
    """Too many requests or tokens; ``retryable`` is False when the quota itself is spent."""

    retryable = True


class OverloadedError(ProviderError):
    """The provider is too busy."""

    retryable = True


class ServerError(ProviderError):
    """The provider failed inside."""

    retryable = True


class InvalidRequestError(ProviderError):
    """The provider understood the request and will not serve it."""


class ContextOverflowError(InvalidRequestError):
    """The conversation does not fit the model's context window."""


class RefusalError(ProviderError):
    """The model or its safety filter declined.

    Args:
        message: The refusal, or what is known of it.
        text: Text that had already been said before the refusal.
        provider: Name of the provider.
    """

    def __init__(self, message: str, *, text: str = "", provider: str = "") -> None:
        super().__init__(message, provider=provider, status=200)
        self.text = text


class MalformedResponseError(ProviderError):
    """The response cannot be read as this wire's format."""


class DegenerateTurnError(AimuError):
    """The model answered, but gave neither text nor a call that could be followed."""


class EmptyReplyError(DegenerateTurnError):
    """No text and no tool call, even when asked once more."""


class TruncatedReplyError(DegenerateTurnError):
    """The reply hit the length limit before its first word of text."""


class IterationLimitError(DegenerateTurnError):
    """``max_iterations`` model requests were made and the last one brought no text."""


class StructuredOutputError(DegenerateTurnError):
    """The answer does not fit ``schema=``, even when asked once more.

    Args:
        message: What does not fit.
        text: The answer as the model gave it.
    """

    def __init__(self, message: str, *, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class VerdictError(AimuError, ValueError):
    """Whoever was to decide gave no verdict that can be followed, even when asked once more.

    Args:
        message: Who was asked, and for what.
        text: The last answer.
    """

    def __init__(self, message: str, *, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class ConcurrentTurnError(AimuError, RuntimeError):
    """A conversation runs one turn at a time; ``client.fork()`` gives another one."""


class ToolError(AimuError):
    """Raised by a tool whose failure the model should read and act on."""


class ToolSignatureError(AimuError, TypeError):
    """The function's signature cannot be offered to a model as a tool."""


class MCPConnectionError(AimuError, RuntimeError):
    """An MCP server cannot be started or reached, or it went away during a call."""


class SkillLoadError(AimuError, ValueError):
    """A SKILL.md does not follow the format.

    Args:
        message: What is wrong.
        path: The file.
        line: Line of the file, counted from 1; None where no single line is at fault.
    """

    def __init__(self, message: str, *, path: str = "", line: int | None = None) -> None:
        where = f"{path}:{line}" if line is not None else path
        super().__init__(f"{where}: {message}" if where else message)
        self.path = path
        self.line = line


class SkillNotFoundError(AimuError, KeyError):
    """There is no skill of that name; the message says which there are."""

    __str__ = Exception.__str__  # KeyError would show the message quoted


class ColourError(AimuError, ValueError):
    """A sync thing where an async one is needed, or the reverse; the message names the twin."""


class MissingDependencyError(AimuError, ImportError):
    """An optional package is missing; the message says which extra installs it."""
