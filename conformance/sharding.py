"""Which part of the checks a shard runs: stable, even, and never one scenario on one target torn apart."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from conformance.outcomes import HarnessError

MOST: Final = 8  # processes; beyond it, what each of them loads first costs more than it saves
FORM: Final = re.compile(r"([1-9]\d*)/([1-9]\d*)")

Group: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Shard:
    """One part of a run.

    Args:
        number: int, which of the parts, from 1 on.
        of: int, how many parts there are.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read such as "1/2".

        Args:
            text: str.

        Raises:
            HarnessError: it is not of this form, or there is no such part.
        """
        match = FORM.fullmatch(text)
        if match is None or int(match[1]) > int(match[2]):
            raise HarnessError(f"--shard {text!r} is no part of a whole; the first of two is 1/2")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def deal(groups: Iterable[Group], of: int) -> dict[Group, int]:
    """Deal out the checks, those of one scenario and target together.

    What is slow is so on every target, and stands near to its like. So the scenarios of a target go to the shards in
    turn, and each target begins with another shard.

    Args:
        groups: the area, the scenario and the target of each check, as `Check.group` has them.
        of: int, how many shards there are.

    Returns:
        dict: the number of the shard for each group, from 1 on.
    """
    by_target: dict[str, set[Group]] = {}
    for group in groups:
        by_target.setdefault(group[2], set()).add(group)
    return {
        group: (first + rank) % of + 1
        for first, name in enumerate(sorted(by_target))
        for rank, group in enumerate(sorted(by_target[name]))
    }


def cores() -> int:
    """How many processes are run at once by default: as many as there are cores for this one, within reason."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MOST)
    return min(os.cpu_count() or 1, MOST)
