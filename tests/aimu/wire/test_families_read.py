"""What models write, family by family: text, thinking and calls, however the text is cut."""

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu.core.chunks import GENERATING, THINKING
from aimu.core.reply import Piece, Reply
from aimu.wire.families import FAMILIES, family_named
from tests.aimu.strategies import joined, pieces

CALL = ("add", '{"a": 1}')
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "add",
            "parameters": {
                "type": "object",
                "properties": {
                    "n": {"type": "integer"},
                    "s": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "b": {"type": "boolean"},
                    "e": {"enum": ["1", "2"]},
                    "o": {"type": "object"},
                },
            },
        },
    }
]


class Case(NamedTuple):
    """A reply and what it says: calls are (name, arguments) or (name, arguments, id)."""

    text: str
    said: str = ""
    thought: str = ""
    calls: tuple[tuple[str, ...], ...] = ()
    prompt: str = ""


def hermes(name: str, arguments: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


ADD, SUB = hermes("add", '{"a": 1}'), hermes("sub", '{"b": "x"}')
SUBTRACT = ("sub", '{"b": "x"}')
SEP, CALLS_BEGIN, CALLS_END = "<｜tool▁sep｜>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
CALL_BEGIN, CALL_END = "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"
ANALYSIS, FINAL = "<|channel|>analysis<|message|>", "<|channel|>final<|message|>"
ASKED = "<|start|>user<|message|>hi<|end|><|start|>assistant"
TO_ADD = "<|channel|>commentary to=functions.add <|constrain|>json<|message|>"

CASES: dict[str, list[Case]] = {
    "plain": [
        Case("Hello."),
        Case("  Hello. \n\n"),
        Case("<think>\nhm\n</think>\n\nHello.", "Hello.", "hm"),
        Case("hm</think>Hello.", "Hello.", "hm", prompt="<think>\n"),
        Case("<think>hm", "", "hm"),
        Case("<think>hm</thi", "", "hm</thi"),
        Case("a <tool_call> b", "a <tool_call> b"),
        Case("one<|im_end|>\n<|im_start|>two", "one\ntwo"),
        Case("<|im_", "<|im_"),
    ],
    "hermes": [
        Case('<tool_call>{"name": 5, "id": 7, "arguments": {}}</tool_call>', calls=(("", "{}"),)),
        Case('<tool_call>{"name": "a\\x", "arguments": {"a": 1</tool_call>', calls=(("", '{"a": 1'),)),
        Case("Hello."),
        Case("1 < 2 <tool", "1 < 2 <tool"),
        Case(ADD, calls=(CALL,)),
        Case(f"{ADD}\n{SUB}\n", calls=(CALL, SUBTRACT)),
        Case(f"Let me see.\n{ADD}", "Let me see.", calls=(CALL,)),
        Case(f"One.\n{ADD}\n\nTwo.\n{SUB}\nThree.\n", "One.\nTwo.\nThree.\n", calls=(CALL, SUBTRACT)),
        Case(f"\n\n{ADD}\nDone.", "Done.", calls=(CALL,)),
        Case(f"<think>\nhm\n</think>\n\n{ADD}", "", "hm", (CALL,)),
        Case(f"<think>I say {ADD}</think>No.", "No.", f"I say {ADD}"),
        Case(f"I say {ADD}", "", f"I say {ADD}", prompt="<think>\n"),
        Case(f"hm</think>{ADD}", "", "hm", (CALL,), "<|im_start|>assistant\n<think>"),
        Case(f"{ADD}", calls=(CALL,), prompt="<think>\n\n</think>\n\n"),
        Case('<tool_call>{"name":"add","arguments":{"a":1}}</tool_call>', calls=(CALL,)),
        Case('<tool_call>{"arguments": {"name": "x"}, "name": "add"}</tool_call>', calls=(("add", '{"name": "x"}'),)),
        Case(hermes("add", '{"t": "</tool_call>"}'), calls=(("add", '{"t": "</tool_call>"}'),)),
        Case(hermes("add", '{"t": "\\"<tool_call>"}'), calls=(("add", '{"t": "\\"<tool_call>"}'),)),
        Case(f"{ADD.removesuffix('</tool_call>')}{SUB}", calls=(CALL, SUBTRACT)),
        Case(
            '<tool_call>[{"name": "add", "arguments": {"a": 1}}, {"name": "b"}]</tool_call>', calls=(CALL, ("b", "{}"))
        ),
        Case(hermes("add", '"{\\"a\\":1}"'), calls=(CALL,)),
        Case('<tool_call>{"function": {"name": "add", "arguments": {"a": 1}}}</tool_call>', calls=(CALL,)),
        Case('<tool_call>{"id": "c1", "name": "add", "arguments": {"a": 1}}</tool_call>', calls=((*CALL, "c1"),)),
        Case(hermes("é", '{"é": "\\u00e9"}'), calls=(("é", '{"é": "é"}'),)),
        # what a tool message will name as a problem, or a model can be forgiven
        Case('<tool_call>{"name": "add", "parameters": {"a": 1}}</tool_call>', calls=(CALL,)),
        Case('<tool_call>{"name": "add", "args": {"a": 1}}</tool_call>', calls=(("add", '{"args": {"a": 1}}'),)),
        Case('<tool_call>{"name": "add", "arguments": {"a": 1}}}</tool_call>', calls=(CALL,)),
        Case('<tool_call>{"name": "add", "arguments": {"a": 1}', calls=(CALL,)),
        Case('<tool_call>{"name": "add", "arguments": {"a": 1', calls=(("add", '{"a": 1'),)),
        Case('<tool_call>{"name": "add", "arguments": [1]}</tool_call>', calls=(("add", "[1]"),)),
        Case('<tool_call>{"name": "add", "arguments": null}</tool_call>', calls=(("add", "null"),)),
        Case(hermes("add", '{"a": NaN}'), calls=(("add", '{"a": NaN}}'),)),
        Case(hermes("add", '{"a": 1e999}'), calls=(("add", '{"a": 1e999}}'),)),
        Case(hermes("add", "hello"), calls=(("add", "hello}"),)),
        Case('<tool_call>{"name": "add"', calls=(("add", '{"name": "add"'),)),
        Case('<tool_call>{"name": "add", "arguments": ', calls=(("add", '{"name": "add", "arguments":'),)),
        Case('<tool_call>{"na', calls=(("", '{"na'),)),
        Case("<tool_call>add(1)</tool_call>", calls=(("", "add(1)"),)),
        Case("<tool_call>7</tool_call>", calls=(("", "7"),)),
        Case("<tool_call>", calls=(("", ""),)),
        Case(
            f'<tool_call>{{"name": "add", "arguments": {{"a": "x}}}}</tool_call>So.{SUB}',
            "So.",
            calls=(("add", '{"a": "x}}'), SUBTRACT),
        ),
        Case(
            '<tool_call>{"name": "add", "arguments": {"a": 1}}{"name": "sub", "argu',
            calls=(CALL, ("sub", '{"name": "sub", "argu')),
        ),
    ],
    "qwen_xml": [
        Case("Hello."),
        Case(
            "<tool_call>\n<function=add>\n<parameter=s>\nMalmö\n</parameter>\n</function>\n</tool_call>",
            calls=(("add", '{"s": "Malmö"}'),),
        ),
        Case(
            "So.\n<tool_call>\n<function=add>\n<parameter=n>\n5\n</parameter>\n<parameter=s>\n5\n</parameter>\n"
            "<parameter=b>\nTrue\n</parameter>\n<parameter=o>\n{}\n</parameter>\n</function>\n</tool_call>",
            "So.",
            calls=(("add", '{"n": 5, "s": "5", "b": true, "o": {}}'),),
        ),
        Case(
            "<tool_call><function=new><parameter=n>5</parameter></function></tool_call>", calls=(("new", '{"n": "5"}'),)
        ),
        Case(
            "<tool_call><function=add><parameter=n>five<parameter=e>2</function></tool_call>",
            calls=(("add", '{"n": "five", "e": "2"}'),),
        ),
        Case("<tool_call>\n<function=now>\n</function>\n</tool_call>\nDone.", "Done.", calls=(("now", "{}"),)),
        Case(
            "<tool_call><function=add><parameter=s>\na\n</tool_call>\n\nb\n</parameter></function></tool_call>",
            calls=(("add", '{"s": "a\\n</tool_call>\\n\\nb"}'),),
        ),
        Case("<tool_call><function=add><parameter=n>1</parameter>", calls=(("add", "<parameter=n>1</parameter>"),)),
        Case("<tool_call><function=add><parameter=n>1", calls=(("add", "<parameter=n>1"),)),
        Case("<tool_call><function=add>\n", calls=(("add", "<function=add>"),)),
        Case("<tool_call><function=ad", calls=(("", "<function=ad"),)),
        Case(ADD, calls=(CALL,)),
    ],
    "llama3": [
        Case("Hello."),
        Case("  Hello."),
        Case('{"name": "add", "parameters": {"a": 1}}', calls=(CALL,)),
        Case('\n\n{"name": "add", "parameters": {"a": 1}}\n', calls=(CALL,)),
        Case('{"type": "function", "name": "now"}', calls=(("now", "{}"),)),
        Case('{"type": "function", "function": {"name": "add", "parameters": {"a": 1}}}', calls=(CALL,)),
        Case(
            '{"name": "add", "arguments": {"a": 1}}; {"name": "sub", "parameters": {"b": "x"}}', calls=(CALL, SUBTRACT)
        ),
        Case('{"name": "add", "parameters": {"a": 1}}\n{"name": "b", "pa', calls=(CALL, ("b", '{"name": "b", "pa'))),
        Case('{"name": "add", "parameters": {"a": 1}}\n\nDone.', "Done.", calls=(CALL,)),
        Case('{"name": "add", "parameters": {"a": 1}} ]', " ]", calls=(CALL,)),
        Case('<|python_tag|>{"name": "add", "parameters": {"a": 1}}<|eom_id|>', calls=(CALL,)),
        Case('So.\n<|python_tag|>{"name": "add", "parameters": {"a": 1}}', "So.", calls=(CALL,)),
        Case('<|python_tag|>{"name": "add", "param', calls=(("add", '{"name": "add", "param'),)),
        Case("<|python_tag|>print(1)", calls=(("", "print(1)"),)),
        Case('{"name": "add", "parameters": {"a": 1', calls=(("add", '{"a": 1'),)),
        Case('{"name": "add", "parameters":', calls=(("add", '{"name": "add", "parameters":'),)),
        Case('{"name": "Ada", "age": 36}'),
        Case('{"name": "Ada", "a'),
        Case('{"city": "Paris"}\n'),
        Case("{ braces }"),
        Case("{"),
        Case('{"parameters": {"a": 1}}'),
        Case('Call {"name": "add", "parameters": {"a": 1}}'),
        Case("<think>hm</think>Hello.", "Hello.", "hm"),
    ],
    "mistral": [
        Case("Hello [TOOL"),
        Case('[TOOL_CALLS][{"name": "add", "arguments": {"a": 1}, "id": "abcdefgh9"}]', calls=((*CALL, "abcdefgh9"),)),
        Case(
            'So.[TOOL_CALLS] [{"name": "add", "arguments": {"a": 1}}, {"name": "b"}]', "So.", calls=(CALL, ("b", "{}"))
        ),
        Case('So.[TOOL_CALLS]add[ARGS]{"a": 1}[TOOL_CALLS]b[ARGS]{}', "So.", calls=(CALL, ("b", "{}"))),
        Case('[TOOL_CALLS]add[CALL_ID]abcdefgh9[ARGS]{"a": 1}\nDone.', "Done.", calls=((*CALL, "abcdefgh9"),)),
        Case('[TOOL_CALLS]add{"a": 1}', calls=(CALL,)),
        Case('[THINK]I [TOOL_CALLS][/THINK]So.[TOOL_CALLS]add[ARGS]{"a": 1}', "So.", "I [TOOL_CALLS]", (CALL,)),
        Case("<think>hm</think>So.", "So.", "hm"),
        Case("hm[/THINK]So.", "So.", "hm", prompt="[/INST][THINK]"),
        Case('[TOOL_CALLS]add[ARGS]{"t": "[TOOL_CALLS]"}', calls=(("add", '{"t": "[TOOL_CALLS]"}'),)),
        Case('[TOOL_CALLS]add[ARGS]{"a": 1', calls=(("add", '{"a": 1'),)),
        Case('[TOOL_CALLS]add[ARGS]{"a": }[TOOL_CALLS]b[ARGS]{}', calls=(("add", '{"a": }'), ("b", "{}"))),
        Case('[TOOL_CALLS][{"name": "add", "arguments": {"a": 1}}, {"na', calls=(CALL, ("", '{"na'))),
        Case("[TOOL_CALLS]add[ARGS]", calls=(("add", "add[ARGS]"),)),
        Case("[TOOL_CALLS]", calls=(("", ""),)),
    ],
    "harmony": [
        Case(f"{FINAL}Hello.", "Hello.", prompt=ASKED),
        Case(f"{ANALYSIS}hm<|end|><|start|>assistant{FINAL}Hello.", "Hello.", "hm", prompt=ASKED),
        Case(f'{ANALYSIS}hm<|end|><|start|>assistant{TO_ADD}{{"a":1}}<|call|>', "", "hm", (CALL,), ASKED),
        Case(' to=functions.add<|channel|>commentary json<|message|>{"a": 1}', calls=(CALL,), prompt=ASKED),
        Case('<|channel|>analysis to=functions.add<|message|>{"a": 1}', calls=(CALL,), prompt=ASKED),
        Case(
            f'<|channel|>commentary<|message|>Let me see.<|end|><|start|>assistant{TO_ADD}{{"a": 1}}',
            "Let me see.",
            calls=(CALL,),
            prompt=ASKED,
        ),
        Case(
            f'{TO_ADD}{{"a": 1}}<|call|><|start|>assistant to=functions.b<|channel|>commentary<|message|>{{}}',
            calls=(CALL, ("b", "{}")),
            prompt=ASKED,
        ),
        Case(f"{ANALYSIS}a<|end|><|start|>assistant{ANALYSIS}b<|end|>", "", "a\n\nb", prompt=ASKED),
        Case(f"<|channel|>commentary to=assistant{ANALYSIS}hm<|end|>", "", "hm", prompt=ASKED),
        *(Case(f"<|channel|>commentary to={who}<|message|>Hi.", "Hi.", prompt=ASKED) for who in ("user", "all")),
        Case(f"{ANALYSIS}hm", "", "hm", prompt=ASKED),
        Case(f"hm<|end|><|start|>assistant{FINAL}Hello.<|return|>", "Hello.", "hm", prompt=f"{ASKED}{ANALYSIS}"),
        Case("Hello.", "Hello.", prompt=f"{ASKED}{FINAL}"),
        Case("Hello.", "Hello.", prompt=ASKED),
        Case("Hello.", "Hello.", prompt="[INST]hi[/INST]"),
        Case("to be", "to be", prompt=ASKED),
        Case("t", "t", prompt=ASKED),
        Case(f"{ANALYSIS}hm<|end|>Hello.", "Hello.", "hm", prompt=ASKED),
        Case("<|channel|>final Hello.", "Hello.", prompt=ASKED),
        Case(f'{TO_ADD}{{"a": 1', calls=(("add", '{"a": 1'),), prompt=ASKED),
        Case("<|channel|>commentary to=functions.add", calls=(("add", "to=add"),), prompt=ASKED),
        Case("<|channel|>commentary to=python<|message|>print(1)", calls=(("python", "print(1)"),), prompt=ASKED),
        Case(f"{FINAL}1 <| 2 <|en", "1 <| 2 <|en", prompt=ASKED),
    ],
    "deepseek": [
        Case("Hello."),
        Case("hm</think>\n\nHello.", "Hello.", "hm", prompt="<｜Assistant｜><think>\n"),
        Case("Hello.", "Hello.", prompt="<｜Assistant｜><think></think>"),
        Case(
            f'So.{CALLS_BEGIN}{CALL_BEGIN}function{SEP}add\n```json\n{{"a": 1}}\n```{CALL_END}\n'
            f'{CALL_BEGIN}function{SEP}sub\n```json\n{{\n  "b": "x"\n}}```{CALL_END}{CALLS_END}',
            "So.",
            calls=(CALL, SUBTRACT),
        ),
        Case(
            f'{CALLS_BEGIN}{CALL_BEGIN}function{SEP}add\n```json\n{{"a": "1}}\n```{CALL_END}{CALLS_END}Done.',
            "Done.",
            calls=(("add", '{"a": "1}'),),
        ),
        Case(
            f'{CALLS_BEGIN}{CALL_BEGIN}add{SEP}{{"a": 1}}{CALL_END}'
            f'{CALL_BEGIN}sub{SEP}{{"b": "x"}}{CALL_END}{CALLS_END}',
            calls=(CALL, SUBTRACT),
        ),
        Case(f'{CALLS_BEGIN}{CALL_BEGIN}add{SEP}{{"a": 1}}{CALL_END}{CALLS_END}\nDone.', "Done.", calls=(CALL,)),
        Case(
            f'{CALLS_BEGIN}{CALL_BEGIN}add{SEP}{{"t": "{CALLS_END}"}}{CALL_END}{CALLS_END}',
            calls=(("add", f'{{"t": "{CALLS_END}"}}'),),
        ),
        Case(
            '<｜tool calls begin｜><｜tool call begin｜>function<｜tool sep｜>add\n```json\n{"a": 1}\n```'
            "<｜tool call end｜><｜tool calls end｜>",
            calls=(CALL,),
        ),
        Case(f'{CALLS_BEGIN}{CALL_BEGIN}add{SEP}{{"a": 1', calls=(("add", '{"a": 1'),)),
        Case(f'{CALLS_BEGIN}{CALL_BEGIN}function{SEP}add\n```json\n{{"a": 1', calls=(("add", '{"a": 1'),)),
        Case(f"{CALLS_BEGIN}{CALL_BEGIN}add", calls=(("", "add"),)),
        Case(CALLS_BEGIN, calls=(("", ""),)),
        Case(f"I say {CALLS_BEGIN}", "", f"I say {CALLS_BEGIN}", prompt="<think>"),
    ],
}
TABLE = [
    pytest.param(name, case, id=f"{name}-{number}")
    for name, cases in CASES.items()
    for number, case in enumerate(cases)
]


def read(name: str, texts: list[str], prompt: str, *, tools: bool = True) -> tuple[list[Piece], Reply]:
    family = family_named(name)
    reader = family.reader(prompt, TOOLS) if tools else family.text_reader(prompt)
    found = [piece for text in texts for piece in reader.feed(text)]
    reply = Reply()
    found += reader.finish(reply)
    assert all(text for _, text in found), "an empty piece"
    assert (joined(found, GENERATING), joined(found, THINKING)) == (reply.text, reply.thinking)
    return found, reply


def wanted(case: Case) -> tuple[Any, ...]:
    said = case.said or ("" if case.thought or case.calls else case.text)
    return said, case.thought, [(*call, "")[:3] for call in case.calls]


def told(reply: Reply) -> tuple[Any, ...]:
    return reply.text, reply.thinking, [(call.name, call.arguments, call.id) for call in reply.calls]


@pytest.mark.parametrize(("name", "case"), TABLE)
def test_text_thinking_and_calls_are_told_apart(name: str, case: Case) -> None:
    for texts in ([case.text], list(case.text)):
        assert told(read(name, texts, case.prompt)[1]) == wanted(case)


@given(st.sampled_from(TABLE), st.data())
def test_any_cut_gives_the_same_reply(param: Any, data: st.DataObject) -> None:
    name, case = param.values
    assert told(read(name, data.draw(pieces(case.text)), case.prompt)[1]) == wanted(case)


MARKS = [
    "<tool_call>", "</tool_call>", "<think>", "</think>", "<function=f>", "<parameter=p>", "</parameter>",
    "</function>", "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]", "<|python_tag|>", "<|channel|>",
    "<|message|>", "<|end|>", "<|start|>", "to=functions.f", "assistant", "analysis", "final", CALLS_BEGIN, CALL_BEGIN,
    SEP, CALL_END, CALLS_END, '{"name": "f", "arguments": {"a": 1}}', '{"name": "f"', "{", "}", "[", "]", '"', "\\",
    "\n", " ", ";", "x", "é", "<|",
]  # fmt: skip


@given(st.sampled_from(sorted(FAMILIES)), st.lists(st.sampled_from(MARKS), max_size=10).map("".join), st.data())
def test_any_tangle_is_read_the_same_however_it_is_cut(name: str, text: str, data: st.DataObject) -> None:
    whole = read(name, [text], ASKED)[1]
    assert read(name, data.draw(pieces(text)), ASKED)[1] == whole
    assert read(name, list(text), ASKED)[1] == whole


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "plain"])
def test_no_tool_runs_with_half_of_its_arguments(name: str) -> None:
    whole = '{"a": {"b": [1, "}"]}, "c": "x"}'
    text = {
        "hermes": hermes("add", whole),
        "llama3": f'{{"name": "add", "parameters": {whole}}}',
        "mistral": f"[TOOL_CALLS]add[ARGS]{whole}",
        "harmony": f"{TO_ADD}{whole}",
        "deepseek": f"{CALLS_BEGIN}{CALL_BEGIN}add{SEP}{whole}{CALL_END}{CALLS_END}",
        "qwen_xml": "<tool_call><function=add><parameter=o>{}</parameter><parameter=s>x</parameter></function>",
    }[name]
    whole = '{"o": {}, "s": "x"}' if name == "qwen_xml" else whole
    for end in range(len(text) + 1):
        for call in read(name, [text[:end]], ASKED)[1].calls:
            assert not call.name or call.arguments == whole or not _is_object(call.arguments), text[:end]


