"""The micro model's tokenizer: bytes, and a few hundred pairs of letters."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from conformance.models.dialogues import Language
from conformance.models.rendering import END, START, TEMPLATE, Segment, samples
from conformance.models.words import WORDS, is_held_out

VOCABULARY = 512
CONTEXT = 2048
PAD = "<|endoftext|>"
SPECIAL = (PAD, START, END)
# kept in the text by those who skip special tokens, since callers have to read them
MARKS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")


def trained_tokenizer(seed: int = 1, conversations: int = 6000) -> Any:
    """A tokenizer that has seen the language.

    Merges lie within runs of letters, so a word has the same tokens wherever it stands, and digits are alone.

    Args:
        seed: Seed of the text it sees.
        conversations: How much of it.
    """
    tokenizer = Tokenizer(models.BPE())
    letters = pre_tokenizers.Split(Regex("[A-Za-z]+"), "isolated")
    others = pre_tokenizers.Split(Regex("[^A-Za-z]"), "isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([letters, others, as_bytes])
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL) - len(MARKS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[],
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(seed, conversations), trainer)
    # at run time the rule of GPT-2 does, which llama.cpp knows too
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in SPECIAL])
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in MARKS])
    return tokenizer


def save(tokenizer: Any, folder: Path) -> None:
    """Write what transformers loads: tokenizer.json, its configuration and the chat template."""
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=PAD,
        eos_token=END,
        pad_token=PAD,
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT,
    )
    fast.chat_template = TEMPLATE.read_text(encoding="utf-8").rstrip("\n")
    fast.save_pretrained(folder)


def load(folder: Path) -> Any:
    """The tokenizer of a folder."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def encoded(tokenizer: Any, segments: list[Segment]) -> tuple[list[int], list[bool]]:
    """Token ids, and which of them the model has to learn to write."""
    ids: list[int] = []
    wanted: list[bool] = []
    for text, is_target in segments:
        new = tokenizer.encode(text, add_special_tokens=False).ids
        ids += new
        wanted += [is_target] * len(new)
    return ids, wanted


def _texts(seed: int, conversations: int) -> list[str]:
    language = Language(random.Random(seed))
    texts = [" ".join(word for word in WORDS if not is_held_out(word))] * 3
    for _ in range(conversations):
        for sample in samples(language.conversation()):
            text = "".join(text for text, _ in sample)
            for mark in (*SPECIAL, *MARKS):
                text = text.replace(mark, "\n")
            texts.append(text)
    return texts
