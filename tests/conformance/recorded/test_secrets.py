"""What is refused as a secret, however it is wrapped, and what is not."""

import base64
import gzip
import hashlib
import struct
import uuid
import zlib
from pathlib import Path

import pytest

from conformance.recorded.cassette import Cassette
from conformance.recorded.secrets import KINDS, secrets
from tests.conformance.recorded.shelf import NAMES, SHIPPED
from tests.conformance.recorded.wrappings import API_KEYS, GITHUB, SECRETS, WRAPPINGS, based


def test_every_kind_is_tried() -> None:
    """A kind that is added and never tried."""
    assert set(SECRETS) == set(KINDS)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_in_every_wrapping_and_not_repeated(kind: str, wrapping: str) -> None:
    """A kind or a wrapping that is not looked into, or a complaint that gives the secret away."""
    secret = SECRETS[kind]
    for text in (WRAPPINGS[wrapping](secret), f"before {WRAPPINGS[wrapping](secret)} after"):
        found = secrets(text)
        assert [each for each in found if each.startswith(f"{kind} (")], found
        assert all(secret not in each and len(each) < 40 for each in found)


@pytest.mark.parametrize("key", API_KEYS)
def test_the_keys_of_the_providers_are_found(key: str) -> None:
    """A key with a prefix that only some of its makers use."""
    for text in (key, f'{{"key":"{key}"}}', based(key)):
        assert [each for each in secrets(text) if each.startswith("an API key (")], text


@pytest.mark.parametrize("glue", ['"', ",", "=", ":", "\n", "\\n", "(", "base64,", "/", "v1/", "id_", "ab-", "x", "xx"])
def test_a_secret_in_base64_is_found_after_anything(glue: str) -> None:
    """Base64 that is read from a wrong place, because what stands before it could be of it."""
    assert secrets(f"{glue}{based(GITHUB)}") != []


def test_a_secret_in_packed_bytes_is_found() -> None:
    """A body that is packed, and passes for bytes without a text."""
    assert secrets(gzip.compress(GITHUB.encode())) != []
    assert secrets(gzip.compress(based(GITHUB).encode())) != []


@pytest.mark.parametrize("length", [0, 40, 400])
def test_a_secret_in_bytes_is_found_as_yaml_writes_them(length: int) -> None:
    """Base64 in several lines, each of which is read as if it were all."""
    noise = hashlib.shake_256(b"noise").hexdigest(length // 2)
    body = gzip.compress(f"{noise} {GITHUB} {noise}".encode(), mtime=0)
    (text, whole) = Cassette(
        Path(), {"interactions": [{"request": {"body": ""}, "response": {"body": {"string": body}}}]}
    ).held()
    assert isinstance(text, str)
    assert secrets(whole) != []


@pytest.mark.parametrize("before", [b"\xff\xfe\x00 ", b"\x89PNG\r\n\x1a\n", b"\xff" * 100])
def test_a_secret_among_bytes_that_are_no_text_is_found(before: bytes) -> None:
    """Bytes that are passed over whole because they are not UTF-8."""
    assert secrets(before + GITHUB.encode()) != []
    assert secrets(base64.b64encode(before + GITHUB.encode())) != []


def png() -> bytes:
    """A picture of 8 by 8 pixels."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\x00" + hashlib.sha256(bytes([n])).digest()[:24] for n in range(8))
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


@pytest.mark.parametrize(
    "text",
    [
        "The bearer of this letter may ask for a risk-free task, and desk-bound work.",
        "See https://example.com/a/b?c=d and http://localhost:8080/v1, or write to a@example.com.",
        "An asterisk-separated list; sk-learn-like-names-of-many-words; AKIA is a word.",
        " ".join(str(uuid.UUID(int=n * 2**97 + n)) for n in range(20)),
        " ".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(40)),
        " ".join(base64.b64encode(hashlib.sha512(bytes([n])).digest()).decode() for n in range(20)),
        f"data:image/png;base64,{base64.b64encode(png()).decode()}",
        "req_011CSHoEeqs5C35K2UUqR7Fy msg_01XFDUDYJgAACzvnptvVoYEL call_DdmO9pD3xa9XTPNJ32zg2hcA",
        "chatcmpl-n9XneMxeSw0z0qsJLj7rm7TiIQq0Z8cS toolu_01T1x1fJ34qAmk2tNTrN7Up6",
        "",
    ],
)
def test_what_is_no_secret_is_not_refused(text: str) -> None:
    """A recording that cannot be kept because of an id, a digest, a picture or a word."""
    assert secrets(text) == []
    assert secrets(text.encode()) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_cassette_holds_a_secret(name: str) -> None:
    """A secret that is shipped, or a recording of ours that would be refused."""
    assert secrets((SHIPPED / name).read_bytes()) == []
