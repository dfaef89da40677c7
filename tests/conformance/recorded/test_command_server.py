"""`python -m conformance record` before a server that is not ours."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.__main__ import main
from conformance.recorded import cassette
from conformance.scripted import Reply, Request, ScriptedServer

KEY = "plain-words-no-shape"
REPLY = "openai/recorded.a_reply.yaml"
LOOP = "openai/recorded.a_tool_loop.yaml"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that greets whoever asks, and calls no tool."""
    with ScriptedServer() as found:
        found.always(Reply("Hello"))
        yield found


@pytest.fixture
def record(server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs the command before it; the exit code."""
    monkeypatch.setenv("AIMU_TEST_KEY", KEY)
    words = ["--target", "openai", "--base-url", server.openai_url, "--api-key-env", "AIMU_TEST_KEY", "--model", "m"]
    return lambda *more: main(["record", "--cassettes", str(tmp_path), *words, *more])


def test_a_scenario_that_fails_is_1_and_the_others_are_recorded(
    record: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One scenario that a server does not hold, for which all are lost, or which is called a success."""
    assert record("--scenario", "recorded/test_a_", "--server", "Greeter 1") == 1
    lines = capsys.readouterr().out.splitlines()
    told = {line.partition("  ")[0]: line.partition("  ")[2] for line in lines if line.startswith("openai/")}
    assert told[REPLY] == "recorded, 2 exchanges"
    assert told[LOOP].startswith("NOT RECORDED: AssertionError")
    good = {name for name, line in told.items() if line.startswith("recorded")}
    assert lines[-1] == f"{len(good)} of {len(told)} recorded or kept in {tmp_path}"
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yaml")} == good
    assert set(json.loads((tmp_path / "manifest.json").read_bytes())["cassettes"]) == good
    assert cassette.load(tmp_path / REPLY).metadata["provenance"] == "recorded: Greeter 1"


def test_the_key_is_sent_and_not_kept(record: Callable[..., int], server: ScriptedServer, tmp_path: Path) -> None:
    """A server that is asked without the key, or a file that holds it."""
    assert record("--scenario", "recorded/test_a_reply") == 1  # of which one needs a limit that holds
    assert {each.headers["authorization"] for each in server.requests} == {f"Bearer {KEY}"}
    assert {each.body["model"] for each in server.requests} == {"m"}
    assert KEY not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.*"))


def test_an_answer_with_the_key_is_not_recorded(
    record: Callable[..., int], server: ScriptedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that repeats the key it was given: a key that looks like nothing."""

    def repeat(request: Request) -> Reply:
        return Reply(f"you are {request.headers['authorization'].partition(' ')[2]}")

    server.always(repeat)
    assert record("--scenario", "recorded/test_a_reply") == 1
    out = capsys.readouterr().out
    assert f"{REPLY}  NOT RECORDED: HarnessError: it would hold what looks like the key\n" in out
    assert KEY not in out
    assert list(tmp_path.rglob("*.yaml")) == []


def test_what_needs_a_script_is_not_asked_of_a_server(
    record: Callable[..., int], server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scenario with a script of its own, recorded from a server that never heard of it."""
    assert record("--scenario", "wire_openai/") == 2
    assert "no scenario fits" in capsys.readouterr().err
    assert server.requests == []


def test_what_a_server_cannot_do_is_left_out(
    record: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--without` that is passed over before a server."""
    assert record("--scenario", "recorded/test_a_tool", "--without", "tools") == 2
    assert "no scenario fits" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong address, called a success."""
    with ScriptedServer() as gone:
        url = gone.openai_url
    words = ["--target", "openai", "--base-url", url, "--scenario", "recorded/test_a_reply"]
    assert main(["record", "--cassettes", str(tmp_path), *words]) == 1
    assert f"{REPLY}  NOT RECORDED: ModelConnectionError" in capsys.readouterr().out
