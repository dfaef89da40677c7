"""The replay command, on recordings written here: what it must find right, and what it must not let pass."""

import os
import pty
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aimu
import aimu.wire.anthropic
import aimu.wire.openai
from aimu.aio.clients.http import HTTPClient
from aimu.core.reply import ToolCall
from aimu.wire.spoken import Spoken
from aimu.wire.sse import SSEDecoder
from aimu.wire.thinktags import ThinkTags
from conformance.implementation import load
from conformance.readings import messages, oracle
from conformance.readings.recording import Interaction, interactions, recordings
from conformance.replay import main
from conformance.replay.decoders import EVERYWHERE, Decoders, split_streams
from conformance.replay.difference import told
from tests.conformance.traffic import RIGHT, recorded, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every recording of RIGHT, a file each."""
    for name, interaction in RIGHT.items():
        write(tmp_path, f"{name}.yaml", interaction)
    return tmp_path


def test_every_reply_ends_as_an_independent_reader_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    count = len(RIGHT)
    assert lines[-1] == f"{count} of {count} interactions replayed on both surfaces: {count} agree"
    assert lines[-2].endswith(", 0 differ")
    assert {line.split("  ")[0]: line.split("  ")[2] for line in lines[:-2]} == {f"{n}.yaml": "ok" for n in RIGHT}
    readers = {line.split("  ")[0]: line.split("  ")[3] for line in lines[:-2]}
    plain = {name for name, reader in readers.items() if reader != "[sdk]"}
    assert plain == {"m-no-message.yaml", "c-malformed.yaml", "c-web-page.yaml"}


def test_plain_reader_agrees_with_the_sdks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: Any) -> Any:
        raise oracle.CannotReadError("no SDK")

    monkeypatch.setattr(oracle.Oracle, "_sdk", absent)
    assert main([str(folder)]) == 0


def shortened(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: original(*args)[:-1]


def silent(*_: Any) -> None:
    return None


async def eventless(*_: Any) -> Any:
    nothing: list[str] = []
    for event in nothing:
        yield event


def impatient(_: Any, data: bytes) -> list[str]:
    return [line[6:].decode() for line in data.splitlines() if line.startswith(b"data: ")]


def empty_piece(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: [*original(*args), (aimu.StreamingContentType.GENERATING, "")]


OPENAI, ANTHROPIC = aimu.wire.openai.OpenAIDecoder, aimu.wire.anthropic.AnthropicDecoder
TAMPERED: dict[str, tuple[str, Any, str, Any, list[str]]] = {
    "text": ("c-text", ThinkTags, "feed", shortened, ["both text: 'Sì.' expected, None observed"]),
    "empty chunk": ("c-text", Spoken, "keep", empty_piece, ["both empty chunks: 0 expected, "]),
    "usage": (
        "m-text",
        aimu.wire.anthropic,
        "read_usage",
        silent,
        ["both usage: {'input_tokens': 8, 'output_tokens': 21}"],
    ),
    "calls": ("c-calls", OPENAI, "_call_at", lambda *_: ToolCall("", "", ""), ["both roles in history: "]),
    "arguments": (
        "m-whole-call",
        aimu.wire.anthropic,
        "_call",
        lambda block: ToolCall(block["id"], block["name"], "{}"),
        ["both calls: [('toolu_1', 'f', {'q': 'é'})] expected, [('toolu_1', 'f', {})] observed"],
    ),
    "stop": (
        "c-whole",
        OPENAI,
        "_stop_reason",
        lambda *_: "length",
        ["stop reason: 'stop' expected, 'length' observed"],
    ),
    "error": (
        "c-error-in-stream",
        aimu.wire.openai,
        "error_for",
        lambda *_: KeyError(),
        ["error: 'InvalidRequestError'"],
    ),
    "one surface": ("m-text", HTTPClient, "_events", eventless, ["sync and aio differ: result: 'Grüße 🦩!' expected"]),
    "pieces": (
        "m-text",
        SSEDecoder,
        "feed",
        impatient,
        ["sync in pieces: ", "aio in pieces: ", "decoders: tampered.yaml #0: one byte at a time", "cut at "],
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampered_implementation_is_reported(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, holder, attribute, wrong, phrases = TAMPERED[what]
    write(tmp_path, "tampered.yaml", RIGHT[name])
    write(tmp_path, "sound.yaml", RIGHT["m-529"])
    replacement = wrong(getattr(holder, attribute)) if wrong in (shortened, empty_piece) else wrong
    monkeypatch.setattr(holder, attribute, replacement)
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert [phrase for phrase in phrases if phrase not in out] == []
    assert out.endswith("2 of 2 interactions replayed on both surfaces: 1 agree\n")
    assert "sound.yaml  1 interactions, 1 streamed, 0 whole  ok  [sdk]\n" in out


def test_decoders_that_depend_on_the_split_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.yaml", RIGHT["m-text"])
    monkeypatch.setattr(Decoders, "decode", lambda _, __, fragments: len(list(fragments)))
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "pure decoders: a.yaml #0: cut at 0, 1, 2, 3, 4 (" in out
    assert "1 agree" in out


def test_wrong_reader_is_reported_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.yaml", RIGHT["m-whole"])
    monkeypatch.setitem(messages.STOP, "end_turn", "length")
    assert main([str(tmp_path)]) == 1
    assert (
        "a.yaml  1 interactions, 0 streamed, 1 whole  #0 both stop reason: 'length' expected" in capsys.readouterr().out
    )


def test_nothing_to_replay_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("no recording")
    for words, reason in [
        ([str(tmp_path)], "holds no recordings"),
        ([str(tmp_path / "none")], "is not a folder"),
        ([str(tmp_path), "--implementation", "no_such_thing"], "cannot be imported"),
    ]:
        assert main(words) == 2
        assert reason in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([])


def test_terminal_gets_a_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.yaml", RIGHT["c-whole"])
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal)
        patched.setenv("TERM", "xterm")
        assert main([str(tmp_path)]) == 0
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "1/1" in shown
    assert "a.yaml  1 interactions, 0 streamed, 1 whole  ok  [sdk]" in shown


def test_one_wire_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The interactions of the other wire count for nothing, not even as left out."""
    write(tmp_path, "a.yaml", RIGHT["m-text"], RIGHT["c-text"])
    assert main([str(tmp_path), "--target", "anthropic"]) == 0
    assert "1 of 1 interactions replayed on both surfaces: 1 agree" in capsys.readouterr().out


