"""Clients of models in this process where the suite cannot look, on both engines alike."""

import random
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from tests.aimu.engines.loaded import HAS_ENGINES, micro, one_thread

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)

import torch

from aimu import aio
from aimu.clients.inprocess import InProcessClient
from aimu.engines import huggingface
from aimu.engines.llamacpp import LlamaCppWeights
from aimu.errors import ContextOverflowError, InvalidRequestError

BATCH = 64


@pytest.fixture(scope="module", params=["llamacpp", "hf"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    settings = {"max_tokens": 24, "temperature": 0}
    with (
        one_thread(),
        micro(request.param, tmp_path_factory.mktemp("micro"), default_generate_kwargs=settings) as loaded,
    ):
        assert isinstance(loaded, InProcessClient)
        yield loaded


def test_wrapping_loads_nothing(client: InProcessClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for loader in ("clients.llamacpp.Llama", "engines.huggingface.AutoModelForCausalLM"):
        monkeypatch.setattr(f"aimu.{loader}", None)
    wrapped: Any = aio.client(client)
    assert wrapped.messages is client.messages
    assert wrapped._weights is client._weights


def test_an_async_client_wraps_its_own_kind_only(client: InProcessClient) -> None:
    other: Any = aio.AsyncHuggingFaceClient if client.provider == "llamacpp" else aio.AsyncLlamaCppClient
    for wrong in (client, "llamacpp:micro", None):
        with pytest.raises(TypeError, match=rf"{other.__name__} wraps a \w+Client, not {type(wrong).__name__}"):
            other(wrong)


@pytest.mark.parametrize("name", ["no_such_key", "tokens", "self"])
def test_a_parameter_that_the_engine_does_not_know_is_refused(client: InProcessClient, name: str) -> None:
    talk = client.fork()
    with pytest.raises(InvalidRequestError, match=name):
        talk.chat("Hello", generate_kwargs={name: 1})
    assert talk.messages == []
    assert talk.chat("Hello") == "Hello! How can I help you?"


@pytest.mark.parametrize("value", [0, -1, 1.5, "many"])
def test_a_limit_that_is_no_number_of_tokens_is_refused(client: InProcessClient, value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="max_tokens"):
        client.fork().chat("Hello", generate_kwargs={"max_tokens": value})


def test_a_prompt_longer_than_a_batch_stops_between_batches(
    client: InProcessClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to stop after the first batch, the engine has seen no more than that."""
    monkeypatch.setattr(huggingface, "_BATCH", BATCH)
    weights, events = client._weights, list[Any]()
    if isinstance(weights, LlamaCppWeights):
        monkeypatch.setattr(weights.llama, "n_batch", BATCH)
    client.clear_cache()
    prompt = "0123456789" * 20
    answers = chain(repeat(False, 2), repeat(True))  # asked before the first batch, and before the second
    weights.generate({"prompt": prompt}, events.append, lambda: next(answers))
    assert [event for event in events if isinstance(event, str)] == []
    assert computed(client, weights.encode(prompt, {})) == BATCH


def computed(client: InProcessClient, prompt: list[int]) -> int:
    """How many tokens of a prompt need not be computed."""
    if isinstance(client._weights, LlamaCppWeights):
        return int(client._weights.llama.n_tokens)
    return client._weights.prefixes.longest(prompt)[1]


def test_a_seed_repeats_what_was_said_and_leaves_the_programs_random_numbers(client: InProcessClient) -> None:
    def said(seed: int) -> str:
        return client.generate("Purple?", generate_kwargs={"temperature": 3.0, "seed": seed, "top_k": 0, "min_p": 0.0})

    states = torch.get_rng_state(), random.getstate()
    first, again, other = said(7), said(7), said(8)
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]


def test_a_conversation_that_does_not_fit_is_refused_with_both_numbers(client: InProcessClient) -> None:
    talk = client.fork()
    context = client._weights.context
    with pytest.raises(ContextOverflowError, match=rf"has \d+ tokens and the context holds {context}"):
        talk.chat("0" * context)
    assert talk.messages == []


def test_a_closed_client_says_so(client: InProcessClient, tmp_path: Any) -> None:
    with micro(client.provider, tmp_path) as short:
        fork = short.fork()
    for closed in (short, fork):
        with pytest.raises(RuntimeError, match="closed"):
            closed.chat("Hello")
        closed.clear_cache()
    assert client.fork().chat("Hello") == "Hello! How can I help you?"
