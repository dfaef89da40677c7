"""Images, read and checked before anything is sent."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from aimu.core import images
from aimu.core.images import split_data_url, user_content

PNG = b"\x89PNG\r\n\x1a\nrest"
KINDS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xffrest",
    "image/gif": b"GIF89arest",
    "image/webp": b"RIFF\x04\x00\x00\x00WEBPrest",
}


def url_of(item: Any) -> str:
    content = user_content("look", [item])
    assert isinstance(content, list)
    assert content[0] == {"type": "text", "text": "look"}
    return str(content[1]["image_url"]["url"])


@pytest.mark.parametrize("none", [None, [], ()])
def test_without_images_the_content_is_the_text(none: Any) -> None:
    assert user_content("look", none) == "look"


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_told_by_the_bytes_not_by_the_name(kind: str, tmp_path: Path) -> None:
    data = KINDS[kind]
    path = tmp_path / "picture.txt"
    path.write_bytes(data)
    wanted = (kind, base64.b64encode(data).decode())
    for item in (data, bytearray(data), path, str(path)):
        assert split_data_url(url_of(item)) == wanted


def test_anything_with_a_path_is_a_path(tmp_path: Path) -> None:
    class Entry(os.PathLike[str]):
        def __fspath__(self) -> str:
            return str(tmp_path / "a.png")

    (tmp_path / "a.png").write_bytes(PNG)
    assert url_of(Entry()) == url_of(PNG)


@pytest.mark.parametrize("url", ["https://example.org/a.png", "http://example.org/a", "data:image/png;base64,AAAA"])
def test_a_url_is_sent_as_it_is(url: str) -> None:
    assert url_of(url) == url


def test_images_keep_their_order() -> None:
    content = user_content("look", ["https://a.org/1", PNG, "https://a.org/2"])
    assert [part["image_url"]["url"][:15] for part in content[1:]] == [  # type: ignore[index]
        "https://a.org/1",
        "data:image/png;",
        "https://a.org/2",
    ]


def test_a_file_that_is_no_image_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_bytes(b"RIFFxxxxWAVE")
    with pytest.raises(ValueError, match=r"notes\.png' is not a PNG, JPEG, GIF or WebP"):
        user_content("look", [path])


@pytest.mark.parametrize("missing", ["nowhere.png", "", "."])
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(missing: str) -> None:
    with pytest.raises(ValueError, match="cannot be read") as caught:
        user_content("look", [missing])
    assert isinstance(caught.value.__cause__, OSError)


def test_too_large_a_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    monkeypatch.setattr(images, "MAX_IMAGE_BYTES", len(PNG))
    assert url_of(path) == url_of(PNG)
    monkeypatch.setattr(images, "MAX_IMAGE_BYTES", len(PNG) - 1)
    for item in (path, PNG):
        with pytest.raises(ValueError, match=f"has {len(PNG)} bytes; the limit is {len(PNG) - 1}"):
            user_content("look", [item])


@pytest.mark.parametrize("item", [5, None, object(), ["a.png"]])
def test_anything_else_is_a_type_error(item: Any) -> None:
    with pytest.raises(TypeError, match=f"not {type(item).__name__}"):
        user_content("look", [item])


@pytest.mark.parametrize(
    "url", ["https://example.org/a,b", "data:image/png,AAAA", "data:image/png;base64", "", "x;base64,"]
)
def test_only_a_base64_data_url_is_split(url: str) -> None:
    assert split_data_url(url) is None
