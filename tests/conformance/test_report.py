"""What a run leaves behind, and the command as it is installed."""

import json
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.outcomes import HarnessError
from conformance.redaction import redact
from conformance.report import suite_digest, validate
from tests.conformance.toy import HEAD, PASSES, Suite

pytest_plugins = "pytester"

SECRET = """
@requirement("TOY-1", surfaces=("sync",))
async def test_secret(d):
    print("Authorization: Bearer abcdef")
    d.direct(1)
    raise RuntimeError("key sk-abc123def456 and test-key")
"""


def test_a_report_says_what_was_judged_and_how_it_ended(suite: Suite) -> None:
    result = suite.run(PASSES, "--conformance-report=out")
    report = suite.report()
    assert "report: out/report.json" in result.stdout.str()
    assert report["implementation"] == {"name": "toy", "version": None}
    assert (report["declared"], report["ran"], report["verdict"], report["exit_code"]) == (3, 3, "conformant", 0)
    assert sum(report["totals"].values()) == report["totals"]["pass"] == 3
    assert report["targets"][0]["name"] == "full"
    assert set(report["platform"]) == {"system", "machine"}
    assert report["digests"]["suite"] == suite_digest([suite.pytester.path / "test_area.py"])
    first = report["checks"][0] | {"seconds": 0}
    assert first == {
        "id": "area/test_echo[full-sync]",
        "area": "area",
        "profile": None,
        "scenario": "test_echo",
        "requirements": ["TOY-1"],
        "target": "full",
        "surface": "sync",
        "outcome": "pass",
        "reason": "",
        "seconds": 0,
    }


def test_junit_and_matrix_are_beside_it(suite: Suite) -> None:
    suite.run(PASSES, "--conformance-report=out")
    cases = ElementTree.parse(suite.pytester.path / "out" / "junit.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == [f"test_echo[full-{side}]" for side in ("sync", "aio", "parity")]
    matrix = (suite.pytester.path / "out" / "matrix.txt").read_text(encoding="utf-8")
    assert "│ total │ 1/1  │ 1/1  │ 1/1    │" in matrix
    assert "3 of 3 checks ran: 3 pass; verdict: conformant" in matrix


def test_no_secret_is_left_anywhere(suite: Suite) -> None:
    result = suite.run(SECRET, "--conformance-report=out")
    assert result.ret == 1
    texts = [path.read_text(encoding="utf-8") for path in (suite.pytester.path / "out").iterdir()]
    for text in [*texts, result.stdout.str()]:
        assert "sk-abc123" not in text
        assert "abcdef" not in text
        assert "raise RuntimeError" not in text.partition("reason")[2]
    assert suite.report()["checks"][0]["reason"] == "RuntimeError: key [redacted] and [redacted]"


@pytest.mark.parametrize(
    "text", ["sk-abc123", "Bearer abc123", "x-api-key: abc123", "api_key='abc123'", "the test-key itself"]
)
def test_what_looks_like_a_key_is_redacted(text: str) -> None:
    assert "[redacted]" in redact(text)
    assert "abc123" not in redact(text)


@pytest.fixture
def report(suite: Suite) -> dict[str, Any]:
    suite.run(PASSES, "--conformance-report=out")
    return suite.report()


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "fine"},
        {"verdict": None},
        {"verdict": "not conformant"},
        {"exit_code": 1},
        {"totals": {"pass": 3}},
        {"declared": 4},
        {"ran": -1},
        {"checks": []},
        {"hostname": "here"},
        {"digests": {"spec": "x", "suite": "y"}},
    ],
    ids=str,
)
def test_a_report_that_contradicts_itself_or_its_schema_is_refused(
    report: dict[str, Any], change: dict[str, Any]
) -> None:
    validate(report)
    with pytest.raises(HarnessError):
        validate(report | change)


def test_the_suite_digest_follows_content_and_not_place(tmp_path: Path) -> None:
    paths = []
    for name, text in {"a": "one\n", "b": "one\r\n", "c": "two\n"}.items():
        path = tmp_path / name / "test_area.py"
        path.parent.mkdir()
        path.write_bytes(text.encode())
        paths.append(path)
    digests = [suite_digest([path]) for path in paths]
    assert digests[0] == digests[1] != digests[2]


