"""The grammar maker of llama.cpp takes every schema that is said to have a grammar."""

import json
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given
from pydantic import TypeAdapter

if find_spec("llama_cpp") is None:
    pytest.skip("this environment has no llama.cpp", allow_module_level=True)

from llama_cpp import llama_sampler_free, llama_sampler_init_grammar
from llama_cpp.llama_grammar import json_schema_to_gbnf

from aimu.wire.schemas import for_grammar, has_grammar
from tests.aimu.wire.test_schemas import SCHEMAS, Node, Plain, Rich


def is_read(schema: Node) -> bool:
    """Whether llama.cpp itself can read the grammar; it ends the process that samples by another one."""
    text = json_schema_to_gbnf(json.dumps(for_grammar(schema)))
    if sampler := llama_sampler_init_grammar(None, text.encode(), b"root"):
        llama_sampler_free(sampler)
    return bool(sampler)


@given(SCHEMAS)
def test_a_grammar_is_made_of_whatever_is_said_to_have_one(schema: Node) -> None:
    assert has_grammar(schema)
    assert is_read(schema)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string", "maxLength": 100_000},
        {"type": "string", "minLength": 5_000},
        {"type": "string", "maxLength": 5.0},
        {"type": "array", "items": {"type": "integer"}, "maxItems": 100_000},
        {"type": "string", "pattern": "^a{1,100000}$"},
        {"type": "string", "pattern": "^[]a]$"},
        {"type": "string", "pattern": "^{}$"},
        {"enum": ["é", "日", 1, 1.5, True, None]},
    ],
    ids=str,
)
def test_what_the_grammar_cannot_say_is_left_to_the_validator(part: Node) -> None:
    schema = {"type": "object", "properties": {"a": part}}
    assert has_grammar(schema)
    assert is_read(schema)


def test_patterns_and_models_compile() -> None:
    """Compiled by llama.cpp itself, which has stricter rules than the maker."""
    patterns: list[Any] = ["^[a-c]{2}-x*$", "(?!x)y", r"^\\d+$", "abc", "^(a|b)$"]
    schemas = [{"type": "object", "properties": {"é b.c": {"type": "string", "pattern": one}}} for one in patterns]
    for schema in [*schemas, *(TypeAdapter(model).json_schema() for model in (Plain, Rich))]:
        assert has_grammar(schema)
        assert is_read(schema)
