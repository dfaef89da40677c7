"""A small report with every outcome, as plain data, so that what is made of a report is tested without a run."""

import copy
from collections import Counter
from typing import Any, Final

from conformance.outcomes import RAN, Outcome

BAD: Final = ("fail", "unexpected-pass", "harness-error")
CHECKED: Final = {
    "area/test_good": ["TOY-1"],
    "area/test_bad": ["TOY-1", "TOY-2"],
    "other/test_odd": ["TOY-2"],
}
EXPLAINED: Final = (*BAD, "expected-fail")
# what a hostile check, implementation or server may put into any text of a report
HOSTILE: Final = "</script><img src=x onerror=alert(1)> \"'`|*_&amp; \x1b[31mred\x1b[0m \x00 \ud800 ]]> {{ 7*7 }} ‮"

ENDS: Final = {
    "area/test_good[alpha-sync]": "pass",
    "area/test_good[alpha-aio]": "pass",
    "area/test_good[alpha-parity]": "pass",
    "area/test_good[beta-sync]": "not-applicable",
    "area/test_bad[alpha-sync]": "fail",
    "area/test_bad[alpha-aio]": "expected-fail",
    "area/test_bad[alpha-parity]": "could-not-run",
    "other/test_odd[alpha-sync]": "unexpected-pass",
    "other/test_odd[alpha-aio]": "harness-error",
}
REASONS: Final = {
    "fail": "assert [1, 2] == [1, 3]",
    "not-applicable": "beta declares no tools; the documented refusal was observed",
    "could-not-run": "nothing to compare: area/test_bad[alpha-sync] ended in fail",
    "expected-fail": "a bug upstream (https://example.org/1)",
    "unexpected-pass": "passes, although the baseline expects a failure: a bug upstream; remove the entry",
    "harness-error": "the body made no library call on the aio surface; see d.direct()",
}
TRACE: Final = [
    {"request": "POST /v1/messages", "body": '{"model": "m"}', "status": 200, "events": ["data: {}", "data: [DONE]"]},
    {"request": "POST /v1/messages", "body": "", "status": "reset", "events": []},
]


def small(ends: dict[str, str] | None = None) -> dict[str, Any]:
    """A report of two areas on two targets.

    Args:
        ends: outcome by check id, default None: `ENDS`, in which every outcome is.

    Returns:
        dict: a report that is valid, and belongs to the caller.
    """
    checks = [_check(identity, outcome) for identity, outcome in (ENDS if ends is None else ends).items()]
    totals = _totals(checks)
    code, verdict, sentence = _conclusion(totals)
    report = {
        "schema_version": 4,
        "spec_version": "1.0",
        "implementation": {"name": "toy", "version": "0.3"},
        "python": "3.13.1",
        "platform": {"system": "linux", "machine": "x86_64"},
        "digests": {
            "spec": "a" * 64,
            "suite": "b" * 64,
            "checks": "c" * 64,
            "cassettes": None,
            "implementation": "d" * 64,
        },
        "targets": [_target("alpha", ["tools"], {"synthetic": 2}), _target("beta", [], None)],
        "scope": None,
        "shard": None,
        "declared": len(checks),
        "ran": sum(check["outcome"] in RAN for check in checks),
        "totals": totals,
        "verdict": verdict,
        "exit_code": code,
        "sentence": sentence,
        "errors": [],
        "profiles": [],
        "areas": _areas(checks),
        "requirements": [_requirement("TOY-1"), _requirement("TOY-2")],
        "checks": checks,
    }
    return copy.deepcopy(report)


def _conclusion(totals: dict[str, int]) -> tuple[int, str | None, str]:
    if totals["harness-error"]:
        return 2, None, "1 check had a harness error"
    if totals["fail"] or totals["unexpected-pass"]:
        return 1, "not conformant", "a check failed"
    return 0, "conformant", "every required check passed"


def _check(identity: str, outcome: str) -> dict[str, Any]:
    area, _, name = identity.partition("/")
    scenario, _, rest = name.partition("[")
    target, _, surface = rest.removesuffix("]").rpartition("-")
    is_explained = outcome in EXPLAINED
    details = (
        f"{identity}\n\n  TOY-1  It MUST `echo`.\n         spec/toy.md#toy-1\n\nE   {REASONS.get(outcome)}\n\n-3\n+2"
    )
    return {
        "id": identity,
        "area": area,
        "profile": None,
        "scenario": scenario,
        "requirements": CHECKED[f"{area}/{scenario}"],
        "target": target,
        "surface": surface,
        "outcome": outcome,
        "reason": REASONS.get(outcome, ""),
        "derived": outcome == "could-not-run",
        "seconds": 0.25,
        "details": details if is_explained else None,
        "trace": TRACE if outcome == "fail" else None,
        "reproduce": f"python -m conformance --only '{identity}'" if is_explained else None,
    }


def _totals(checks: list[dict[str, Any]]) -> dict[str, int]:
    counts = Counter(check["outcome"] for check in checks)
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _areas(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter((check["area"], None, check["target"], check["surface"]) for check in checks)
    names = ("area", "profile", "target", "surface", "declared")
    return [dict(zip(names, (*key, count), strict=True)) for key, count in counts.items()]


def _target(name: str, capabilities: list[str], cassettes: dict[str, int] | None) -> dict[str, Any]:
    return {
        "name": name,
        "capabilities": capabilities,
        "required": name == "alpha",
        "unavailable": None,
        "cassettes": cassettes,
    }


def _requirement(identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "title": "It echoes",
        "keyword": "MUST",
        "sentence": f"What is said to {identity} MUST come `back`.",
        "link": f"spec/toy.md#{identity.lower()}-it-echoes",
        "chapter": "toy",
        "surfaces": ["sync", "aio"],
        "capability": "tools",
        "checked_by": None,
        "scenarios": [name for name, identities in CHECKED.items() if identity in identities],
        "mutants": [f"{identity}.1"],
    }


def hostile() -> dict[str, Any]:
    """The small report with hostile text wherever the schema lets any text stand."""
    report = small()
    report["implementation"] = {"name": HOSTILE, "version": HOSTILE}
    report["sentence"], report["errors"] = HOSTILE, [HOSTILE]
    for requirement in report["requirements"]:
        requirement.update(
            title=HOSTILE, sentence=f"`{HOSTILE}` {HOSTILE}", link=HOSTILE, chapter=HOSTILE, capability=HOSTILE
        )
        requirement["mutants"].append(HOSTILE)
        requirement["checked_by"] = HOSTILE
    for target in report["targets"]:
        target["unavailable"] = HOSTILE
    for check in report["checks"]:
        check["id"] = check["id"].replace("alpha", f"alpha{HOSTILE}")
        check["reason"] = HOSTILE
        if check["outcome"] in EXPLAINED:
            trace = [{"request": HOSTILE, "body": HOSTILE, "status": 200, "events": [HOSTILE]}]
            check.update(details=f"a\n\nb\n\n{HOSTILE}", reproduce=HOSTILE, trace=trace)
    return report
