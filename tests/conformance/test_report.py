"""What a run leaves behind, and the command as it is installed."""

import json
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import conformance
from conformance.outcomes import HarnessError
from conformance.redaction import redact
from conformance.report import suite_digest, validate
from conformance.report_digests import checks_digest, implementation_digest
from tests.conformance.reports import small
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
    assert (report["spec_version"], report["shard"], report["errors"]) == (None, None, [])
    assert (report["declared"], report["ran"], report["verdict"], report["exit_code"]) == (3, 3, "conformant", 0)
    assert sum(report["totals"].values()) == report["totals"]["pass"] == 3
    assert report["targets"][0]["name"] == "full"
    assert set(report["platform"]) == {"system", "machine"}
    path = suite.pytester.path
    assert report["digests"]["suite"] == suite_digest([path / "test_area.py"])
    assert report["digests"]["checks"] == checks_digest(check["id"] for check in report["checks"])
    assert report["digests"]["cassettes"] is None
    assert len(report["digests"]["implementation"]) == 64
    assert report["areas"] == [
        {"area": "area", "profile": None, "target": "full", "surface": surface, "declared": 1}
        for surface in ("sync", "aio", "parity")
    ]
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
        "derived": False,
        "rows": None,
        "seconds": 0,
        "details": None,
        "trace": None,
        "reproduce": None,
    }


def test_each_requirement_is_there_with_what_checks_it(suite: Suite) -> None:
    other = "\n## TOY-3 It MAY\n\n**MAY** · sync · tools\n\nIt MAY.\n\nChecked by: `tests/test_x.py::test_y`\n"
    chapter = suite.pytester.path / "spec" / "toy.md"
    chapter.write_text(chapter.read_text() + other)
    suite.run(PASSES, "--conformance-report=out")
    first, second = suite.report()["requirements"]
    assert first == {
        "id": "TOY-1",
        "title": "It echoes",
        "keyword": "MUST",
        "sentence": "What is said MUST come back.",
        "link": first["link"],
        "chapter": "toy",
        "surfaces": ["sync", "aio"],
        "capability": "any",
        "checked_by": None,
        "scenarios": ["area/test_echo"],
        "mutants": [],
    }
    assert first["link"].startswith("spec/toy.md#")
    assert (second["scenarios"], second["checked_by"]) == ([], "tests/test_x.py::test_y")


def test_everything_is_beside_it(suite: Suite) -> None:
    suite.run(PASSES, "--conformance-report=out")
    names = {path.name for path in (suite.pytester.path / "out").iterdir()}
    assert names == {"report.json", "junit.xml", "matrix.txt", "matrix.html", "summary.md", "badge.svg"}
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
    assert suite.report()["checks"][0]["reason"] == "RuntimeError: key [redacted] and [redacted]"


@pytest.mark.parametrize(
    "text", ["sk-abc123", "Bearer abc123", "x-api-key: abc123", "api_key='abc123'", "the test-key itself"]
)
def test_what_looks_like_a_key_is_redacted(text: str) -> None:
    assert "[redacted]" in redact(text)
    assert "abc123" not in redact(text)


CONTRADICTIONS: list[dict[str, Any]] = [
    {"verdict": "fine"},
    {"verdict": None},
    {"verdict": "not conformant"},
    {"exit_code": 1},
    {"totals": {"pass": 3}},
    {"declared": 4},
    {"ran": -1},
    {"checks": []},
    {"hostname": "here"},
    {"schema_version": 3},
    {"spec_version": "one"},
    {"digests": {"spec": "x", "suite": "y"}},
    {"shard": {"number": 1, "of": 2}},
    {"shard": {"number": 3, "of": 2}, "verdict": None, "exit_code": 3},
    {"errors": ["a file could not be collected"]},
    {"areas": []},
    {"requirements": []},
]


@pytest.mark.parametrize("change", CONTRADICTIONS, ids=str)
def test_a_report_that_contradicts_itself_or_its_schema_is_refused(change: dict[str, Any]) -> None:
    report = small({"area/test_good[alpha-sync]": "pass", "other/test_odd[alpha-sync]": "pass"})
    validate(report)
    with pytest.raises(HarnessError):
        validate(report | change)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("checks", 0, "id"), "area/test_good[alpha-aio]", "listed twice"),
        (("checks", 0, "scenario"), "test_other", "TOY-1, which does not name its scenario"),
        (("checks", 0, "requirements"), ["TOY-9"], "TOY-9, which does not name its scenario"),
        (("checks", 0, "details"), "why", "is explained, and ended in pass"),
        (("checks", 0, "trace"), [], "is explained, and ended in pass"),
        (("checks", 0, "surface"), "aio", "area on alpha-aio has 3 checks and declares 2"),
        (("checks", 4, "trace"), [{"request": "GET /"}], "does not match its schema at $.checks[4].trace[0]"),
        (("areas", 0, "declared"), 5, "9 checks are declared, and 12 in the areas"),
        (("requirements", 1, "id"), "TOY-1", "the requirement TOY-1 is listed twice"),
    ],
)
def test_what_contradicts_itself_is_told(path: tuple[Any, ...], value: object, told: str) -> None:
    report = small()
    place: Any = report
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(HarnessError) as caught:
        validate(report)
    assert told in str(caught.value)


