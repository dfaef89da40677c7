"""One loaded model, asked our way and through its own library, with what it computes counted or played back."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aimu

Message = dict[str, Any]


@dataclass
class Computed:
    """How many tokens a model computed; a pass over several is a prompt's, one over a single token a reply's."""

    prompt: int = 0
    reply: int = 0

    def add(self, tokens: int) -> None:
        """One pass of the model."""
        if tokens > 1:
            self.prompt += tokens
        else:
            self.reply += tokens


class Engine(ABC):
    """A model and the client that loaded it.

    Attributes:
        client: Ours; every contender uses its weights.
        has_loop: Whether the library itself goes from token to token in Python, where we can play tokens back to it.
    """

    client: Any
    has_loop = False

    @abstractmethod
    def bare(self, messages: Sequence[Message], max_tokens: int) -> str:
        """The answer of the library itself to a whole history, greedily."""

    @abstractmethod
    def tokens_of(self, text: str) -> list[int]:
        """A text as the model's tokens."""

    @abstractmethod
    def forget(self) -> None:
        """Nothing computed earlier is of use any more, to us or to the library."""

    @abstractmethod
    @contextmanager
    def counted(self) -> Iterator[Computed]:
        """Count what the model computes."""

    @abstractmethod
    @contextmanager
    def played(self, tokens: Sequence[int]) -> Iterator[None]:
        """The model says these tokens at once: what takes time is what stands around it."""


class LlamaCpp(Engine):
    """llama.cpp: against ``create_chat_completion``, which keeps the last prompt it was given."""

    has_loop = True

    def __init__(self, path: str, threads: int | None) -> None:
        more = {"n_threads_batch": threads} if threads else {}
        self.client = aimu.client(f"llamacpp:{path}", n_threads=threads, model_kwargs=more)

    def bare(self, messages: Sequence[Message], max_tokens: int) -> str:
        options = {"max_tokens": max_tokens, "temperature": 0.0}
        answer = self.client.llama.create_chat_completion(list(messages), **options)
        return str(answer["choices"][0]["message"]["content"])

    def tokens_of(self, text: str) -> list[int]:
        return list(self.client.llama.tokenize(text.encode(), add_bos=False))

    def forget(self) -> None:
        self.client.clear_cache()
        self.client.llama.reset()

    @contextmanager
    def counted(self) -> Iterator[Computed]:
        llama, computed = self.client.llama, Computed()
        evaluate = llama.eval

        def counting(tokens: Sequence[int]) -> None:
            computed.add(len(tokens))
            evaluate(tokens)

        llama.eval = counting
        try:
            yield computed
        finally:
            del llama.eval

    @contextmanager
    def played(self, tokens: Sequence[int]) -> Iterator[None]:
        llama = self.client.llama
        left: list[int] = []

        def evaluate(batch: Sequence[int]) -> None:
            if len(batch) > 1:  # a prompt: the answer begins
                left[:] = reversed(tokens)
            llama.input_ids[llama.n_tokens : llama.n_tokens + len(batch)] = batch
            llama.n_tokens += len(batch)

        llama.eval, llama.sample = evaluate, lambda **_: left.pop()
        try:
            yield
        finally:
            del llama.eval, llama.sample


class HuggingFace(Engine):
    """transformers: against ``generate``, which begins anew with every call."""

    def __init__(self, path: str, threads: int | None) -> None:
        os.environ.setdefault("TQDM_DISABLE", "1")  # the bars of loading, read at import
        import torch

        if threads:
            torch.set_num_threads(threads)
        self.client = aimu.client(f"hf:{path}", device="cpu", dtype="float32")

    def bare(self, messages: Sequence[Message], max_tokens: int) -> str:
        tokenizer, model = self.client.hf_tokenizer, self.client.hf_model
        options = {"add_generation_prompt": True, "return_dict": True, "return_tensors": "pt"}
        inputs = tokenizer.apply_chat_template(list(messages), **options)
        tokens = model.generate(**inputs, do_sample=False, max_new_tokens=max_tokens)
        # the reply may begin or end with a special token, which is no part of the text
        return str(tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))

    def tokens_of(self, text: str) -> list[int]:
        return list(self.client.hf_tokenizer(text, add_special_tokens=False)["input_ids"])

    def forget(self) -> None:
        self.client.clear_cache()

    @contextmanager
    def counted(self) -> Iterator[Computed]:
        computed = Computed()

        def count(_: Any, __: Any, given: dict[str, Any]) -> None:
            computed.add(given["input_ids"].shape[1])

        handle = self.client.hf_model.register_forward_pre_hook(count, with_kwargs=True)
        try:
            yield computed
        finally:
            handle.remove()

    @contextmanager
    def played(self, tokens: Sequence[int]) -> Iterator[None]:
        import torch

        model, said = self.client.hf_model, [torch.tensor([token]) for token in tokens]

        def generate(*, input_ids: Any, streamer: Any, stopping_criteria: Sequence[Any], **_: Any) -> None:
            streamer.put(input_ids)
            for token in said:
                streamer.put(token)
                if any(criterion(input_ids, None).all() for criterion in stopping_criteria):
                    break
            streamer.end()

        model.generate = generate
        try:
            yield
        finally:
            del model.generate


ENGINES: dict[str, Callable[[str, int | None], Engine]] = {"llamacpp": LlamaCpp, "hf": HuggingFace}
