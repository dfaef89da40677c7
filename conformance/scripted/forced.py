"""The script of a model in this process: its weights run, and only the choice of the token is ours."""

from collections.abc import Iterable, Iterator, Sequence

from conformance.outcomes import HarnessError
from conformance.scripted.chatml import read, written
from conformance.scripted.model import ScriptedModel
from conformance.scripted.tokens import Vocabulary, spelled


class ForcedModel(ScriptedModel):
    """The script of a model in this process: what it says is forced upon the choice of its tokens.

    What a request held is read back from the tokens of its prompt, as `chatml.read` says.
    """

    def overruled(self) -> None:
        """Note that the engine took another token than the one that was forced."""
        self._note(HarnessError("the engine forbids what the script says, by a grammar; the scenario needs 'wire'"))

    def begin(self, vocabulary: Vocabulary, prompt: Sequence[int], may_call: bool) -> Iterator[int] | None:
        """Record a generation, and take its reply from the script.

        Args:
            vocabulary: Vocabulary, of the model that generates.
            prompt: ids of all it reads.
            may_call: bool, whether the opener of a call may be sampled.

        Returns:
            Iterator of int: the tokens to be forced, which waits at gates; None leaves the model to itself.
        """
        reply = self.answer(read(vocabulary.decode(prompt), may_call))
        if reply is None:
            return None
        try:
            return self._forced(self._held(spelled(vocabulary, written(reply), may_call)), vocabulary.end)
        except Exception as error:
            self._note(error)
            return self._forced((), vocabulary.end)

    def _forced(self, tokens: Iterable[int], end: int) -> Iterator[int]:
        yield from tokens
        while True:
            yield end
