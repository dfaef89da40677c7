"""What a model has computed for earlier prompts, found again by the tokens they begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens both begin with."""
    if list(first) == list(second[: len(first)]):  # a conversation that went on: nearly always
        return len(first)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


@dataclass(frozen=True, eq=False)
class Prefix:
    """The state an engine was in after ``tokens``, and its size in bytes."""

    tokens: tuple[int, ...]
    state: Any
    size: int


class PrefixCache:
    """Keeps states up to a limit; the one that was used longest ago goes first (INPROCESS-15).

    Args:
        limit: Bytes that all states together may take; 0 keeps none.
    """

    def __init__(self, limit: int) -> None:
        if not isinstance(limit, int) or limit < 0:
            raise ValueError(f"cache_bytes={limit!r}: use a number of bytes, 0 for none")
        self.limit = limit
        self._kept: list[Prefix] = []

    @property
    def size(self) -> int:
        """Bytes of all states that are kept."""
        return sum(prefix.size for prefix in self._kept)

    def longest(self, tokens: Sequence[int]) -> tuple[Prefix | None, int]:
        """The state that shares the longest beginning with ``tokens``, and how many tokens that is."""
        found = max(self._kept, key=lambda prefix: common(prefix.tokens, tokens), default=None)
        shared = common(found.tokens, tokens) if found else 0
        return (found, shared) if shared else (None, 0)

    def take(self, prefix: Prefix) -> None:
        """Forget a state: who takes it goes on from it."""
        self._kept = [other for other in self._kept if other is not prefix]

    def keep(self, prefix: Prefix) -> None:
        """Keep a state, in place of those it goes on from; one that is too large is not kept."""
        if prefix.size > self.limit:
            return
        self._kept = [other for other in self._kept if common(other.tokens, prefix.tokens) < len(other.tokens)]
        self._kept.append(prefix)
        while self.size > self.limit:
            self._kept.pop(0)
