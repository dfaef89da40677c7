"""Families of chat templates: which one a template belongs to, and what its templates want."""

import json
from typing import Any

import pytest
from hypothesis import given

from aimu.wire.families import FAMILIES, family_named, family_of
from aimu.wire.schemas import has_grammar
from tests.aimu.strategies import histories

# what is telling in the templates of each family
TEMPLATES = {
    "hermes": [
        '... <tool_call>\\n{\\"name\\": <function-name>, \\"arguments\\": <args-json-object>}\\n</tool_call><|im_end|>',
        '{{- \'<tool_call>\\n{"name": "\' + call.name + \'", "arguments": \' }}{{ call.arguments | tojson }}',
        '<tool_call>{"arguments": <args-dict>, "name": <function-name>}</tool_call>',
    ],
    "qwen_xml": [
        "reply as <tool_call>\n<function=example>\n<parameter=one>\nvalue\n</parameter>\n</function>\n</tool_call>"
    ],
    "llama3": [
        "{{ '<|start_header_id|>user<|end_header_id|>' }}"
        '{{ \'Respond in the format {"name": function name, "parameters": dictionary of\' }}',
    ],
    "mistral": ["{{ '[TOOL_CALLS][' }}", "{{ '[TOOL_CALLS]' + name + '[ARGS]' + arguments }}"],
    "harmony": ["<|start|>assistant<|channel|>final<|message|>"],
    "deepseek": ["{{'<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + tool['type']}}"],
    "plain": [
        "",
        "{% for message in messages %}<|im_start|>{{ message.role }}",
        "<|start_header_id|>{{ message['role'] }}<|end_header_id|>",
        "<tool_call>name\n<arg_key>key</arg_key>",
        "<|channel>thought",
    ],
}


@pytest.mark.parametrize(("name", "template"), [(name, text) for name, texts in TEMPLATES.items() for text in texts])
def test_a_template_tells_its_family(name: str, template: str) -> None:
    assert family_of(template).name == name


def test_a_family_is_found_by_its_name() -> None:
    assert [family_named(name).name for name in FAMILIES] == list(FAMILIES)
    with pytest.raises(ValueError, match=r"no template family 'hermse'; use one of hermes, qwen_xml, .*plain"):
        family_named("hermse")


def test_what_opens_a_call() -> None:
    openers = {name: family.openers for name, family in FAMILIES.items()}
    assert openers["hermes"] == openers["qwen_xml"] == ("<tool_call>",)
    assert openers["mistral"] == ("[TOOL_CALLS]",)
    assert "<｜tool▁calls▁begin｜>" in openers["deepseek"]
    assert openers["llama3"] == openers["harmony"] == openers["plain"] == ()


def call(call_id: str, arguments: str = '{"a": 1}') -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "add", "arguments": arguments}}


def asked(*ids: str, **message: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": [call(name) for name in ids], **message}


def result(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "name": "add", "content": call_id}


def test_a_message_has_the_keys_that_templates_know() -> None:
    hermes = family_named("hermes")
    made = hermes.message(asked("c1", thinking="hm", provider_state={"provider": "x"}))
    wanted = {"name": "add", "arguments": {"a": 1}}
    assert made == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "c1", "type": "function", "function": wanted}],
        "reasoning_content": "hm",
    }
    assert hermes.message({"role": "user", "content": "hi", "name": "ada"}) == {"role": "user", "content": "hi"}
    assert hermes.message(result("c1")) == result("c1")


@pytest.mark.parametrize("arguments", ["", "null", "[1]", '{"a": 1', "hello"])
def test_arguments_that_are_no_object_are_an_empty_one(arguments: str) -> None:
    made = family_named("hermes").message(asked(tool_calls=[call("c1", arguments)]))
    assert made["tool_calls"][0]["function"]["arguments"] == {}


