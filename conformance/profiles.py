"""The profiles: the parts of the spec that an implementation can be conformant in by themselves.

Each chapter is in one profile. A check belongs to the profile of its area's chapter: `tools_schema` to that of `tools`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from conformance.outcomes import Conclusion, HarnessError, Result

PROFILES: Final[dict[str, tuple[str, ...]]] = {
    "core": (
        *("chat", "history", "turn", "models", "kwargs", "errors"),
        *("providers", "parity", "colour", "structured", "security"),
    ),
    "streaming": ("stream",),
    "tools": ("tools",),
    "agents": ("agents", "skills", "orchestrator"),
    "workflows": ("workflows", "evaluation"),
    "mcp": ("mcp",),
    "in-process": ("inprocess", "families"),
    "wire": ("wire_openai", "wire_anthropic", "sse", "faults", "recorded"),
}


@dataclass(frozen=True)
class Standing:
    """Where a run stands on one profile.

    Args:
        name: str, the profile.
        declared: int, how many checks belong to it.
        results: tuple of Result, of those that ended.
        conclusion: Conclusion, of these alone.
    """

    name: str
    declared: int
    results: tuple[Result, ...]
    conclusion: Conclusion


@cache
def profile_of(area: str) -> str | None:
    """The profile that an area belongs to.

    Args:
        area: str, a chapter or `chapter_aspect`; the longest chapter that fits decides.

    Returns:
        str or None: None where no chapter of a profile fits, as in a suite of someone's own.
    """
    owners = {chapter: name for name, chapters in PROFILES.items() for chapter in chapters}
    chapter = longest(area, owners)
    return None if chapter is None else owners[chapter]


def longest(area: str, chapters: Iterable[str]) -> str | None:
    """The longest of the chapters that an area is of, or None."""
    fitting = [chapter for chapter in chapters if area == chapter or area.startswith(f"{chapter}_")]
    return max(fitting, key=len, default=None)


def covers(names: Collection[str], area: str) -> bool:
    """Whether an area belongs to one of the named profiles; none named means everything."""
    return not names or profile_of(area) in names


def is_judged(names: Collection[str], area: str) -> bool:
    """Whether a target that is judged on the named profiles is judged on an area; what is of no profile, all are."""
    return profile_of(area) is None or covers(names, area)


def refuse_unknown(names: Iterable[str]) -> None:
    """Hold names of profiles against those there are.

    Raises:
        HarnessError: one is unknown.
    """
    for name in names:
        if name not in PROFILES:
            raise HarnessError(f"no profile is called {name!r}; there are {', '.join(PROFILES)}")


def problems(chapters: Collection[str], areas: Collection[str]) -> Iterator[str]:
    """What is wrong between the profiles, the chapters and the scenarios.

    Args:
        chapters: the chapters that have requirements.
        areas: the areas of the packaged scenarios.

    Yields:
        str: one line a problem.
    """
    named = [chapter for each in PROFILES.values() for chapter in each]
    for chapter in sorted(set(chapters) - set(named)):
        yield f"spec/{chapter}.md belongs to no profile; name it in conformance/profiles.py"
    for chapter in sorted(set(named) - set(chapters)):
        yield f"the profile {profile_of(chapter)} names the chapter {chapter}, and there is no spec/{chapter}.md"
    for chapter in sorted(chapter for chapter in set(named) if named.count(chapter) > 1):
        yield f"the chapter {chapter} is named twice in conformance/profiles.py; it belongs to one profile"
    for area in sorted(area for area in areas if profile_of(area) is None):
        yield f"conformance/test_{area}.py belongs to no profile; call it after a chapter, or chapter_aspect"
