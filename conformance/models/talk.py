"""The part of the micro model's language that calls no tools: greetings, memory, counting, saying after."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.models.speech import Message, calls, counted, says, user
from conformance.models.words import Lexicon

DIRECT = "I can answer this directly."
# what a request says, the tool it means, and the arguments
Errand = tuple[str, str, dict[str, Any]]


@dataclass
class State:
    """A conversation being made, and what a later turn may ask for."""

    persona: str = "Micro"
    user: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    used: dict[str, Mapping[str, str] | None] = field(default_factory=dict)
    thinking: bool = False
    number: int = 1

    def asked(self, text: str) -> None:
        """Add what the user says."""
        self.messages.append(user(text))

    def said(self, text: str) -> None:
        """Add what the model answers at once."""
        self.messages.append(says(text, DIRECT if self.thinking else None))

    def called(self, *errands: Errand, text: str | None = None) -> list[int]:
        """Add a message that calls tools; gives the numbers of its calls."""
        names = " and ".join(name for _, name, _ in errands)
        is_first = self.messages[-1]["role"] == "user"
        thinking = f"I should call {names}." if self.thinking and is_first else None
        pairs = [(name, given) for _, name, given in errands]
        self.messages.append(calls(*pairs, text=text, thinking=thinking, first=self.number))
        self.used = {**dict.fromkeys(name for name, _ in pairs), **self.used}
        self.number += len(errands)
        return list(range(self.number - len(errands), self.number))


def described(name: str, age: int) -> str:
    """Somebody as a JSON object."""
    return json.dumps({"name": name, "age": age})


class Talk:
    """A seeded source of turns without tools.

    Args:
        words: What their words are drawn from.
    """

    def __init__(self, words: Lexicon) -> None:
        self._words = words
        self._rng = words.rng

    def turn(self, state: State) -> None:
        """Add one turn."""
        turns: Mapping[Callable[[State], None], int] = {
            self._greet: 10,
            self._say_after: 26,
            self._persona: 8,
            self._meet: 10,
            self._name: 10,
            self._learn: 14,
            self._recall: 10,
            self._count: 10,
            self.describe: 8,
            self._echo: 8,
        }
        self._rng.choices(list(turns), list(turns.values()))[0](state)

    def describe(self, state: State) -> None:
        """Somebody, as JSON."""
        name, age = self._words.name(), self._words.integer() % 100
        state.asked(f"Describe {name}, who is {age} years old.")
        state.said(described(name, age))

    def _greet(self, state: State) -> None:
        text, answer = self._rng.choice(
            (
                ("Hello", "Hello! How can I help you?"),
                ("Hi", "Hello! How can I help you?"),
                ("Say hello.", "Hello! How are you today?"),
                ("Thanks", "You are welcome."),
                ("Goodbye", "Goodbye!"),
            )
        )
        state.asked(text)
        state.said(answer)

    def _say_after(self, state: State) -> None:
        text = self._words.phrase(self._rng.choice((2, 4, 14)))
        state.asked(f"Say {text}.")
        state.said(text)

    def _persona(self, state: State) -> None:
        state.asked("Who are you?")
        state.said(f"I am {state.persona}.")

    def _meet(self, state: State) -> None:
        state.user = self._words.name()
        state.asked(f"My name is {state.user}.")
        state.said(f"Nice to meet you, {state.user}.")

    def _name(self, state: State) -> None:
        state.asked("What is my name?")
        state.said(f"Your name is {state.user}." if state.user else "I do not know your name.")

    def _learn(self, state: State) -> None:
        name, value = self._words.word(), self._rng.choice((self._words.title, self._words.phrase))()
        state.facts[name] = value
        state.asked(f"Remember that the {name} is {value}.")
        state.said(f"OK, the {name} is {value}.")

    def _recall(self, state: State) -> None:
        if not state.facts:
            return self._learn(state)
        name = self._rng.choice(sorted(state.facts))
        state.asked(f"What is the {name}?")
        return state.said(f"The {name} is {state.facts[name]}.")

    def _count(self, state: State) -> None:
        if self._rng.random() < 0.4:
            last = self._rng.choice((5, 10, 20, self._rng.randint(1, 60)))
            state.asked(f"Count to {last}.")
            return state.said(counted(1, last))
        first = self._rng.randint(1, 200)
        last = first + self._rng.randint(1, 15)
        state.asked(f"Count from {first} to {last}.")
        return state.said(counted(first, last))

    def _echo(self, state: State) -> None:
        text = self._words.phrase(5)
        state.asked(text.capitalize())
        state.said(f"You said: {text.capitalize()}")
