"""What Hypothesis makes for these tests: JSON, fragments of bytes, and histories that can be sent."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

S = TypeVar("S", str, bytes)
Message = dict[str, Any]

TEXTS = st.text(max_size=12)
WORDS = st.text(min_size=1, max_size=12)
NAMES = st.text("abcxyz_09", min_size=1, max_size=8)
IDS = st.text("abcXYZ019_-", min_size=1, max_size=12)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=3)


@st.composite
def pieces(draw: st.DrawFn, whole: S) -> list[S]:
    """The same string or bytes, cut anywhere; some pieces may be empty."""
    cuts: list[int] = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    return [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def every_byte(whole: bytes) -> list[bytes]:
    """The finest fragmentation."""
    return [whole[at : at + 1] for at in range(len(whole))]


@st.composite
def calls(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The tool calls of one message, their ids all different."""
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    return [
        {
            "id": call_id,
            "type": "function",
            "function": {"name": draw(NAMES), "arguments": json.dumps(draw(OBJECTS))},
        }
        for call_id in ids
    ]


@st.composite
def rounds(draw: st.DrawFn) -> list[Message]:
    """A user message and what came of it: tool rounds, then an answer."""
    found: list[Message] = [{"role": "user", "content": draw(WORDS)}]
    for asked in draw(st.lists(calls(), max_size=2)):
        found.append({"role": "assistant", "content": draw(st.none() | WORDS), "tool_calls": asked})
        found += [_answer(call, draw(TEXTS)) for call in asked]
    return [*found, {"role": "assistant", "content": draw(TEXTS)}]


def _answer(call: dict[str, Any], text: str) -> Message:
    return {"role": "tool", "tool_call_id": call["id"], "name": call["function"]["name"], "content": text}


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """A history that every provider accepts."""
    head = [{"role": "system", "content": text}] if (text := draw(st.none() | WORDS)) is not None else []
    return [*head, *(message for found in draw(st.lists(rounds(), max_size=3)) for message in found)]


def joined(found: Sequence[tuple[Any, str]], phase: object) -> str:
    """The text of one phase, out of decoded pieces."""
    return "".join(text for kind, text in found if kind is phase)
