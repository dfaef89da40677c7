"""What went wrong in a conversation with an MCP server: the tool or the connection, and in which words."""

from __future__ import annotations

from aimu.tools.mcp_format import cut

DETAIL_LIMIT = 2**14  # characters: the words of a stranger, who may send any number
# JSON-RPC errors that are none of a tool: parse error, invalid request, connection closed, timed out
OF_THE_CONNECTION = frozenset([-32700, -32600, -32000, -32001])
# what the SDK says in the name of a server that answered by an HTTP status alone
STAND_INS = frozenset(["Server returned an error response", "Not Found", "Session terminated"])


def code_of(exc: Exception) -> int | None:
    """The JSON-RPC code of an error that a server answered with; None of any other."""
    from mcp import MCPError

    return exc.code if isinstance(exc, MCPError) else None


def is_refusal(exc: Exception) -> bool:
    """Whether the server refused this call, or answered it wrongly, on a connection that holds (MCP-6, SECURITY-5)."""
    from pydantic import ValidationError

    code = code_of(exc)
    if code is None:
        return isinstance(exc, (RuntimeError, ValidationError))  # the answer is not what it was promised to be
    return code not in OF_THE_CONNECTION and str(exc) not in STAND_INS


def detail_of(exc: Exception) -> str:
    """What an exception says, at a length that can be shown."""
    inner: BaseException = exc
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    inner = inner.__cause__ if type(inner) is RuntimeError and inner.__cause__ else inner
    return cut(_words(inner), DETAIL_LIMIT) or type(inner).__name__


def _words(exc: BaseException) -> str:
    from pydantic import ValidationError

    if not isinstance(exc, ValidationError):
        return str(exc)
    first = exc.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"its answer is none of the protocol's: {where}: {first['msg']}"
