"""What there must be at least: the chapters and the scenarios, held against the version of the spec that they are."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from conformance import renames, suite, versions
from conformance.profiles import covers
from conformance.requirement import Scenario
from conformance.spec import Spec
from conformance.versions import Frozen, declared, stated


def problems(spec: Spec, scenarios: Mapping[str, Scenario]) -> list[str]:
    """Where the chapters and the scenarios differ from the frozen version.

    Args:
        spec: Spec, the chapters.
        scenarios: the packaged scenarios, by "area/function".

    Returns:
        list of str: one line a problem, which names what is to be done.

    Raises:
        HarnessError: there is no version, or it or the map of renamed scenarios cannot be read.
    """
    frozen = versions.load(folder=spec.folder)
    renamed = renames.load(spec.folder)
    return [
        *reused(spec, (versions.load(name, spec.folder) for name in versions.names(spec.folder))),
        *(f"{line}; {frozen.remedy}" for line in _reworded(spec, frozen)),
        *lost(frozen, scenarios, renamed),
        *(f"{line}; {frozen.remedy}" for line in _altered(frozen, scenarios, renamed)),
        *(
            f"{line}; {frozen.remedy}"
            for line in miscounted(frozen, dict.fromkeys(frozen.checks, 0) | suite.counts(scenarios))
        ),
        *renames.problems(renamed, scenarios),
    ]


def lost(frozen: Frozen, scenarios: Mapping[str, Scenario], renamed: Mapping[str, str]) -> Iterator[str]:
    """The scenarios of a version that are gone: deleted, renamed without a word, or no longer marked.

    Args:
        frozen: Frozen.
        scenarios: those there are, by "area/function".
        renamed: from old names to new.

    Yields:
        str: one line for each, with what is to be done.
    """
    for name in (renamed.get(old, old) for old in frozen.scenarios):
        if name not in scenarios:
            yield (
                f"the scenario {name} of version {frozen.version} is missing; put it back, or name its successor in "
                f"spec/{renames.FILE}"
            )


def within(frozen: Frozen, profiles: Collection[str], modules: Collection[Path]) -> Frozen:
    """The part of a version that a run must have met with.

    Args:
        frozen: Frozen.
        profiles: the profiles that were asked for; none named means all.
        modules: the files that the run looked into. A file that is there and was not looked into is no loss.

    Returns:
        Frozen: with fewer scenarios.
    """
    untouched = {suite.area_of(path) for path in set(suite.files()) - set(modules)}
    kept = {
        name: facts
        for name, facts in frozen.scenarios.items()
        if (area := name.partition("/")[0]) not in untouched and covers(profiles, area)
    }
    return Frozen(frozen.version, frozen.released, {}, (), kept, frozen.checks)


def miscounted(frozen: Frozen, counts: Mapping[str, int]) -> Iterator[str]:
    """The targets that have another number of checks than in a version.

    Args:
        frozen: Frozen.
        counts: from the name of a target to the number of its checks.
    """
    for name, count in counts.items():
        if count != frozen.checks.get(name, 0):
            yield f"{name} has {count} checks, and {frozen.checks.get(name, 0)} in version {frozen.version}"


def reused(spec: Spec, history: Iterable[Frozen]) -> Iterator[str]:
    """The ids that have come back after they were retired, or went without being retired.

    Args:
        spec: Spec, the chapters.
        history: all versions.
    """
    told: set[str] = set()
    for frozen in history:
        for identity in sorted(set(frozen.retired) & set(spec.requirements) - told):
            yield f"{identity} was retired in version {frozen.version} and is used again; give it a new number"
            told.add(identity)
        known = chain(frozen.requirements, frozen.retired)
        for identity in sorted(set(known) - set(spec.requirements) - set(spec.retired) - told):
            yield f"{identity} of version {frozen.version} is gone; leave its heading there with the title (retired)"
            told.add(identity)


def _reworded(spec: Spec, frozen: Frozen) -> Iterator[str]:
    for identity, requirement in spec.requirements.items():
        now, then = stated(requirement), frozen.requirements.get(identity)
        if then is None:
            yield f"{identity} is not in version {frozen.version}"
        elif now["keyword"] != then["keyword"]:
            yield f"{identity} says {now['keyword']}, and {then['keyword']} in version {frozen.version}"
        elif now != then:
            yield f"the normative sentence of {identity} is not that of version {frozen.version}"
    for identity in sorted(set(frozen.requirements) & set(spec.retired)):
        yield f"{identity} is retired, and in use in version {frozen.version}"


def _altered(frozen: Frozen, scenarios: Mapping[str, Scenario], renamed: Mapping[str, str]) -> Iterator[str]:
    """The scenarios that a version does not have, or that declare something else than in it."""
    known = {renamed.get(name, name): facts for name, facts in frozen.scenarios.items()}
    for name, scenario in sorted(scenarios.items()):
        if name not in known:
            yield f"the scenario {name} is not in version {frozen.version}"
        elif changed := _changed(known[name], declared(scenario)):
            yield f"the scenario {name} has other {changed} than in version {frozen.version}"


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return ", ".join(field for field in now if now[field] != then.get(field))
