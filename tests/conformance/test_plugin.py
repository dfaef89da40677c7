"""Each outcome, each exit code, and that the plugin leaves other tests alone."""

import json

import pytest

from conformance import selfcheck
from conformance.outcomes import Outcome
from tests.conformance.toy import PASSES, Suite

pytest_plugins = "pytester"

SCOPE = "asyncio_default_fixture_loop_scope=function"

FAILS = """
@requirement("TOY-1")
async def test_echo(d):
    assert await d(d.client().chat("hi")) == "bye"
"""

NEEDS_TOOLS = """
@requirement("TOY-1", needs=("tools",))
async def test_tools(d):
    assert await d(d.client().chat("hi")) == "hi"
"""


def last_line(result: pytest.RunResult) -> str:
    return next(line for line in result.outlines if "checks ran" in line)


def test_a_whole_run_that_passes_is_conformant(suite: Suite) -> None:
    result = suite.run(PASSES)
    assert result.ret == 0
    assert last_line(result).startswith("3 of 3 checks ran: 3 pass; verdict: conformant")


def test_a_failure_is_not_conformant_and_explains_itself(suite: Suite) -> None:
    result = suite.run(FAILS, "--conformance-report=out")
    assert result.ret == 1
    assert "verdict: not conformant" in last_line(result)
    assert suite.outcomes() == {
        "test_echo[full-sync]": "fail",
        "test_echo[full-aio]": "fail",
        "test_echo[full-parity]": "could-not-run",
    }
    result.stdout.fnmatch_lines(
        [
            "*area/test_echo?full-sync?",
            "*TOY-1  What is said MUST come back.",
            "*spec/toy.md#TOY-1",
            "*AssertionError: assert 'hi' == 'bye'*",
            "*reproduce: python -m pytest 'test_area.py::test_echo?full-sync?'*",
        ]
    )


def test_nothing_collected_by_the_command_is_incomplete(suite: Suite) -> None:
    result = suite.run("", "--conformance-command")
    assert result.ret == 3
    assert "no verdict (no check was collected)" in last_line(result)


def test_an_ordinary_suite_is_left_alone(suite: Suite) -> None:
    assert suite.run("def test_ordinary(): pass").ret == 0
    result = suite.run("def test_ordinary(): assert 0")
    assert result.ret == 1
    assert "checks ran" not in result.stdout.str()


def test_a_failing_ordinary_test_beside_checks_still_fails(suite: Suite) -> None:
    assert suite.run(PASSES + "\ndef test_ordinary(): assert 0").ret == 1


def test_other_async_plugins_do_not_interfere(suite: Suite) -> None:
    result = suite.run(PASSES, "-p", "pytest_asyncio.plugin", "-W", "error", "-o", SCOPE)
    assert result.ret == 0, result.stdout.str()


