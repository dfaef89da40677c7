"""The summary for CI, in Markdown: the verdict, the counts, and what failed first. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance import fault_table
from conformance.characters import one_line, printable
from conformance.matrix import cassette_lines, scoped
from conformance.matrix import summary as sentence
from conformance.outcomes import Outcome
from conformance.rendering.badge import counts

SHOWN: Final = 10  # checks that did not pass
LIMIT: Final = 400  # characters of a reason
SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|&~$]|^[#+=-])")
SIGNS: Final = {"conformant": "✅", "not conformant": "❌", "no verdict": "⚪"}
BAD: Final = (Outcome.FAIL, Outcome.UNEXPECTED_PASS, Outcome.HARNESS_ERROR)


def summary(report: Mapping[str, Any]) -> str:
    """The summary of a report.

    Args:
        report: dict.

    Returns:
        str: Markdown of a page or two, whatever the length of the report.
    """
    shown = (_head, _profiles, _targets, _failures, _faults, _cassettes, _foot)
    parts = [part(report) for part in shown]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def escaped(text: str) -> str:
    """A text in one line, that Markdown shows as it is."""
    return _inner(one_line(text))


def clause(text: str) -> str:
    """A clause, in which what stands between backticks is code."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(code(part) if number % 2 else _inner(part) for number, part in enumerate(parts))


def code(text: str) -> str:
    """A text as code, in one line, whatever quotes it holds."""
    line = one_line(text)
    fence = "`" * (max(map(len, re.findall(r"`+", line)), default=0) + 1)
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def _inner(text: str) -> str:
    return SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", printable(text)))


def _head(report: Mapping[str, Any]) -> Iterator[str]:
    verdict = (report["verdict"] or "no verdict").partition(" in ")[0]
    passed, declared = counts(report)
    name = " ".join(filter(None, (report["implementation"]["name"], report["implementation"]["version"])))
    told = report["verdict"] or "no verdict"
    yield f"## {SIGNS[verdict]} {escaped(name)}: {told}, {passed} of {declared} checks passed"
    yield ""
    yield escaped(sentence(report))
    for error in report["errors"]:
        yield f"\n**Outside of any check:** {escaped(error)}"


def _profiles(report: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        [profile["name"], _ratio(profile["totals"], profile["declared"]), *_marks(profile["totals"]), _verdict(profile)]
        for profile in report["profiles"]
        if profile["declared"]
    ]
    return _table(["profile", "passed", "failed", "other", "verdict"], rows)


def _targets(report: Mapping[str, Any]) -> Iterator[str]:
    rows = []
    for target in report["targets"]:
        totals = Counter(check["outcome"] for check in report["checks"] if check["target"] == target["name"])
        declared = sum(each["declared"] for each in scoped(report) if each["target"] == target["name"])
        state = target["unavailable"] or ("required" if target["required"] else "not required")
        rows.append([target["name"], _ratio(totals, declared), *_marks(totals), state])
    return _table(["target", "passed", "failed", "other", ""], rows)


def _failures(report: Mapping[str, Any]) -> Iterator[str]:
    bad = [check for check in report["checks"] if check["outcome"] in BAD]
    known = {requirement["id"]: requirement for requirement in report["requirements"]}
    if bad:
        yield f"### What did not pass: {min(SHOWN, len(bad))} of {len(bad)}"
    for check in bad[:SHOWN]:
        yield f"\n**{check['outcome']}** {code(check['id'])}\n"
        for identity in check["requirements"]:
            requirement = known.get(identity, {"sentence": "", "link": ""})
            yield f"> **{escaped(identity)}** {clause(requirement['sentence'])} ({escaped(requirement['link'])})\n"
        yield f"{escaped(one_line(check['reason'], LIMIT))}\n"
        if check["reproduce"]:
            yield from ("```sh", printable(check["reproduce"]).replace("```", "'``'`"), "```")


def _faults(report: Mapping[str, Any]) -> Iterator[str]:
    if found := fault_table.table(report):
        head = ["", *(escaped(f"{target} {surface}") for target, surface in found.columns)]
        yield f"### {fault_table.TITLE}\n"
        yield from _table(head, [[name, *(cell.text for cell in cells)] for name, cells in found.lines])


def _cassettes(report: Mapping[str, Any]) -> Iterator[str]:
    for line in cassette_lines(report):
        yield f"- {escaped(line)}"


def _foot(report: Mapping[str, Any]) -> Iterator[str]:
    shard, spec = report["shard"], report["spec_version"]
    part = f"; shard {shard['number']} of {shard['of']}" if shard else ""
    chapters = f"spec {spec}" if spec else "chapters of its own"
    where = f"{report['platform']['system']} {report['platform']['machine']}"
    yield escaped(f"{chapters} ({report['digests']['spec'][:12]}); Python {report['python']}; {where}{part}")


def _verdict(profile: Mapping[str, Any]) -> str:
    return str(profile["verdict"] or f"no verdict ({profile['sentence']})")


def _ratio(totals: Mapping[str, int], declared: int) -> str:
    return f"{totals[Outcome.PASS]}/{declared}"


def _marks(totals: Mapping[str, int]) -> tuple[str, str]:
    """What failed, and what neither passed nor failed."""
    groups = [outcome for outcome in Outcome if outcome in BAD], [o for o in Outcome if o not in (*BAD, Outcome.PASS)]
    told = [", ".join(f"{totals[o]} {o}" for o in group if totals[o]) or "–" for group in groups]
    return told[0], told[1]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    lines = [f"| {' | '.join(map(escaped, row))} |" for row in rows]
    if lines:
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * len(head)}"
        yield from lines
