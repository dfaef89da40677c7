"""Grammars in llama.cpp's own notation, made from rules."""

from __future__ import annotations

import json
import re

from llama_cpp import Llama, llama_model_get_vocab, llama_sampler_free, llama_sampler_init_grammar
from llama_cpp.llama_grammar import LlamaGrammar, json_schema_to_gbnf

from aimu.wire.guide import Rule
from aimu.wire.thinktags import CLOSE, OPEN

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|[A-Za-z][\w-]*')  # a text, a set of characters, or a name

_THOUGHT = rf'"{OPEN}" ([^<] | "<" [^/])* "{CLOSE}" "\n"*'


def grammar_of(rule: Rule, llama: Llama) -> LlamaGrammar | None:
    """The grammar of a rule; None when it is one for calls that llama.cpp cannot read, for calls are checked later too.

    Raises:
        ValueError: llama.cpp cannot read the grammar of an answer.
    """
    text = _gbnf(rule)
    if _is_readable(text, llama):  # sampling by one that is not would end the process
        return LlamaGrammar.from_string(text, verbose=False)
    if rule.schema:
        raise ValueError(f"llama.cpp cannot read the grammar of this schema; make it simpler: {rule.schema!r}")
    return None


def _gbnf(rule: Rule) -> str:
    parts, choices = [], []
    if rule.schema:
        parts.append(_json("answer", rule.schema))
        choices.append("answer-root")
    if call := rule.constraint:
        parts.append(_json("call", call.schema))
        body = f"{_literal(call.before)} call-root {_literal(call.after)}"
        choices.append(body if rule.is_inside else f"({_literal(call.opener)} {body})+")
    thought = f"({_THOUGHT})? " if rule.may_think else ""
    return "\n".join([f"root ::= {thought}({' | '.join(choices)})", *parts])


def _json(name: str, schema: object) -> str:
    """The rules of a schema, each called ``name-...`` so that they can stand beside others."""

    def renamed(found: re.Match[str]) -> str:
        word = found[0]
        return f"{name}-{word}" if word[0].isalpha() else word

    return _TOKEN.sub(renamed, json_schema_to_gbnf(json.dumps(schema)))


def _literal(text: str) -> str:
    return json.dumps(text)


def _is_readable(text: str, llama: Llama) -> bool:
    sampler = llama_sampler_init_grammar(llama_model_get_vocab(llama.model), text.encode(), b"root")
    if sampler:
        llama_sampler_free(sampler)
    return bool(sampler)
