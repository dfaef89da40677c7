"""What Hypothesis makes: replies and faults of the scripted server, questions, settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from conformance.scripted import Call, Fault, Raw, Reply, Usage
from tests.aimu.strategies import histories
from tests.lockstep.life import Interrupted, Line
from tests.lockstep.toolbox import NAMES

PNG = b"\x89PNG\r\n\x1a\n0000"
STATUSES = (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529)
TEXTS = st.sampled_from(["", "a", "hello", "Grüße 🙂 to you", '{"city": "Rome", "degrees": 21}', "two\nlines\n", " "])
SAID = st.sampled_from(["hi", "what now?", "Größe?", "", "  ", "\ud800", "<think>x</think>"])
ARGUMENTS: st.SearchStrategy[Any] = st.sampled_from(
    [
        *[{}, {"a": 1}, {"a": "2", "b": 3}, {"text": "so"}, {"at": {"x": 1}, "kind": "flag"}, {"who": 1}],
        *['{"a": 1', "[1]", "null", "", '{"a": 1, "zz": 2}', '{"text": "\\ud83d"}'],
    ]
)

FITTING: dict[str, st.SearchStrategy[Any]] = {
    "add": st.sampled_from([{"a": 1}, {"a": "2", "b": 3}, {"a": "x"}]),
    "place": st.sampled_from([{"at": {"x": 1}, "kind": "flag"}, {"at": {"x": 1.5}}]),
    "echo": st.just({"text": "so"}),
    "meddle": st.just({"who": 1}),
    "gossip": st.just({"who": 1}),
}


class Weather(BaseModel):
    """What the weather is."""

    city: str
    degrees: int


SCHEMAS = (None, Weather, list[int], {"type": "object", "properties": {"city": {"type": "string"}}}, {"type": 7}, "no")
KWARGS: tuple[Any, ...] = (
    None,
    {},
    {"temperature": 0.5},
    {"max_tokens": 64, "stop": ["x"]},
    {"seed": 1, "top_k": 3},
    {"thinking": True},
    {"thinking": "sideways"},
    {"metadata": {"user_id": "u"}},
    {"tool_choice": "auto"},
    {"stop": 7},
)
IMAGES: tuple[Any, ...] = (
    None,
    [],
    [PNG],
    ["https://example.org/a.png"],
    [b"no image"],
    [7],
    "one.png",
    ["/nowhere/a.png"],
)
USES = (True, False)
INCLUDES: tuple[Any, ...] = (None, [], ["generating"], ["thinking", "tool_calling"], ["nothing"])


@dataclass(frozen=True)
class Ask:
    """What is said to a client or a runner.

    Attributes:
        text: str, the message.
        options: dict, more keywords of the call.
    """

    text: str
    options: dict[str, Any] = field(default_factory=dict)

    def only(self, *names: str) -> dict[str, Any]:
        """The options that a call knows."""
        return {name: value for name, value in self.options.items() if name in names}


def _rarely(often: Any, seldom: st.SearchStrategy[Any], one_in: int = 8) -> st.SearchStrategy[Any]:
    return st.integers(1, one_in).flatmap(lambda number: seldom if number == one_in else st.just(often))


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    """A question, plain more often than not."""
    choices = {"generate_kwargs": KWARGS, "images": IMAGES, "include": INCLUDES, "schema": SCHEMAS, "use_tools": USES}
    options = {name: draw(_rarely(values[0], st.sampled_from(values))) for name, values in choices.items()}
    changed = {name: value for name, value in options.items() if value is not choices[name][0]}
    return Ask(draw(_rarely("hi", SAID)), changed)


@st.composite
def calls(draw: st.DrawFn) -> list[Call]:
    """Calls of one reply; an id may be missing, or stand twice."""
    names = st.sampled_from(["add", "echo", "place", *NAMES, "nobody"])
    ids = st.sampled_from(["c1", "c2", "c3", "", "call_00001"])
    return draw(st.lists(st.builds(Call, names, ARGUMENTS, ids), min_size=1, max_size=3))


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """What a model may say, whole or cut."""
    asked_for = draw(st.one_of(st.just([]), calls()))
    return Reply(
        draw(TEXTS),
        thinking=draw(st.sampled_from(["", "", "hm", "so…"])),
        redacted=draw(st.sampled_from([(), (), ("xyz",)])),
        calls=asked_for,
        stop=draw(st.sampled_from([None, None, None, "length", "stop_sequence", "pause", "content_filter", "odd"])),
        refusal=draw(st.sampled_from([None] * 7 + ["I will not"])),
        usage=draw(st.sampled_from([Usage(), Usage(3, 4, 5, 6, 2)])),
        ends=draw(st.sampled_from([True] * 9 + [False])),
        drops=draw(st.sampled_from([False] * 9 + [True])),
        error=draw(st.sampled_from([None] * 9 + [{"type": "overloaded_error", "message": "busy"}])),
    )


FAULTS: st.SearchStrategy[Line] = st.one_of(
    # the SDK waits as long as it is told before it tries again
    st.builds(Fault, st.sampled_from(STATUSES), headers=st.just({"retry-after-ms": "1"})),
    st.builds(Fault, st.sampled_from(STATUSES), st.sampled_from(["<html>", "", {"error": "flat"}, {}])),
    st.just(Fault(kind="reset")),
    st.builds(
        Raw,
        st.sampled_from([b"", b"{}", b"data: {}\n\n", b"data: nonsense\n\n", b"data: \xff\n\n", b"<html>", b"[]"]),
        content_type=st.sampled_from([None, "application/json", "text/html"]),
        ends=st.booleans(),
    ),
    st.just(Interrupted()),
)
LINES: st.SearchStrategy[Line] = st.one_of(st.builds(Reply, TEXTS), replies(), replies(), FAULTS)
TOOL = st.tuples(st.sampled_from(NAMES), st.booleans())
UNLIKE = st.lists(TOOL, min_size=2, max_size=6, unique_by=lambda wanted: wanted[0])
TOOLS = st.one_of(UNLIKE, UNLIKE, st.lists(TOOL, max_size=3))


@st.composite
def scripts(draw: st.DrawFn, names: Sequence[str]) -> list[Line]:
    """What the model answers in turn: often rounds of calls that can be made, then anything."""
    rounds = draw(st.integers(0, 3)) if names else 0
    found: list[Line] = []
    for number in range(rounds):
        called = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        made = [Call(name, draw(FITTING.get(name, ARGUMENTS)), f"r{number}c{n}") for n, name in enumerate(called)]
        found.append(Reply(draw(TEXTS), calls=made, thinking=draw(_rarely("", st.just("hm"), 4))))
    return [*found, *draw(st.lists(LINES, max_size=3))]


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "system": st.sampled_from(["Be brief.", "Sei kurz. 🙂"]),
        "max_iterations": st.sampled_from([2, 3, 4, 1, 0]),
        "concurrent_tool_calls": st.booleans(),
        "on_tool_error": st.sampled_from(["raise", "report"]),
        "default_generate_kwargs": st.sampled_from([{"temperature": 0.1}, {"seed": 2}]),
    },
)
BAD_HISTORIES: st.SearchStrategy[Any] = st.sampled_from(
    [
        [{"role": "tool", "tool_call_id": "x", "content": "y"}],
        [{"role": "user", "content": ""}],
        [{"role": "nobody", "content": "x"}],
        [{"role": "user", "content": "\ud800"}],
        [{"role": "user", "content": "x"}, {"role": "assistant", "content": None}],
        7,
    ]
)
HISTORIES = st.one_of(
    histories(), histories().map(lambda found: [*found, {"role": "user", "content": "go on"}]), BAD_HISTORIES
)
