"""Scenarios of spec/chat.md: images of a user message."""

import base64
import copy
import tempfile
from pathlib import Path
from typing import Any

from conformance.driver import Driver
from conformance.probes import PIXEL
from conformance.props import outcome
from conformance.requirement import requirement
from conformance.scripted import Reply, Request

DATA_URL = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
JPEG = b"\xff\xd8\xff\xe0" + bytes(8)
URL = "https://images.example/cat.png"
TOO_LARGE = PIXEL[:8] + bytes(20 * 1024 * 1024)


@requirement("CHAT-9", needs=("scripted", "images"))
async def test_images_are_stored_as_content_parts(d: Driver) -> None:
    """Bytes, a path, a URL and a data URL become image_url parts behind the text, in the order given."""
    with tempfile.TemporaryDirectory() as folder:
        picture = pixel_in(folder)
        d.script(Reply("A cat"))
        client = d.client()
        await d(client.chat("What is it?", images=[PIXEL, JPEG, picture, str(picture), URL, DATA_URL]))
    jpeg = f"data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}"
    urls = [DATA_URL, jpeg, DATA_URL, DATA_URL, URL, DATA_URL]
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    assert client.messages[0] == {"role": "user", "content": [{"type": "text", "text": "What is it?"}, *parts]}
    assert image_count(d.server.requests[0]) == 6


@requirement("CHAT-9", needs=("scripted", "images"))
async def test_images_belong_to_their_own_message(d: Driver) -> None:
    """The next user message is plain text, and no images at all is plain text too."""
    d.script(Reply("A cat"), Reply("Yes"), Reply("None"))
    client = d.client()
    await outcome(d, client, "What is it?", streamed=True, images=[PIXEL])
    first = copy.deepcopy(client.messages[0])
    await d(client.chat("Sure?"))
    await d(client.chat("And here?", images=[]))
    assert client.messages[0] == first
    assert [client.messages[2]["content"], client.messages[4]["content"]] == ["Sure?", "And here?"]
    assert [image_count(request) for request in d.server.requests] == [1, 1, 1]


@requirement("CHAT-9", needs=("scripted", "images"))
async def test_message_of_images_alone_is_no_empty_message(d: Driver) -> None:
    """With an image the text may be empty."""
    d.script(Reply("A cat"))
    client = d.client()
    assert await d(client.chat("", images=[PIXEL])) == "A cat"
    assert image_count(d.server.requests[0]) == 1


@requirement("CHAT-11", needs=("scripted", "images"))
async def test_bad_image_is_refused_in_the_call(d: Driver) -> None:
    """What cannot be read, is too large, or is no image raises at once, and nothing is sent or recorded."""
    client = d.client()
    with d.raises(ValueError, match=r"no-such-image\.png.*cannot be read") as caught:
        client.chat("Look", images=["no-such-image.png"])
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    with d.raises(ValueError, match="cannot be read") as caught:
        client.chat("Look", images=[Path(__file__).parent])
    assert isinstance(caught.value.__cause__, OSError)
    with d.raises(ValueError, match=r"test_chat_images\.py.*is not a PNG"):
        client.chat("Look", images=[PIXEL, Path(__file__)])
    with d.raises(ValueError, match="bytes is not a PNG"):
        client.chat("Look", images=[b"plain"])
    with d.raises(ValueError, match=f"{len(TOO_LARGE)} bytes.*limit"):
        client.chat("Look", images=[TOO_LARGE])
    with d.raises(TypeError, match="int"):
        client.chat("Look", images=[3])
    for single in ("picture.png", PIXEL, Path("picture.png")):
        with d.raises(TypeError, match="list"):
            client.chat("Look", images=single)
    assert client.messages == []
    assert d.server.requests == []


@requirement("CHAT-17", needs=("wire", "scripted"))
async def test_images_need_a_model_with_vision(d: Driver) -> None:
    """A model that is known to have no vision gets no image: ValueError in the call itself."""
    where = {"base_url": d.server.url(d.target.provider), "api_key": "test-key"}
    client = d.track(d.api.client(f"{d.target.provider}:scripted-model;tools", **where))
    for streamed in (False, True):
        with d.raises(ValueError, match=r"scripted-model.*does not support vision"):
            client.chat("Look", images=[PIXEL], stream=streamed)
    assert client.messages == []
    assert d.server.requests == []


def pixel_in(folder: str) -> Path:
    """A file with a picture, whose name does not say so."""
    picture = Path(folder, "pixel")
    picture.write_bytes(PIXEL)
    return picture


def image_count(request: Request) -> int:
    """How many images a request carries, on either wire."""
    contents: list[Any] = [message["content"] for message in request.body["messages"]]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return sum(part["type"] in ("image", "image_url") for part in parts)
