"""What is known when all has ended, of one run or of the reports of its shards, and what follows from it. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from conformance.outcomes import INCOMPLETE, Conclusion, Result, conclude, qualify
from conformance.profiles import PROFILES, Standing


def is_whole(_: Collection[str]) -> str | None:
    """Nothing was left out of any profiles."""
    return None


@dataclass(frozen=True)
class Evidence:
    """All that a verdict rests on.

    Args:
        results: the ends of the checks that have one, by id.
        profiles: the profile of each of these checks, by id; None is of no profile.
        declared: how many checks are declared, by profile.
        required: the names of the targets that have to be able to run.
        scope: the profiles asked for; none is all.
        expected: the profiles that ought to have checks.
        errors: what went wrong outside of any check.
        partial: why the checks of some profiles are not all that there are, or None; by default they are.
    """

    results: Mapping[str, Result]
    profiles: Mapping[str, str | None]
    declared: Mapping[str | None, int]
    required: Collection[str] = ()
    scope: Sequence[str] = ()
    expected: Collection[str | None] = ()
    errors: Sequence[str] = ()
    partial: Callable[[Collection[str]], str | None] = is_whole

    def conclude(self) -> Conclusion:
        """What all of it comes to, the profiles included."""
        found = [each for each in self.standings() if each.name in (self.scope or self._there())]
        parts = {each.name: each.conclusion for each in found}
        missing = [each.name for each in found if not each.declared]
        return qualify(self._concluded(self.scope), parts, self.scope, missing)

    def standings(self) -> list[Standing]:
        """Where it stands on each profile, as if that were all there is; of every profile, in their order."""
        return [self._standing(name) for name in PROFILES]

    def _standing(self, name: str) -> Standing:
        is_asked = name in (self.scope or PROFILES)
        conclusion = self._concluded((name,)) if is_asked else Conclusion(INCOMPLETE, "not asked for")
        return Standing(name, self._count((name,)), tuple(self._within((name,))), conclusion)

    def _concluded(self, names: Collection[str]) -> Conclusion:
        """Draw the conclusion of some profiles by themselves; none named means all checks."""
        return conclude(self._within(names), self._count(names), self.required, self.partial(names), self.errors)

    def _within(self, names: Collection[str]) -> list[Result]:
        return [each for identity, each in self.results.items() if not names or self.profiles[identity] in names]

    def _count(self, names: Collection[str]) -> int:
        return sum(count for name, count in self.declared.items() if not names or name in names)

    def _there(self) -> set[str | None]:
        return {*self.expected, *(name for name, count in self.declared.items() if count)}


def counted(profiles: Mapping[str, str | None]) -> dict[str | None, int]:
    """How many checks there are of each profile.

    Args:
        profiles: the profile of each check, by id.
    """
    return dict(Counter(profiles.values()))
