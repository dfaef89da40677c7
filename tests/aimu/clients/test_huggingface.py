"""The client of transformers where the suite cannot look: where models come from, and what it refuses."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.models import MICRO_FOLDER, MICRO_GGUF
from tests.aimu.engines.loaded import HAS_ENGINES, one_thread

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)

import torch

import aimu
from aimu.clients.huggingface import HuggingFaceClient
from aimu.errors import InvalidRequestError

HELLO = "Hello! How can I help you?"
GREEDY = {"temperature": 0, "max_tokens": 60}
PLAIN = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant:"


@pytest.fixture(autouse=True)
def calm() -> Iterator[None]:
    with one_thread():
        yield


def loaded(source: Any, **options: Any) -> HuggingFaceClient:
    client = aimu.client(f"hf:{source}", default_generate_kwargs=GREEDY, **options)
    assert isinstance(client, HuggingFaceClient)
    return client


def copied(folder: Path, template: str) -> Path:
    """The micro model with another template."""
    target = folder / "model"
    shutil.copytree(MICRO_FOLDER, target, ignore=shutil.ignore_patterns("*.gguf"))
    (target / "chat_template.jinja").write_text(template)
    return target


@pytest.mark.parametrize("source", [MICRO_FOLDER, MICRO_GGUF])
def test_a_model_comes_from_a_folder_or_a_gguf_file(source: Path) -> None:
    with loaded(source, dtype="float32") as client:
        assert client.chat("Hello") == HELLO
        assert client.family == "hermes"
        assert client.model.tools


def test_a_folder_may_be_named_from_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "micro").symlink_to(MICRO_FOLDER)
    with loaded("~/micro") as client:
        assert client.chat("Hello") == HELLO


@pytest.mark.parametrize(("name", "error"), [("none.gguf", FileNotFoundError), ("none", OSError)])
def test_a_model_that_is_not_there_is_named(name: str, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error, match=str(tmp_path / name)):
        loaded(tmp_path / name)


def test_precision_device_and_more_are_those_asked_for() -> None:
    with loaded(MICRO_FOLDER, dtype="bfloat16", device="cpu", model_kwargs={"attn_implementation": "eager"}) as client:
        assert client.hf_model.dtype == torch.bfloat16
        assert client.hf_model.config._attn_implementation == "eager"
    with loaded(MICRO_FOLDER) as client:
        assert client.hf_model.dtype == torch.float16


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    target = copied(tmp_path, "")
    (target / "chat_template.jinja").unlink()
    with pytest.raises(ValueError, match="no chat template"):
        loaded(target)


def test_a_model_may_have_a_template_of_its_own_for_tools(tmp_path: Path) -> None:
    """Which is then what tells what it can do."""
    target = copied(tmp_path, PLAIN)
    (target / "additional_chat_templates").mkdir()
    (target / "additional_chat_templates" / "tool_use.jinja").write_text(
        (MICRO_FOLDER / "chat_template.jinja").read_text()
    )
    with loaded(target, dtype="float32") as client:
        assert (client.model.tools, client.family) == (True, "hermes")
        client.tools = [get_weather]
        assert client.chat("What is the weather in Paris?") == "The result is sunny and 21 degrees."


@aimu.tool
def get_weather(city: str) -> str:
    """get_weather."""
    return f"sunny and {len(city) + 16} degrees"


@pytest.mark.parametrize("flag", ["tools", "vision"])
def test_a_flag_that_is_not_served_is_refused(flag: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=flag) as found:
        loaded(f"{copied(tmp_path, PLAIN)};{flag}")
    assert "drop the flag" in str(found.value)


def test_what_the_template_has_no_place_for_is_not_offered(tmp_path: Path) -> None:
    with loaded(copied(tmp_path, PLAIN)) as client:
        assert (client.model.tools, client.model.thinking, client.model.vision) == (False, False, False)
        client.tools = [get_weather]
        with pytest.raises(ValueError, match="does not support tools"):
            client.chat("Hello")


@pytest.mark.parametrize("wrong", [{"num_beams": 2}, {"repetition_penalty": -1.0}, {"no_such_key": 1}])
def test_what_transformers_refuses_is_an_error_with_its_cause(wrong: dict[str, Any]) -> None:
    with loaded(MICRO_FOLDER) as client:
        with pytest.raises(InvalidRequestError) as found:
            client.chat("Hello", generate_kwargs=wrong)
        assert isinstance(found.value.__cause__, (TypeError, ValueError))
        assert next(iter(wrong)).split("_")[-1] in str(found.value)
        assert client.messages == []


def test_a_key_of_generate_goes_to_transformers() -> None:
    """Of what it knows itself, ours say nothing: here, tokens that may not be written."""
    with loaded(MICRO_FOLDER) as client:
        banned = client.hf_tokenizer("How", add_special_tokens=False)["input_ids"]
        assert "How" not in client.chat("Hello", generate_kwargs={"bad_words_ids": [banned]})


def test_arguments_are_free_where_there_are_no_grammars() -> None:
    """They are checked: what does not fit is told to the model."""

    @aimu.tool
    def get_weather(city: int) -> str:
        """get_weather."""
        return str(city)

    with loaded(MICRO_FOLDER, dtype="float32") as client:
        client.tools = [get_weather]
        with client.chat("What is the weather in Paris?", stream=True) as stream:
            called = next(chunk.content for chunk in stream if chunk.is_tool_call())
    assert isinstance(called, dict)
    assert called["arguments"] == {"city": "Paris"}
    assert "city" in called["response"]
