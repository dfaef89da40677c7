"""What is called growth, and that a turn of a long conversation costs no more than its length."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aimu.core.messages import Message
from aimu.core.models import ModelSpec
from aimu.core.reply import Codec, Prompt
from aimu.wire.anthropic import AnthropicCodec, AnthropicDecoder
from aimu.wire.openai import OpenAICodec, OpenAIDecoder
from tests.benchmarks.measure import Held, slope
from tests.benchmarks.soak import SAMPLES, grown

FLAT = [Held(210 * n, 66.0, 290_000, 8, 1, 0, {"aimu.core.turn.Turn": 1}) for n in range(1, SAMPLES + 1)]


def test_what_stays_is_not_growth() -> None:
    assert grown(FLAT) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (lambda n: {"descriptors": 8 + (n == SAMPLES)}, "descriptors: 8, then 9"),
        (lambda n: {"threads": 1 + (n == SAMPLES)}, "threads: 1, then 2"),
        (lambda n: {"tasks": int(n == SAMPLES)}, "tasks: 0, then 1"),
        (lambda n: {"ours": {"aimu.core.turn.Turn": n}}, "aimu.core.turn.Turn: 3, then 10"),
        (lambda n: {"blocks": 290_000 + 30 * n}, "small allocations: 0.143 more with each turn"),
        (lambda n: {"memory": 66.0 + n}, "memory: 7.0 MiB more"),
    ],
)
def test_what_grows_is_told(more: Callable[[int], dict[str, Any]], said: str) -> None:
    assert grown([replace(each, **more(n)) for n, each in enumerate(FLAT, 1)]) == [said]


def test_growth_while_caches_fill_is_none() -> None:
    warming = [replace(each, blocks=each.blocks - 10_000 // n, memory=50.0 + n) for n, each in enumerate(FLAT[:2], 1)]
    assert grown([*warming, *FLAT[2:]]) == []


def test_a_slope_is_not_moved_by_one_point() -> None:
    assert slope([(1, 1), (2, 1), (3, 50), (4, 1), (5, 1)]) == 0


@pytest.mark.parametrize("codec", [OpenAICodec("openai", ModelSpec("m")), AnthropicCodec("anthropic", ModelSpec("m"))])
def test_a_request_takes_as_many_steps_for_each_message_however_long_the_history_is(codec: Codec) -> None:
    short, long = (_steps(codec, rounds) for rounds in (50, 500))
    assert long <= 10.5 * short


def _steps(codec: Codec, rounds: int) -> int:
    """How many lines of Python run to encode a history; exact, where seconds are not."""
    call = {"id": "c", "type": "function", "function": {"name": "look_up", "arguments": '{"place": "Rome"}'}}
    turn: list[Message] = [
        {"role": "user", "content": "Go."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "A city."},
        {"role": "assistant", "content": "Done."},
    ]
    prompt = Prompt(turn * rounds, tools=(), may_call=True, parameters={"max_tokens": 9}, stream=False)
    count = 0

    def trace(*_: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        codec.encode(prompt)
    finally:
        sys.settrace(before)
    return count


PIECE = "x" * 500
BLOCKS = {
    "text": {"type": "text", "text": ""},
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
    "partial_json": {"type": "tool_use", "id": "c", "name": "look_up", "input": {}},
}


@pytest.mark.parametrize("key", BLOCKS)
def test_a_fragment_of_a_long_reply_costs_what_one_of_a_short_reply_does_on_anthropic(key: str) -> None:
    kind = "input_json_delta" if key == "partial_json" else f"{key}_delta"
    start = {"type": "content_block_start", "index": 0, "content_block": BLOCKS[key]}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": kind, key: PIECE}}
    short, long = (_cost(lambda: AnthropicDecoder("anthropic", True), start, delta, count) for count in (400, 8000))
    assert long < 6 * short


def test_a_fragment_of_long_arguments_costs_what_one_of_short_arguments_does_on_openai() -> None:
    def chunk(**call: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **call}]}}]}

    start, delta = chunk(id="c", function={"name": "look_up"}), chunk(function={"arguments": PIECE})
    short, long = (_cost(lambda: OpenAIDecoder("openai", True, False, ()), start, delta, n) for n in (400, 8000))
    assert long < 6 * short


def _cost(decoder: Callable[[], Any], start: dict[str, Any], delta: dict[str, Any], count: int) -> float:
    """Seconds of CPU for one fragment of so many, the least of three replies."""
    event, costs = json.dumps(delta), []
    for _ in range(3):
        reading = decoder()
        reading.feed(json.dumps(start))
        began = time.thread_time()
        for _ in range(count):
            reading.feed(event)
        costs.append((time.thread_time() - began) / count)
    return min(costs)
