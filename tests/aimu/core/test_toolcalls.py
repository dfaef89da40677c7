"""From a call to its answer: what runs, what is told to the model, what history says of the rest."""

import asyncio
import functools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimu import tool
from aimu.core.reply import ToolCall
from aimu.core.toolcalls import (
    OnToolError,
    PendingCall,
    checked_tools,
    parsed_arguments,
    raise_first_failure,
    require_sync,
    tool_specs,
)
from aimu.errors import ColourError, ToolError
from tests.aimu.strategies import JSON, OBJECTS


@tool
def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


@tool
async def wait() -> str:
    """Wait."""
    return "waited"


@tool
def fail(kind: str) -> str:
    """Fail."""
    raise {"tool": ToolError, "value": ValueError, "stop": StopIteration, "ctrl-c": KeyboardInterrupt}[kind](kind)


TOOLS: list[Callable[..., Any]] = [add, wait, fail]


def pending(name: str = "add", arguments: Any = '{"a": 1}', on_error: OnToolError = "raise") -> PendingCall:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return PendingCall(ToolCall("c1", name, text), TOOLS, on_error)


def run(call: PendingCall) -> str:
    with call.running():
        call.accept(call.invoke())
    return call.settled()


def test_a_call_runs_with_its_arguments_coerced() -> None:
    call = pending(arguments={"a": "4"})
    assert (call.is_open, run(call), call.is_open) == (True, "5", False)
    assert call.message() == {"role": "tool", "tool_call_id": "c1", "name": "add", "content": "5"}
    assert call.content() == {"id": "c1", "name": "add", "arguments": {"a": "4"}, "response": "5"}


@pytest.mark.parametrize("arguments", ["", " \n", "null", "{}", " {} "])
def test_nothing_at_all_means_no_arguments(arguments: str) -> None:
    assert pending("wait", arguments).is_open
    assert pending("wait", arguments).content()["arguments"] == {}
    assert parsed_arguments(arguments) == {}


@pytest.mark.parametrize("arguments", ['{"a": 1', "[1]", "1", "add 1", '"{}"', "true", "[" * 100_000])
def test_what_is_no_object_is_told_to_the_model_and_the_body_does_not_run(arguments: str) -> None:
    call = pending(arguments=arguments)
    assert not call.is_open
    assert "arguments are not a JSON object" in call.settled()
    assert call.content()["arguments"] == arguments
    assert parsed_arguments(arguments) == {}


@pytest.mark.parametrize("arguments", ['{"a": "\\ud83d"}', '{"\\ud83d": 1}', '{"a": [{"b": "\\ud83d"}]}'])
def test_half_a_character_in_arguments_is_replaced(arguments: str) -> None:
    for found in (parsed_arguments(arguments), pending(arguments=arguments).content()["arguments"]):
        assert "\ufffd" in json.dumps(found, ensure_ascii=False).encode().decode()


@pytest.mark.parametrize("arguments", [{}, {"a": "x"}, {"a": 1, "c": 2}, {"a": None}])
def test_what_does_not_fit_is_told_to_the_model_by_name(arguments: dict[str, Any]) -> None:
    call = pending(arguments=arguments)
    assert not call.is_open
    assert call.settled().startswith("Tool 'add' was not run: argument ")


def test_an_unknown_tool_is_told_with_the_ones_there_are() -> None:
    call = pending("plus")
    assert (call.is_open, call.is_async) == (False, False)
    assert call.settled() == "Tool 'plus' not found. Available tools: add, wait, fail."
    assert PendingCall(ToolCall("c1", "plus", ""), []).settled().endswith("Available tools: none.")


@given(OBJECTS)
def test_arguments_are_shown_as_the_object_they_are(given_arguments: dict[str, Any]) -> None:
    assert pending("wait", given_arguments).content()["arguments"] == given_arguments


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_a_result_that_is_no_text_is_json(value: Any) -> None:
    call = pending()
    call.accept(value)
    assert json.loads(call.settled()) == value


def test_text_is_an_answer_as_it_is_and_empty_text_too() -> None:
    for text in ("", '{"a": 1}', "hällo"):
        call = pending()
        call.accept(text)
        assert (call.settled(), call.is_open) == (text, False)


def test_a_result_without_a_json_form_is_a_type_error_that_names_tool_and_type() -> None:
    with pytest.raises(TypeError, match="tool 'add' returned object, which has no JSON form"):
        pending().accept(object())


def test_infinity_is_spelled_out_because_json_has_none() -> None:
    call = pending()
    call.accept([float("inf")])
    assert json.loads(call.settled()) == ["Infinity"]


