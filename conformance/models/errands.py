"""The part of the micro model's language that calls tools: one, several at once, and one after another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.models.speech import PARAMETERS, result, says
from conformance.models.talk import Errand, State, described
from conformance.models.words import Lexicon

REQUESTS: Mapping[str, str] = {
    "add": "What is {a} + {b}?",
    "multiply": "What is {a} * {b}?",
    "subtract": "What is {a} - {b}?",
    "get_weather": "What is the weather in {city}?",
    "get_time": "What time is it in {city}?",
    "search": "Search for {query}.",
    "lookup_user": "Look up user {id}.",
    "get_price": "What is the price of {item}?",
    "send_email": "Send an email to {to} with subject {subject}.",
    "set_timer": "Set a timer for {minutes} minutes.",
    "ping": "Ping the server.",
}
_TITLED = ("city", "subject", "vendor")
Step = tuple[str, str, Callable[[int], dict[str, Any]]]


class Errands:
    """A seeded source of turns with tools.

    Args:
        words: What their words are drawn from.
    """

    def __init__(self, words: Lexicon) -> None:
        self._words = words
        self._rng = words.rng

    def one(self, state: State) -> None:
        """A call, and what came of it in words."""
        (asked, name, given), text = self._errand(state), None
        if name == "get_weather" and self._rng.random() < 0.4:
            asked, text = f"Check the weather in {given['city']}.", "Let me check."
        state.asked(asked)
        numbers = state.called((asked, name, given), text=text)
        if self._rng.random() < 0.07:
            why = self._words.phrase(4)
            state.messages += [result(name, f"error: {why}", numbers[0]), says(f"There was an error: {why}.")]
        else:
            self._answer(state, [name], numbers, [self._found()])

    def two(self, state: State) -> None:
        """Two calls at once, of one tool or of two."""
        errands = self._same() if self._rng.random() < 0.25 else [self._errand(state), self._errand(state)]
        state.asked(" ".join(asked for asked, _, _ in errands if asked))
        numbers = state.called(*errands)
        self._answer(state, [name for _, name, _ in errands], numbers, [self._short(), self._short()])

    def rounds(self, state: State) -> None:
        """Two rounds of calls or three, each with the number that the one before gave."""
        steps = self._steps()
        state.asked(" Then ".join(asked for asked, _, _ in steps))
        number = 0
        for asked, name, arguments in steps:
            numbers = state.called((asked, name, arguments(number)))
            number = self._words.integer()
            if name != steps[-1][1]:
                state.messages.append(result(name, str(number), numbers[0]))
        self._answer(state, [steps[-1][1]], numbers, [self._found()])

    def described(self, state: State) -> None:
        """A call whose result is answered as JSON."""
        number, name, age = self._words.integer(), self._words.name(), self._words.integer() % 100
        asked = f"Look up user {number}. Then describe the result."
        state.asked(asked)
        numbers = state.called((asked, "lookup_user", {"id": number}))
        state.messages += [result("lookup_user", f"{name}, {age}", numbers[0]), says(described(name, age))]

    def _errand(self, state: State) -> Errand:
        return self._unknown(state) if self._rng.random() < 0.3 else self._known()

    def _known(self, *names: str) -> Errand:
        name = self._rng.choice(names or tuple(REQUESTS))
        given = {key: self._value(key, kind) for key, kind in PARAMETERS[name].items()}
        return REQUESTS[name].format(**given), name, given

    def _unknown(self, state: State) -> Errand:
        """A tool of any name, called with the JSON that the request says."""
        name = self._words.identifier()
        if name in PARAMETERS or name in state.used:
            return self._known()
        keys = {self._words.identifier() for _ in range(self._rng.choice((0, 1, 1, 2, 2, 3)))}
        parameters = {key: self._rng.choice(("integer", "string")) for key in sorted(keys)}
        given = {key: self._value(key, kind) for key, kind in parameters.items()}
        state.used[name] = parameters
        return f"Call {name} with {json.dumps(given)}." if given else f"Call {name}.", name, given

    def _same(self) -> list[Errand]:
        what, name = self._rng.choice((("What is the weather", "get_weather"), ("What time is it", "get_time")))
        first, second = self._words.title(), self._words.title()
        return [(f"{what} in {first} and in {second}?", name, {"city": first}), ("", name, {"city": second})]

    def _steps(self) -> list[Step]:
        asked, name, given = self._known("multiply", "subtract")
        last, kind, key = self._rng.choice(
            (("set_timer", "set_timer", "minutes"), ("lookup_user", "lookup_user", "id"))
        )
        more = self._words.integer()
        middle: list[Step] = [(f"add {more} to the result.", "add", lambda number: {"a": number, "b": more})]
        return [
            (asked, name, lambda _: given),
            *(middle if self._rng.random() < 0.4 else ()),
            (f"call {last} with the result.", kind, lambda number: {key: number}),
        ]

    def _value(self, key: str, kind: str) -> str | int:
        if kind == "integer":
            return self._words.integer()
        if key == "to":
            return f"{self._words.word()}@{self._words.word()}.com"
        return self._words.title() if key in _TITLED or self._rng.random() < 0.3 else self._words.phrase()

    def _short(self) -> str:
        return self._words.phrase() if self._rng.random() < 0.6 else str(self._words.integer())

    def _found(self) -> str:
        """What a tool gives."""
        chance = self._rng.random()
        if chance < 0.6:
            return self._short()
        if chance < 0.8:
            return f"{self._words.phrase(2)} and {self._words.phrase(2)}"
        if chance < 0.9:
            return json.dumps({self._words.word(): self._rng.choice((self._words.integer, self._words.word))()})
        return self._rng.choice(("done", "pong", "sent", "rain", "sunny and 21 degrees"))

    def _answer(self, state: State, names: Sequence[str], numbers: Sequence[int], found: Sequence[str]) -> None:
        given = zip(names, found, numbers, strict=True)
        state.messages += [result(name, text, number) for name, text, number in given]
        state.messages.append(says(f"The result{'s are' if len(found) > 1 else ' is'} {' and '.join(found)}."))
