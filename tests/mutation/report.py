"""The score of a run, its survivors, and the part of the page that they fill."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.mutation.settings import ROOT, Settings

EQUIVALENTS: Final = Path(__file__).with_name("equivalents.toml")
PAGE: Final = ROOT / "docs" / "mutation.md"
MARKS: Final = ("<!-- the result -->", "<!-- the end of the result -->")
WANTED: Final = 0.9
NOTICED: Final = ("killed", "timeout")
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Report:
    """What a run found.

    Args:
        settings: Settings.
        places: int, of how many breaks the sample was drawn.
        results: sequence of dict: a mutant's fields and its verdict's.
        reasons: mapping of (file, within, old, new) to str: the known equivalents.
    """

    settings: Settings
    places: int
    results: Sequence[Mapping[str, Any]]
    reasons: Mapping[Key, str]

    @property
    def counts(self) -> Counter[str]:
        """How many ended how; "equivalent" is taken out of "survived"."""
        return Counter("equivalent" if self.is_equivalent(result) else result["outcome"] for result in self.results)

    @property
    def score(self) -> float:
        """The part that was noticed, of all that could be."""
        counts = self.counts
        noticed = sum(counts[outcome] for outcome in NOTICED)
        return noticed / ((noticed + counts["survived"]) or 1)

    @property
    def equivalents(self) -> list[Mapping[str, Any]]:
        """Those that nobody could notice, as somebody has said."""
        return [result for result in self.results if self.is_equivalent(result)]

    @property
    def survivors(self) -> list[Mapping[str, Any]]:
        """Those that somebody should have noticed."""
        return [r for r in self.results if r["outcome"] == "survived" and not self.is_equivalent(r)]

    @property
    def disproved(self) -> list[Key]:
        """Equivalents that a test noticed."""
        return [
            key for result in self.results if result["outcome"] in NOTICED and (key := _key(result)) in self.reasons
        ]

    def is_equivalent(self, result: Mapping[str, Any]) -> bool:
        """Whether it survived, and is said to be one that nobody could notice.

        Args:
            result: mapping.
        """
        return result["outcome"] == "survived" and _key(result) in self.reasons

    def lines(self) -> list[str]:
        """The report, as it is shown and as it stands on the page.

        Returns:
            list of str, Markdown.
        """
        counts = self.counts
        noticed = sum(counts[outcome] for outcome in NOTICED)
        lines = [
            f"- seed {self.settings.seed}: {len(self.results)} breaks drawn of {self.places}",
            f"- {noticed} noticed, {counts['timeout']} of them by a test that did not end",
            f"- {counts['import']} could not be imported, and count neither way",
            f"- {counts['equivalent']} equivalent, with their reasons below",
            f"- {len(self.survivors)} not noticed",
            f"- score: {noticed} of {noticed + len(self.survivors)}, {100 * self.score:.1f} %",
            *("", "### Not noticed", "", *self._each(self.survivors)),
            *("", "### Equivalent", "", *self._each(self.equivalents)),
        ]
        return lines + [
            f"noticed, so no equivalent: {file}, {within}: {new}" for file, within, _, new in self.disproved
        ]

    def _each(self, results: Iterable[Mapping[str, Any]]) -> list[str]:
        lines: list[str] = []
        for result in results:
            place = f"`{result['file']}:{result['line']}`, `{result['within'] or 'module'}`"
            lines += [": ".join(filter(None, (place, self.reasons.get(_key(result))))), "", "```diff"]
            lines += [f"-{line}" for line in result["old"].splitlines()]
            lines += [f"+{line}" for line in result["new"].splitlines()]
            lines += ["```", ""]
        return lines or ["None.", ""]


def made(settings: Settings, places: int, results: Sequence[Mapping[str, Any]]) -> Report:
    """Make the report of a run.

    Args:
        settings: Settings.
        places: int.
        results: sequence of dict.

    Returns:
        Report.
    """
    return Report(settings, places, results, {_key(entry): entry["reason"] for entry in equivalents()})


def equivalents() -> list[dict[str, str]]:
    """The entries of equivalents.toml.

    Returns:
        list of dict, with `file`, `within`, `old`, `new` and `reason`.
    """
    entries: list[dict[str, str]] = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]
    return entries


def publish(report: Report) -> None:
    """Put a report on its page, between the marks.

    Args:
        report: Report.
    """
    before, rest = PAGE.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    text = "\n".join([MARKS[0], "", *report.lines(), MARKS[1]])
    PAGE.write_text(before + text + after, encoding="utf-8")


def _key(entry: Mapping[str, Any]) -> Key:
    return entry["file"], entry["within"], entry["old"].strip(), entry["new"].strip()
