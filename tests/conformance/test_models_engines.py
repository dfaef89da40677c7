"""The micro model's files on both engines: the same prompts, the same tokens, and every checked turn word for word."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.models.conversations import CONVERSATIONS
from conformance.models.engines import Engine, LlamaCpp, Transformers
from conformance.models.rendering import prompt_text, reply_text
from conformance.models.speech import Conversation, tools

ENGINES: dict[str, Callable[[], Engine]] = {"transformers": Transformers, "llama.cpp": LlamaCpp}
PACKAGES = {"transformers": ("torch", "transformers"), "llama.cpp": ("llama_cpp",)}
WEATHER = CONVERSATIONS["weather"]


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    for package in PACKAGES[request.param]:
        module = pytest.importorskip(package)
        if package == "torch":
            module.set_num_threads(1)
    return ENGINES[request.param]()


@pytest.mark.parametrize("conversation", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_every_checked_turn_is_exact(engine: Engine, conversation: Conversation) -> None:
    from conformance.models.evaluate import answers

    for answer in answers(conversation, engine):
        assert answer.written == answer.wanted, answer.where


def test_both_engines_make_the_same_tokens() -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("llama_cpp")
    one, other = Transformers(), LlamaCpp()
    for conversation in CONVERSATIONS.values():
        for messages, message in conversation.turns():
            text = prompt_text(messages, conversation.tools, conversation.thinking) + reply_text(message)
            assert one.tokens(text) == other.tokens(text), conversation.name


def test_arguments_may_be_an_object_or_text(engine: Engine) -> None:
    messages: list[dict[str, Any]] = json.loads(json.dumps(CONVERSATIONS["accent"].messages))
    function = messages[1]["tool_calls"][0]["function"]
    before = engine.prompt(messages, WEATHER.tools, False)
    function["arguments"] = json.loads(function["arguments"])
    assert engine.prompt(messages, WEATHER.tools, False) == before
    assert '"city": "Zürich"' in before


def test_content_may_be_missing_or_in_parts(engine: Engine) -> None:
    parts = [{"type": "text", "text": "What is the weather"}, {"type": "text", "text": " in Paris?"}]
    messages = [{"role": "user", "content": parts}, *WEATHER.messages[1:3]]
    assert messages[1]["content"] is None
    assert engine.prompt(messages, WEATHER.tools, False) == prompt_text(WEATHER.messages[:3], WEATHER.tools)


def test_old_thinking_is_dropped_and_only_the_last_question_asks_for_it(engine: Engine) -> None:
    messages = [
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "1", "reasoning_content": "hidden", "thinking": "hidden"},
        {"role": "user", "content": "Two"},
    ]
    prompt = engine.prompt(messages, (), True)
    assert "hidden" not in prompt
    assert "One<|im_end|>" in prompt
    assert "Two /think<|im_end|>" in prompt
    assert "/think" not in engine.prompt(messages, (), False)


def test_a_tool_without_parameters_is_shown(engine: Engine) -> None:
    assert "# Tools\nping()\n" in engine.prompt([{"role": "user", "content": "Hi"}], tools("ping"), False).replace(
        "<|im_end|>", "\n"
    )
    bare = {"type": "function", "function": {"name": "ping", "description": "Ping."}}
    assert "\nping()<|im_end|>" in engine.prompt([{"role": "user", "content": "Hi"}], [bare], False)


def test_a_parameter_of_another_form_is_any(engine: Engine) -> None:
    schema = {"type": "object", "properties": {"items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}
    odd = {"type": "function", "function": {"name": "odd", "parameters": schema}}
    assert "\nodd(items: any)<|im_end|>" in engine.prompt([{"role": "user", "content": "Hi"}], [odd], False)
