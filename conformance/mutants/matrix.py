"""The kill matrix: which requirement, broken how, is seen by which check. As Markdown, and as data."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from conformance.mutants.catalog import Catalog
from conformance.mutants.verdicts import Finding, Verdict

HEAD: Final = """# The kill matrix

Each requirement of the spec that obliges, the implementation broken in one place so that the requirement no longer
holds, and the check that saw it: run alone, it passed before the break, failed after it, and said why.
`python -m conformance mutants --write {file}` wrote this page; {score} mutants were killed.
"""


def write(path: Path, catalog: Catalog, findings: Sequence[Finding]) -> None:
    """Write the matrix as a page.

    Args:
        path: Path, the file.
        catalog: Catalog, all mutants.
        findings: Sequence of Finding, what became of each.
    """
    killed = sum(finding.verdict is Verdict.KILLED for finding in findings)
    head = HEAD.format(file=path.as_posix(), score=f"{killed} of {len(findings)}")
    lines = [head, f"Catalogue: `{catalog.digest}`"]
    for chapter in catalog.chapters:
        lines += _section(chapter, catalog.of(chapter=chapter), findings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def data(catalog: Catalog, findings: Sequence[Finding], problems: Sequence[str]) -> dict[str, Any]:
    """The matrix as data.

    Args:
        catalog: Catalog, those that were tried.
        findings: Sequence of Finding.
        problems: Sequence of str, such as requirements without a mutant.

    Returns:
        dict: version, digest of the catalogue, mutants, equivalents, problems, killed and total.
    """
    return {
        "version": 1,
        "digest": catalog.digest,
        "killed": sum(finding.verdict is Verdict.KILLED for finding in findings),
        "total": len(catalog.mutants),
        "problems": list(problems),
        "mutants": [_entry(finding) for finding in findings],
        "equivalents": [vars(each) for each in catalog.equivalents],
    }


def save(path: Path, content: dict[str, Any]) -> None:
    """Write the matrix as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _entry(finding: Finding) -> dict[str, Any]:
    mutant = finding.mutant
    return {
        "name": mutant.name,
        "requirement": mutant.requirement,
        "chapter": mutant.chapter,
        "break": mutant.broken,
        "file": mutant.file,
        "check": mutant.check,
        "verdict": finding.verdict.value,
        "said": finding.said,
        "seconds": round(finding.seconds, 3),
    }


def _section(chapter: str, catalog: Catalog, findings: Sequence[Finding]) -> Iterator[str]:
    verdicts = {finding.mutant.name: finding.verdict for finding in findings}
    yield from ("", f"## {chapter}", "", "| mutant | what is broken | where | seen by |", "|---|---|---|---|")
    for mutant in catalog.mutants:
        verdict = verdicts[mutant.name]
        seen = f"`{mutant.check}`" if verdict is Verdict.KILLED else f"**{verdict}** (`{mutant.check}`)"
        yield f"| {mutant.name} | {_cell(mutant.broken)} | `{mutant.file}` | {seen} |"
    for each in catalog.equivalents:
        yield f"| {each.requirement} | no break can be seen: {_cell(each.reason)} | | |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
