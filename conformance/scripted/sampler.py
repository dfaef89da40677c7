"""Where a script meets an engine: the logits processor that puts the token which the script has next before all others.

Template, tokenizer, cache, streaming and parsing are those of the engine and of the library under test.
"""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

from conformance.scripted.chatml import OPENER
from conformance.scripted.forced import ForcedModel
from conformance.scripted.tokens import Vocabulary

SURE: Final = 1e6  # the score of a forced token; where a grammar forbids it, there are others to choose


class Sampler:
    """The logits processor of one loaded model, on either engine; it obeys the ForcedModel that is set.

    Args:
        vocabulary: makes the Vocabulary of that model, when it is first needed.

    Attributes:
        model: ForcedModel or None, who says what is sampled; None leaves the model to itself.
    """

    def __init__(self, vocabulary: Callable[[], Vocabulary]) -> None:
        self.model: ForcedModel | None = None
        self._make = vocabulary
        self._seen: list[int] = []
        self._forced: int | None = None
        self._speech: Iterator[int] | None = None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The tokens of the model."""
        return self._make()

    @cached_property
    def _opener(self) -> int | None:
        """The token that opens a call, where it is a single one."""
        opener = self.vocabulary.encode(OPENER)
        return opener[0] if len(opener) == 1 else None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Put one token before all others.

        Args:
            input_ids: tensor or array, the prompt and what was sampled so far.
            scores: tensor or array of one score a token, changed in place.

        Returns:
            The scores.
        """
        if self.model is None:
            return scores
        seen = input_ids.reshape(-1).tolist()
        if not self._is_next(seen):
            may_call = self._opener is None or float(scores[..., self._opener]) != -float("inf")
            self._speech = self.model.begin(self.vocabulary, seen, may_call)
        self._seen, self._forced = seen, None
        if self._speech is not None:
            self._forced = next(self._speech)
            scores[..., self._forced] = SURE
        return scores

    def __deepcopy__(self, memo: object) -> "Sampler":
        """The same: settings may be copied, and a loaded model is there once."""
        return self

    def _is_next(self, seen: list[int]) -> bool:
        """Whether this is the next step of the generation that was seen last."""
        if len(seen) != len(self._seen) + 1 or seen[:-1] != self._seen:
            return False
        if self.model is not None and self._forced not in (None, seen[-1]):
            self.model.overruled()
            self._speech = None
        return True
