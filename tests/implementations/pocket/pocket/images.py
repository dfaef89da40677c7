"""Images of a message, as parts of its content."""

import base64
from pathlib import Path
from typing import Any, Final

LIMIT: Final = 20 * 1024 * 1024
KINDS: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}


def content(text: str, images: Any) -> str | list[dict[str, Any]]:
    """The content of a user message.

    Args:
        text: str.
        images: list or None: paths, bytes, or http, https and data URLs.

    Returns:
        str, or a list of parts where there are images.

    Raises:
        TypeError: no list, or an item of another type.
        ValueError: an image that cannot be read, is too large, or is none.
    """
    if images is None:
        return text
    if not isinstance(images, (list, tuple)):
        raise TypeError(f"images is {type(images).__name__}; give a list of paths, bytes or URLs")
    parts = [{"type": "image_url", "image_url": {"url": _url(image)}} for image in images]
    return [{"type": "text", "text": text}, *parts] if parts else text


def _url(image: Any) -> str:
    if isinstance(image, str) and image.startswith(("http://", "https://", "data:image/")):
        return image
    if isinstance(image, bytes):
        return _data_url(image, f"image of {len(image)} bytes")
    if not isinstance(image, (str, Path)):
        raise TypeError(f"an image is a path, bytes or a URL, not {type(image).__name__}")
    try:
        return _data_url(Path(image).read_bytes(), f"image {image}")
    except OSError as error:
        raise ValueError(f"image {image} cannot be read: {error}") from error


def _data_url(data: bytes, name: str) -> str:
    if len(data) > LIMIT:
        raise ValueError(f"{name} has {len(data)} bytes, which is over the limit of {LIMIT}; make it smaller")
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "webp"
    if kind is None:
        raise ValueError(f"{name} is not a PNG, JPEG, GIF or WebP; convert it first")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
