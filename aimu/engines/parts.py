"""Contents of messages as lists of parts, which the templates of models that see read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def in_parts(messages: Sequence[dict[str, Any]], *, with_texts: bool) -> list[dict[str, Any]]:
    """A history with each image as templates name one.

    Args:
        messages: In OpenAI format.
        with_texts: Whether a content that is a text becomes a part too.
    """
    return [{**message, "content": _parts(message["content"], with_texts)} for message in messages]


def _parts(content: Any, with_texts: bool) -> Any:
    if isinstance(content, list):
        return [{"type": "image"} if part["type"] == "image_url" else part for part in content]
    if not with_texts or content is None:
        return content
    return [{"type": "text", "text": content}] if content else []
