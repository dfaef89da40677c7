"""Models that remember where the last prompt had its images, and count positions from there."""

from typing import Any

import pytest

from conformance.models import MICRO_FOLDER
from tests.aimu.engines.loaded import GREEDY, HAS_ENGINES, FirstStep, Turn, difference

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)

import torch
from transformers import AutoTokenizer, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from aimu.engines.huggingface import HuggingFaceWeights
from aimu.engines.weights import Weights

START, IMAGE, END = 590, 591, 592
SMALL = {"hidden_size": 32, "intermediate_size": 32}
ROPE = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]}


def qwen() -> HuggingFaceWeights:
    """A tiny Qwen2.5-VL, put together by hand: its processor would need another package."""
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "num_hidden_layers": 2}
    text = {**SMALL, **heads, "vocab_size": 600, "rope_parameters": ROPE, "bos_token_id": None, "eos_token_id": None}
    vision = {**SMALL, "depth": 1, "num_heads": 2, "out_hidden_size": 32}
    torch.manual_seed(0)
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=IMAGE,
        vision_start_token_id=START,
        vision_end_token_id=END,
    )
    made = HuggingFaceWeights.__new__(HuggingFaceWeights)
    Weights.__init__(made, 2**20)
    made.model = Qwen2_5_VLForConditionalGeneration(config).eval()
    made.tokenizer = AutoTokenizer.from_pretrained(MICRO_FOLDER)
    made.sees = True
    return made


def spoken(weights: HuggingFaceWeights, prompt: list[int], seen: Any = None) -> tuple[Turn, list[int]]:
    """Two tokens, and how they came about."""
    step, heard = FirstStep(), list[int]()

    def hear(token: int) -> bool:
        heard.append(token)
        return len(heard) < 2

    parameters = {**GREEDY, "limit": 2, "logits_processor": [step]} | ({"inputs": seen} if seen else {})
    del parameters["max_tokens"]
    reused = weights.speak(prompt, parameters, hear, lambda: False)
    return Turn("", reused, step.prompt, step.logits), heard


def test_images_of_another_conversation_move_nothing_in_this_one() -> None:
    weights = qwen()
    looked = [5, START, *[IMAGE] * 16, END, 6]
    kinds = torch.tensor([[int(token == IMAGE) for token in looked]])
    image = {"pixel_values": torch.randn(64, 1176), "image_grid_thw": torch.tensor([[1, 8, 8]])}
    _, said = spoken(weights, [7, 8, 9])
    spoken(weights, looked, {"input_ids": torch.tensor([looked]), "mm_token_type_ids": kinds, **image})
    goes_on = [7, 8, 9, *said, 10, 11]
    warm, _ = spoken(weights, goes_on)
    weights.clear_cache()
    cold, _ = spoken(weights, goes_on)
    assert (warm.reused, cold.reused) == (4, 0)
    assert difference(warm, cold) < 1e-5
