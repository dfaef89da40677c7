"""Secrets are taken out of everything that a run leaves."""

import os
import re
from collections.abc import Mapping
from typing import Final

from conformance.recorded.secrets import KEY, KINDS, secrets

GONE: Final = "[redacted]"
NAMES: Final = (
    r"(?:x-)?(?:goog-)?api[-_]?key|apikey|(?:proxy-)?authorization|(?:access|auth|refresh|id|session|bearer)[-_]?token"
    r"|client[-_]?secret|secret[-_]?key|password|passwd|set-cookie|cookie"
)
BETWEEN: Final = (
    r"""\\*["']?\s*[:=]\s*\\*["']?"""  # from the name to the value, in headers, JSON, JSON in JSON and URLs
)
KEYS: Final = (re.compile(r"\btest-key\b"), re.compile(r"\bsk-[A-Za-z0-9_\-]{4,}"))
SHAPES: Final = (
    *KEYS,
    re.compile(r"(?i)(?<=\bbearer )[^\s'\",\\]+"),
    re.compile(r"(?i)(?<=\bbasic )[a-z0-9+/]{8,}={0,2}"),
    re.compile(r"(?<=://)[^\s/@:\"']+:[^\s/@\"']+(?=@)"),
    *KINDS.values(),
)
NAMED: Final = re.compile(
    rf"(?i)(\b(?:{NAMES})\b{BETWEEN}(?:(?:bearer|basic)\s+)?)(?!None\b|null\b|true\b|false\b|\[)([^\s'\",;&)}}\]\\]+)"
)
# what a recording is made without; whatever else looks like a secret is not taken out there, but refused
PLACED: Final = (
    *KEYS,
    re.compile(r"(?i)(?<=bearer )[^\s'\",\\]+"),
    re.compile(r"(?i)(?<=api-key: )[^\s'\",\\]+"),
    re.compile(r"(?i)(?:(?<=api_key=)|(?<=api_key=['\"]))[^\s'\",)\\]+"),
)
QUERY: Final = re.compile(r"(?i)([?&](?:key|token|sig|signature|secret)=)([^\s&'\"#\\]+)")
VARIABLE: Final = re.compile(r"(?i)(?:key|token|secret|password)$")


def redact(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text with every key and token replaced.

    Args:
        text: str.
        environment: mapping or None, default None: what the values of variables called `..._KEY`, `..._TOKEN`,
            `..._SECRET` and `..._PASSWORD` are taken from; None is that of this process.
    """
    if not text:
        return text
    for secret in _known(os.environ if environment is None else environment):
        text = text.replace(secret, GONE)
    text = QUERY.sub(rf"\1{GONE}", NAMED.sub(_value, text))
    for shape in SHAPES:
        text = shape.sub(GONE, text)
    return text


def without_keys(text: str) -> str:
    """What is exchanged, without the keys that a client sends; a recording with any other secret is refused."""
    for key in PLACED:
        text = key.sub(GONE, text)
    return text


def withhold(text: str) -> str:
    """The text redacted; where a secret is still in it, wrapped in base64 or the like, nothing of it.

    Args:
        text: str.
    """
    text = redact(text)
    kinds = sorted({found.partition(" (")[0] for found in secrets(text)})
    return f"[withheld: it holds what looks like {', '.join(kinds)}, encoded]" if kinds else text


def _known(environment: Mapping[str, str]) -> list[str]:
    found = {value for name, value in environment.items() if VARIABLE.search(name) and len(value) >= KEY}
    return sorted(found, key=len, reverse=True)


def _value(match: re.Match[str]) -> str:
    return f"{match[1]}{GONE}"
