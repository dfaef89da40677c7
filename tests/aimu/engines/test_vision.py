"""Models that see: a LLaVA with weights at random, its real processor, and images made here."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from conformance.models import MICRO_FOLDER
from tests.aimu.engines.loaded import HAS_ENGINES, Turn, difference, micro, spoken

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)

import torch
from PIL import Image
from transformers import (
    AutoTokenizer,
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)

import aimu
from aimu.clients.huggingface import HuggingFaceClient
from aimu.errors import InvalidRequestError

TURN = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% elif part['type'] == 'text' %}"
    "{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
# half of all templates read a content that is a text, the others pass over it
EITHER = TURN.replace(
    "{% for part", "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part"
)
EITHER = EITHER.replace("{% endfor %}<|im_end|>", "{% endfor %}{% endif %}<|im_end|>")


def png(colour: str, size: tuple[int, int] = (40, 24)) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, colour).save(made, "PNG")
    return made.getvalue()


RED, BLUE = png("red"), png("blue", (24, 40))


def llava(folder: Path, template: str) -> Path:
    """A tiny model, saved as such models come: 16 places in the prompt for each image."""
    tokenizer = AutoTokenizer.from_pretrained(MICRO_FOLDER)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    tokenizer.chat_template = None
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None}
    small = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=512, **small, **ends)
    vision = CLIPVisionConfig(image_size=32, patch_size=8, **small)
    image_token = tokenizer.convert_tokens_to_ids("<image>")
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(vision_config=vision, text_config=text, image_token_index=image_token)
    )
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    seen = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    LlavaProcessor(
        seen,
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["parts", "either"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HuggingFaceClient]:
    """Flagged or not: a model that sees is shown images."""
    template, flag = (TURN, ";vision") if request.param == "parts" else (EITHER, "")
    folder = llava(tmp_path_factory.mktemp("llava"), template)
    with aimu.client(f"hf:{folder}{flag}", dtype="float32") as loaded:
        assert isinstance(loaded, HuggingFaceClient)
        assert loaded.model.vision
        yield loaded


def bare(client: HuggingFaceClient, prompt: str, images: list[bytes]) -> Turn:
    """What the model itself computes of a prompt and images that its own processor prepared."""
    processor = LlavaProcessor.from_pretrained(client.model.id)
    seen = [Image.open(BytesIO(image)).convert("RGB") for image in images]
    inputs = processor(text=prompt, images=seen or None, add_special_tokens=False, return_tensors="pt")
    with torch.no_grad():
        return Turn("", 0, inputs["input_ids"][0].tolist(), client.hf_model(**inputs).logits[0, -1])


def test_an_image_changes_what_the_model_computes(client: HuggingFaceClient) -> None:
    red, blue = (spoken(client.fork(), "Look", [image]) for image in (RED, BLUE))
    assert difference(red, blue) > 1e-3
    wanted = bare(client, "<|im_start|>user\nLook<image><|im_end|>\n<|im_start|>assistant\n", [RED])
    assert difference(red, wanted) < 1e-4


def test_images_stand_where_the_messages_have_them(client: HuggingFaceClient) -> None:
    """Of a whole conversation, also those of earlier messages."""
    talk = client.fork()
    talk.messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [url(RED), {"type": "text", "text": "One"}]},
        {"role": "assistant", "content": "Seen"},
    ]
    turn = spoken(talk, "Two", [BLUE, RED])
    prompt = (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<image>One<|im_end|>\n"
        "<|im_start|>assistant\nSeen<|im_end|>\n<|im_start|>user\nTwo<image><image><|im_end|>\n<|im_start|>assistant\n"
    )
    wanted, other = bare(client, prompt, [RED, BLUE, RED]), bare(client, prompt, [BLUE, RED, RED])
    assert difference(turn, wanted) < 1e-4
    assert difference(turn, other) > 1e-3


def url(image: bytes) -> dict[str, Any]:
    from base64 import b64encode

    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{b64encode(image).decode()}"}}


def test_a_message_without_images_is_read_too(client: HuggingFaceClient) -> None:
    """And computed as if no other conversation had images; its second turn goes on from the first."""
    client.clear_cache()
    spoken(client.fork(), "Look", [RED])
    talk = client.fork()
    first, second = spoken(talk, "Hello"), spoken(talk, "And?")
    assert "Hello" in client.hf_tokenizer.decode(first.prompt)
    assert (first.reused, second.reused > 0) == (0, True)
    for turn in (first, second):
        wanted = bare(client, client.hf_tokenizer.decode(turn.prompt), [])
        assert difference(turn, wanted) < 1e-4


def test_an_image_that_cannot_be_read_is_an_error_and_leaves_history_as_it_was(client: HuggingFaceClient) -> None:
    talk = client.fork()
    with pytest.raises(InvalidRequestError, match="image 2 of the conversation") as found:
        talk.chat("Look", images=[RED, RED[:40]])
    assert found.value.__cause__
    assert talk.messages == []


def test_a_model_that_does_not_see_is_shown_nothing(tmp_path: Path) -> None:
    with micro("hf", tmp_path) as blind:
        with pytest.raises(ValueError, match="does not support vision"):
            blind.chat("Look", images=[RED])
        blind.messages = [{"role": "user", "content": [url(RED)]}, {"role": "assistant", "content": "Seen"}]
        with pytest.raises(InvalidRequestError, match="sees no images"):
            blind.chat("Again")
        assert len(blind.messages) == 2
