"""Tool-call ids that a provider accepts, whichever provider made them."""

from __future__ import annotations

import hashlib
import re


def accepted_id(call_id: str, pattern: str) -> str:
    """``call_id`` if it fits; else nine letters and digits made from it, the same ones each time."""
    return call_id if re.fullmatch(pattern, call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:9]
