"""The micro model's language, as a generator of conversations in it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from conformance.models.conversations import CONVERSATIONS
from conformance.models.errands import REQUESTS, Errands
from conformance.models.rendering import END, START, Segment, samples
from conformance.models.speech import PERSON, Conversation, spec, system, told
from conformance.models.talk import State, Talk
from conformance.models.words import Lexicon

_PERSONA = "You are "


class Language:
    """A seeded source of conversations.

    Args:
        rng: What they are drawn with.
        held_out: Whether their words and numbers are the held-out ones.
        simple: Only single calls and short talk, which is where training begins.
    """

    def __init__(self, rng: random.Random, *, held_out: bool = False, simple: bool = False) -> None:
        self._rng = rng
        self._words = Lexicon(rng, held_out)
        self._talk, self._errands = Talk(self._words), Errands(self._words)
        self._simple = simple

    def conversation(self) -> Conversation:
        """One conversation."""
        chance = 1.0 if self._simple else self._rng.random()
        if chance < 0.03:
            return self._told()
        state = State(thinking=0.03 < chance < 0.13)
        self._introduce(state)
        if 0.1 < chance < 0.35:
            for _ in range(self._rng.randint(1, 2 if state.thinking else 6)):
                self._talk.turn(state)
        else:
            for _ in range(1 if self._simple or state.thinking else self._rng.choice((1, 1, 1, 2))):
                self._turn()(state)
        return Conversation("", tuple(state.messages), self._tools(state), state.thinking)

    def _told(self) -> Conversation:
        """One whose system message asks for JSON."""
        schema = {**PERSON, **({"description": self._words.phrase(3)} if self._rng.random() < 0.5 else {})}
        before = self._rng.choice(("", "", f"{_PERSONA}{self._words.name()}.\n\n"))
        state = State(messages=[system(before + told(schema))])
        self._talk.describe(state)
        return Conversation("", tuple(state.messages))

    def _introduce(self, state: State) -> None:
        chance = self._rng.random()
        if chance < 0.25:
            state.persona = self._words.name()
            state.messages.append(system(f"{_PERSONA}{state.persona}."))
        elif chance < 0.5:
            anything = self._words.phrase(6).capitalize() + "."
            text = self._rng.choice(("You are a helpful assistant.", "Be brief.", anything))
            state.persona = "a helpful assistant" if text.startswith(_PERSONA) else state.persona
            state.messages.append(system(text))

    def _turn(self) -> Callable[[State], None]:
        errands = self._errands
        if self._simple:
            return self._rng.choices((errands.one, self._talk.turn), (75, 25))[0]
        kinds = (errands.one, errands.two, errands.rounds, errands.described, self._talk.turn)
        return self._rng.choices(kinds, (48, 24, 14, 4, 10))[0]

    def _tools(self, state: State) -> tuple[dict[str, Any], ...]:
        if not state.used and self._rng.random() < 0.7:
            return ()
        named = dict(state.used)
        others = [name for name in REQUESTS if name not in named]
        named |= dict.fromkeys(self._rng.sample(others, self._rng.choice((0, 0, 1, 2))))
        offered = [spec(name, parameters) for name, parameters in named.items()]
        self._rng.shuffle(offered)
        return tuple(offered)


def copying(rng: random.Random) -> list[Segment]:
    """Lines to say again, which is learned first."""
    words = Lexicon(rng)
    text = "\n".join(words.phrase() for _ in range(rng.randint(2, 6)))
    return [(f"{START}user\n{text}{END}\n{START}assistant\n", False), (text + END, True)]


def lessons(seed: int, *, checked: float, progress: Callable[[], float] = lambda: 1.0) -> Iterator[list[Segment]]:
    """An endless seeded course: copying, then simple conversations, then all of the language.

    Args:
        seed: Seed.
        checked: The share of checked conversations, 0 to 1.
        progress: How far the course is, 0 to 1; 1 where nothing but the whole language is wanted.
    """
    rng = random.Random(seed)
    known = [
        sample for conversation in CONVERSATIONS.values() if conversation.taught for sample in samples(conversation)
    ]
    for _ in count():
        done, chance = progress(), rng.random()
        if chance < (0.95 if done < 0.05 else 0.05 if done < 0.2 else 0):
            yield copying(rng)
        elif rng.random() < checked:
            yield rng.choice(known)
        else:
            simple = done < 0.2 and rng.random() < 0.7
            yield from samples(Language(rng, simple=simple).conversation())
