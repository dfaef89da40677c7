"""What both ModelClients decide before they wait for anything."""

import copy
from typing import Any

import pytest

from aimu import tool
from aimu.core.client import ClientState
from aimu.core.models import ModelSpec
from aimu.core.options import KEEP, Overlay
from aimu.errors import ColourError, ConcurrentTurnError
from tests.aimu.core.codec import PlainCodec

CAPABLE = ModelSpec("m", tools=True, thinking=True, vision=True, generation_kwargs={"max_tokens": 1, "temperature": 1})


@tool
def look() -> str:
    """Look."""
    return "seen"


class Client(ClientState):
    provider = "plain"

    def __init__(self, model: ModelSpec = CAPABLE, **options: Any) -> None:
        self._init_state(model, PlainCodec(), **options)

    def parameters(self, kwargs: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._turn("hi", kwargs).options.parameters


def test_each_layer_of_generate_kwargs_is_stronger_than_the_last() -> None:
    client = Client(default_generate_kwargs={"temperature": 2, "top_p": 2})
    assert client.parameters({"top_p": 3}) == {"max_tokens": 1, "temperature": 2, "top_p": 3}
    assert client.parameters({"max_tokens": None}) == {"temperature": 2, "top_p": 2}


def test_nobodys_kwargs_are_changed() -> None:
    defaults, given = {"top_p": 2}, {"thinking": True, "top_p": 3}
    client = Client(ModelSpec("m", generation_kwargs={"max_tokens": 1}), default_generate_kwargs=defaults)
    with pytest.warns(UserWarning, match="thinking"):
        client.parameters(given)
    assert (defaults, given, client.model.generation_kwargs) == (
        {"top_p": 2},
        {"thinking": True, "top_p": 3},
        {"max_tokens": 1},
    )


def test_what_a_provider_lacks_is_dropped_with_one_warning() -> None:
    client = Client()
    with pytest.warns(UserWarning, match=r"^plain:m has no 'min_p'; it is not sent$") as caught:
        assert "min_p" not in client.parameters({"min_p": 0.1})
    assert len(caught) == 1
    client.parameters({"min_p": 0.1})


def test_a_model_that_cannot_think_is_not_asked_to() -> None:
    client = Client(ModelSpec("m"))
    with pytest.warns(UserWarning, match="has no 'thinking'"):
        assert client.parameters({"thinking": "high"}) == {}


def test_a_bad_wish_to_think_is_refused() -> None:
    with pytest.raises(ValueError, match="thinking='hard'"):
        Client().parameters({"thinking": "hard"})


@pytest.mark.parametrize("message", ["", "  \n"])
def test_an_empty_message_is_refused_unless_there_is_an_image(message: str) -> None:
    client = Client()
    with pytest.raises(ValueError, match="the message is empty"):
        client._turn(message, None)
    client._turn(message, None, images=["https://example.org/a.png"])


@pytest.mark.parametrize("message", [5, b"hi", ["hi"], {"role": "user"}])
def test_a_message_is_text(message: Any) -> None:
    with pytest.raises(TypeError, match=f"must be a str, not {type(message).__name__}"):
        Client()._turn(message, None)


def test_images_and_tools_need_a_model_that_can() -> None:
    with pytest.raises(ValueError, match="'m' does not support vision"):
        Client(ModelSpec("m"))._turn("hi", None, images=["https://example.org/a.png"])
    with pytest.raises(ValueError, match=r"'m' does not support tools.*'plain:m;tools'"):
        Client(ModelSpec("m"), tools=[look])._turn("hi", None)


def test_tools_that_are_not_used_are_no_trouble() -> None:
    assert Client(ModelSpec("m"), tools=[look])._turn("hi", None, use_tools=False).options.tools == []


@pytest.mark.parametrize(("limit", "tools"), [(0, []), (-1, []), (1, [look]), ("3", []), (2.0, [])])
def test_a_limit_that_leaves_no_room_for_an_answer_is_refused(limit: Any, tools: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"max_iterations=.* must be at least"):
        Client(max_iterations=limit, tools=tools)._turn("hi", None)


def test_one_request_is_enough_without_tools() -> None:
    assert Client(max_iterations=1)._turn("hi", None).options.max_iterations == 1
    assert Client(max_iterations=1, tools=[look])._turn("hi", None, use_tools=False).options.max_iterations == 1


def test_an_unknown_phase_and_a_closed_client_are_refused_at_once() -> None:
    client = Client()
    with pytest.raises(ValueError, match="unknown phase 'text'"):
        client._turn("hi", None, include=["text"])
    client._is_closed = True
    with pytest.raises(RuntimeError, match="this client is closed"):
        client._turn("hi", None)
    with pytest.raises(RuntimeError, match="this client is closed"):
        client._generation("hi", None, False, None, None)


def test_a_fork_is_a_new_conversation_on_the_same_connection() -> None:
    client = Client(system_message="be brief", tools=[look], max_iterations=3, default_generate_kwargs={"top_p": 1})
    client._conversation.record([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}])
    fork = client.fork()
    assert (fork.messages, fork.system_message, fork.tools) == ([], "be brief", [look])
    assert (fork.max_iterations, fork.model, fork._codec) == (3, client.model, client._codec)
    assert (client._owns_connection, fork._owns_connection) == (True, False)
    fork.default_generate_kwargs["top_p"] = 2
    fork.tools = []
    fork.system_message = "be long"
    fork.max_iterations = 9
    assert (client.default_generate_kwargs, client.tools, client.system_message) == ({"top_p": 1}, [look], "be brief")
    assert client.max_iterations == 3
    assert len(client.messages) == 3


