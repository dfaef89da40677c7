"""Made-up secrets of every kind, and what they may be wrapped in."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Final

# put together here, so that no scanner takes this file for a leak
SECRETS: Final = {
    "an API key": "sk-" + "a1B2c3D4e5F6g7H8i9J0",
    "a cloud key": "AKIA" + "IOSFODNN7EXAMPLE",
    "a GitHub token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8",
    "a Slack token": "xoxb-" + "1234567890-abcdefghij",
    "a signed token": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZw",
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a bearer token": "Bearer " + "a1B2/c3D4+e5F6.g7H8",
    "a password in a URL": "postgres://admin:" + "hunter2@db.example.com",
    "an account": "org-" + "A1b2C3d4E5f6G7h8I9",
}
API_KEYS: Final = (  # as the providers make them
    "sk-" + "proj-aBcDeFgHiJkL1mNo_PqRsTuVw-XyZ0123456789",
    "sk-" + "svcacct-aBcDeFgHiJkL1mNoPqRsTuVwXyZ0123456789",
    "sk-" + "ant-api03-aBcDeFgHiJkL1mNo-PqRsTuVwXyZ0123456789AA",
    "sk-" + "or-v1-0123456789abcdef0123456789abcdef",
    "sk-" + "0123456789abcdef0123456789abcdef",
    "gsk_" + "aBcDeFgHiJkL1mNoPqRsTuVwXyZ0123456789",
    "xai-" + "aBcDeFgHiJkL1mNoPqRsTuVwXyZ0123456789",
    "hf_" + "aBcDeFgHiJkL1mNoPqRsTuVwXyZ0123456",
    "nvapi-" + "aBcDeFgHiJkL1mNoPqRsTuVw-XyZ0123456789",
)
GITHUB: Final = SECRETS["a GitHub token"]


def based(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def url_based(text: str) -> str:
    """In the other alphabet and without padding; the first characters make both differ."""
    return base64.urlsafe_b64encode(("\u00bf\u00ff>>??" + text).encode()).decode().rstrip("=")


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def escaped(text: str) -> str:
    """As JSON may write it: after a line break, with slashes escaped."""
    return json.dumps(f"line\n{text}")[1:-1].replace("/", "\\/")


def in_json(text: str) -> str:
    return json.dumps({"log": f"line\n{text}"})


def percented(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def hexed(text: str) -> str:
    return text.encode().hex()


def unicoded(text: str) -> str:
    return "".join(f"\\u{ord(each):04x}" for each in text)


WRAPPINGS: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "JSON escapes": escaped,
    "JSON": in_json,
    "JSON in JSON": lambda text: json.dumps({"inner": in_json(text)}),
    "base64": based,
    "url-safe base64": url_based,
    "base64 of gzip": packed,
    "percent": percented,
    "hexadecimal": hexed,
    "unicode escapes": unicoded,
    "base64 of percent": lambda text: based(percented(text)),
    "hexadecimal of base64": lambda text: hexed(based(text)),
    "base64 of JSON in JSON": lambda text: based(json.dumps({"inner": in_json(text)})),
    "unicode escapes of gzip": lambda text: unicoded(packed(text)),
    "base64 of base64": lambda text: based(based(text)),
}
