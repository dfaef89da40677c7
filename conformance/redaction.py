"""Secrets are taken out of everything that a run leaves. Pure."""

import re
from typing import Final

SECRETS: Final = (
    re.compile(r"\btest-key\b"),
    re.compile(r"\bsk-[A-Za-z0-9_\-]{4,}"),
    re.compile(r"(?i)(?<=bearer )[^\s'\",\\]+"),
    re.compile(r"(?i)(?<=api-key: )[^\s'\",\\]+"),
    re.compile(r"(?i)(?:(?<=api_key=)|(?<=api_key=['\"]))[^\s'\",)\\]+"),
)


def redact(text: str) -> str:
    """The text with every key and token replaced."""
    for secret in SECRETS:
        text = secret.sub("[redacted]", text)
    return text
