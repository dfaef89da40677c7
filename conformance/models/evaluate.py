"""``python -m conformance.models.evaluate``: what the micro model's files answer, on transformers and on llama.cpp."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conformance.models import MICRO_FOLDER, MICRO_GGUF
from conformance.models.conversations import CONVERSATIONS
from conformance.models.engines import Engine, LlamaCpp, Transformers
from conformance.models.rendering import prompt_text, reply_text
from conformance.models.speech import Conversation


class Answer(NamedTuple):
    """What one engine wrote for one turn.

    Attributes:
        where: Name of the conversation and place of the turn.
        engine: Name of the engine.
        wanted: What it should be.
        written: What it is.
    """

    where: str
    engine: str
    wanted: str
    written: str


def answers(conversation: Conversation, engine: Engine, margin: int = 20) -> Iterator[Answer]:
    """What an engine writes for each turn, the turns before it being as they should.

    Args:
        conversation: Conversation.
        engine: Engine.
        margin: Tokens it may write beyond those that are wanted.
    """
    for number, (messages, message) in enumerate(conversation.turns()):
        wanted = reply_text(message)
        prompt = engine.prompt(messages, conversation.tools, conversation.thinking)
        if prompt != prompt_text(messages, conversation.tools, conversation.thinking):
            raise ValueError(f"{engine.name} renders {conversation.name}[{number}] otherwise: {prompt!r}")
        written = engine.write(prompt, len(engine.tokens(wanted)) + margin)
        yield Answer(f"{conversation.name}[{number}]", engine.name, wanted, written)


def wrong(engines: Sequence[Engine]) -> list[Answer]:
    """The answers in checked conversations that are not exact."""
    asked = (answer for one in CONVERSATIONS.values() for engine in engines for answer in answers(one, engine))
    return [answer for answer in asked if answer.written != answer.wanted]


def agreement(engines: Sequence[Engine], count: int, seed: int) -> tuple[int, int, int]:
    """Turns of held-out conversations with the same text from every engine, those that are exact, and all.

    Args:
        engines: Engines.
        count: Conversations.
        seed: Seed of the conversations.
    """
    from conformance.models.dialogues import Language

    language = Language(random.Random(seed), held_out=True)
    same = exact = total = 0
    for _ in range(count):
        conversation = language.conversation()
        for row in zip(*(answers(conversation, engine) for engine in engines), strict=True):
            texts = {answer.written for answer in row}
            same += len(texts) == 1
            exact += texts == {row[0].wanted}
            total += 1
    return same, exact, total


def held_out_table(engine: Transformers, count: int, seed: int, *, is_held_out: bool) -> dict[str, tuple[int, int]]:
    """Exact turns and all turns, by kind, of conversations that training did not have.

    Args:
        engine: Engine.
        count: Conversations.
        seed: Their seed.
        is_held_out: Whether their words and numbers are the held-out ones.
    """
    from conformance.models.exactness import exams, held_out, misses, table

    def forward(ids: Any) -> Any:
        return engine.model(ids).logits

    given = exams(held_out(count, seed, is_held_out=is_held_out), engine.tokenizer.backend_tokenizer)
    return table(misses(forward, given))


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate from the command line.

    Returns:
        0 if every checked turn is exact on every engine, 1 if not.
    """
    found = _parsed(arguments)
    folder = found.folder
    engines: list[Engine] = [Transformers(folder), Transformers(folder, "float32"), LlamaCpp(folder / MICRO_GGUF.name)]
    bad = wrong(engines)
    for answer in bad:
        print(f"{answer.where} on {answer.engine}:\n  wanted  {answer.wanted!r}\n  written {answer.written!r}")
    turns = sum(1 for one in CONVERSATIONS.values() for _ in one.turns())
    print(f"checked turns: {turns} on {len(engines)} engines, {len(bad)} not exact")
    if found.held_out:
        _print_held_out(folder, engines, found.held_out, found.seed)
    return 1 if bad else 0


def _print_held_out(folder: Path, engines: Sequence[Engine], count: int, seed: int) -> None:
    exact_engine = Transformers(folder, "float32")
    for title, is_held_out in (("held-out", True), ("trained", False)):
        rows = held_out_table(exact_engine, count, seed, is_held_out=is_held_out)
        print(f"free conversations, {title} words and numbers:")
        for kind, (exact, total) in {**rows, "all": _summed(rows)}.items():
            print(f"  {kind:32} {100 * exact / total:5.1f} % of {total}")
    same, exact, total = agreement(engines, max(1, count // 20), seed + 1)
    print(f"free turns with the same text on every engine: {same} of {total}; exact: {exact}")


def _summed(rows: dict[str, tuple[int, int]]) -> tuple[int, int]:
    return sum(exact for exact, _ in rows.values()), sum(total for _, total in rows.values())


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m conformance.models.evaluate", description=__doc__)
    parser.add_argument("--folder", type=Path, default=MICRO_FOLDER, help="the model's folder, the GGUF file in it")
    parser.add_argument("--held-out", type=int, default=1000, help="free conversations to try; 0 for none")
    parser.add_argument("--seed", type=int, default=999, help="of the free conversations")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
