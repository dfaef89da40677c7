"""What fuzzing starts from, and what it found, is read as promised; without atheris, in each run."""

import os

import pytest

from tests.fuzz.__main__ import CORPUS
from tests.fuzz.corpus_seeds import seeds_of_all
from tests.fuzz.targets import TARGETS, turn

PATHS = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_target_reads_its_corpus(path: os.PathLike[str]) -> None:
    with open(path, "rb") as file:
        TARGETS[CORPUS.joinpath(path).parent.name](file.read())


def test_each_target_has_a_corpus_which_holds_its_seeds() -> None:
    for target, seeds in seeds_of_all().items():
        for name, data in seeds.items():
            assert (CORPUS / target / name).read_bytes() == data, f"{target}/{name}: python -m tests.fuzz --seed"
    assert {path.parent.name for path in PATHS} == set(TARGETS)


def test_a_turn_that_is_told_anything_but_a_typed_error_fails() -> None:
    class Broken:
        def __str__(self) -> str:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        turn("openai", True, (1 / 0 for _ in range(1)))
