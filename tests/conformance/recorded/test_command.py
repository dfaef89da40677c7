"""`python -m conformance record`, from the scenarios' own scripts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import targets
from conformance.__main__ import main
from conformance.outcomes import Outcome
from conformance.recorded import manifest
from tests.conformance.recorded.shelf import SHIPPED, SYNTHETIC, Data, Shelf, judged, plays
from tests.conformance.recorded.toys import Toy

SCENARIO = "wire_openai/test_stream_asks_for_usage"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in a folder; its exit code and what it said."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["record", "--cassettes", str(tmp_path / "c"), *words])
        return code, *capsys.readouterr()

    return run


def test_what_is_recorded_is_what_is_shipped(record: Run, tmp_path: Path) -> None:
    """A command that writes other files than those that are replayed."""
    code, out, _ = record("--scenario", SCENARIO)
    assert code == 0
    assert out.splitlines() == [
        f"{SYNTHETIC}  recorded, 2 exchanges",
        f"1 of 1 recorded or kept in {tmp_path / 'c'}",
    ]
    mine, shipped = (manifest.rows(folder)[SYNTHETIC] for folder in (tmp_path / "c", SHIPPED))
    assert {**mine, "sha256": ""} == {**shipped, "sha256": ""}


def test_what_is_there_is_kept_without_force(record: Run, tmp_path: Path) -> None:
    """A recording that is lost because a command was given again."""
    Shelf(tmp_path / "c", SYNTHETIC)
    path = tmp_path / "c" / SYNTHETIC
    path.write_bytes(path.read_bytes().replace(b"date: '20", b"date: '19"))
    before = path.read_bytes()
    code, out, _ = record("--scenario", SCENARIO)
    assert (code, out.splitlines()[0]) == (0, f"{SYNTHETIC}  kept; --force replaces it")
    assert path.read_bytes() == before


def test_what_is_kept_is_not_trusted_for_that(record: Run, tmp_path: Path) -> None:
    """A file that was edited, whose row is written anew because another one was recorded."""
    shelf = Shelf(tmp_path / "c", SYNTHETIC)
    shelf.reword(SYNTHETIC, "date: '20", "date: '19")
    for words in (["--scenario", SCENARIO], ["--scenario", "wire_openai/test_image_is_a_data_url"]):
        assert record(*words)[0] == 0
        assert "its digest is not the one in manifest.json" in shelf.complaint(SYNTHETIC)
    assert set(manifest.rows(shelf.folder)) == {SYNTHETIC, "openai/wire_openai.image_is_a_data_url.yaml"}


def test_force_says_that_nothing_changed(record: Run, tmp_path: Path) -> None:
    """A recording that is made again and shown as another one."""
    Shelf(tmp_path / "c", SYNTHETIC).reword(SYNTHETIC, "date: '20", "date: '19")
    code, out, _ = record("--scenario", SCENARIO, "--force")
    assert (code, out.splitlines()[0]) == (
        0,
        f"{SYNTHETIC}  recorded again, 2 exchanges, the same but for what is volatile",
    )
    assert "date: '19" not in (tmp_path / "c" / SYNTHETIC).read_text(encoding="utf-8")


def test_force_says_what_changed(record: Run, tmp_path: Path) -> None:
    """A recording that became another one without anybody seeing it."""
    shelf = Shelf(tmp_path / "c", SYNTHETIC)

    def older(data: Data) -> None:
        request = data["interactions"][0]["request"]
        request["body"] = request["body"].replace("scripted-model", "older-model")

    shelf.change(SYNTHETIC, older)
    code, out, _ = record("--scenario", SCENARIO, "--force")
    assert code == 0
    assert f"{SYNTHETIC}  recorded again, 2 exchanges, changed:" in out
    assert '-body  "model": "older-model"\n+body  "model": "scripted-model"\n' in out


def test_what_is_recorded_can_be_replayed(record: Run, tmp_path: Path) -> None:
    """`--model` without a server, which is written down and never asked for."""
    code, _, err = record("--scenario", SCENARIO, "--model", "another")
    if code == 2:
        assert "--model" in err
        return
    result = judged(SYNTHETIC, "sync", targets.find("openai-recorded", tmp_path / "c"))
    assert result.outcome is Outcome.PASS, result.reason


def test_force_replaces_what_is_no_cassette(record: Run, tmp_path: Path) -> None:
    """A torn file that cannot be made anew."""
    Shelf(tmp_path / "c", SYNTHETIC)
    (tmp_path / "c" / SYNTHETIC).write_text("torn")
    code, out, _ = record("--scenario", SCENARIO, "--force")
    assert (code, out.splitlines()[0]) == (0, f"{SYNTHETIC}  recorded, 2 exchanges")


def test_every_script_is_recorded_on_its_wires(record: Run) -> None:
    """A scenario that is left out, or one that needs a server and is recorded from its script."""
    synthetic = {name for name, (each, _) in plays().items() if each.recorded != "server"}
    code, out, _ = record("--scenario", "errors_bodies/")
    told = {line.partition("  ")[0] for line in out.splitlines()[:-1]}
    assert code == 0
    assert told == {name for name in synthetic if "/errors_bodies." in name}
    assert {name.partition("/")[0] for name in told} == {"openai", "anthropic"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--target", "llamacpp"],
            "llamacpp runs in this process: it exchanges nothing that could be recorded; its record are its weights, "
            "pinned by their checksums",
        ),
        (["--target", "nobody"], "no target 'nobody'; there are openai, anthropic"),
        (["--api-key-env", "AIMU_NO_SUCH_KEY"], "--api-key-env AIMU_NO_SUCH_KEY: that variable is not set"),
        (["--api-key-env", "AIMU_EMPTY_KEY"], "--api-key-env AIMU_EMPTY_KEY: that variable is not set"),
        (["--scenario", "no/such"], "no scenario fits; --base-url selects those that a real server has to answer"),
        (["--scenario", "recorded/test_a_reply"], "no scenario fits; --base-url"),
        (["--scenario", SCENARIO, "--without", "wire", "--without", "openai_wire"], "no scenario fits"),
        (["--implementation", "no_such_module"], "the implementation 'no_such_module' cannot be imported"),
    ],
)
def test_what_cannot_be_recorded_ends_with_2(
    record: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], complaint: str
) -> None:
    """A command that did nothing and is called a success."""
    monkeypatch.setenv("AIMU_EMPTY_KEY", "")
    code, out, err = record(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"record: {complaint}")
    assert not (tmp_path / "c").exists()


def test_a_capability_is_left_out(record: Run) -> None:
    """`--without` that leaves out nothing, or all."""
    code, out, _ = record("--scenario", "wire_openai/", "--without", "tools")
    told = {line.partition("  ")[0] for line in out.splitlines()[:-1]}
    assert code == 0
    assert SYNTHETIC in told
    assert told == {
        name for name, (each, s) in plays().items() if "wire_openai/" in each.scenario and "tools" not in s.needs
    }


def test_force_does_not_replace_by_what_failed(tmp_path: Path) -> None:
    """A good recording that is lost to a bad one."""
    good = Toy()
    good.recorded(tmp_path)
    before = (tmp_path / good.expected.name).read_bytes()
    assert "NOT RECORDED" in Toy(answer="ghp_" + "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8").recorded(tmp_path)
    assert (tmp_path / good.expected.name).read_bytes() == before
