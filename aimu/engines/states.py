"""What transformers has computed of a prompt: caches of keys and values, measured and cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def size_of(cache: Any) -> int:
    """Bytes of all tensors of a cache, whatever its layers are."""
    return sum(int(tensor.untyped_storage().nbytes()) for layer in cache.layers for tensor in _tensors(vars(layer)))


def head_of(cache: Any, count: int, config: Any) -> Any:
    """A copy of the first ``count`` tokens of a cache; None where its layers do not keep each token."""
    if any(type(layer).__name__ != "DynamicLayer" for layer in cache.layers):
        return None
    head = type(cache)(config=config)
    for index, layer in enumerate(cache.layers):
        head.update(layer.keys[..., :count, :].clone(), layer.values[..., :count, :].clone(), index)
    return head


def _tensors(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _tensors(inner)
    elif hasattr(value, "untyped_storage"):
        yield value
