"""Models in this process: a rendered prompt out, text in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.reply import Prompt, Reply, Request
from aimu.wire.transcript import TranscriptCodec
from tests.aimu.strategies import TEXTS, joined, pieces

END = {"finish_reason": "stop", "usage": {"input_tokens": 3, "output_tokens": 2}}


def render(messages: list[dict[str, Any]], **variables: Any) -> str:
    return f"{messages} {variables}"


CODEC = TranscriptCodec(render, {"max_tokens": "n_predict", "stop": "stop"})


def read(events: list[Any], prompt: str = "hi", **body: Any) -> Reply:
    decoder = CODEC.decoder(Request("", {"prompt": prompt, **body}, True))
    found = [piece for event in events for piece in decoder.feed(event)] + list(decoder.finish())
    assert joined(found, GENERATING) == decoder.reply.text
    assert joined(found, THINKING) == decoder.reply.thinking
    return decoder.reply


@given(TEXTS, TEXTS.filter(lambda text: "</think>" not in text), st.data())
def test_any_cut_of_the_text_gives_the_same_reply(text: str, thought: str, data: st.DataObject) -> None:
    for prompt, said in (("hi", f"<think>{thought}</think>{text}"), ("hi<think>\n", f"{thought}</think>{text}")):
        whole = read([said, END], prompt)
        assert read([*data.draw(pieces(said)), END], prompt) == whole
        assert (whole.text, whole.thinking) == (text.lstrip("\n"), thought.lstrip("\n"))
        assert whole.usage == {"input_tokens": 3, "output_tokens": 2}


@pytest.mark.parametrize(
    ("text", "stop", "finish", "reason"),
    [
        ("", ["."], "stop", "stop_sequence"),
        ("a", ["."], "stop", "stop"),
        ("", None, "stop", "stop"),
        ("", ["."], "length", "length"),
    ],
)
def test_a_reply_stopped_before_its_first_word_was_stopped_by_a_stop(
    text: str, stop: Any, finish: str, reason: str
) -> None:
    assert read([text, {**END, "finish_reason": finish}], stop=stop).stop_reason == reason


def test_parameters_are_the_engines_and_thinking_is_the_templates() -> None:
    parameters, dropped = CODEC.parameters({"max_tokens": 5, "seed": 1, "grammar": "x", "thinking": "high"})
    assert (parameters, dropped) == ({"n_predict": 5, "grammar": "x", "enable_thinking": True}, ["seed"])
    messages = [
        {"role": "user", "content": "hi", "name": "ada"},
        {"role": "assistant", "content": "a", "thinking": "t"},
    ]
    request = CODEC.encode(Prompt(messages, [], True, parameters, True))
    plain = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "a"}]
    assert request.body == {"prompt": render(plain, enable_thinking=True), "n_predict": 5, "grammar": "x"}
    assert parameters["enable_thinking"] is True
    assert "enable_thinking" not in CODEC.encode(Prompt(messages, [], True, {}, True)).body["prompt"]