def _is_object(text: str) -> bool:
    try:
        return not text or isinstance(json.loads(text), dict)
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("name", "texts", "pieces_told"),
    [
        ("hermes", ["So", ".", "\n", "<tool", "_call>{", "}"], ["So", ".", "", "", "", ""]),
        ("hermes", ["a <", "b"], ["a ", "<b"]),
        ("llama3", ['{"ci', "ty", '": "P'], ['{"ci', "ty", '": "P']),
        ("llama3", ['{"na', 'me": 1'], ["", ""]),
        ("mistral", ["So[", "x", "[TOOL_CALLS]", "add"], ["So", "[x", "", ""]),
        ("harmony", [FINAL, "a", "<|e", "b"], ["", "a", "", "<|eb"]),
        ("harmony", [TO_ADD, '{"a"', ": 1}"], ["", "", ""]),
        ("deepseek", ["a", CALLS_BEGIN, CALL_BEGIN, "b"], ["a", "", "", ""]),
    ],
)
def test_text_leaves_at_once_and_a_call_never_as_text(name: str, texts: list[str], pieces_told: list[str]) -> None:
    reader = family_named(name).reader(ASKED)
    assert ["".join(text for _, text in reader.feed(text)) for text in texts] == pieces_told


@pytest.mark.parametrize("key", ["type", "name", "id", "function", "parameters", "arguments"])
def test_a_bare_call_may_begin_with_any_of_its_keys(key: str) -> None:
    values: dict[str, Any] = {"type": "function", "id": "c1", "arguments": {"a": 1}}
    if key == "function":
        values[key] = {"name": "add"}
    else:
        values["name"] = "add"
    if key == "parameters":
        values[key] = values.pop("arguments")
    text = json.dumps({key: values[key]} | values)
    reply = read("llama3", list(text), "")[1]
    assert (reply.text, [(call.name, call.arguments) for call in reply.calls]) == ("", [CALL])


@pytest.mark.parametrize("name", ["plain", "hermes", "qwen_xml"])
@pytest.mark.parametrize("mark", ["<|im_start|>", "<|im_end|>", "<|endoftext|>"])
def test_marks_of_the_template_are_not_said(name: str, mark: str) -> None:
    assert read(name, [f"Hi.{mark}"], "")[1].text == "Hi."