def test_a_tool_error_goes_to_the_model_and_any_other_rises() -> None:
    assert run(pending("fail", {"kind": "tool"})) == "Tool 'fail' failed: tool"
    call = pending("fail", {"kind": "value"})
    with pytest.raises(ValueError, match="value"):
        run(call)
    assert call.settled() == "Tool 'fail' failed: ValueError: value"


def test_failures_are_told_to_the_model_when_that_is_wanted() -> None:
    assert run(pending("fail", {"kind": "value"}, "report")) == "Tool 'fail' failed: ValueError: value"


@pytest.mark.parametrize("on_error", ["raise", "report"])
def test_an_interrupt_is_never_swallowed(on_error: OnToolError) -> None:
    call = pending("fail", {"kind": "ctrl-c"}, on_error)
    with pytest.raises(KeyboardInterrupt):
        run(call)
    assert call.settled() == "Tool 'fail' was cancelled before it finished."


def test_stop_iteration_does_not_end_a_generator_it_passes_through() -> None:
    with pytest.raises(RuntimeError, match="tool 'fail' raised StopIteration") as caught:
        run(pending("fail", {"kind": "stop"}))
    assert isinstance(caught.value.__cause__, StopIteration)


@pytest.mark.parametrize("ending", [StopIteration, StopAsyncIteration])
def test_what_python_made_of_stop_iteration_in_a_coroutine_names_the_tool(ending: type[Exception]) -> None:
    async def end() -> None:
        raise ending

    why = f"^tool 'wait' raised {ending.__name__}$"
    with pytest.raises(RuntimeError, match=why) as caught, pending("wait", {}).running():
        asyncio.run(end())
    assert isinstance(caught.value.__cause__, ending)


def test_a_call_that_never_started_says_so() -> None:
    assert pending().settled() == "Tool 'add' was not started: the turn was interrupted."


def test_a_cancelled_call_says_so() -> None:
    call = pending("wait", {})
    with pytest.raises(asyncio.CancelledError), call.running():
        raise asyncio.CancelledError
    assert call.settled() == "Tool 'wait' was cancelled before it finished."


@pytest.mark.parametrize("on_error", ["raise", "report"])
def test_an_awaitable_result_is_refused_and_closed(on_error: OnToolError) -> None:
    call = pending("wait", {}, on_error)
    with pytest.raises(
        ColourError, match=r"'wait' is an async function.*; use aimu\.aio \(aimu\.aio\.client, aimu\.aio\.Agent\)"
    ):
        run(call)


def test_an_async_tool_is_found_before_any_call_runs() -> None:
    require_sync([pending(), pending("plus")])
    with pytest.raises(ColourError, match="'wait'"):
        require_sync([pending(), pending("wait", {})])


@given(st.lists(st.sampled_from(["ok", "value", "tool"]), max_size=4))
def test_the_first_failure_in_call_order_is_raised_with_the_others_as_notes(kinds: list[str]) -> None:
    calls = [pending("add") if kind == "ok" else pending("fail", {"kind": kind}) for kind in kinds]
    for call in reversed(calls):
        with suppress(ValueError):
            run(call)
    failed = [call.error for call, kind in zip(calls, kinds, strict=True) if kind == "value"]
    raised = None
    try:
        raise_first_failure(calls)
    except ValueError as exc:
        raised = exc
    assert raised is (failed[0] if failed else None)
    assert getattr(raised, "__notes__", []) == ["tool 'fail' failed too: ValueError: value"] * (len(failed) - 1)


def undecorated(a: int) -> int:
    return a


@pytest.mark.parametrize("tools", [[add, add], [add, tool(functools.partial(add, 1))]])
def test_two_tools_of_one_name_are_refused(tools: list[Callable[..., Any]]) -> None:
    with pytest.raises(ValueError, match="two tools are called 'add'"):
        checked_tools(tools)


def test_a_function_that_is_not_decorated_is_refused() -> None:
    with pytest.raises(ValueError, match=r"undecorated.* is not a tool: decorate it with @aimu\.tool"):
        checked_tools([undecorated])
    with pytest.raises(ValueError, match=r"is not a tool: its as_tool\(\) is one"):
        checked_tools([type("Scout", (), {"as_tool": None})])


def test_the_tools_are_a_list_of_ones_own_in_their_order() -> None:
    assert checked_tools(iter(TOOLS)) == TOOLS
    assert checked_tools(TOOLS) is not TOOLS
    assert [spec["function"]["name"] for spec in tool_specs(TOOLS)] == ["add", "wait", "fail"]
