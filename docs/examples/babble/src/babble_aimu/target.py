"""Babble, as the suite judges it: the model runs, and which token it picks is the script's to say."""

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from conformance import HarnessError, Target
from conformance.scripted import ForcedModel, Vocabulary

from babble_aimu.model import END, decode, encode

if TYPE_CHECKING:
    from conformance import Driver
    from conformance.check import Check

VOCABULARY = Vocabulary(encode, decode, END)


class Picker:
    """Picks the tokens that the script of a check says; without a script, none.

    Attributes:
        script: ForcedModel or None, of the check that runs.
    """

    def __init__(self) -> None:
        self.script: ForcedModel | None = None
        self._speech: Iterator[int] | None = None

    def __call__(self, prompt: Sequence[int], said: Sequence[int], may_call: bool) -> int | None:
        """The next token, or None where the model speaks for itself."""
        if not said:
            self._speech = self.script.begin(VOCABULARY, prompt, may_call) if self.script else None
        return None if self._speech is None else next(self._speech)


class Babble(Target):
    """One model for all checks of a surface, forked for each."""

    name = "babble"
    capabilities = frozenset({"in_process", "scripted", "streaming", "tools", "parallel_tools", "usage"})

    def __init__(self) -> None:
        self._loaded: dict[str, tuple[Any, Picker]] = {}

    def stand_in(self, check: "Check | None") -> ForcedModel:
        """A script that is asked for each token, in place of a server."""
        return ForcedModel()

    def client(self, driver: "Driver", **options: Any) -> Any:
        """A fork; on the async surface, its awaitable interface. Options are set on it, as users set them."""
        if foreign := options.keys() & {"base_url", "api_key", "timeout", "max_retries", "model_kwargs"}:
            raise HarnessError(f"a client in this process takes no {', '.join(foreign)}; the scenario needs 'wire'")
        root, picker = self._root(driver.lib)
        script = cast(ForcedModel, driver.server)
        if picker.script is not script:
            picker.script = script
            root.clear_cache()
        fork = root.fork()
        client = fork if driver.api is driver.lib else driver.api.client(fork)
        for name, value in options.items():
            setattr(client, "system_message" if name == "system" else name, value)
        return client

    def close(self) -> None:
        """Let go of the models."""
        while self._loaded:
            self._loaded.popitem()[1][0].close()

    def _root(self, lib: ModuleType) -> tuple[Any, Picker]:
        if lib.__name__ not in self._loaded:
            picker = Picker()
            spec = lib.ModelSpec(
                "brook", tools=True, generation_kwargs={"pick": picker, "temperature": 0}, provider="babble"
            )
            self._loaded[lib.__name__] = (lib.client(spec), picker)
        return self._loaded[lib.__name__]