def test_both_sides_of_a_fork_may_talk_at_once() -> None:
    client = Client()
    client._turn("hi", None).open()
    client.fork()._turn("hi", None).open()
    with pytest.raises(ConcurrentTurnError):
        client._turn("hi", None).open()


def test_a_deep_copy_shares_the_conversation() -> None:
    client = Client()
    assert copy.deepcopy({"client": client})["client"] is client


def test_reset_keeps_changes_or_removes_the_system_message() -> None:
    client = Client(system_message="be brief")
    client.reset()
    assert client.system_message == "be brief"
    client.reset(KEEP)
    assert client.system_message == "be brief"
    client.reset("be long")
    assert client.system_message == "be long"
    client.reset(None)
    assert client.system_message is None


def test_generate_has_neither_history_nor_system_message_nor_tools() -> None:
    client = Client(system_message="be brief", tools=[look])
    turn = client._generation("hi", None, False, None, None)
    turn.open()
    next(turn.requests())
    codec = client._codec
    assert isinstance(codec, PlainCodec)
    assert codec.prompts[-1].messages == [{"role": "user", "content": "hi"}]
    assert codec.prompts[-1].tools == []
    client._turn("hi", None).open()


def test_there_must_be_something_to_resume() -> None:
    client = Client()
    answered = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    for history in ([], answered):
        client.messages = history
        with pytest.raises(ValueError, match="nothing to resume"):
            client._resumption(None, False)
    client.messages = answered[:1]
    client._resumption(None, False)


def test_an_overlay_changes_what_it_names_and_nothing_else() -> None:
    client = Client(tools=[look], max_iterations=3, concurrent_tool_calls=True, on_tool_error="report")
    plain = client._turn("hi", None, overlay=Overlay()).options
    assert (plain.tools, plain.max_iterations, plain.concurrent, plain.on_tool_error) == ([look], 3, True, "report")
    overlay = Overlay("scout", "be kind", [], 5, "well?", False, "raise", True)
    told = client._turn("hi", None, overlay=overlay).options
    assert (told.agent, told.system, told.tools, told.max_iterations) == ("scout", "be kind", [], 5)
    assert (told.continuation_prompt, told.concurrent, told.on_tool_error, told.fresh) == (
        "well?",
        False,
        "raise",
        True,
    )


def test_a_repr_says_which_model_and_no_more() -> None:
    assert repr(Client(system_message="secret")) == "Client(plain:m, 0 messages)"


def test_a_colour_error_is_a_value_error() -> None:
    assert issubclass(ColourError, ValueError)
