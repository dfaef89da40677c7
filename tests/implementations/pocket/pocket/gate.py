"""What is refused before a client or a turn begins."""

import os
from functools import cache
from typing import Any

from pocket import errors
from pocket.conversation import sound


def refuse_schema(schema: Any) -> None:
    """There is no structured output here."""
    if schema is not None:
        raise NotImplementedError(f"{__package__} has no structured output; leave out schema=")


@cache
def trusted() -> Any:
    """The trusted certificates, read once for all clients."""
    import httpx2

    return httpx2.create_ssl_context()


def text_of(text: Any, is_alone: bool) -> str:
    """The text of a message; TypeError and ValueError where there is none."""
    if not isinstance(text, str):
        raise TypeError(f"a message is a str, not {type(text).__name__}")
    if is_alone and not text.strip():
        raise ValueError("the message is empty; say something")
    return sound(text)


def key_of(provider: str, variable: str | None, given: str | None, is_needed: bool) -> str:
    """The key, given or of the environment; AuthenticationError where one is needed, or none can be sent."""
    key = (given or os.environ.get(variable or "", "")).strip()
    if not key and variable and is_needed:
        raise errors.AuthenticationError(f"no key; set {variable} or give api_key=", provider=provider)
    if not key.isascii() or not key.isprintable():
        raise errors.AuthenticationError("the key has characters that no header can hold", provider=provider)
    return key