@pytest.mark.parametrize(
    "arguments",
    [
        ("-k", "sync"),
        ("-k", "nothing_is_called_this"),
        ("test_area.py::test_echo[full-sync]",),
        ("--deselect", "test_area.py::test_echo[full-parity]"),
        ("--conformance-only=area/test_echo[full-aio]",),
        ("--conformance-scenario=other",),
        ("--collect-only",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_part_of_the_checks_has_no_verdict(suite: Suite, arguments: tuple[str, ...]) -> None:
    result = suite.run(PASSES, *arguments)
    assert result.ret == 3, result.stdout.str()
    assert "no verdict (partial run" in last_line(result)


def test_a_part_of_the_checks_that_fails_is_a_failure_without_verdict(suite: Suite) -> None:
    result = suite.run(FAILS, "--conformance-only=area/test_echo[full-aio]")
    assert result.ret == 1
    assert "no verdict" in last_line(result)


def test_only_a_comparison_runs_its_two_sides(suite: Suite) -> None:
    suite.run(
        PASSES + PASSES.replace("test_echo", "test_b"),
        "--conformance-only=area/test_b[full-parity]",
        "--conformance-report=out",
    )
    assert list(suite.outcomes().items()) == [(f"test_b[full-{side}]", "pass") for side in ("sync", "aio", "parity")]


def test_only_an_unknown_check_is_a_usage_error(suite: Suite) -> None:
    assert suite.run(PASSES, "--conformance-only=area/test_eccho[full-aio]").ret == 2


def test_stopping_at_the_first_failure_has_no_verdict(suite: Suite) -> None:
    result = suite.run(FAILS, "-x")
    assert result.ret == 1
    assert "no verdict" in last_line(result)


@pytest.mark.parametrize("stop", ["raise KeyboardInterrupt", "pytest.exit('enough', returncode=0)"])
def test_an_interrupted_run_never_passes(suite: Suite, stop: str) -> None:
    result = suite.run(PASSES + f'\n@requirement("TOY-1")\nasync def test_stop(d):\n    {stop}\n')
    assert result.ret == 3
    assert "stopped before 3 of 6" in last_line(result)


@pytest.mark.parametrize("mark", ["pytestmark = pytest.mark.skip(reason='later')", ""])
def test_a_run_of_skips_never_passes(suite: Suite, mark: str) -> None:
    skips = PASSES if mark else FAILS.replace("assert await", "pytest.skip('later')\n    await")
    result = suite.run(f"{mark}\n{skips}")
    assert result.ret == (3 if mark else 2), result.stdout.str()
    assert "no verdict" in last_line(result)


def test_an_unavailable_target_could_not_run(suite: Suite) -> None:
    result = suite.run(PASSES, "--conformance-report=out", target="Absent")
    assert result.ret == 3
    assert "not installed: toy-sdk" in last_line(result)
    assert set(suite.outcomes().values()) == {"could-not-run"}


def test_an_unavailable_target_that_is_not_required_does_not_count(suite: Suite) -> None:
    both = ("--conformance-target=toytargets:Full", "--conformance-target=toytargets:Absent")
    result = suite.run(PASSES, *both, "--conformance-require=toytargets:Full", target="")
    assert result.ret == 0
    assert "3 of 6 checks ran: 3 pass, 3 could-not-run; verdict: conformant" in last_line(result)
    assert suite.run(PASSES, *both, target="").ret == 3


def test_nothing_but_what_is_not_required_shows_nothing(suite: Suite) -> None:
    both = ("--conformance-target=toytargets:Bare", "--conformance-target=toytargets:Absent")
    result = suite.run(NEEDS_TOOLS, *both, "--conformance-require=toytargets:Bare", target="")
    assert result.ret == 3
    assert "no check passed" in last_line(result)


def test_requiring_a_target_that_is_not_selected_is_a_usage_error(suite: Suite) -> None:
    assert suite.run(PASSES, "--conformance-require=openai").ret == 2


def test_a_refused_capability_is_not_applicable(suite: Suite) -> None:
    result = suite.run(PASSES + NEEDS_TOOLS, "--conformance-report=out", target="Bare")
    assert result.ret == 0
    sides = ("sync", "aio", "parity")
    assert [suite.outcomes()[f"test_tools[bare-{side}]"] for side in sides] == ["not-applicable"] * 3


def test_an_undeclared_capability_that_is_not_refused_fails(suite: Suite) -> None:
    result = suite.run(PASSES + NEEDS_TOOLS, "--conformance-report=out", target="Liar")
    assert result.ret == 1
    assert suite.outcomes()["test_tools[liar-aio]"] == "fail"
    assert "declared unsupported but not refused" in suite.report()["checks"][3]["reason"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("assert True  # nothing was called", "no library call"),
        ("await d(d.client().chat('hi')); await asyncio.sleep(0)", "suspended"),
        ("await d(d.client().chat('hi')); pytest.xfail('known')", "may not skip or excuse itself"),
    ],
)
def test_a_wrong_body_is_a_harness_error(suite: Suite, body: str, reason: str) -> None:
    result = suite.run(
        f'@requirement("TOY-1", surfaces=("sync",))\nasync def test_wrong(d):\n    {body}\n', "--conformance-report=out"
    )
    assert result.ret == 2
    assert "no verdict" in last_line(result)
    assert suite.outcomes() == {"test_wrong[full-sync]": "harness-error"}
    assert reason in suite.report()["checks"][0]["reason"]
    result.assert_outcomes(errors=1)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        (PASSES.replace("TOY-1", "TOY-9"), "names TOY-9, which no chapter"),
        (PASSES.replace("TOY-1", "TOY-2"), "names TOY-2, which no chapter"),
        (PASSES.replace('"TOY-1"', '"TOY-1", ledger="LEDGER-NONE"'), "no chapter has row LEDGER-NONE"),
        (PASSES.replace('"TOY-1"', '"TOY-1", needs=("telepathy",)'), "unknown capability"),
        (PASSES.replace("async def", "def").replace("await ", ""), "a scenario is an `async def`"),
        ("class TestIt:\n    test_echo = requirement('TOY-1')(_echo)", "of a module, not of a class"),
    ],
    ids=["unknown id", "retired id", "unknown ledger row", "unknown capability", "no coroutine", "in a class"],
)
def test_a_wrong_declaration_is_a_harness_error(suite: Suite, scenario: str, reason: str) -> None:
    result = suite.run(f"async def _echo(d): pass\n{scenario}")
    assert result.ret == 2
    assert reason in result.stdout.str()


def test_two_scenarios_of_one_name_are_a_harness_error(suite: Suite) -> None:
    folder = suite.pytester.mkpydir("more")
    (folder / "test_area.py").write_text("from conformance import requirement\n" + PASSES)
    result = suite.run(PASSES)
    assert result.ret == 2
    assert "two checks are called area/test_echo[full-sync]" in result.stdout.str()


@pytest.mark.parametrize("option", ["--conformance-target=nobody", "--conformance-implementation=nothing_there"])
def test_an_unknown_subject_is_a_usage_error(suite: Suite, option: str) -> None:
    result = suite.run(PASSES, option)
    assert result.ret == 2
    assert "checks ran: nothing" in result.stdout.str() or "no target 'nobody'" in result.stdout.str()


