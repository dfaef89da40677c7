"""The targets in this process: the micro model through transformers and through llama.cpp."""

from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from conformance.outcomes import HarnessError
from conformance.scripted import ForcedModel
from conformance.scripted.sampler import Sampler
from conformance.scripted.tokens import Vocabulary
from conformance.targets import Target, missing

if TYPE_CHECKING:
    from conformance.check import Check
    from conformance.driver import Driver

MODULES: Final = {"hf": ("torch", "transformers"), "llamacpp": ("llama_cpp",)}
# fp16 is slow on a CPU; threads that share so small a model wait for each other; a grammar of llama.cpp has the last
# word, and would not let a script call an unknown tool
SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "hf": {"dtype": "float32"},
    "llamacpp": {"constrain_tool_calls": False, "n_threads": 1},
}
SPOKEN: Final = frozenset(
    ("streaming", "usage", "in_process", "micro_model", "scripted", "tools", "parallel_tools", "thinking")
)
KEPT: Final = {"llamacpp": frozenset({"constrained"})}  # transformers has no grammars
# the others say nothing of a model: its calls to MCP servers are tool calls, it is on no wire, and what runners do with
# clients is the same for both engines, so the quick one shows it
SHARED: Final = ("core", "streaming", "tools", "in-process")
WEIGHTS: Final = {"hf": 1.8, "llamacpp": 1.0}
PROFILES: Final = {"hf": SHARED, "llamacpp": (*SHARED, "agents", "workflows")}
SETTABLE: Final = frozenset(
    (
        *("system_message", "tools", "mcp_client", "max_iterations", "concurrent_tool_calls", "on_tool_error"),
        *("default_generate_kwargs", "continuation_prompt"),
    )
)


class InProcessTarget(Target):
    """The micro model in this process, through one of the engines; loaded once, forked for each check.

    What a scenario scripts is forced upon its sampler; where nothing is scripted the model speaks for itself.

    Args:
        name: str, the provider in a model id: "hf" or "llamacpp".
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.capabilities = SPOKEN | KEPT.get(name, frozenset())
        self.profiles = PROFILES[name]
        self.weight = WEIGHTS[name]
        self._loaded: dict[tuple[str, bool], tuple[Any, Sampler]] = {}

    def unavailable(self) -> str | None:
        return missing(*MODULES[self.name]) or _unverified()

    def stand_in(self, check: "Check | None") -> ForcedModel:  # noqa: ARG002
        return ForcedModel()

    def client(self, driver: "Driver", **kwargs: Any) -> Any:
        given = {"system_message" if name == "system" else name: value for name, value in kwargs.items()}
        if foreign := sorted(given.keys() - SETTABLE):
            raise HarnessError(f"a client in this process takes no {foreign[0]}; the scenario needs 'wire'")
        root, sampler = self._root(driver.lib, _is_forced(driver.check))
        model = cast(ForcedModel, driver.server)
        if sampler.model is not model:
            sampler.model = model
            root.clear_cache()  # each check starts cold, so that the counts of both surfaces agree
        fork = root.fork()
        client = fork if driver.api is driver.lib else driver.api.client(fork)
        for name, value in given.items():
            setattr(client, name, value)
        return client

    def close(self) -> None:
        while self._loaded:
            self._loaded.popitem()[1][0].close()

    def _root(self, lib: ModuleType, is_forced: bool) -> tuple[Any, Sampler]:
        key = lib.__name__, is_forced and self.name == "hf"
        if key not in self._loaded:
            if self.name == "hf":
                _prepare_torch()
            sampler = Sampler(lambda: _vocabulary(root))
            forced = {"logits_processor": [sampler], "temperature": 0}
            spec = lib.ModelSpec(_model(self.name), True, True, generation_kwargs=forced, provider=self.name)
            root = lib.client(spec, **SETTINGS[self.name])
            if key[1]:
                _flatten(root.hf_model)
            self._loaded[key] = (root, sampler)
        return self._loaded[key]


def _is_forced(check: "Check | None") -> bool:
    """Whether it does not matter what the weights would say, since a script says it."""
    return check is not None and "micro_model" not in check.scenario.needs


def _flatten(model: Any) -> None:
    """Leave transformers one layer of the four: it takes most of a token's time, and the choice of it is not theirs."""
    model.model.layers = model.model.layers[:1]
    model.config.num_hidden_layers = 1


@cache
def _unverified() -> str | None:
    from conformance.models import ModelFilesError, verify

    try:
        verify()
    except (ModelFilesError, OSError) as error:
        return str(error)
    return None


def _prepare_torch() -> None:
    """One thread, since more of them wait for each other; and no bar, since the thread that watches it would stay."""
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.disable_progress_bar()


def _model(engine: str) -> str:
    from conformance.models import MICRO_FOLDER, MICRO_GGUF

    return str(MICRO_FOLDER if engine == "hf" else MICRO_GGUF)


def _vocabulary(client: Any) -> Vocabulary:
    """The tokens of a loaded model, by what its client has of its engine."""
    if client.provider == "hf":
        tokenizer = client.hf_tokenizer
        return Vocabulary(
            lambda text: list(tokenizer.encode(text, add_special_tokens=False)),
            lambda ids: str(tokenizer.decode(ids)),
            tokenizer.eos_token_id,
        )
    llama = client.llama
    return Vocabulary(
        lambda text: list(llama.tokenize(text.encode(), add_bos=False, special=True)),
        lambda ids: str(llama.detokenize(list(ids), special=True).decode(errors="replace")),
        llama.token_eos(),
    )
