"""The pytest plugin. It acts on functions that carry `@requirement`, and on nothing else."""

from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import pytest

from conformance import collection, extent
from conformance.claims import Claims
from conformance.crash import told_exits
from conformance.explanation import pytest_assertrepr_compare as pytest_assertrepr_compare
from conformance.item import CheckItem
from conformance.outcomes import BROKEN, FAILED, Conclusion, HarnessError, Outcome
from conformance.profiles import PROFILES
from conformance.redaction import redact
from conformance.run import Run
from conformance.session import CONCLUSION, REPORT, RUN
from conformance.settings import IMPLEMENTATION, Settings, cleared, defaults
from conformance.sharding import Shard
from conformance.targets import BUILT_IN
from conformance.vocabulary import PARITY, SURFACES

ORDER: Final = (*SURFACES, PARITY)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all begin with `--conformance-`, so that they meet no other plugin's."""
    group = parser.getgroup("conformance", "conformance of an implementation on both surfaces")
    add = group.addoption
    add("--conformance-target", action="append", metavar="NAME", help=f"a target (default: {', '.join(BUILT_IN)})")
    add("--conformance-require", action="append", metavar="NAME", help="a target that must run (default: all selected)")
    add("--conformance-implementation", default=IMPLEMENTATION, metavar="NAME", help="the module under test")
    add("--conformance-report", type=Path, metavar="DIR", help="write report.json and what is made of it there")
    add("--conformance-baseline", type=Path, metavar="FILE", help="expected failures: reason, link, expires")
    add("--conformance-spec", type=Path, metavar="DIR", help="the chapters (default: the suite's own)")
    add("--conformance-cassettes", type=Path, metavar="DIR", help="recordings (default: the suite's own)")
    add("--conformance-profile", action="append", metavar="NAME", help=f"judge it alone: {', '.join(PROFILES)}")
    add("--conformance-only", metavar="CHECKID", help="run one check; no verdict")
    add("--conformance-scenario", metavar="PART", help="run scenarios whose area/function contains PART; no verdict")
    add("--conformance-shard", metavar="K/N", help="run the K-th of N parts; no verdict until they are merged")
    add("--conformance-claims", type=Path, metavar="DIR", help="share the checks with the other shards, by this folder")
    add("--conformance-timeout", type=float, default=60.0, metavar="SECONDS", help="for one check (default: 60)")
    add("--conformance-live", action="store_true", help="let targets that talk to real endpoints do so")
    add("--conformance-command", action="store_true", help="an empty run counts as a run of the suite")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the options, and take away the report of an earlier run, so that a crash cannot leave it standing."""
    value = config.getoption
    try:
        shard = Shard.parse(value("conformance_shard")) if value("conformance_shard") else None
    except HarnessError as error:
        pytest.exit(str(error), returncode=BROKEN)
    settings = Settings(
        targets=tuple(dict.fromkeys(value("conformance_target") or defaults(value("conformance_implementation")))),
        required=tuple(value("conformance_require") or ()),
        implementation=value("conformance_implementation"),
        report=value("conformance_report"),
        baseline=value("conformance_baseline"),
        spec=value("conformance_spec"),
        cassettes=value("conformance_cassettes"),
        profiles=tuple(dict.fromkeys(value("conformance_profile") or ())),
        only=value("conformance_only"),
        scenario=value("conformance_scenario"),
        shard=shard,
        claims=value("conformance_claims"),
        limit=value("conformance_timeout"),
        is_live=value("conformance_live"),
        is_command=value("conformance_command"),
        is_listing=value("collectonly"),
    )
    config.stash[RUN] = Run(settings)
    if settings.claims:
        config.pluginmanager.register(Claims(config.stash[RUN], settings.claims))
    if settings.report and not settings.is_listing:
        cleared(settings.report)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Say once, and not of each file, that a target does not exist."""
    run = session.config.stash[RUN]
    if run.settings.is_command:
        try:
            _ = run.required
        except HarnessError as error:
            run.faults.append(str(error))
            pytest.exit(str(error), returncode=BROKEN)


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Note which files are looked into, to tell a whole run from a part of one."""
    if isinstance(collector, pytest.Module):
        collector.config.stash[RUN].modules.add(collector.path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Any:
    """Make the checks of a scenario, and those of a class that brings its target."""
    return collection.found(collector, name, obj)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put each comparison after what it compares, and take out what was not asked for."""
    run = config.stash[RUN]
    if not run.declared or session.testsfailed:
        return
    try:
        run.prepare()
    except HarnessError as error:
        run.faults.append(str(error))
        pytest.exit(str(error), returncode=BROKEN)
    wanted = extent.wanted(run)
    left_out = [item for item in items if isinstance(item, CheckItem) and item.check.id not in wanted]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    kept = [item for item in items if item not in gone]
    first: dict[tuple[str, str, str], int] = {}
    for number, item in enumerate(kept):
        if isinstance(item, CheckItem):
            first.setdefault(item.check.group, number)
    rank = {id(item): _rank(item, number, first) for number, item in enumerate(kept)}
    items[:] = sorted(kept, key=lambda item: rank[id(item)])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note what is going to run, and what could not be collected."""
    run = session.config.stash[RUN]
    if session.testsfailed and run.is_active:
        run.faults.append(f"{session.testsfailed} files could not be collected")
    run.selected = {item.check.id for item in session.items if isinstance(item, CheckItem)}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what happens around a body count, and keep keys out of what is shown."""
    report = yield
    if not isinstance(item, CheckItem):
        item.config.stash[RUN].others_failed |= report.failed
        return report
    why = redact(f"{report.when}: {call.excinfo.value}") if call.excinfo else ""
    if report.when == "setup" and not report.passed:
        item.run.correct(item.check, Outcome.COULD_NOT_RUN if report.skipped else Outcome.HARNESS_ERROR, why)
    elif report.failed:
        item.run.correct(item.check, Outcome.FAIL, why)
    report.sections = [(title, redact(text)) for title, text in report.sections]
    found = item.run.results.get(item.check.id)
    vars(report)["is_harness_error"] = found is not None and found.outcome is Outcome.HARNESS_ERROR
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
    """Show a harness error as an error and not as a failure of the implementation."""
    if report.failed and getattr(report, "is_harness_error", False):
        return "error", "E", "HARNESS-ERROR"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Set the exit status by the outcomes, whatever pytest thinks of them."""
    run = session.config.stash[RUN]
    if not run.is_active:
        return
    run.close()
    if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
        run.faults.append("internal error of the engine")
    run.was_stopped |= bool(session.shouldfail or session.shouldstop) or exitstatus == pytest.ExitCode.INTERRUPTED
    conclusion = _report(session.config, run, run.conclude())
    session.config.stash[CONCLUSION] = conclusion
    session.exitstatus = FAILED if run.others_failed and conclusion.code != BROKEN else conclusion.code


def _report(config: pytest.Config, run: Run, conclusion: Conclusion) -> Conclusion:
    """Write the report; the conclusion, or why it could not be written."""
    try:
        from conformance.report import build, write

        report = build(run, conclusion)
        if run.settings.report:
            write(report, run.settings.report)
    except Exception as error:  # whatever it is, it must not end in an exit code that says something else
        return Conclusion(BROKEN, f"the report could not be written: {error}")
    config.stash[REPORT] = report
    return conclusion


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the matrix and the conclusion."""
    conclusion = config.stash.get(CONCLUSION, None)
    if conclusion is None:
        return
    terminalreporter.ensure_newline()
    for line in (*config.stash[RUN].notes, *_matrix(config, conclusion)):
        terminalreporter.write_line(line)


def _matrix(config: pytest.Config, conclusion: Conclusion) -> list[str]:
    report, folder = config.stash.get(REPORT, None), config.stash[RUN].settings.report
    writer = config.get_terminal_writer()
    if report is None:
        return [f"no verdict ({conclusion.sentence})"]
    try:
        from conformance.matrix import lines
    except ImportError as error:
        return [f"{conclusion.sentence} (no matrix: {error}; install aimu[conformance])"]
    return lines(report, writer.fullwidth, writer.hasmarkup, folder / "report.json" if folder else None)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """See that no check ends the process without a word."""
    run = session.config.stash[RUN]
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with told_exits(lambda: run.running or "no check", getattr(capture, "global_and_fixture_disabled", nullcontext)):
        return (yield)


def _rank(item: pytest.Item, number: int, first: dict[tuple[str, str, str], int]) -> tuple[int, int]:
    if isinstance(item, CheckItem):
        return first[item.check.group], ORDER.index(item.check.surface)
    return number, 0
