"""The grammar maker of llama.cpp takes every schema that is said to have a grammar."""

import json
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given
from pydantic import TypeAdapter

if find_spec("llama_cpp") is None:
    pytest.skip("this environment has no llama.cpp", allow_module_level=True)

from llama_cpp.llama_grammar import LlamaGrammar, json_schema_to_gbnf

from aimu.wire.schemas import for_grammar, has_grammar
from tests.aimu.wire.test_schemas import SCHEMAS, Node, Plain, Rich


@given(SCHEMAS)
def test_a_grammar_is_made_of_whatever_is_said_to_have_one(schema: Node) -> None:
    assert has_grammar(schema)
    assert json_schema_to_gbnf(json.dumps(for_grammar(schema)))


def test_patterns_and_models_compile() -> None:
    """Compiled by llama.cpp itself, which has stricter rules than the maker."""
    patterns: list[Any] = ["^[a-c]{2}-x*$", "(?!x)y", r"^\\d+$", "abc", "^(a|b)$"]
    schemas = [{"type": "object", "properties": {"é b.c": {"type": "string", "pattern": one}}} for one in patterns]
    for schema in [*schemas, *(TypeAdapter(model).json_schema() for model in (Plain, Rich))]:
        assert has_grammar(schema)
        assert LlamaGrammar.from_json_schema(json.dumps(for_grammar(schema)), verbose=False)
