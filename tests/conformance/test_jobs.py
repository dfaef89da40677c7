"""A run in several processes: it ends as one would, and none outlives it. Each test names its mistake."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import __main__, sharding
from conformance.watch import Journal, Lines, State
from tests.conformance.toy import ROOT

# a target whose checks go wrong in a chosen way once the file `now` is there, or always
TARGET = """
import ctypes, os, signal, time
from pathlib import Path
from conformance.targets import WireTarget

class Acme(WireTarget):
    provider = "openai"
    def __init__(self):
        super().__init__("openai")
        self.name = "acme"
        self.profiles = ("streaming",)
    def client(self, driver, **kwargs):
        Path(str(os.getpid()) + ".seen").touch()
        {act}
        return WireTarget("openai").client(driver, **kwargs)
"""
ASKED = ("--target=acme_target:Acme", "--profile=streaming", "--report=out")
WAITS = "time.sleep(60)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command runs."""
    return tmp_path


def start(folder: Path, act: str, *words: str) -> "subprocess.Popen[str]":
    """Start a run on a target that does something of its own before each client it makes."""
    (folder / "acme_target.py").write_text(TARGET.format(act=act))
    (folder / "out").mkdir()
    (folder / "out" / "report.json").write_text('{"verdict": "conformant"}')  # of an earlier run
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *ASKED, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def seen(folder: Path, count: int) -> list[int]:
    """The processes that made a client, once there are so many of them."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if len(found := [int(path.stem) for path in folder.glob("*.seen")]) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{count} processes were expected to begin, and {found} did")


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()


def verdicts(text: str) -> list[str]:
    return [line for line in text.splitlines() if "verdict: " in line]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_has_no_verdict_and_leaves_no_process(folder: Path, jobs: str, sent: signal.Signals) -> None:
    """Shards that go on when nobody waits for them; a verdict, or exit code 0, on what had ended by then."""
    run = start(folder, WAITS, f"--jobs={jobs}")
    children = seen(folder, int(jobs))
    run.send_signal(sent)
    text, _ = run.communicate(timeout=120)
    assert run.returncode == 3, text
    assert "no verdict (" in text
    assert verdicts(text) == []
    assert not any(map(is_alive, children))


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("os._exit(0)", "os._exit(0) was called in stream"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL without a report, in stream"),
        ("ctypes.string_at(0)", "was ended by SIGSEGV without a report, in stream"),
    ],
    ids=["exit", "killed", "segfault"],
)
def test_a_shard_that_crashes_breaks_the_run_and_is_named(folder: Path, act: str, told: str) -> None:
    """A shard whose checks are missing, and a verdict on the others; or the report of an earlier run left standing."""
    run = start(folder, act, "--jobs=2")
    text, _ = run.communicate(timeout=120)
    assert run.returncode == 2, text
    assert told in text
    assert "no verdict (shard " in text
    assert verdicts(text) == []
    assert not (folder / "out" / "report.json").exists()


@pytest.mark.parametrize("act", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)", "ctypes.string_at(0)"])
def test_a_crash_in_one_process_never_passes(folder: Path, act: str) -> None:
    """`os._exit(0)` in a check, and exit code 0 for a run that never ended."""
    run = start(folder, act, "--jobs=1")
    text, _ = run.communicate(timeout=120)
    assert run.returncode not in (0, 1)
    assert verdicts(text) == []
    assert not (folder / "out" / "report.json").exists()


def test_shards_that_lose_who_started_them_end(folder: Path) -> None:
    """Processes that judge on for minutes after the command was killed."""
    run = start(folder, "time.sleep(0.5)", "--jobs=2")
    children = seen(folder, 2)
    run.kill()
    run.communicate(timeout=120)
    end = time.monotonic() + 120
    while any(map(is_alive, children)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_alive, children))


def test_failures_are_explained_as_in_one_process(folder: Path) -> None:
    """A failure that only says how many there were."""
    run = start(folder, "kwargs['system'] = 'Cheat.'", "--jobs=2")
    text, _ = run.communicate(timeout=240)
    assert run.returncode == 1, text
    assert "STREAM-" in text
    assert "reproduce: python -m conformance --target acme_target:Acme" in text
    assert len(verdicts(text)) == 1


def test_what_is_wrong_with_the_use_is_told_once(folder: Path) -> None:
    """An unknown target, told by each shard, or as a crash."""
    run = start(folder, "pass", "--jobs=2", "--require=nobody")
    text, _ = run.communicate(timeout=120)
    assert run.returncode == 2
    assert "required but not selected: nobody" in text
    assert "Traceback" not in text


# --- the choice of how many


@pytest.mark.parametrize(
    "words", [["--only", "a/b[c-sync]"], ["--scenario", "a"], ["--shard", "1/2"], ["-x"], ["--collect-only"]]
)
def test_a_part_runs_in_one_process(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Processes for what one does, or an option of pytest that each of them takes for its own part."""
    monkeypatch.setattr(__main__, "processes", lambda: 4)
    monkeypatch.setattr(__main__, "_run", lambda *_: 7)
    assert __main__.main(words) == 7
    with pytest.raises(SystemExit) as caught:
        __main__.main([*words, "--jobs", "2"])
    assert caught.value.code == 2
    assert "--jobs is for all of it" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "count"), [([], 4), (["--jobs", "auto"], 4), (["--jobs", "3"], 3)])
