"""The micro model: a language model of two megabytes that knows some conversations by heart, and how it was made.

conversations.py   the checked conversations, which are all that scenarios may rely on; calling.py: those with tools;
                   speech.py: how they are written down
rendering.py       messages as the text the model reads and writes, the same as its chat template makes
words.py           the words of its language; talk.py, errands.py: turns without tools and with them;
                   dialogues.py: the whole language, as a generator of conversations
tokenizer.py       the tokenizer; network.py: the network
train.py           from the language to weights; course.py: the stages; learner.py: one process; meter.py: the bar
exactness.py       how many turns are exact, by kind
export.py          from weights to a Hugging Face folder and a GGUF file, with checksums
evaluate.py        what the finished files answer on each engine; engines.py: the two engines
micro/             the files: the model as a folder, as GGUF, their checksums and the model card
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

MICRO_FOLDER: Final = Path(__file__).parent / "micro"
MICRO_GGUF: Final = MICRO_FOLDER / "micro.gguf"
CHECKSUMS: Final = "SHA256SUMS"


class ModelFilesError(RuntimeError):
    """A file of the micro model is missing, or is not the one that was checked."""


def verify(folder: Path = MICRO_FOLDER) -> None:
    """Check the files of the micro model against their checksums.

    Args:
        folder: Where they are.

    Raises:
        ModelFilesError: one is missing or differs; the message names it.
    """
    for name, wanted in pinned(folder).items():
        path = folder / name
        if not path.is_file():
            raise ModelFilesError(f"{path} is missing; get it back from the repository or the package")
        if (found := _sha256(path)) != wanted:
            raise ModelFilesError(f"{path} has SHA-256 {found}, and {CHECKSUMS} says {wanted}; get the file back")


def pinned(folder: Path = MICRO_FOLDER) -> dict[str, str]:
    """The checksum of each file, by its name.

    Raises:
        ModelFilesError: there is no list, or a line of it has another form.
    """
    path = folder / CHECKSUMS
    if not path.is_file():
        raise ModelFilesError(f"{path} is missing; get it back from the repository or the package")
    found = [line.split("  ") for line in path.read_text(encoding="utf-8").splitlines()]
    if not found or any(len(pair) != 2 or len(pair[0]) != 64 for pair in found):
        raise ModelFilesError(f"{path} is no list of checksums; write it with python -m conformance.models.export")
    return {name: digest for digest, name in found}


def pin(folder: Path) -> None:
    """Write the checksums of a folder's files; the list and the model card are not in it."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name not in (CHECKSUMS, "README.md"))
    lines = [f"{_sha256(path)}  {path.name}\n" for path in files]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
