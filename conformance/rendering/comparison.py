"""`python -m conformance compare A.json B.json`: which checks ended otherwise, and what else is not the same."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import renames
from conformance.characters import one_line, printable
from conformance.outcomes import BROKEN, FAILED, OK, HarnessError
from conformance.rendering.reading import outcomes


@dataclass(frozen=True)
class Comparison:
    """How two sets of outcomes differ.

    Args:
        changed: the two outcomes of each check that ended otherwise, by its name today.
        appeared: the outcomes of the checks that are in the second alone.
        vanished: those of the checks that are in the first alone.
        equal: int, how many ended alike.
        renamed: dict of str to str, the names in the first that are other names today.
    """

    changed: Mapping[str, tuple[str, str]]
    appeared: Mapping[str, str]
    vanished: Mapping[str, str]
    equal: int
    renamed: Mapping[str, str]

    @property
    def is_equal(self) -> bool:
        """Whether the same checks ended alike."""
        return not (self.changed or self.appeared or self.vanished)


def compare(before: Mapping[str, str], after: Mapping[str, str], renamed: Mapping[str, str]) -> Comparison:
    """Compare outcomes.

    Args:
        before: outcome by check id.
        after: outcome by check id.
        renamed: from old "area/function" to the name of today; applied to both sides.

    Returns:
        Comparison.

    Raises:
        HarnessError: two names of one side are the same name today.
    """
    left, right = _today(before, renamed), _today(after, renamed)
    both = [identity for identity in left if identity in right]
    return Comparison(
        changed={each: (left[each], right[each]) for each in both if left[each] != right[each]},
        appeared={identity: outcome for identity, outcome in right.items() if identity not in left},
        vanished={identity: outcome for identity, outcome in left.items() if identity not in right},
        equal=sum(left[each] == right[each] for each in both),
        renamed={name: renames.current(name, renamed) for name in before if renames.current(name, renamed) != name},
    )


def main(argv: list[str]) -> int:
    """Compare two reports, or a report with the outcomes that are expected of it.

    Args:
        argv: list of str, without the word "compare".

    Returns:
        int: 0 where the same checks ended alike, 1 where they did not, 2 where there is nothing to compare.
    """
    parser = argparse.ArgumentParser(
        prog="python -m conformance compare", description=str(main.__doc__).partition("\n")[0]
    )
    parser.add_argument("a", type=Path, metavar="A.json", help="a report, or an object from check id to outcome")
    parser.add_argument("b", type=Path, metavar="B.json", help="a report, or an object from check id to outcome")
    options = parser.parse_args(argv)
    try:
        (before, old), (after, new) = outcomes(options.a), outcomes(options.b)
        found = compare(before, after, renames.load())
    except HarnessError as error:
        print(one_line(str(error)), file=sys.stderr)
        return BROKEN
    for line in _told(found, old, new):
        print(printable(line).replace("\n", " "))
    return OK if found.is_equal else FAILED


def _today(outcomes: Mapping[str, str], renamed: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for identity, outcome in sorted(outcomes.items()):
        name = renames.current(identity, renamed)
        if name in found:
            raise HarnessError(f"{identity} is called {name} today, and there is another check of that name beside it")
        found[name] = outcome
    return found


def _told(found: Comparison, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[str]:
    for identity, (before, after) in found.changed.items():
        yield f"changed   {identity}: {before} -> {after}"
    for identity, outcome in found.appeared.items():
        yield f"appeared  {identity}: {outcome}"
    for identity, outcome in found.vanished.items():
        yield f"vanished  {identity}: {outcome}"
    for name, today in found.renamed.items():
        yield f"renamed   {name} is {today} today"
    if old and new:
        yield from _circumstances(old, new)
    counts = f"{len(found.changed)} changed, {len(found.appeared)} appeared, {len(found.vanished)} vanished"
    yield f"{found.equal} checks ended alike; {counts}"


def _circumstances(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What else is not the same: it may explain a difference, and is none itself."""
    for name in ("spec_version", "implementation", "python", "platform", "scope", "shard", "verdict", "exit_code"):
        if old[name] != new[name]:
            yield f"differs   {name}: {_shown(old[name])} -> {_shown(new[name])}"
    for name in old["digests"]:
        if old["digests"][name] != new["digests"][name]:
            yield f"differs   digest of {name}: {_shown(old['digests'][name])} -> {_shown(new['digests'][name])}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(each) for each in value.values())
    return ", ".join(value) if isinstance(value, list) else str(value)[:60]