def test_parts_are_text_unless_there_is_something_to_see() -> None:
    hermes = family_named("hermes")
    text, image = {"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "data:"}}
    assert hermes.message({"role": "user", "content": [text, text]})["content"] == "hihi"
    assert hermes.message({"role": "user", "content": [text, image]})["content"] == [text, image]


def test_templates_that_join_arguments_to_text_get_text() -> None:
    joined = TEMPLATES["deepseek"][0] + "{{ tool['function']['arguments'] + '```' }}"
    made = family_of(joined).message(asked("c1"))
    assert made["tool_calls"][0]["function"]["arguments"] == '{"a": 1}'
    dumped = TEMPLATES["deepseek"][0] + "{{ tool['function']['arguments'] | tojson + '```' }}"
    assert family_of(dumped).message(asked("c1"))["tool_calls"][0]["function"]["arguments"] == {"a": 1}


def test_one_call_to_a_message_where_templates_know_no_more() -> None:
    history = [asked("c1", "c2", content="So.", thinking="hm"), result("c2"), result("c1"), asked("c3"), result("c3")]
    for name in ("llama3", "harmony"):
        made = family_named(name).messages(history)
        assert [one.get("tool_call_id") or one["tool_calls"][0]["id"] for one in made] == [
            "c1",
            "c1",
            "c2",
            "c2",
            "c3",
            "c3",
        ]
        assert [len(one.get("tool_calls", ())) for one in made] == [1, 0, 1, 0, 1, 0]
        assert [one["content"] for one in made if one["role"] == "assistant"][1:] == ["", ""]
    assert len(family_named("hermes").messages(history)) == len(history)


def test_what_the_user_said_in_a_row_is_one_message_where_roles_alternate() -> None:
    said = [{"role": "user", "content": text} for text in ("a", "b", "b")]
    for name in ("mistral", "plain"):
        assert family_named(name).messages(said) == [{"role": "user", "content": "a\n\nb\n\nb"}]
    assert family_named("hermes").messages(said) == said


def test_mistral_has_ids_of_nine_letters_and_digits() -> None:
    made = family_named("mistral").messages(
        [asked("call_00001", "abcdefgh9"), result("call_00001"), result("abcdefgh9")]
    )
    ids = [one["id"] for one in made[0]["tool_calls"]]
    assert ids == [one["tool_call_id"] for one in made[1:]]
    assert (len(ids[0]), ids[0].isalnum(), ids[1]) == (9, True, "abcdefgh9")


def test_gpt_oss_keeps_a_thought_beside_calls_only() -> None:
    harmony = family_named("harmony")
    made = harmony.message(asked("c1", thinking="hm", content="So."))
    assert (made["thinking"], made["content"]) == ("hm\n\nSo.", "")
    assert "thinking" not in harmony.message(asked("c1", content="So."))
    assert harmony.message({"role": "assistant", "content": "So.", "thinking": "hm"}) == {
        "role": "assistant",
        "content": "So.",
    }


def test_deepseek_says_none_where_a_template_asks_for_it() -> None:
    asks = TEMPLATES["deepseek"][0] + "{% if message['content'] is not none %}"
    assert family_of(asks).message(asked("c1", content="So."))["content"] is None
    assert family_named("deepseek").message(asked("c1", content="So."))["content"] == "So."
    assert family_named("deepseek").message(asked("c1"))["content"] is None
    assert family_of(asks).message({"role": "assistant", "content": "So."})["content"] == "So."


@pytest.mark.parametrize("name", FAMILIES)
@given(history=histories())
def test_any_history_keeps_its_words_and_every_call_its_result(name: str, history: list[dict[str, Any]]) -> None:
    made = family_named(name).messages(history)
    results = [one["tool_call_id"] for one in made if one["role"] == "tool"]
    assert [one["id"] for message in made for one in message.get("tool_calls", ())] == results
    assert len(results) == sum(message["role"] == "tool" for message in history)
    said = [message["content"] for message in history if message["role"] == "user"]
    assert "\n\n".join(one["content"] for one in made if one["role"] == "user") == "\n\n".join(said)
    assert json.dumps(made)


@pytest.mark.parametrize(
    ("template", "thinking", "variables"),
    [
        ("{{ messages }}", True, {}),
        ("{% if enable_thinking %}", None, {"enable_thinking": False}),
        ("{% if enable_thinking %}", False, {"enable_thinking": False}),
        ("{% if enable_thinking %}", "high", {"enable_thinking": True}),
        ("{% if enable_thinking %}", 4000, {"enable_thinking": True}),
        ("{%- if not thinking is defined -%}", None, {"thinking": False}),
        ("{%- elif thinking %}", True, {"thinking": True}),
        ("{{ 'stop and thinking' }}{{ message.thinking }}{% if message.thinking %}", True, {}),
        ("{%- if 'if thinking' in text %}", True, {}),
        ("{{ reasoning_effort }}", None, {}),
        ("{{ reasoning_effort }}", False, {"reasoning_effort": "low"}),
        ("{{ reasoning_effort }}", True, {"reasoning_effort": "medium"}),
        ("{{ reasoning_effort }}", "minimal", {"reasoning_effort": "low"}),
        ("{{ reasoning_effort }}", "max", {"reasoning_effort": "high"}),
        ("{{ reasoning_effort }}", 1024, {"reasoning_effort": "low"}),
    ],
)
def test_thinking_is_asked_for_by_the_variables_that_a_template_has(
    template: str, thinking: Any, variables: dict[str, Any]
) -> None:
    for family in FAMILIES.values():
        assert family.variables(template, thinking) == variables


def tool(name: str, parameters: dict[str, Any] | None) -> dict[str, Any]:
    function = {"name": name, "description": "d"} | ({} if parameters is None else {"parameters": parameters})
    return {"type": "function", "function": function}


OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
POINT = {"type": "object", "properties": {"x": {"type": "string", "pattern": "(?=a)"}}}
WITH_POINT = {"type": "object", "properties": {"p": {"$ref": "#/$defs/P"}}, "$defs": {"P": POINT}}


def test_hermes_constrains_what_follows_the_opener() -> None:
    found = family_named("hermes").constraint([tool("add", OBJECT), tool("now", None), tool("go", WITH_POINT)])
    assert found is not None
    assert (found.opener, found.before, found.after) == ("<tool_call>", "\n", "\n</tool_call>")
    first, second, third = found.schema["anyOf"]
    assert first == {
        "type": "object",
        "properties": {"name": {"const": "add"}, "arguments": OBJECT},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
    assert second["properties"]["arguments"] == {"type": "object", "properties": {}}
    assert third["properties"]["arguments"] == {"type": "object", "properties": {"p": {"$ref": "#/$defs/P"}}}
    assert found.schema["$defs"] == {"P": {"type": "object", "properties": {"x": {"type": "string"}}}}
    assert has_grammar(found.schema)


@pytest.mark.parametrize(
    "tools",
    [
        [],
        [tool("add", {"type": "object", "properties": {"a": {"not": {}}}})],
        [tool("add", OBJECT), tool("any", {"type": "object", "properties": {"a": {}}})],
        [tool("go", WITH_POINT), tool("do", {**WITH_POINT, "$defs": {"P": OBJECT}})],
    ],
)
def test_no_constraint_where_no_grammar_says_the_same(tools: list[dict[str, Any]]) -> None:
    assert family_named("hermes").constraint(tools) is None


def test_only_hermes_has_a_simple_form() -> None:
    assert [name for name, family in FAMILIES.items() if family.constraint([tool("add", OBJECT)])] == ["hermes"]
