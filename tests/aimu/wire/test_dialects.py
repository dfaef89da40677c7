"""What each Chat Completions server is told, and what is left out because it has no such thing."""

from typing import Any

import pytest

from aimu.core.kwargs import PORTABLE, THINKING_LEVELS
from aimu.core.models import ModelSpec
from aimu.wire.dialects import DIALECTS
from aimu.wire.openai import OpenAICodec


@pytest.mark.parametrize("name", DIALECTS)
def test_only_portable_names_are_translated_and_no_two_to_one(name: str) -> None:
    names = DIALECTS[name].names
    assert set(names) <= PORTABLE - {"thinking"}
    assert len(set(names.values())) == len(names)
    assert {"max_tokens", "temperature", "top_p", "stop"} <= set(names)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("value", [True, 1, 5000, *THINKING_LEVELS])
def test_every_wish_to_think_can_be_said_to_every_server(name: str, value: bool | int | str) -> None:
    assert DIALECTS[name].thinking_parameters(value)


@pytest.mark.parametrize(
    ("provider", "value", "parameters"),
    [
        ("openai", "high", {"reasoning_effort": "high"}),
        ("openai", 500, {"reasoning_effort": "low"}),
        ("openai", False, {}),
        ("vllm", "low", {"chat_template_kwargs": {"enable_thinking": True}}),
        ("vllm", False, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("deepseek", True, {"thinking": {"type": "enabled"}}),
        ("deepseek", False, {"thinking": {"type": "disabled"}}),
        ("openrouter", 500, {"reasoning": {"max_tokens": 500}}),
        ("openrouter", True, {"reasoning": {"effort": "medium"}}),
    ],
)
def test_each_server_has_its_own_way_to_be_asked_to_think(provider: str, value: Any, parameters: Any) -> None:
    assert OpenAICodec(provider, ModelSpec("m", thinking=True)).parameters({"thinking": value}) == (parameters, [])
    assert OpenAICodec(provider, ModelSpec("m")).parameters({"thinking": value}) == ({}, [])


def test_a_parameter_given_under_the_wires_own_name_wins() -> None:
    kwargs = {"thinking": "high", "reasoning_effort": "low"}
    assert OpenAICodec("openai", ModelSpec("m", thinking=True)).parameters(kwargs)[0] == {"reasoning_effort": "low"}
    assert kwargs == {"thinking": "high", "reasoning_effort": "low"}


@pytest.mark.parametrize(
    ("provider", "body", "dropped"),
    [
        ("openai", {"max_completion_tokens": 5, "seed": 1}, ["top_k"]),
        ("mistral", {"max_tokens": 5, "random_seed": 1}, ["top_k"]),
        ("vllm", {"max_tokens": 5, "seed": 1, "top_k": 2}, []),
        ("gemini", {"max_tokens": 5}, ["seed", "top_k"]),
        ("of-another-package", {"max_tokens": 5, "seed": 1}, ["top_k"]),
    ],
)
def test_portable_names_become_the_servers_own(provider: str, body: dict[str, Any], dropped: list[str]) -> None:
    found = OpenAICodec(provider, ModelSpec("m")).parameters({"max_tokens": 5, "seed": 1, "top_k": 2})
    assert (found[0], sorted(found[1])) == (body, dropped)
