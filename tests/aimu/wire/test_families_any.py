"""Any text of a model, marks in it or not: it is read, nothing is lost of it, and the cuts do not matter."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.wire.families import FAMILIES
from tests.aimu.strategies import JSON, pieces
from tests.aimu.wire.test_families_read import MARKS, read

PROMPTS = ("", "<think>\n", "<|im_start|>assistant\n", "<|start|>assistant", "[THINK]")
TEXTS = st.text(max_size=30)
MIXED = st.lists(TEXTS | st.sampled_from(MARKS) | JSON.map(json.dumps), max_size=8).map("".join)
# what opens or closes something in some family: a text without any of these is said as it stands
TELLING = re.compile(r"[<>{}\[\]｜]|\A\s*\{")
NAMED = pytest.mark.parametrize("name", sorted(FAMILIES))


@NAMED
@given(text=MIXED, prompt=st.sampled_from(PROMPTS), tools=st.booleans(), data=st.data())
def test_any_text_is_read_the_same_however_it_is_cut(
    name: str, text: str, prompt: str, tools: bool, data: st.DataObject
) -> None:
    whole = read(name, [text], prompt, tools=tools)[1]
    assert read(name, data.draw(pieces(text)), prompt, tools=tools)[1] == whole
    assert read(name, list(text), prompt, tools=tools)[1] == whole


@NAMED
@given(text=TEXTS.filter(lambda text: not TELLING.search(text)), tools=st.booleans())
def test_text_without_marks_is_said_as_it_stands(name: str, text: str, tools: bool) -> None:
    reply = read(name, list(text), "", tools=tools)[1]
    assert (reply.text, reply.thinking, reply.calls) == (text, "", [])


@NAMED
@given(texts=st.lists(st.text("abc ABC.,é🙂", min_size=1, max_size=8), min_size=1, max_size=4), data=st.data())
def test_no_letter_is_lost_between_marks(name: str, texts: list[str], data: st.DataObject) -> None:
    """What stands between two marks is said, thought, or part of a call: each letter once, in its order."""
    marks = [data.draw(st.sampled_from(MARKS)) for _ in texts]
    reply = read(name, ["".join(f"{mark}{text}" for mark, text in zip(marks, texts, strict=True))], "", tools=True)[1]
    kept = [reply.text, reply.thinking, *(part for call in reply.calls for part in (call.name, call.arguments))]
    heard = "".join(kept)
    for text in texts:
        for word in re.findall(r"\w{3,}", text):
            assert word in heard or word in json.loads(f'"{heard}"' if _is_escaped(heard) else '""'), (word, kept)


def _is_escaped(text: str) -> bool:
    try:
        return isinstance(json.loads(f'"{text}"'), str)
    except ValueError:
        return False
