"""Files of recordings: the forms that are read, and what becomes of those that cannot be."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.readings.recording import Interaction, interactions
from conformance.replay import main
from tests.conformance.traffic import CHAT, RIGHT, completion, recorded, write


def one(path: Path) -> Interaction:
    found = interactions(path)[0]
    assert isinstance(found, Interaction)
    return found


def test_forms_of_a_body(tmp_path: Path) -> None:
    text = json.dumps(completion({"content": "Hi"})).encode()
    plain = {**recorded(CHAT, text.decode()), "request": {"uri": CHAT, "body": {"string": b'{"stream": false}'}}}
    forms = {
        "binary.yaml": recorded(CHAT, text),
        "gzip.yml": recorded(CHAT, gzip.compress(text), content_encoding="gzip"),
        "undone.yaml": recorded(CHAT, text.decode(), content_encoding="gzip"),
        "br-undone.yaml": recorded(CHAT, text.decode(), content_encoding="br"),
        "plain.yaml": plain,
    }
    for name, interaction in forms.items():
        assert one(write(tmp_path, name, interaction)).body == text, name
    assert "!!binary" in (tmp_path / "gzip.yml").read_text()
    in_json = recorded(CHAT, "")
    in_json["response"]["body"] = {"base64_string": base64.b64encode(text).decode()}
    (tmp_path / "b.json").write_text(json.dumps({"interactions": [in_json]}))
    assert one(tmp_path / "b.json").body == text
    assert main([str(tmp_path)]) == 0


def test_what_a_replay_needs_is_read(tmp_path: Path) -> None:
    found = one(write(tmp_path, "a.yaml", RIGHT["c-429"]))
    assert (found.wire, found.provider, found.streamed) == ("openai", "openai", False)
    assert (found.status, found.media_type, found.request_id) == (429, "application/json", "req_77")
    assert one(write(tmp_path, "a.yaml", RIGHT["c-gemini"])).provider == "gemini"
    assert one(write(tmp_path, "a.yaml", RIGHT["m-text"])).provider == "anthropic"
    assert (
        one(write(tmp_path, "a.yaml", recorded("http://localhost:11434/v1/chat/completions", {}))).provider == "ollama"
    )
    assert one(write(tmp_path, "a.yaml", RIGHT["m-text"])).is_event_stream


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("bad.yaml", "interactions: [", "unreadable: while parsing"),
        ("evil.yaml", "interactions: !!python/object/apply:os.getcwd []", "not determine a constructor"),
        ("bad.json", "{", "unreadable: Expecting property name"),
        ("other.yaml", "version: 1", "unreadable: it has no list of interactions"),
        ("latin.yaml", "\xe9\x00", "unreadable: "),
    ],
)  # fmt: skip
def test_unreadable_file_fails(
    name: str, text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "good.yaml", RIGHT["c-whole"])
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert reason in out
    assert out.endswith("1 of 1 interactions replayed on both surfaces: 1 agree; 1 of 2 files unreadable\n")


@pytest.mark.parametrize(
    ("interaction", "reason"),
    [
        (recorded("https://api.openai.com/v1/embeddings", {}), "POST '/v1/embeddings' belongs to neither wire"),
        (recorded("https://api.openai.com/v1/threads/t/messages", {}), "belongs to neither wire"),
        (recorded(CHAT, b"\xff\xfe", content_encoding="br"), "a body in content-encoding br cannot be decoded here"),
        (recorded(CHAT, b"\x1f\x8b torn", content_encoding="gzip"), "the body is not gzip"),
        ({"request": {"uri": CHAT}}, "the interaction has an unexpected shape: KeyError('response')"),
    ],
)
def test_interaction_beyond_a_client_is_not_hidden(
    interaction: Any, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.yaml", RIGHT["c-whole"], interaction)
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "a.yaml  2 interactions, 0 streamed, 1 whole  #1 beyond a client: " in out
    assert reason in out
    assert out.endswith("1 of 2 interactions replayed on both surfaces: 1 agree\n")
