"""Where in a reply a grammar applies: to the whole answer, or behind the opener of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aimu.wire.family import Constraint
from aimu.wire.thinktags import CLOSE, OPEN


@dataclass(frozen=True)
class Rule:
    """What the text has to be from here on: JSON of ``schema``, or calls of ``constraint``, or either.

    A thought may come first where ``may_think`` says so.
    """

    schema: dict[str, Any] | None = None
    constraint: Constraint | None = None
    is_inside: bool = False
    may_think: bool = False


class Guide:
    """Follows a reply and says by which rule it goes on.

    Args:
        prompt: The rendered prompt; its end tells whether the model is thinking already.
        schema: What the answer has to be, None for any text.
        constraint: What a call has to be, None for any.
        is_strict: Whether a call that the model opens of itself is kept to it, too.
        may_think: Whether a thought may come before an answer to the schema.

    Attributes:
        rule: Rule or None, None where the model writes freely.
    """

    def __init__(
        self,
        prompt: str,
        schema: dict[str, Any] | None,
        constraint: Constraint | None,
        *,
        is_strict: bool = True,
        may_think: bool = False,
    ) -> None:
        self._schema = schema
        self._constraint = constraint
        self._is_strict = is_strict
        self._may_think = may_think
        self._text = ""
        self._is_thinking = prompt.rstrip().endswith(OPEN)
        self.rule = None if self._is_thinking else self._answer()

    @property
    def is_listening(self) -> bool:
        """Whether what is written may bring another rule."""
        return self.rule is None and bool(self._schema or self._constraint)

    def feed(self, text: str) -> bool:
        """Hear what was written; whether another rule holds now."""
        if not self.is_listening:
            return False
        self._text += text
        if self._is_thinking or self._text.lstrip().startswith(OPEN):
            return self._thought()
        if self._is_strict and self._constraint and self._text.endswith(self._constraint.opener):
            self.rule = Rule(constraint=self._constraint, is_inside=True)
        return self.rule is not None

    def leave(self) -> bool:
        """The rule is fulfilled; whether the reply goes on without one."""
        was_call = self.rule is not None and self.rule.is_inside
        self.rule, self._text = None, ""
        return was_call

    def _thought(self) -> bool:
        if CLOSE not in self._text:
            return False
        self._is_thinking, self._may_think, self._text = False, False, self._text.partition(CLOSE)[2]
        self.rule = self._answer()
        return self.rule is not None

    def _answer(self) -> Rule | None:
        return Rule(self._schema, self._constraint, may_think=self._may_think) if self._schema else None
