"""The two engines that run the micro model's files, each asked for greedy text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from conformance.models import MICRO_FOLDER, MICRO_GGUF

LIMIT = 1000


class Engine(Protocol):
    """What evaluation needs of one.

    Attributes:
        name: What it is called.
    """

    name: str

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text with its special tokens."""

    def prompt(self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], thinking: bool) -> str:
        """What the chat template in the model's files makes."""

    def write(self, prompt: str, limit: int = LIMIT) -> str:
        """What the model writes greedily, up to its end token or to ``limit`` tokens."""


class Transformers:
    """transformers on the folder.

    Args:
        folder: Folder.
        dtype: Name of the precision to compute in; "auto" is that of the file.
    """

    def __init__(self, folder: Path = MICRO_FOLDER, dtype: str = "auto") -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.name = f"transformers {dtype}"
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()

    def tokens(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))

    def prompt(self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], thinking: bool) -> str:
        return str(
            self.tokenizer.apply_chat_template(
                list(messages),
                tools=list(tools) or None,
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=thinking,
            )
        )

    def write(self, prompt: str, limit: int = LIMIT) -> str:
        import torch

        ids = torch.tensor([self.tokens(prompt)])
        with torch.no_grad():
            out = self.model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=limit, do_sample=False)
        new = out[0, ids.shape[1] :].tolist()
        end = self.tokenizer.eos_token_id
        return str(self.tokenizer.decode(new[: new.index(end)] if end in new else new, skip_special_tokens=False))


class LlamaCpp:
    """llama.cpp on the GGUF file.

    Args:
        path: File.
    """

    name = "llama.cpp"

    def __init__(self, path: Path = MICRO_GGUF) -> None:
        from llama_cpp import Llama
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self.llama: Any = Llama(str(path), n_ctx=0, n_threads=1, verbose=False)
        template = self.llama.metadata["tokenizer.chat_template"]
        self._template: Any = Jinja2ChatFormatter(template, eos_token="<|im_end|>", bos_token="<|endoftext|>")

    def tokens(self, text: str) -> list[int]:
        return list(self.llama.tokenize(text.encode(), add_bos=False, special=True))

    def prompt(self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], thinking: bool) -> str:
        given = {"messages": list(messages), "tools": list(tools) or None, "enable_thinking": thinking}
        return str(self._template(**given).prompt)

    def write(self, prompt: str, limit: int = LIMIT) -> str:
        self.llama.reset()
        new: list[int] = []
        for token in self.llama.generate(self.tokens(prompt), temp=0):
            if token == self.llama.token_eos() or len(new) == limit:
                break
            new.append(token)
        return str(self.llama.detokenize(new, special=True).decode(errors="replace"))
