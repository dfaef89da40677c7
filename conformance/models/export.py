"""``python -m conformance.models.export --run DIR --out DIR``: weights as a Hugging Face folder and as GGUF."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

from conformance.models import MICRO_GGUF, pin
from conformance.models.network import EPSILON, Shape
from conformance.models.rendering import TEMPLATE
from conformance.models.tokenizer import load, save

REPLY_LIMIT = 256
CONTROL, USER_DEFINED, NORMAL = 3, 4, 1
_IN_BLOCK = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def export(run: Path, out: Path) -> None:
    """Write the model twice, in half precision, and pin both.

    Args:
        run: Folder of a training run: weights.pt and the tokenizer.
        out: Folder to write to.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = torch.load(run / "weights.pt")
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        staged = Path(folder)
        save(load(run), staged)
        _write_folder(weights, Shape(), staged)
        _write_gguf(weights, Shape(), staged)
        for path in staged.iterdir():
            path.chmod(0o644)
            path.replace(out / path.name)  # who has the old file mapped keeps it
    pin(out)


def _write_folder(weights: Mapping[str, Any], shape: Shape, out: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(out)
    ends = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.width,
            intermediate_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            head_dim=shape.head,
            rms_norm_eps=EPSILON,
            tie_word_embeddings=True,
            max_position_embeddings=shape.context,
            rope_parameters={"rope_type": "default", "rope_theta": shape.theta},
            **ends,
        )
    )
    model.load_state_dict({**weights, "lm_head.weight": weights["model.embed_tokens.weight"]})
    model.tie_weights()
    model.generation_config = GenerationConfig(do_sample=False, max_new_tokens=REPLY_LIMIT, **ends)
    model.to(torch.float16).save_pretrained(out)


def _write_gguf(weights: Mapping[str, Any], shape: Shape, out: Path) -> None:
    writer = gguf.GGUFWriter(str(out / MICRO_GGUF.name), "llama")
    _write_shape(writer, shape)
    _write_tokens(writer, load(out), shape)
    writer.add_chat_template(TEMPLATE.read_text(encoding="utf-8").rstrip("\n"))
    for name, value in sorted(weights.items()):
        array = _rotated(name, value, shape).half().numpy()
        writer.add_tensor(_name_in_gguf(name), array if array.ndim == 2 else array.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: Any, shape: Shape) -> None:
    writer.add_name("micro")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(shape.theta)
    writer.add_rope_dimension_count(shape.head)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)


def _write_tokens(writer: Any, tokenizer: Any, shape: Shape) -> None:
    described = json.loads(tokenizer.to_str())
    texts, kinds = [""] * shape.vocabulary, [NORMAL] * shape.vocabulary
    for text, number in described["model"]["vocab"].items():
        texts[number] = text
    for added in described["added_tokens"]:
        texts[added["id"]] = added["content"]
        kinds[added["id"]] = CONTROL if added["special"] else USER_DEFINED
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in described["model"]["merges"]])
    pad, _, end = (added["id"] for added in described["added_tokens"][:3])
    writer.add_bos_token_id(pad)
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(pad)
    writer.add_add_bos_token(False)


def _rotated(name: str, value: Any, shape: Shape) -> Any:
    """Rows of queries and keys in the order that ggml turns them: pairs side by side, not halves."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return value
    halves = value.reshape(shape.heads, 2, shape.head // 2, shape.width)
    return halves.transpose(1, 2).reshape(shape.heads * shape.head, shape.width).contiguous()


def _name_in_gguf(name: str) -> str:
    outside = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if name in outside:
        return outside[name]
    _, _, number, *inner, _ = name.split(".")
    return f"blk.{number}.{_IN_BLOCK['.'.join(inner)]}.weight"


def main(arguments: Sequence[str] | None = None) -> int:
    """Export a run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m conformance.models.export", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of a training run")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    found = parser.parse_args(arguments)
    export(found.run, found.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
