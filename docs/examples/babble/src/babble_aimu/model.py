"""A Markov model over bytes: it has read one poem, and says what could follow the last three of them."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from importlib.resources import files

MARKS = ("<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")
FIRST_MARK = 256  # below it are the bytes
END = FIRST_MARK + MARKS.index("<|im_end|>")
REACH = 3  # bytes that decide about the next one
_PARTS = re.compile("(" + "|".join(map(re.escape, MARKS)) + ")")

Pick = Callable[[Sequence[int], Sequence[int], bool], int | None]


def encode(text: str) -> list[int]:
    """The tokens of a text: one for each mark, one for each other byte."""
    tokens: list[int] = []
    for part in _PARTS.split(text):
        tokens += [FIRST_MARK + MARKS.index(part)] if part in MARKS else part.encode(errors="replace")
    return tokens


def decode(tokens: Sequence[int]) -> str:
    """The text of some tokens; half of a character is one of replacement."""
    parts = (bytes([token]) if token < FIRST_MARK else MARKS[token - FIRST_MARK].encode() for token in tokens)
    return b"".join(parts).decode(errors="replace")


class Babbler:
    """What followed what in a text of the package.

    Args:
        name: str, the text, such as "brook".
    """

    def __init__(self, name: str) -> None:
        text = files("babble_aimu").joinpath(f"{name}.txt").read_bytes()
        self._after: dict[bytes, Counter[int]] = defaultdict(Counter)
        for reach in range(REACH + 1):
            for at in range(reach, len(text)):
                self._after[text[at - reach : at]][text[at]] += 1
            self._after[text[len(text) - reach :]][END] += 1

    def tokens(
        self,
        prompt: Sequence[int],
        *,
        temperature: float = 1.0,
        seed: int | None = None,
        banned: Collection[int] = (),
        pick: Pick | None = None,
    ) -> Iterator[int]:
        """Tokens, one after the other and without end.

        Args:
            prompt: the tokens before them.
            temperature: float, default 1.0; 0 takes the likeliest.
            seed: int or None, default None: repeats what is sampled.
            banned: tokens that are never said.
            pick: Pick or None, default None: asked first, with the prompt, what was said, and whether nothing is
                banned; None of it leaves the choice to the model.
        """
        chance, said = random.Random(seed), list[int]()
        while True:
            token = pick(prompt, said, not banned) if pick else None
            token = self._likely(said, temperature, chance) if token is None else token
            if token in banned:
                token = ord(" ")
            said.append(token)
            yield token

    def _likely(self, said: Sequence[int], temperature: float, chance: random.Random) -> int:
        last = bytes(token for token in said[-REACH:] if token < FIRST_MARK)
        while last not in self._after:
            last = last[1:]
        counts = self._after[last]
        if temperature == 0:
            return max(counts, key=lambda token: (counts[token], -token))
        weights = [count ** (1 / temperature) for count in counts.values()]
        return chance.choices(list(counts), weights)[0]
