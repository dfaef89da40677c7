"""Which part of the checks a shard runs: stable, even, and never one scenario on one target torn apart."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
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


def deal(groups: Iterable[Group], of: int, weights: Mapping[str, float] | None = None) -> dict[Group, int]:
    """Deal out the checks, those of one scenario and target together.

    A target that is heavy, for its model has to be loaded, stays in one shard where that has the room. What is slow is
    so on every target, and stands near to its like: so the scenarios of each other target go to the shards in turn, to
    each as many as it has room for, and each target begins with another shard.

    Args:
        groups: the area, the scenario and the target of each check, as `Check.group` has them.
        of: int, how many shards there are.
        weights: dict of str to float, default 1 for each target: how long its checks take, against those over a wire.

    Returns:
        dict: the number of the shard for each group, from 1 on.
    """
    by_target: dict[str, set[Group]] = {}
    for group in groups:
        by_target.setdefault(group[2], set()).add(group)
    loads = {name: len(found) * (weights or {}).get(name, 1.0) for name, found in by_target.items()}
    share = sum(loads.values()) / of
    room = dict.fromkeys(range(1, of + 1), share)
    dealt: dict[Group, int] = {}
    for first, name in enumerate(sorted(by_target, key=lambda name: (-loads[name], name))):
        roomy = max(room, key=room.__getitem__)
        if len(by_target[name]) < loads[name] <= room[roomy]:
            dealt |= dict.fromkeys(by_target[name], roomy)
            room[roomy] -= loads[name]
        else:
            dealt |= _in_turn(sorted(by_target[name]), room, first)
    return dealt


def _in_turn(groups: Sequence[Group], room: Mapping[int, float], first: int) -> dict[Group, int]:
    """Each to the shard that has the least so far for its room; of equals, to the first of them in turn."""
    numbers = [number for number in sorted(room) if room[number] > 0]
    numbers = numbers[first % len(numbers) :] + numbers[: first % len(numbers)]
    counts = dict.fromkeys(numbers, 0)
    dealt = {}
    for group in groups:
        number = min(numbers, key=lambda number: (counts[number] + 1) / room[number])
        counts[number] += 1
        dealt[group] = number
    return dealt


def processes() -> int:
    """How many are run at once by default: one more than there are cores, since some checks wait; within reason."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 1, MOST) if cores > 1 else 1
