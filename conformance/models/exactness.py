"""How many assistant turns a model writes exactly, by kind; and which checked ones it does not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from conformance.models.conversations import CONVERSATIONS
from conformance.models.dialogues import Language
from conformance.models.rendering import samples
from conformance.models.speech import Conversation, Message
from conformance.models.tokenizer import encoded

Forward = Callable[[Tensor], Tensor]


class Turn(NamedTuple):
    """One assistant turn of a sample.

    Attributes:
        kind: What kind of turn.
        where: Name of its conversation and its place among the turns.
        start: Place of its first token.
        end: Place after its last.
    """

    kind: str
    where: str
    start: int
    end: int


Exam = tuple[list[int], list[Turn]]


def kind_of(messages: list[Message], message: Message) -> str:
    """What kind of turn answers ``messages``."""
    after = sum(1 for _ in _trailing_tools(messages))
    count = len(message.get("tool_calls", ()))
    thinking = "thinking, then " if message.get("thinking") else ""
    if count:
        return "call in a later round" if after else f"{thinking}{'one call' if count == 1 else 'calls at once'}"
    if after:
        return "answer from one result" if after == 1 else "answer from several results"
    return f"{thinking}plain answer"


def exams(conversations: Iterable[Conversation], tokenizer: Any) -> Iterator[Exam]:
    """Token ids of each sample, and where its turns are."""
    for conversation in conversations:
        turns = [
            (kind_of(prompt, message), f"{conversation.name}[{number}]")
            for number, (prompt, message) in enumerate(conversation.turns())
        ]
        for sample in samples(conversation):
            ids: list[int] = []
            found: list[Turn] = []
            for segment in sample:
                new, _ = encoded(tokenizer, [segment])
                if segment[1]:
                    found.append(Turn(*turns.pop(0), len(ids), len(ids) + len(new)))
                ids += new
            yield ids, found


def misses(forward: Forward, given: Iterable[Exam], rows: int = 16) -> Iterator[tuple[Turn, bool]]:
    """Each turn, and whether greedy decoding would miss it: one wrong token is enough.

    Args:
        forward: From token ids, batch by length, to logits.
        given: What is asked.
        rows: Samples at a time.
    """
    ordered = sorted(given, key=lambda exam: len(exam[0]))
    for place in range(0, len(ordered), rows):
        some = ordered[place : place + rows]
        ids = torch.zeros(len(some), len(some[-1][0]), dtype=torch.long)
        for row, (tokens, _) in enumerate(some):
            ids[row, : len(tokens)] = torch.tensor(tokens)
        with torch.no_grad():
            said = forward(ids).argmax(-1)
        for row, (_, turns) in enumerate(some):
            for turn in turns:
                wanted = ids[row, turn.start : turn.end]
                yield turn, not torch.equal(said[row, turn.start - 1 : turn.end - 1], wanted)


def held_out(count: int, seed: int, *, is_held_out: bool = True) -> Iterator[Conversation]:
    """Conversations with words and numbers that training never had; or, to compare, with those it had."""
    language = Language(random.Random(seed), held_out=is_held_out)
    return (language.conversation() for _ in range(count))


def table(found: Iterable[tuple[Turn, bool]]) -> dict[str, tuple[int, int]]:
    """Turns that are exact, and all turns, by kind."""
    rows: dict[str, tuple[int, int]] = {}
    for turn, is_missed in found:
        exact, total = rows.get(turn.kind, (0, 0))
        rows[turn.kind] = (exact + (not is_missed), total + 1)
    return dict(sorted(rows.items()))


def missed_checked(forward: Forward, tokenizer: Any) -> list[str]:
    """The turns of checked conversations that are not exact."""
    found = misses(forward, exams(CONVERSATIONS.values(), tokenizer))
    return sorted(turn.where for turn, is_missed in found if is_missed)


def _trailing_tools(messages: list[Message]) -> Iterator[Message]:
    for message in reversed(messages):
        if message["role"] != "tool":
            return
        yield message
