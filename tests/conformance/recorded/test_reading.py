"""What answers say decides, not what the client says of itself; and no draft takes the place of what is there."""

from pathlib import Path

import pytest

from aimu.wire.anthropic import AnthropicDecoder
from conformance import targets
from conformance.outcomes import HarnessError, Outcome
from conformance.readings.recording import MANIFEST
from conformance.recorded import cassette, command, manifest
from conformance.recorded.target import Replayed
from tests.conformance.recorded.shelf import judged, shipped_data

REPLIES = [
    f"anthropic/recorded.{name}.yaml"
    for name in ("a_reply", "characters_of_several_bytes", "a_tool_loop", "thinking", "a_conversation_is_remembered")
]


@pytest.mark.parametrize("name", REPLIES)
def test_a_client_that_loses_a_word_is_found(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A text that is compared with nothing but itself."""
    read = AnthropicDecoder.feed
    lost: list[object] = []

    def feed(self: AnthropicDecoder, event: str | bytes) -> list[tuple[object, str]]:
        pieces = read(self, event)
        if pieces and not lost:
            lost.append(self._blocks[-1])
            self._blocks[-1].update({key: "" for key in ("text", "thinking") if key in self._blocks[-1]})
        return list(pieces)

    monkeypatch.setattr(AnthropicDecoder, "feed", feed)
    result = judged(name, "sync")
    assert lost
    assert result.outcome is Outcome.FAIL, result.reason


def test_token_counts_are_those_of_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aimu.wire.anthropic.read_usage", lambda _: {"input_tokens": 1, "output_tokens": 1})
    assert judged(REPLIES[0], "sync").outcome is Outcome.FAIL


def test_what_is_too_large_does_not_take_the_place_of_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--target", "openai", "--scenario", "stream_asks_for_usage", "--cassettes", str(tmp_path)]
    assert command.main(words) == 0
    (path,) = tmp_path.rglob("*.yaml")
    before = path.read_bytes()
    monkeypatch.setattr(cassette, "LARGEST", 10)
    assert command.main([*words, "--force"]) == 1
    assert "at most 10 are kept" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_file_without_a_row_is_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a run left that was interrupted: a file that nobody vouches for."""
    words = ["--target", "openai", "--scenario", "stream_asks_for_usage", "--cassettes", str(tmp_path)]
    assert command.main(words) == 0
    (tmp_path / MANIFEST).unlink()
    assert command.main(words) == 0
    assert "kept; --force" not in capsys.readouterr().out
    assert len(manifest.rows(tmp_path)) == 1


def test_a_secret_that_a_stream_says_piece_by_piece_is_found() -> None:
    data = shipped_data(REPLIES[0])
    key = "ghp_" + "a1B2" * 9
    events = "".join(f'data: {{"delta": {{"text": "{piece}"}}}}\n\n' for piece in (key[:9], key[9:20], key[20:]))
    data["interactions"][0]["response"]["body"]["string"] = events
    assert cassette.Cassette(Path(), data).secrets() == ["a GitHub token (ghp_a1...)"]


def test_what_is_replayed_already_is_not_recorded() -> None:
    with pytest.raises(HarnessError, match="openai-recorded is replayed already; name openai"):
        Replayed(targets.find("openai-recorded"), Path())


def test_recordings_of_ones_own_need_their_folder() -> None:
    with pytest.raises(HarnessError, match="--cassettes has to name the folder of what was recorded of acme"):
        targets.find("acme-recorded")


def test_a_server_speaks_one_wire_at_its_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--base-url", "http://127.0.0.1:9/v1"]) == 2
    assert "--base-url is where one wire is spoken; name one --target" in capsys.readouterr().err
