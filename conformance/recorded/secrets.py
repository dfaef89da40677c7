"""What looks like a secret, in whatever it is wrapped: a recording that holds any is refused. Pure."""

import base64
import re
import zlib
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

KEY: Final = 8  # characters that a key has at least, where only itself tells
DEPTH: Final = 4  # wrappings looked into, one in another
UNPACKED: Final = 1024 * 1024  # bytes of what is packed that are looked at
SHOWN: Final = 6  # characters of a secret that a complaint repeats
SHAPES: Final = {
    "an API key": r"\b(?:sk|pk|rk|gsk|xai|hf|r8|tvly|pplx|nvapi|fw)[-_](?=[\w\-]*\d)[A-Za-z0-9_\-]{16,}",
    "a cloud key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_\-]{35}",
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9\-]{10,}",
    "a signed token": r"\beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a bearer token": r"(?i)\bbearer\s+(?=\S*\d)[A-Za-z0-9._~+/\-]{12,}",
    "a password in a URL": r"\b[a-z][a-z0-9+.\-]*://[^\s/:@\"']+:[^\s/@\"']+@",
    "an account": r"\borg-[A-Za-z0-9]{16,}|\bproj_[A-Za-z0-9]{16,}",
}
KINDS: Final = {kind: re.compile(shape, re.ASCII) for kind, shape in SHAPES.items()}
ESCAPE: Final = re.compile(r"\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})")
BASE64: Final = re.compile(r"[A-Za-z0-9+/_\-]{16,}={0,2}")
HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")


def secrets(text: str | bytes, known: str = "") -> list[str]:
    """What looks like a secret in a text, or in what is encoded in it.

    Args:
        known: str, default "": a secret by itself, whatever it looks like; one of fewer than `KEY` characters is none.
        text: str or bytes; base64 in both alphabets, gzip, hexadecimal, percent and backslash escapes, JSON in JSON
            and any of them in another are looked into, `DEPTH` deep.

    Returns:
        list of str: what kind of secret, with its first characters only.
    """
    found: dict[str, None] = {}
    layers = {text} if isinstance(text, str) else set(_decoded(text))
    for _ in range(DEPTH + 1):
        for layer in sorted(layers):
            found |= dict.fromkeys(_shaped(layer)) | ({"the key": None} if len(known) >= KEY and known in layer else {})
        layers = {inner for layer in layers for inner in _unwrapped(layer)}
    return list(found)


def _shaped(text: str) -> Iterator[str]:
    for kind, shape in KINDS.items():
        for match in shape.finditer(text):
            yield f"{kind} ({match[0][:SHOWN]}...)"


def _unwrapped(text: str) -> Iterator[str]:
    """The texts that a text may be wrapped around; "" is none."""
    if ESCAPE.search(text):
        yield ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    if "\\" in text:  # JSON in JSON, and YAML in quotes
        yield re.sub(r"\\+([\"'/nrt])", lambda match: {"n": "\n", "r": "\r", "t": "\t"}.get(match[1], match[1]), text)
    if "%" in text and (plain := unquote(text, errors="replace")) != text:
        yield plain
    for match in HEX.finditer(text):
        yield from _decoded(bytes.fromhex(match[0]))
    for match in BASE64.finditer(text):
        yield from _debased(match[0])


def _debased(text: str) -> Iterator[str]:
    """What base64 says; it may be glued to a word before it, so it is read from each of four places on."""
    standard = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    for start in range(4):
        part = standard[start:]
        whole = part[: len(part) - 1] if len(part) % 4 == 1 else part
        yield from _decoded(base64.b64decode(whole + "=" * (-len(whole) % 4)))


def _decoded(data: bytes) -> Iterator[str]:
    """What bytes say, packed or not; bytes that are no text stand for themselves."""
    if data[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(data, UNPACKED)
        except zlib.error:
            return
    yield _text(data)


def _text(text: str | bytes) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
