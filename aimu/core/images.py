"""The images of a user message, read and checked before anything is sent."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from typing import Any

from aimu.core.messages import sendable
from aimu.core.models import ModelSpec

MAX_IMAGE_BYTES = 20 * 1024 * 1024
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def user_content(text: str, images: Iterable[Any] | None) -> str | list[dict[str, Any]]:
    """The ``content`` of a user message: plain text, or OpenAI content parts when there are images (CHAT-9).

    Args:
        text: What the user says.
        images: Each a path, raw bytes, or an ``http(s)`` or ``data:image/`` URL.

    Raises:
        TypeError: an item is none of these, or one image was given in place of a list.
        ValueError: a file cannot be read, is too large, or is not an image we know.
    """
    parts = [_image_part(item) for item in image_list(images)]
    if not parts:
        return text
    return [{"type": "text", "text": text}, *parts]


def image_list(images: Iterable[Any] | None) -> list[Any]:
    """The images of a message; TypeError when one was given in place of a list (CHAT-11)."""
    if isinstance(images, (str, bytes, bytearray, os.PathLike)):
        raise TypeError(f"images= takes a list, not a single {type(images).__name__}; write images=[...]")
    return list(images or ())


def _image_part(item: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": _image_url(item)}}


def _image_url(item: Any) -> str:
    if isinstance(item, str) and item.startswith(("http://", "https://", "data:image/")):
        return item
    if isinstance(item, (bytes, bytearray)):
        return _data_url(bytes(item), "the image given as bytes")
    if isinstance(item, (str, os.PathLike)):
        return _data_url(_read(os.fspath(item)), f"the image {str(item)!r}")
    raise TypeError(f"images= takes paths, bytes and URLs, not {type(item).__name__}")


def _read(path: str) -> bytes:
    try:
        if (size := os.path.getsize(path)) > MAX_IMAGE_BYTES:
            raise ValueError(f"the image {path!r} has {size} bytes; the limit is {MAX_IMAGE_BYTES}")
        with open(path, "rb") as file:
            return file.read()
    except OSError as exc:
        raise ValueError(f"the image {path!r} cannot be read: {exc.strerror or exc}") from exc


def _data_url(data: bytes, what: str) -> str:
    if len(data) > MAX_IMAGE_BYTES:
        raise ValueError(f"{what} has {len(data)} bytes; the limit is {MAX_IMAGE_BYTES}")
    mime = next((mime for magic, mime in _MAGIC.items() if data.startswith(magic)), None)
    if mime is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        mime = "image/webp"
    if mime is None:
        raise ValueError(f"{what} is not a PNG, JPEG, GIF or WebP file")
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def split_data_url(url: str) -> tuple[str, str] | None:
    """``(mime, base64)`` of a data URL, None for any other URL."""
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        return None
    return head.removeprefix("data:").removesuffix(";base64"), data


def message_content(text: str, images: Iterable[Any] | None, model: ModelSpec) -> str | list[dict[str, Any]]:
    """The content of a user message to a model, checked (CHAT-3).

    Raises:
        TypeError: the message is no text.
        ValueError: it is empty or not Unicode, or the model does not see images.
    """
    images = image_list(images)
    if images and not model.vision:
        raise ValueError(f"model {model.id!r} does not support vision; images= needs one that does")
    check_message(text, bool(images))
    return user_content(text, images)


def check_message(text: str, has_images: bool) -> None:
    """Refuse a message that says nothing, or is no text (CHAT-3)."""
    if not isinstance(text, str):
        raise TypeError(f"the message must be a str, not {type(text).__name__}")
    if not text.strip() and not has_images:
        raise ValueError("the message is empty; say something, or show images")
    if sendable(text) != text:
        raise ValueError("the message holds half of a surrogate pair, which is not Unicode text")
