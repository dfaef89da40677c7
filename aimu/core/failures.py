"""What tools, workers and scorers raised, named and put in words."""

from __future__ import annotations


def named_end(exc: Exception, what: str) -> Exception:
    """A RuntimeError that names ``what`` for an exception that would end a generator on its way.

    Python makes it one itself where a coroutine raises it, and names nobody.
    """
    if str(exc).startswith("coroutine raised ") and isinstance(exc.__cause__, StopIteration):
        exc = exc.__cause__
    if not isinstance(exc, (StopIteration, StopAsyncIteration)):
        return exc
    named = RuntimeError(f"{what} raised {type(exc).__name__}")
    named.__cause__ = exc
    return named


def failure_text(exc: BaseException | None) -> str:
    """Type and text of an exception; of each one in a group, whose own text says nothing."""
    if isinstance(exc, BaseExceptionGroup):
        return "; ".join(map(failure_text, exc.exceptions))
    return f"{type(exc).__name__}: {exc}"
