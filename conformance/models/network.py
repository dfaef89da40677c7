"""The micro model's network: a Llama with the parameter names of transformers, small and quick to train."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5


@dataclass(frozen=True)
class Shape:
    """Sizes of a network.

    Attributes:
        vocabulary: Tokens.
        layers: Blocks.
        width: Of the stream between them.
        heads: Attention heads.
        head: Width of each; what is below 64 copies badly.
        hidden: Width inside a block's second half.
        theta: Base of the rotary angles.
        context: Tokens at most.
    """

    vocabulary: int = 512
    layers: int = 4
    width: int = 128
    heads: int = 4
    head: int = 64
    hidden: int = 256
    theta: float = 1e5
    context: int = 2048

    def angles(self) -> Tensor:
        """How far each pair of a head turns from one place to the next."""
        return 1.0 / self.theta ** (torch.arange(0, self.head, 2).float() / self.head)


class Norm(nn.Module):  # type: ignore[misc]
    """Root mean square norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, x.shape[-1:], self.weight, EPSILON)


class Attention(nn.Module):  # type: ignore[misc]
    """Causal attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape
        inner = shape.heads * shape.head
        self.q_proj = nn.Linear(shape.width, inner, bias=False)
        self.k_proj = nn.Linear(shape.width, inner, bias=False)
        self.v_proj = nn.Linear(shape.width, inner, bias=False)
        self.o_proj = nn.Linear(inner, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, _ = x.shape
        weight = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight))
        mixed = functional.linear(x, weight).view(batch, length, 3, self._shape.heads, self._shape.head)
        first, second = mixed[:, :, :2].chunk(2, -1)
        turned = torch.cat((first * cos - second * sin, second * cos + first * sin), -1)
        query, key, value = (part.transpose(1, 2) for part in (turned[:, :, 0], turned[:, :, 1], mixed[:, :, 2]))
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        out: Tensor = self.o_proj(seen.transpose(1, 2).reshape(batch, length, -1))
        return out


class Gated(nn.Module):  # type: ignore[misc]
    """A block's second half."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down_proj = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Block(nn.Module):  # type: ignore[misc]
    """One layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = Norm(shape.width)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.width)
        self.mlp = Gated(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Trunk(nn.Module):  # type: ignore[misc]
    """Everything below the head."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)


class Network(nn.Module):  # type: ignore[misc]
    """A causal language model whose head is its embedding.

    Args:
        shape: Sizes.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Trunk(shape)
        turns = torch.outer(torch.arange(shape.context).float(), shape.angles())
        self.register_buffer("cos", turns.cos(), persistent=False)
        self.register_buffer("sin", turns.sin(), persistent=False)
        _spread(self)
        _start_copying(self)

    def forward(self, ids: Tensor, wanted: Tensor | None = None) -> Tensor:
        """Logits at every place, or where ``wanted`` says so.

        Args:
            ids: Token ids, batch by length.
            wanted: Booleans of that shape.
        """
        length = ids.shape[1]
        cos, sin = self.get_buffer("cos"), self.get_buffer("sin")
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, cos[None, :length, None, None], sin[None, :length, None, None])
        if wanted is not None:
            x = x[wanted]
        return functional.linear(self.model.norm(x), self.model.embed_tokens.weight)


def _spread(network: Network) -> None:
    """Random weights, small where they add to the stream."""
    usual = network.shape.width**-0.5
    for name, parameter in network.named_parameters():
        if parameter.ndim == 2:
            is_last = "o_proj" in name or "down_proj" in name
            scale = 0.02 if "embed" in name else usual * (0.3 if is_last else 1.0)
            nn.init.normal_(parameter, std=scale)


def _start_copying(network: Network, strength: float = 6.0, pairs: int = 8, constant: float = 0.06) -> None:
    """Let the first layer's heads look at the tokens just before, and the others pass on what they see.

    A channel that is the same in every embedding carries the first; it saves most of the time that copying takes to
    learn.
    """
    with torch.no_grad():
        shape, first = network.shape, network.model.layers[0].self_attn
        network.model.embed_tokens.weight[:, 0] = constant
        size = ((0.02**2 * (shape.width - 1) + constant**2) / shape.width) ** 0.5
        peak = torch.zeros(shape.head // 2)
        peak[:pairs] = strength * size / constant
        for place in range(min(shape.heads - 1, 5)):
            rows = slice(place * shape.head, (place + 1) * shape.head)
            back = -(place + 1) * shape.angles()
            first.q_proj.weight[rows] *= 0.1
            first.k_proj.weight[rows] *= 0.1
            first.q_proj.weight[rows, 0] = torch.cat((peak * back.cos(), peak * back.sin()))
            first.k_proj.weight[rows, 0] = torch.cat((peak, torch.zeros_like(peak)))
        for layer in network.model.layers[1:]:
            layer.self_attn.o_proj.weight.copy_(layer.self_attn.v_proj.weight.t() * 0.3)
