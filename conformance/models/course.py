"""The course that training follows: its stages, and its lessons in batches of about equal cost."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from conformance.models.dialogues import lessons
from conformance.models.tokenizer import encoded

POOL = 400
LONGEST = 1100
Lesson = tuple[list[int], list[bool]]


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    Attributes:
        name: Name.
        steps: Steps.
        rate: Learning rate of the matrices at its highest; a fifth of it for the rest.
        level: Share of the stage before the rate falls, 0 to 1.
        checked: Share of checked conversations, 0 to 1.
        gradual: Whether it begins with copying and simple conversations.
    """

    name: str
    steps: int
    rate: float
    level: float
    checked: float
    gradual: bool = False

    def rate_at(self, step: int) -> float:
        """The rate of a step: up at once, level, down to zero."""
        fall = (1 - step / self.steps) / (1 - self.level)
        return self.rate * min(1.0, (step + 1) / 40) * min(1.0, fall)


STAGES = {
    stage.name: stage
    for stage in (
        Stage("language", steps=1900, rate=0.02, level=0.35, checked=0.06, gradual=True),
        Stage("practice", steps=700, rate=0.01, level=0.1, checked=0.12),
        Stage("checked", steps=400, rate=0.006, level=0.0, checked=0.3),
    )
}


class Course:
    """The batches of one stage.

    Args:
        stage: Stage.
        tokenizer: What makes tokens of text.
        seed: Seed.
        tokens: Tokens in a batch at most, padding included.
    """

    def __init__(self, stage: Stage, tokenizer: Any, seed: int, tokens: int) -> None:
        self._stage = stage
        self._tokenizer = tokenizer
        self._rng = random.Random(seed)
        self._tokens = tokens
        self._done = 0
        progress: Callable[[], float] = (lambda: self._done / stage.steps) if stage.gradual else (lambda: 1.0)
        self._lessons = lessons(seed, checked=stage.checked, progress=progress)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Inputs, what should follow each, and where that counts; as many as the stage has steps."""
        while True:
            pool = [encoded(self._tokenizer, lesson) for lesson in islice(self._lessons, POOL)]
            batches = self._batches([lesson for lesson in pool if len(lesson[0]) <= LONGEST])
            self._rng.shuffle(batches)
            for batch in batches:
                if self._done == self._stage.steps:
                    return
                yield padded(batch)
                self._done += 1

    def _batches(self, pool: list[Lesson]) -> list[list[Lesson]]:
        """Lessons of like length together."""
        batches: list[list[Lesson]] = [[]]
        for lesson in sorted(pool, key=lambda lesson: len(lesson[0])):
            if batches[-1] and len(lesson[0]) * (len(batches[-1]) + 1) > self._tokens:
                batches.append([])
            batches[-1].append(lesson)
        return batches


def padded(batch: list[Lesson]) -> tuple[Tensor, Tensor, Tensor]:
    """Lessons as tensors: inputs, what should follow each, and where that counts."""
    longest = max(len(ids) for ids, _ in batch)
    tokens = torch.zeros(len(batch), longest, dtype=torch.long)
    wanted = torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, (ids, counts) in enumerate(batch):
        tokens[row, : len(ids)] = torch.tensor(ids)
        wanted[row, : len(ids)] = torch.tensor(counts)
    return tokens[:, :-1], tokens[:, 1:], wanted[:, 1:]