def test_the_whole_runs_in_several_processes_unless_told_otherwise(
    words: list[str], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process where there is room for more, or a number that is not heard."""
    asked: list[int] = []
    monkeypatch.setattr(__main__, "processes", lambda: 4)
    monkeypatch.setattr("conformance.jobs.run", lambda _, number, __: asked.append(number))
    __main__.main(words)
    assert asked == [count]


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", ""])
def test_what_is_no_number_of_processes_is_a_usage_error(text: str) -> None:
    """No process at all, which finds nothing wrong."""
    with pytest.raises(SystemExit) as caught:
        __main__.main([f"--jobs={text}"])
    assert caught.value.code == 2


def test_there_is_one_process_more_than_cores_and_not_hundreds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose memory is filled by what each process loads."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(500)), raising=False)
    assert sharding.processes() == sharding.MOST
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert sharding.processes() == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    assert sharding.processes() == 3


# --- how far it is


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[tuple[Journal, Path]]:
    """A journal and its file."""
    path = tmp_path / "journal"
    with Journal.kept(path) as kept:
        yield kept, path


def test_a_journal_is_read_as_it_is_written(journal: tuple[Journal, Path]) -> None:
    """A check's name with blanks that is cut, or half a line that is read as a whole one."""
    kept, path = journal
    assert Journal.read(path.with_name("none")) == Journal.read(path) == State()
    kept.show(State(9, 1, 0, "area/test_a[x-sync]"))
    kept.show(State(9, 2, 1, "area/test_b[a b-sync]"))
    with path.open("a") as stream:
        stream.write("9 3 1 area/te")
    assert Journal.read(path) == State(9, 2, 1, "area/test_b[a b-sync]")


def test_a_long_journal_is_read_from_its_end(journal: tuple[Journal, Path]) -> None:
    """Seconds spent on reading a journal again and again."""
    kept, path = journal
    for number in range(500):
        kept.show(State(500, number, 0, f"area/test_{number}[x-sync]"))
    assert Journal.read(path).done == 499


def test_a_line_comes_now_and_then_and_says_where_the_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A log with a line for each check, or none at all."""
    often, seldom = Lines(sys.stdout, seconds=0), Lines(sys.stdout, seconds=3600)
    for done in (1, 2):
        often.show(State(3, done, 1, "area/test_a[x-sync]"))
        seldom.show(State(3, done, 1, "area/test_a[x-sync]"))
    assert capsys.readouterr().out == "".join(f"{n} of 3 checks, 1 failed; area/test_a[x-sync]\n" for n in (1, 2))