def test_surfaces_that_differ_fail_the_comparison_alone(suite: Suite) -> None:
    differs = PASSES.replace('chat("hi")) == "hi"', "chat(d.surface))")
    result = suite.run(differs, "--conformance-report=out")
    assert result.ret == 1
    assert list(suite.outcomes().values()) == ["pass", "pass", "fail"]
    result.stdout.fnmatch_lines(['*-*"data": "sync"*', '*+*"data": "aio"*'])


def test_a_row_of_the_ledger_is_not_compared(suite: Suite) -> None:
    differs = PASSES.replace('chat("hi")) == "hi"', "chat(d.surface))")
    result = suite.run(differs.replace('"TOY-1"', '"TOY-1", ledger="LEDGER-CALL"'), "--conformance-report=out")
    assert result.ret == 0
    assert set(suite.outcomes()) == {"test_echo[full-sync]", "test_echo[full-aio]"}


def test_what_is_raised_in_the_background_fails_the_check(suite: Suite) -> None:
    raises = PASSES + "    t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()\n"
    result = suite.run(raises, "-W", "error", "--conformance-report=out")
    assert result.ret == 1
    assert suite.outcomes()["test_echo[full-sync]"] == "fail"


def test_a_check_that_hangs_is_ended(suite: Suite) -> None:
    hangs = "    threading.Event().wait(10)\n"
    result = suite.run(PASSES + hangs, "--conformance-timeout=0.3", "-k", "full-sync")
    assert result.ret == 1
    assert "did not end within 0.3 s" in result.stdout.str()


class TestBaseline:
    """`--conformance-baseline`."""

    def run(self, suite: Suite, scenario: str, **entries: str) -> pytest.RunResult:
        entry = {"reason": "known", "link": "https://example.org/1", "expires": "9999-12-31"} | entries
        entry = {name: value for name, value in entry.items() if value != "-"}
        sides = ("full-sync", "full-aio")
        text = json.dumps({f"area/test_echo[{side}]": entry for side in sides})
        return self.run_text(suite, scenario, text)

    def run_text(self, suite: Suite, scenario: str, text: str, target: str = "Full") -> pytest.RunResult:
        (suite.pytester.path / "known.json").write_text(text)
        options = ("--conformance-baseline=known.json", "--conformance-report=out")
        return suite.run(scenario, *options, target=target)

    def test_expects_failures(self, suite: Suite) -> None:
        result = self.run(suite, FAILS + PASSES.replace("test_echo", "test_other"))
        assert result.ret == 0, result.stdout.str()
        assert list(suite.outcomes().values())[:3] == ["expected-fail", "expected-fail", "could-not-run"]
        assert suite.report()["checks"][0]["reason"] == "known (https://example.org/1)"

    def test_refuses_a_pass(self, suite: Suite) -> None:
        result = self.run(suite, PASSES)
        assert result.ret == 1
        assert list(suite.outcomes().values()) == ["unexpected-pass", "unexpected-pass", "pass"]

    def test_refuses_what_has_expired(self, suite: Suite) -> None:
        result = self.run(suite, FAILS, expires="2020-01-01")
        assert result.ret == 2
        assert "expired on 2020-01-01" in result.stdout.str()

    @pytest.mark.parametrize("field", ["reason", "link", "expires"])
    def test_refuses_an_entry_without(self, suite: Suite, field: str) -> None:
        assert self.run(suite, FAILS, **{field: "-"}).ret == 2

    def test_refuses_an_unknown_check(self, suite: Suite) -> None:
        text = '{"area/test_gone[full-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}}'
        result = self.run_text(suite, FAILS, text)
        assert result.ret == 2
        assert "no check is called area/test_gone[full-sync]" in result.stdout.str()

    def test_leaves_other_targets_alone(self, suite: Suite) -> None:
        text = '{"area/test_gone[openai-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}}'
        assert self.run_text(suite, PASSES, text).ret == 0

    def test_refuses_a_duplicate(self, suite: Suite) -> None:
        entry = '"area/test_echo[full-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}'
        result = self.run_text(suite, FAILS, f"{{{entry}, {entry}}}")
        assert result.ret == 2
        assert "duplicate entry" in result.stdout.str()

    def test_refuses_a_stale_entry(self, suite: Suite) -> None:
        text = '{"area/test_tools[bare-sync]": {"reason": "r", "link": "l", "expires": "9999-12-31"}}'
        result = self.run_text(suite, PASSES + NEEDS_TOOLS, text, target="Bare")
        assert result.ret == 2
        assert suite.outcomes()["test_tools[bare-sync]"] == "harness-error"


@pytest.mark.parametrize("case", selfcheck.CASES, ids=lambda case: f"{case.body.__name__}-{case.surface}")
def test_every_case_of_the_selfcheck_is_judged_rightly(case: selfcheck.Case) -> None:
    found = selfcheck.judged(case)
    assert found.outcome is case.outcome
    assert case.phrase in found.reason


def test_selfcheck_fails_when_a_case_is_judged_wrongly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = selfcheck.Case(selfcheck.answers, "sync", Outcome.FAIL)
    monkeypatch.setattr(selfcheck, "CASES", (*selfcheck.CASES[:1], wrong))
    assert selfcheck.main([]) == 2
    assert "1 of 2 cases" in capsys.readouterr().out
