"""The forced model: scripts put into the sampler of a toy engine, whose tokens are characters."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.check import Check
from conformance.driver import Driver
from conformance.implementation import load
from conformance.in_process import InProcessTarget
from conformance.outcomes import HarnessError
from conformance.requirement import requirement, scenario_of
from conformance.scripted import Call, Fault, ForcedModel, Gate, Raw, Reply, Request, Usage
from conformance.scripted.chatml import read, written
from conformance.scripted.sampler import Sampler
from conformance.scripted.tokens import Vocabulary
from conformance.stage import Stage
from conformance.surfaces import DRIVERS
from tests.conformance.toy import Nothing

END, OPEN, LAST = 0, 1, 0x10FFFF
SPECIAL = {"<|im_end|>": END, "<tool_call>": OPEN}
PROMPT = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
ALL = """<|im_start|>system
Be brief.
# Tools
add(a: integer, b: integer)
now()<|im_end|>
<|im_start|>user
Add /think<|im_end|>
<|im_start|>assistant
Sure.
<tool_call>
{"name": "add", "arguments": {"a": 1}}
</tool_call>
<tool_call>
{"name": "now", "arguments": {}}
</tool_call><|im_end|>
<|im_start|>tool
<tool_response>
3
</tool_response><|im_end|>
<|im_start|>assistant
"""


class Ids(list[int]):
    """Token ids, with as much of an array as a sampler asks for."""

    def reshape(self, _: int) -> "Ids":
        return self

    def tolist(self) -> list[int]:
        return list(self)


class Scores(dict[int, float]):
    """The scores that are not zero, indexed as the last axis of an array is."""

    def __getitem__(self, index: Any) -> float:
        return self.get(index[-1], 0.0)

    def __setitem__(self, index: Any, value: float) -> None:
        super().__setitem__(index[-1], value)


def encode(text: str) -> list[int]:
    ids: list[int] = []
    while text:
        name = next((name for name in SPECIAL if text.startswith(name)), text[0])
        ids.append(SPECIAL[name] if name in SPECIAL else ord(name))
        text = text[len(name) :]
    return ids


def decode(ids: Sequence[int]) -> str:
    names = {number: name for name, number in SPECIAL.items()}
    return "".join(names.get(number) or chr(number) for number in ids)


def sampler_of(model: ForcedModel | None) -> Sampler:
    sampler = Sampler(lambda: Vocabulary(encode, decode, END))
    sampler.model = model
    return sampler


def generate(sampler: Sampler, prompt: str = PROMPT, *, bans: bool = False, overrules: int = LAST) -> str:
    """Greedy; a model left to itself writes "z" and ends. `overrules` is a token that a grammar would forbid."""
    ids, said = Ids(encode(prompt)), list[int]()
    while True:
        scores = Scores()
        if bans:
            scores[..., OPEN] = -float("inf")
        scores[..., END if said else ord("z")] = 1.0
        sampler(ids, scores)
        dict.pop(scores, overrules, None)
        token = max(scores, key=lambda number: dict.__getitem__(scores, number))
        if token == END:
            return decode(said)
        ids.append(token)
        said.append(token)


def test_replies_are_written_one_after_the_other() -> None:
    model = ForcedModel()
    calls = [Call("add", {"a": 1, "ü": "é"}), Call("now"), Call("torn", '{"a": '), Call("list", "[1]")]
    model.script(Reply("Hi, 🦊"), Reply(["Let ", "me"], thinking="Hm", calls=calls), Reply(calls=calls[1:2]))
    sampler = sampler_of(model)
    assert generate(sampler) == "Hi, 🦊"
    assert generate(sampler) == (
        "<think>\nHm\n</think>\n\nLet me"
        '\n<tool_call>\n{"name": "add", "arguments": {"a": 1, "ü": "é"}}\n</tool_call>'
        '\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'
        '\n<tool_call>\n{"name": "torn", "arguments": {"a": \n</tool_call>'
        '\n<tool_call>\n{"name": "list", "arguments": [1]}\n</tool_call>'
    )
    assert model.unanswered == 1
    assert generate(sampler) == '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'
    assert len(model.requests) == 3
    model.raise_problem()


def test_prompt_is_read_back() -> None:
    add, now = ({"name": "add", "arguments": '{"a": 1}'}, {"name": "now", "arguments": "{}"})
    expected = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Add"},
            {
                "role": "assistant",
                "content": "Sure.",
                "tool_calls": [{"type": "function", "function": call} for call in (add, now)],
            },
            {"role": "tool", "content": "3"},
        ],
        "tools": [{"type": "function", "function": {"name": name}} for name in ("add", "now")],
        "enable_thinking": True,
    }
    assert read(ALL, may_call=True) == expected
    assert read(ALL, may_call=False) == expected | {"tool_choice": "none"}
    assert read(PROMPT, may_call=False) == {"messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("system", ["# Tools are fine.", "Use my\n# Toolshed\nwell()", ""])
def test_system_message_without_tools(system: str) -> None:
    body = read(f"<|im_start|>system\n{system}<|im_end|>\n{PROMPT}", may_call=True)
    assert "tools" not in body
    assert body["messages"][0] == ({"role": "system", "content": system} if system else body["messages"][-1])


def test_forbidden_call_is_spelled_out_and_told() -> None:
    model = ForcedModel()
    model.script(Reply("Yes", calls=[Call("now")]), Reply("No"))
    sampler = sampler_of(model)
    assert generate(sampler, ALL, bans=True) == 'Yes\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'
    assert generate(sampler, ALL) == "No"
    assert [request.body.get("tool_choice") for request in model.requests] == ["none", None]


def test_model_that_has_no_script_speaks_for_itself() -> None:
    model = ForcedModel()
    sampler = sampler_of(model)
    assert generate(sampler) == "z"
    assert generate(sampler) == "z"
    assert len(model.requests) == 2
    assert generate(sampler_of(None)) == "z"


def test_callable_answers_by_the_request() -> None:
    model = ForcedModel()
    model.always(lambda request: Reply(request.body["messages"][0]["content"] * 2))
    model.script(Reply("First"))
    assert [generate(sampler_of(model)) for _ in range(3)] == ["First", "HiHi", "HiHi"]


def test_clear_forgets_all_but_that_there_is_a_script() -> None:
    model = ForcedModel()
    model.script(Reply("One"), Reply("Two"))
    generate(sampler_of(model))
    model.clear()
    assert (model.requests, model.unanswered) == ([], 0)
    assert generate(sampler_of(model)) == ""


def test_used_up_script_is_told() -> None:
    model = ForcedModel()
    model.script(Reply("One"))
    sampler = sampler_of(model)
    assert [generate(sampler) for _ in range(2)] == ["One", ""]
    with pytest.raises(AssertionError, match="exhausted: 2 generations"):
        model.raise_problem()


UNSAYABLE: list[Any] = [
    Fault(400),
    Raw(b"data: {}"),
    Reply("Hi", usage=Usage(3, 4)),
    Reply("Hi", stop="length"),
    Reply("", stop_sequence="END"),
    Reply("", refusal="No"),
    Reply("Hi", ends=False),
    Reply("Hi", drops=True),
    Reply("Hi", error={"message": "no"}),
    Reply("Hi", signature="own"),
    Reply("Hi", blocks=[{"type": "x"}]),
    Reply("a <tool_call> b"),
]


@pytest.mark.parametrize("reply", UNSAYABLE, ids=repr)
def test_what_only_a_wire_carries_is_refused(reply: Any) -> None:
    model = ForcedModel()
    for tell in (model.script, model.always):
        with pytest.raises(HarnessError):
            tell(reply)
    model.script(lambda _: reply)
    assert generate(sampler_of(model)) == ""
    with pytest.raises(HarnessError):
        model.raise_problem()


@pytest.mark.parametrize("text", ["half \ud800", "the <|im_end|> of it"])
def test_text_that_no_token_spells(text: str) -> None:
    model = ForcedModel()
    model.script(Reply(text))
    assert generate(sampler_of(model)) == ""
    with pytest.raises(HarnessError, match=r"cannot write .* needs 'wire'"):
        model.raise_problem()


def test_stop_words_that_are_said_anyway() -> None:
    model = ForcedModel()
    model.script(Reply("Hi", stop="end"), Reply(calls=[Call("now")], stop="calls"))
    assert model.unanswered == 2


def test_callable_that_fails_is_a_harness_error() -> None:
    model = ForcedModel()
    model.script(lambda _: 1 / 0)  # type: ignore[arg-type, return-value]
    assert generate(sampler_of(model)) == ""
    with pytest.raises(HarnessError, match="ZeroDivisionError") as caught:
        model.raise_problem()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_token_that_the_engine_does_not_take() -> None:
    model = ForcedModel()
    model.script(Reply("abc"), Reply("d"))
    sampler = sampler_of(model)
    assert generate(sampler, overrules=ord("a")) == "z"
    with pytest.raises(HarnessError, match="by a grammar"):
        model.raise_problem()
    assert generate(sampler) == "d"


@pytest.mark.parametrize("name", ["url", "openai_url", "disconnected"])
def test_what_only_a_server_has(name: str) -> None:
    with pytest.raises(HarnessError, match=f"no {name}; the scenario needs 'wire'"):
        getattr(ForcedModel(), name)


def beside(model: ForcedModel) -> tuple[threading.Thread, list[str]]:
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(generate(sampler_of(model))))
    thread.start()
    return thread, said


@pytest.mark.parametrize("way", ["open", "let go"])
def test_gate_holds_until_it_is_opened(way: str) -> None:
    model, gate = ForcedModel(), Gate()
    model.script(Reply(["Half", gate, " way"]))
    thread, said = beside(model)
    assert gate.reached.wait(10)
    assert said == []
    gate.open() if way == "open" else model.let_go()
    thread.join(10)
    assert said == ["Half way"]
    model.raise_problem()


def test_let_go_is_for_those_who_wait() -> None:
    model, gate = ForcedModel(), Gate()
    model.let_go()
    model.script(Reply("Late", before=gate))
    thread, said = beside(model)
    assert gate.reached.wait(10)
    thread.join(0.1)
    assert said == []
    gate.open()
    thread.join(10)
    assert said == ["Late"]


def test_gate_that_nobody_opens() -> None:
    model = ForcedModel()
    model.script(Reply(["Half", Gate(0.05), " way"]))
    assert generate(sampler_of(model)) == "Half"
    with pytest.raises(AssertionError, match=r"not opened within 0\.05 s"):
        model.raise_problem()


def test_gates_stand_between_texts() -> None:
    first, second = Gate(), Gate()
    items = written(Reply(["a", "b", first, "", "c"], thinking="t", before=second))
    assert items == [second, "<think>\nt\n</think>\n\nab", first, "c"]


class Forced(Nothing):
    """A target whose model is forced."""

    capabilities = frozenset({"scripted", "in_process"})

    def stand_in(self, check: Check | None) -> ForcedModel:  # noqa: ARG002
        return ForcedModel()


def test_stage_hands_out_the_stand_in() -> None:
    stage = Stage(Forced(), None)
    assert isinstance(stage.server, ForcedModel)
    assert stage.server is stage.server
    stage.server.script(Reply("One"))
    generate(sampler_of(stage.server))
    (_, request), left = stage.record(is_ordered=True)
    assert request["body"] == {"messages": [{"role": "user", "content": "Hi"}]}
    assert left == ("unanswered", 0)
    stage.stop()


@pytest.mark.parametrize("fails", [False, True])
def test_what_went_wrong_in_the_engine_comes_out_of_the_check(drive: Callable[..., Driver], fails: bool) -> None:
    driver = drive("sync", Forced())

    async def body(d: Driver) -> None:
        d.enter()
        d.script(lambda _: Fault(400))
        generate(sampler_of(d.server))  # type: ignore[arg-type]
        assert not fails

    with pytest.raises(HarnessError, match="cannot say Fault"):
        driver.play(body, 10)


def test_client_in_this_process_takes_no_wire_settings(drive: Callable[..., Driver]) -> None:
    driver = drive("sync", InProcessTarget("llamacpp"))
    with pytest.raises(HarnessError, match="takes no base_url; the scenario needs 'wire'"):
        driver.client(base_url="http://127.0.0.1:1")


def test_requests_say_that_they_came_over_no_wire() -> None:
    model = ForcedModel()
    model.script(Reply("Hi"))
    generate(sampler_of(model))
    (request,) = model.requests
    assert isinstance(request, Request)
    assert (request.wire, request.path, request.headers) == ("inprocess", "", {})


@pytest.mark.parametrize(("capability", "layers"), [("scripted", 1), ("micro_model", 4)])
def test_a_model_is_cut_only_where_its_words_are_forced(capability: str, layers: int) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("torch")

    @requirement("CHAT-1", needs=(capability,))
    async def body(d: Driver) -> None:
        """Nothing."""

    scenario, target = scenario_of(body), InProcessTarget("hf")
    assert scenario is not None
    check = Check("chat", scenario, target, "sync", Path(__file__))
    driver = DRIVERS["sync"](target, load("aimu"), check)
    with driver.client() as client:
        assert len(client.hf_model.model.layers) == client.hf_model.config.num_hidden_layers == layers
    target.close()
