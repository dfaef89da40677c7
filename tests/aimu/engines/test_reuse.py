"""What was computed for a prompt is used again: for the same answers, with less work, in bounded memory.

All of it in float32: coarser formats round a prompt that is computed at once and one that is computed in steps
differently, as the bare engines do.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aimu.engines.loaded import HAS_ENGINES, FirstStep, Turn, difference, in_llamacpp, micro, spoken

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)

import llama_cpp

import aimu
from aimu.clients.huggingface import HuggingFaceClient
from aimu.clients.inprocess import InProcessClient
from aimu.clients.llamacpp import LlamaCppClient
from aimu.engines.packaged import gguf_path

SMOLLM2 = "smollm2-135m-instruct"
QUESTIONS = ("What is the capital of France?", "And that of Spain?")
TALK = ("My name is Alice.", "Remember that the password is Blue Harbor 77.", "What is my name?")


def whole(client: InProcessClient, history: list[Any], message: str) -> Turn:
    """A turn on a history of which nothing is known."""
    client.clear_cache()
    fork = client.fork()
    fork.messages = history
    return spoken(fork, message)


@pytest.fixture(scope="module")
def smollm2(engine: str, request: pytest.FixtureRequest) -> Iterator[InProcessClient]:
    if engine == "hf":
        yield request.getfixturevalue("smollm2_hf")
        return
    target = request.getfixturevalue("tmp_path_factory").mktemp("smollm2") / "f32.gguf"
    with in_llamacpp(gguf_path(SMOLLM2), target) as client:
        target.unlink()  # half a gigabyte, which the process still has open
        yield client


def test_logits_agree_with_and_without_reuse(smollm2: InProcessClient) -> None:
    talk = smollm2.fork()
    smollm2.clear_cache()
    first, second = (spoken(talk, question) for question in QUESTIONS)
    assert first.reused == 0
    assert second.reused > len(first.prompt)
    again = whole(smollm2, talk.messages[:2], QUESTIONS[1])
    assert again.reused == 0
    assert difference(again, second) < 1e-3


def test_a_model_answers_as_it_does_in_the_bare_engine(smollm2: InProcessClient) -> None:
    """Also in the second turn, most of which was computed in the first."""
    talk, history = smollm2.fork(), []
    for question in QUESTIONS:
        said = spoken(talk, question).text
        history.append({"role": "user", "content": question})
        assert said == bare_answer(smollm2, history)
        history.append({"role": "assistant", "content": said})


def bare_answer(client: InProcessClient, history: list[dict[str, Any]]) -> str:
    if isinstance(client, LlamaCppClient):
        client.llama.reset()
        reply: Any = client.llama.create_chat_completion(history, temperature=0, max_tokens=8)
        return str(reply["choices"][0]["message"]["content"])
    assert isinstance(client, HuggingFaceClient)
    tokenizer: Any = client.hf_tokenizer
    inputs = tokenizer.apply_chat_template(history, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    tokens = client.hf_model.generate(**inputs, max_new_tokens=8, do_sample=False)
    return str(tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))


def test_reuse_adds_nothing_to_how_a_coarse_format_rounds() -> None:
    """With weights of four bits, exactly what the bare engine computes that is asked in the same steps."""
    path = gguf_path(SMOLLM2)
    with aimu.client(f"llamacpp:{path}", n_ctx=256, n_threads=1, model_kwargs={"n_threads_batch": 1}) as client:
        first, second = (spoken(client, question) for question in QUESTIONS)
    bare, step = llama_cpp.Llama(str(path), n_ctx=256, n_threads=1, n_threads_batch=1, verbose=False), FirstStep()
    bare.eval(first.prompt)
    for token in second.prompt[len(first.prompt) : second.reused]:
        bare.eval([token])
    next(bare.generate(second.prompt, temp=0.0, logits_processor=llama_cpp.LogitsProcessorList([step])))
    bare.close()
    assert second.reused > len(first.prompt)
    assert difference(second, Turn("", 0, step.prompt, step.logits)) == 0


def test_two_conversations_in_turns_keep_what_was_computed_for_each(client: InProcessClient) -> None:
    """They say what they say alone, for a state that is brought back is the state that was put aside."""
    alone = client.fork()
    client.clear_cache()
    wanted = [spoken(alone, message) for message in TALK]
    client.clear_cache()
    talk, other, asides = client.fork(), client.fork(), [0]
    for at, message in enumerate(TALK):
        turn, aside = spoken(talk, message), spoken(other, f"Say {at}.")
        assert (turn.text, turn.prompt) == (wanted[at].text, wanted[at].prompt)
        assert difference(turn, wanted[at]) == 0
        assert at == 0 or turn.reused == wanted[at].reused > len(wanted[at - 1].prompt)
        assert at == 0 or aside.reused > asides[-1]
        asides.append(len(aside.prompt))


def test_a_changed_history_is_computed_anew_from_where_it_changed(client: InProcessClient) -> None:
    talk = client.fork()
    for message in TALK[:2]:
        last = spoken(talk, message)
    changed = client.fork()
    changed.messages = [{"role": "user", "content": "My name is Bob."}, *talk.messages[1:]]
    turn = spoken(changed, TALK[2])
    assert 0 < turn.reused < 20 < last.reused
    assert difference(turn, whole(client, changed.messages[:-2], TALK[2])) < 1e-3


def test_a_system_message_is_computed_once_for_all_forks(client: InProcessClient) -> None:
    client.clear_cache()
    forks = [client.fork() for _ in range(3)]
    for fork in forks:
        fork.system_message = "You are a helpful assistant."
    first, *others = [spoken(fork, message) for fork, message in zip(forks, TALK, strict=True)]
    assert first.reused == 0
    assert all(12 < turn.reused < len(turn.prompt) for turn in others)


def test_what_is_cleared_is_computed_again(client: InProcessClient) -> None:
    talk = client.fork()
    spoken(talk, TALK[0])
    client.clear_cache()
    assert spoken(talk, TALK[1]).reused == 0


def test_what_is_cleared_during_a_generation_goes_with_its_end(client: InProcessClient) -> None:
    talk = client.fork()
    with talk.chat(TALK[0], stream=True, generate_kwargs={"temperature": 0, "max_tokens": 8}) as stream:
        next(stream)
        client.clear_cache()
        assert list(stream)
    assert spoken(talk, TALK[1]).reused == 0


def test_memory_stays_within_its_bound(engine: str, folder: Path) -> None:
    """The longest unused goes first: the newest conversation goes on, the oldest begins again."""
    bound = 1_000_000
    with micro(engine, folder, cache_bytes=bound) as client:
        forks = [client.fork() for _ in range(6)]
        for number, fork in enumerate(forks):
            spoken(fork, f"{number} " * 40)
            assert client._weights.prefixes.size <= bound
        assert client._weights.prefixes.size > bound // 2
        newest, oldest = (spoken(fork, "Thanks") for fork in (forks[-1], forks[0]))
        assert newest.reused > 80
        assert oldest.reused < 20


def test_without_room_every_prompt_is_computed_whole(engine: str, folder: Path) -> None:
    with micro(engine, folder, cache_bytes=0) as client:
        assert [spoken(client, message).reused for message in TALK] == [0, 0, 0]
        assert client._weights.prefixes.size == 0
