"""Models in this process: a rendered prompt out, text in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.reply import Prompt, Reply, Request
from aimu.core.structured import output_schema
from aimu.errors import InvalidRequestError
from aimu.wire.families import family_named
from aimu.wire.transcript import TranscriptCodec
from tests.aimu.strategies import TEXTS, joined, pieces

END = {"finish_reason": "stop", "usage": {"input_tokens": 3, "output_tokens": 2, "cache_read_tokens": 1}}
USER = {"role": "user", "content": "hi"}
PARAMETERS = {"type": "object", "properties": {"city": {"enum": ["Rome", "Oslo"]}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "", "parameters": PARAMETERS}}]
OPEN_TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"not": {}}}}]
ANSWER = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "title": "A"}


def render(messages: list[dict[str, Any]], **variables: Any) -> str:
    return f"{messages} {variables}"


def codec(family: str = "hermes", template: str = "enable_thinking", *, has_grammars: bool = True) -> TranscriptCodec:
    names = {"max_tokens": "n_predict", "stop": "stop"}
    return TranscriptCodec(template, render, family_named(family), names, has_grammars=has_grammars)


def asked(
    made: TranscriptCodec,
    *,
    messages: Any = (USER,),
    tools: Any = (),
    may_call: bool = True,
    parameters: Any = (),
    schema: Any = None,
) -> dict[str, Any]:
    options = dict(parameters)
    prompt = Prompt(list(messages), list(tools), may_call, options, True, schema=output_schema(schema, options))
    return made.encode(prompt).body


def read(events: list[Any], prompt: str = "hi", tools: Any = ()) -> Reply:
    decoder = codec().decoder(Request("", {"prompt": prompt, "tools": tools}, True))
    found = [piece for event in events for piece in decoder.feed(event)] + list(decoder.finish())
    assert joined(found, GENERATING) == decoder.reply.text
    assert joined(found, THINKING) == decoder.reply.thinking
    return decoder.reply


@given(TEXTS, TEXTS.filter(lambda text: "</think>" not in text), st.data())
def test_any_cut_of_the_text_gives_the_same_reply(text: str, thought: str, data: st.DataObject) -> None:
    for prompt, said in (("hi", f"<think>{thought}</think>{text}"), ("hi<think>\n", f"{thought}</think>{text}")):
        whole = read([said, END], prompt)
        assert read([*data.draw(pieces(said)), END], prompt) == whole
        assert whole.usage == {"input_tokens": 3, "output_tokens": 2, "cache_read_tokens": 1}


@given(st.data())
def test_any_cut_of_a_call_gives_the_same_call(data: st.DataObject) -> None:
    said = 'Sure.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'
    reply = read([*data.draw(pieces(said)), END], tools=TOOLS)
    assert [(call.name, call.arguments) for call in reply.calls] == [("weather", '{"city": "Rome"}')]
    assert (reply.text.strip(), reply.stop_reason) == ("Sure.", "tool_calls")


@pytest.mark.parametrize("reason", ["stop", "length", "stop_sequence"])
def test_why_a_reply_without_calls_ended_is_what_the_engine_says(reason: str) -> None:
    assert read(["a", {**END, "finish_reason": reason}]).stop_reason == reason


def test_a_call_cut_off_by_the_limit_was_cut_off() -> None:
    said = '<tool_call>\n{"name": "weather", "arguments": {"ci'
    reply = read([said, {**END, "finish_reason": "length"}], tools=TOOLS)
    assert (reply.stop_reason, len(reply.calls)) == ("length", 1)


def test_parameters_are_the_engines_and_thinking_is_the_templates() -> None:
    given_ones = {"max_tokens": 5, "seed": 1, "grammar": "x", "thinking": "high"}
    parameters, dropped = codec().parameters(given_ones)
    assert (parameters, dropped) == ({"n_predict": 5, "grammar": "x", "thinking": "high"}, ["seed"])
    messages = [{**USER, "name": "ada"}, {"role": "assistant", "content": "a", "thinking": "t"}]
    body = asked(codec(), messages=messages, parameters=parameters)
    plain = [USER, {"role": "assistant", "content": "a", "reasoning_content": "t"}]
    assert body == {
        "prompt": render(plain, tools=None, enable_thinking=True),
        "n_predict": 5,
        "grammar": "x",
        "tools": [],
    }
    assert given_ones["thinking"] == "high"
    assert "enable_thinking" not in asked(codec(template=""), parameters={"thinking": True})["prompt"]


def test_forbidden_calls_leave_the_tools_in_the_prompt_and_ban_what_opens_a_call() -> None:
    free, barred = asked(codec(), tools=TOOLS), asked(codec(), tools=TOOLS, may_call=False)
    assert free["prompt"] == barred["prompt"] == render([USER], tools=TOOLS, enable_thinking=False)
    assert ("banned" in free, barred["banned"]) == (False, ("<tool_call>",))
    assert "constraint" not in barred


def test_a_family_whose_calls_have_no_opener_is_shown_no_tools_where_calls_are_forbidden() -> None:
    assert "weather" in asked(codec("llama3", ""), tools=TOOLS)["prompt"]
    barred = asked(codec("llama3", ""), tools=TOOLS, may_call=False)
    assert barred["prompt"] == render([USER], tools=None)
    assert (barred["tools"], "banned" in barred) == ([], False)


def test_only_an_engine_with_grammars_is_told_what_a_call_has_to_be() -> None:
    constraint = asked(codec(), tools=TOOLS)["constraint"]
    assert (constraint.opener, constraint.schema["anyOf"][0]["properties"]["arguments"]) == ("<tool_call>", PARAMETERS)
    assert "constraint" not in asked(codec(has_grammars=False), tools=TOOLS)
    assert "constraint" not in asked(codec(), tools=OPEN_TOOLS)


def test_an_answer_is_kept_to_a_schema_where_a_grammar_can_say_it() -> None:
    schema = output_schema(ANSWER, {})
    assert schema
    assert (codec().constrains(schema), codec(has_grammars=False).constrains(schema)) == (True, False)
    body = asked(codec(), schema=ANSWER, tools=TOOLS)
    assert body["schema"]["properties"] == ANSWER["properties"]
    assert "constraint" in body


def test_images_are_handed_on_in_their_order_with_the_prompt() -> None:
    def seen(*urls: str) -> dict[str, Any]:
        parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        return {"role": "user", "content": [{"type": "text", "text": "look"}, *parts]}

    body = asked(codec(), messages=[seen("a", "b"), {"role": "assistant", "content": "x"}, seen("c")])
    assert body["images"] == ["a", "b", "c"]
    assert "images" not in asked(codec())


def test_a_schema_beside_tools_without_a_grammar_is_told_after_the_system_message() -> None:
    for messages, before in (([{"role": "system", "content": "be brief"}, USER], "be brief\n\n"), ([USER], "")):
        body = asked(codec(), messages=messages, tools=OPEN_TOOLS, schema=ANSWER)
        schema = output_schema(ANSWER, {})
        assert schema
        told = [{"role": "system", "content": before + schema.instruction()}, USER]
        assert body["prompt"] == render(told, tools=OPEN_TOOLS, enable_thinking=False)


@pytest.mark.parametrize("thinking", [True, False])
def test_a_thought_may_come_before_an_answer_to_a_schema_where_one_was_asked_for(thinking: bool) -> None:
    assert asked(codec(), parameters={"thinking": thinking}, schema=ANSWER)["may_think"] is thinking


@pytest.mark.parametrize(
    "name", ["prompt", "images", "tools", "schema", "banned", "constraint", "limit", "may_think", "inputs"]
)
def test_what_a_request_is_made_of_is_no_parameter(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=rf"no generate_kwargs called {name}$"):
        codec().parameters({name: 1, "max_tokens": 5})
