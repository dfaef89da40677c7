"""Models whose layers do not keep each token: a conversation that goes on is reused, a changed one is computed anew.

Tiny models with weights at random: what they say is noise, what they compute is not.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest

from conformance.models import MICRO_FOLDER
from tests.aimu.engines.loaded import HAS_ENGINES, difference, opened, spoken

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3TextConfig, Lfm2Config, MambaConfig

from aimu.clients.inprocess import InProcessClient

WINDOW = 16
MIXED = ["sliding_attention", "full_attention"]
SHAPE = {"hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2, "num_hidden_layers": 2}
LONG = "word " * 150  # longer than a batch of the prompt, and than any window


def made(config: Any, folder: Path) -> InProcessClient:
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(MICRO_FOLDER).save_pretrained(folder)
    shutil.copy(MICRO_FOLDER / "chat_template.jinja", folder)
    return opened(f"hf:{folder}", dtype="float32")


def config(kind: str) -> Any:
    ends = dict.fromkeys(("eos_token_id", "pad_token_id", "bos_token_id"), 505) | {"vocab_size": 512}
    if kind == "sliding":
        return Gemma3TextConfig(
            **SHAPE, **ends, head_dim=16, intermediate_size=32, sliding_window=WINDOW, layer_types=MIXED
        )
    if kind == "convolution":
        return Lfm2Config(**SHAPE, **ends, intermediate_size=32, layer_types=["conv", "full_attention"])
    return MambaConfig(hidden_size=32, num_hidden_layers=2, state_size=4, **ends)


@pytest.mark.parametrize("kind", ["sliding", "convolution", "recurrent"])
def test_what_such_a_model_computes_does_not_depend_on_reuse(kind: str, folder: Path) -> None:
    with made(config(kind), folder) as client:
        talk = client.fork()
        talk.messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
        turns = [spoken(talk, message) for message in (LONG, "And now?", "Bye")]
        changed = client.fork()
        changed.messages = [{"role": "user", "content": LONG[:-1]}, *talk.messages[3:-2]]
        turns.append(spoken(changed, "Bye"))
        for turn, history, message in zip(
            turns,
            [talk.messages[:2], talk.messages[:4], talk.messages[:6], changed.messages[:-2]],
            [LONG, "And now?", "Bye", "Bye"],
            strict=True,
        ):
            client.clear_cache()
            cold = client.fork()
            cold.messages = history
            assert difference(spoken(cold, message), turn) < 1e-3
