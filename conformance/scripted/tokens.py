"""The tokens of a model in this process, as its engine has them, and how a text is spelled in them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from conformance.outcomes import HarnessError
from conformance.scripted.chatml import OPENER
from conformance.scripted.script import Gate


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a model, as its engine has them.

    Args:
        encode: from text to ids; special tokens are written out.
        decode: from ids to text, with the special tokens.
        end: int, the token that ends a turn.
    """

    encode: Callable[[str], list[int]]
    decode: Callable[[Sequence[int]], str]
    end: int

    def spelled(self, text: str) -> list[int]:
        """The ids of a text that has to come out as it is.

        Raises:
            HarnessError: it is no text, the model has no tokens for it, or it would end the turn.
        """
        is_text = text.encode(errors="ignore").decode() == text
        ids = self.encode(text) if is_text else []
        if self.decode(ids) != text or self.end in ids:
            raise HarnessError(f"the model cannot write {text!r}; the scenario needs 'wire'")
        return ids


def spelled(vocabulary: Vocabulary, items: Iterable[str | Gate], may_call: bool) -> list[int | Gate]:
    """What a model writes, in tokens.

    Args:
        vocabulary: Vocabulary, of the model.
        items: str and Gate.
        may_call: bool, whether the opener of a call may be sampled.

    Returns:
        list of int and Gate.

    Raises:
        HarnessError: the model cannot write one of the texts.
    """
    found: list[int | Gate] = []
    for item in items:
        if isinstance(item, Gate):
            found.append(item)
        elif may_call:
            found += vocabulary.spelled(item)
        else:
            found += _disobedient(vocabulary, item)
    return found


def _disobedient(vocabulary: Vocabulary, text: str) -> list[int]:
    """The ids of a text whose calls are forbidden: their opener is spelled out in other tokens."""
    first, *others = text.split(OPENER)
    ids = vocabulary.spelled(first)
    for other in others:
        ids += [*vocabulary.spelled(OPENER[0]), *vocabulary.spelled(OPENER[1:]), *vocabulary.spelled(other)]
    return ids