class TestInstalled:
    """The package as a wheel lays it out: the chapters inside, nothing beside it."""

    @pytest.fixture
    def command(self, suite: Suite) -> Suite:
        root = Path(conformance.__file__).parent
        package = suite.pytester.path / "site" / "conformance"
        shutil.copytree(root, package, ignore=shutil.ignore_patterns("test_*.py", "__pycache__", "spec"))
        shutil.copytree(suite.pytester.path / "spec", package / "spec")
        (package / "test_area.py").write_text(HEAD + PASSES)
        (package / "test_other.py").write_text(HEAD + PASSES.replace("test_echo", "test_b"))
        return suite

    def run(self, suite: Suite, monkeypatch: pytest.MonkeyPatch, *words: str) -> pytest.RunResult:
        monkeypatch.setenv("PYTHONPATH", f"{suite.pytester.path / 'site'}:{suite.pytester.path}")
        options = ("--implementation=toy", "--target=toytargets:Full")
        return suite.pytester.run(sys.executable, "-m", "conformance", *options, *words, timeout=60)

    def add(self, suite: Suite, name: str, text: str) -> str:
        path = suite.pytester.path / "site" / "conformance" / name
        path.write_text(text, encoding="utf-8")
        return str(path.relative_to(suite.pytester.path))

    def test_runs_everything(self, command: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.run(command, monkeypatch, "--report=out")
        assert result.ret == 0, result.stderr.str() + result.stdout.str()
        assert result.outlines[0] == "......"
        assert result.outlines[-1].startswith("6 of 6 checks ran: 6 pass; verdict: conformant")
        assert command.report()["verdict"] == "conformant"

    @pytest.mark.parametrize("word", ["--scenario=other", "--only=area/test_echo[full-sync]", "-ksync"])
    def test_a_part_is_no_verdict(self, command: Suite, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
        result = self.run(command, monkeypatch, word)
        assert result.ret == 3
        assert "no verdict (partial run" in result.outlines[-1]

    @pytest.mark.parametrize(
        "words",
        [
            ("--nonsense",),
            ("nonsense",),
            ("--target=nobody",),
            ("--only=x/y[full-sync]",),
            ("--profile=tolls",),
        ],
    )
    def test_wrong_use_is_a_usage_error(
        self, command: Suite, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
    ) -> None:
        assert self.run(command, monkeypatch, *words).ret == 2

    def test_a_failure_names_the_command_that_repeats_it(self, command: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
        scenario = command.pytester.path / "site" / "conformance" / "test_area.py"
        scenario.write_text(HEAD + PASSES.replace('== "hi"', '== "bye"'))
        result = self.run(command, monkeypatch)
        assert result.ret == 1
        words = "--implementation toy --target toytargets:Full --only 'area/test_echo[full-sync]'"
        assert f"reproduce: python -m conformance {words}" in result.outlines
        again = self.run(command, monkeypatch, "--only=area/test_echo[full-sync]")
        assert again.ret == 1
        assert again.outlines[-1].startswith("1 of 6 checks ran: 1 fail; no verdict")

    def test_one_file_of_several_is_no_verdict(self, command: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTHONPATH", f"{command.pytester.path / 'site'}:{command.pytester.path}")
        options = ["--disable-plugin-autoload", "-p", "conformance.plugin", "--conformance-implementation=toy"]
        options += ["--conformance-target=toytargets:Full", "-c/dev/null", "site/conformance/test_area.py"]
        result = command.pytester.run(sys.executable, "-m", "pytest", *options, timeout=60)
        assert result.ret == 3
        assert "not collected: test_other.py" in result.stdout.str()

    def test_a_profile_is_all_that_runs(self, command: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
        self.add(command, "test_chat_words.py", HEAD + PASSES)
        self.add(command, "test_tools.py", HEAD + PASSES.replace('== "hi"', '== "bye"'))
        result = self.run(command, monkeypatch, "--profile=core", "--report=out")
        assert result.ret == 0
        assert result.outlines[0] == "..."
        assert "verdict: conformant in core (" in result.outlines[-1]
        assert command.report()["scope"] == ["core"]
        assert self.run(command, monkeypatch).ret == 1

    def test_files_of_other_profiles_need_not_be_collected(
        self, command: Suite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chat = self.add(command, "test_chat.py", HEAD + PASSES)
        self.add(command, "test_tools.py", HEAD + PASSES)
        monkeypatch.setenv("PYTHONPATH", f"{command.pytester.path / 'site'}:{command.pytester.path}")
        options = ["--disable-plugin-autoload", "-p", "conformance.plugin", "--conformance-implementation=toy"]
        options += ["--conformance-target=toytargets:Full", "-c/dev/null", chat]
        for profile, code in (("core", 0), ("tools", 3)):
            words = [*options, f"--conformance-profile={profile}"]
            assert command.pytester.run(sys.executable, "-m", "pytest", *words, timeout=60).ret == code
        self.add(command, "test_chat_words.py", HEAD + PASSES)
        words = [*options, "--conformance-profile=core"]
        assert command.pytester.run(sys.executable, "-m", "pytest", *words, timeout=60).ret == 3

    def test_a_chapter_without_scenarios_keeps_the_verdict_back(
        self, command: Suite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.add(command, "test_chat.py", HEAD + PASSES)
        self.add(command, "spec/tools.md", "## TOOLS-1 It MAY\n\n**MAY** · sync · any\n\nIt MAY.\n")
        result = self.run(command, monkeypatch)
        assert result.ret == 3
        assert "no verdict (no check passed in tools)" in result.outlines[-1]
        assert self.run(command, monkeypatch, "--profile=core").ret == 0

    def test_a_stored_report_is_json(self, command: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run(command, monkeypatch, "--report=deep/er", "--only=area/test_echo[full-parity]")
        written = json.loads((command.pytester.path / "deep" / "er" / "report.json").read_text())
        assert (written["declared"], len(written["checks"]), written["verdict"]) == (6, 3, None)