def test_each_reply_is_told_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a.yaml", RIGHT["m-whole-call"])
    assert main([str(tmp_path), "--verbose"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  #0 ")]
    assert re.search(r"calls \[.*\(.*\).*\]; usage \d+ in, \d+ out; stop tool_calls", line), line


def test_implementation_without_pure_decoders_passes_them_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.yaml", RIGHT["m-text"])
    monkeypatch.setitem(sys.modules, "aimu.wire.sse", None)
    assert main([str(tmp_path)]) == 0
    assert "pure decoders: aimu offers none (" in capsys.readouterr().out


def test_keys_in_a_recording_are_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a.yaml", recorded("https://h/v1/sk-abcdef123456/embeddings", {}))
    assert main([str(tmp_path)]) == 1
    assert "sk-abcdef" not in capsys.readouterr().out


def test_difference_shows_where_two_long_values_part() -> None:
    assert told(("text", "a" * 500 + "b", "a" * 500 + "c")).count("a") < 100
    assert len(told(("text", "a" * 500 + "b", "a" * 500 + "c"))) < 300
    assert told(("requests", 1, 2)) == "requests: 1 expected, 2 observed"


def streams(folder: Path) -> list[tuple[str, Interaction]]:
    """The streams of the folder that AIMU_RECORDINGS names, else of the one made here."""
    found: list[tuple[str, Interaction]] = []
    for path in recordings(Path(os.environ.get("AIMU_RECORDINGS", folder))):
        each = enumerate(interactions(path))
        found += [(f"{path.name} #{n}", i) for n, i in each if isinstance(i, Interaction) and i.is_event_stream]
    return found


def test_streams_say_the_same_however_they_are_split(folder: Path) -> None:
    found = streams(folder)
    splits = split_streams(Decoders(load("aimu")), found)
    assert splits.wrong == []
    assert splits.bytewise == len(found) >= EVERYWHERE
    smallest = sorted(len(interaction.body) for _, interaction in found)[:EVERYWHERE]
    assert splits.cuts == sum(smallest) + EVERYWHERE


def test_recorded_folder_agrees(folder: Path) -> None:
    assert main([os.environ.get("AIMU_RECORDINGS", str(folder))]) == 0