def test_nothing_in_the_suites_own_chapters_goes_unchecked() -> None:
    report = small()
    lost = report["requirements"][0] | {"id": "TOY-3", "scenarios": []}
    for change, is_refused in (({}, True), ({"checked_by": "replay"}, False), ({"keyword": "MAY"}, False)):
        added = report | {"requirements": [*report["requirements"], lost | change]}
        if is_refused:
            with pytest.raises(HarnessError, match="nothing checks TOY-3"):
                validate(added)
        else:
            validate(added)
        validate(added | {"spec_version": None})


def test_a_report_that_is_refused_is_not_written(suite: Suite) -> None:
    """Nothing is left that somebody could take for a report, and the exit code says that there is none."""
    toy = suite.pytester.path / "toy" / "__init__.py"
    toy.write_text(toy.read_text() + "\n__version__ = ['1']\n")
    suite.run(PASSES, "--conformance-report=out")
    assert suite.report()["implementation"]["version"] is None
    breaks = "import conformance.report_validation as v\nv.RAN = ()\n"
    result = suite.run(breaks + PASSES, "--conformance-report=out")
    assert result.ret == 2
    assert "no verdict (the report could not be written: the report contradicts itself" in result.stdout.str()
    assert not (suite.pytester.path / "out" / "report.json").exists()


def test_the_digest_of_an_implementation_follows_content_and_names(tmp_path: Path) -> None:
    found: list[str | None] = []
    for name, text in (("a.py", "one\n"), ("a.py", "one\r\n"), ("a.py", "two\n"), ("b.py", "one\n")):
        folder = tmp_path / str(len(found)) / "acme"
        (folder / "__pycache__").mkdir(parents=True)
        (folder / "__init__.py").write_bytes(b"")
        (folder / name).write_bytes(text.encode())
        (folder / "__pycache__" / f"{len(found)}.pyc").write_bytes(b"x")
        module = ModuleType("acme")
        module.__file__ = str(folder / "__init__.py")
        found.append(implementation_digest(module))
    assert found[0] == found[1]
    assert len(set(found)) == 3
    assert implementation_digest(ModuleType("namespace")) is None


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

    def freeze(self, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make what lies in the package a version of the spec."""
        monkeypatch.setenv("PYTHONPATH", f"{suite.pytester.path / 'site'}:{suite.pytester.path}")
        frozen = suite.pytester.run(sys.executable, "-m", "conformance", "spec", "--freeze", "1.0", timeout=60)
        assert frozen.ret == 0, frozen.stderr.str()

    def run(self, suite: Suite, monkeypatch: pytest.MonkeyPatch, *words: str) -> pytest.RunResult:
        self.freeze(suite, monkeypatch)
        options = ("--implementation=toy", "--target=toytargets:Full", "--jobs=1")
        return suite.pytester.run(sys.executable, "-m", "conformance", *options, *words, timeout=60)

    def add(self, suite: Suite, name: str, text: str) -> str:
        path = suite.pytester.path / "site" / "conformance" / name
        path.write_text(text, encoding="utf-8")
        return str(path.relative_to(suite.pytester.path))

    def test_runs_everything(self, command: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.run(command, monkeypatch, "--report=out")
        assert result.ret == 0, result.stderr.str() + result.stdout.str()
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
        self.freeze(command, monkeypatch)
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
        assert "3 of 12 checks ran" in result.outlines[-1]
        assert "verdict: conformant in core (" in result.outlines[-1]
        assert command.report()["scope"] == ["core"]
        assert self.run(command, monkeypatch).ret == 1

    def test_files_of_other_profiles_need_not_be_collected(
        self, command: Suite, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chat = self.add(command, "test_chat.py", HEAD + PASSES)
        self.add(command, "test_tools.py", HEAD + PASSES)
        self.freeze(command, monkeypatch)
        options = ["--disable-plugin-autoload", "-p", "conformance.plugin", "--conformance-implementation=toy"]
        options += ["--conformance-target=toytargets:Full", "-c/dev/null", chat]
        for profile, code in (("core", 0), ("tools", 3)):
            words = [*options, f"--conformance-profile={profile}"]
            assert command.pytester.run(sys.executable, "-m", "pytest", *words, timeout=60).ret == code
        self.add(command, "test_chat_words.py", HEAD + PASSES)
        self.freeze(command, monkeypatch)
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
