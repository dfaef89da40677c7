"""The client of llama.cpp where the suite cannot look: odd model files, and grammars."""

from collections.abc import Callable, Iterator
from json import loads
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from conformance.models import MICRO_GGUF
from tests.aimu.engines.loaded import HAS_ENGINES

if not HAS_ENGINES:
    pytest.skip("this environment has no torch, or no llama.cpp", allow_module_level=True)

from llama_cpp.llama_grammar import LlamaGrammar

import aimu
from aimu.clients.llamacpp import LlamaCppClient
from aimu.engines.packaged import gguf_path

SMOLLM2 = "smollm2-135m-instruct"
PARIS = "What is the weather in Paris?"
City = Literal["Oslo", "Rome"]


class Place(BaseModel):
    """Where."""

    city: City


class Sky(BaseModel):
    """What is seen."""

    sky: Literal["blue", "grey"]


def loaded(model: object = MICRO_GGUF, **options: Any) -> LlamaCppClient:
    settings = {"max_tokens": 120, "temperature": 0}
    client = aimu.client(f"llamacpp:{model}", n_ctx=512, n_threads=1, default_generate_kwargs=settings, **options)
    assert isinstance(client, LlamaCppClient)
    return client


@pytest.fixture(scope="module")
def client() -> Iterator[LlamaCppClient]:
    with loaded() as micro:
        yield micro


def called(client: aimu.ModelClient, message: str, *tools: Callable[..., Any]) -> list[tuple[str, Any]]:
    """The calls of the first reply."""
    talk = client.fork()
    talk.tools = tools
    with talk.chat(message, stream=True) as stream:
        next(chunk for chunk in stream if chunk.is_tool_call())
    calls = talk.messages[1]["tool_calls"]
    return [(call["function"]["name"], loads(call["function"]["arguments"])) for call in calls]


def weather_of(kind: Any, asked: list[Any] | None = None) -> Callable[..., Any]:
    """The tool that the micro model knows, with a parameter of another type."""

    def get_weather(city):  # type: ignore[no-untyped-def]
        """get_weather."""
        if asked is not None:
            asked.append(city)
        return "sunny"

    get_weather.__annotations__ = {"city": kind}
    return aimu.tool(get_weather)


@aimu.tool
def get_time(city: City) -> str:
    """get_time."""
    return city


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    """The key is renamed in place, so the file is otherwise sound."""
    bare = tmp_path / "bare.gguf"
    bare.write_bytes(MICRO_GGUF.read_bytes().replace(b"tokenizer.chat_template", b"tokenizer.chat_templatx"))
    with pytest.raises(ValueError, match="no chat template"):
        loaded(bare)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for options in ({"model": tmp_path / "none.gguf"}, {"model_path": tmp_path / "none.gguf"}):
        with pytest.raises(FileNotFoundError, match=str(tmp_path / "none.gguf")):
            loaded(**options)


@pytest.mark.parametrize("flag", ["tools", "vision"])
def test_a_flag_that_is_not_served_is_refused(flag: str) -> None:
    with pytest.raises(ValueError, match="drop the flag"):
        loaded(f"{SMOLLM2};{flag}")


def test_what_the_template_has_no_place_for_is_not_offered() -> None:
    with loaded(SMOLLM2) as client:
        assert (client.model.tools, client.model.thinking, client.model.vision) == (False, False, False)


def test_a_call_is_kept_to_the_tools_schema(client: LlamaCppClient) -> None:
    assert called(client, PARIS, weather_of(City)) in ([("get_weather", {"city": city})] for city in ("Oslo", "Rome"))


def test_a_call_is_kept_to_schemas_inside_its_schema(client: LlamaCppClient) -> None:
    [(name, arguments)] = called(client, PARIS, weather_of(Place))
    assert name == "get_weather"
    assert Place.model_validate(arguments["city"])


def test_each_call_of_a_reply_is_kept_to_its_own_schema(client: LlamaCppClient) -> None:
    calls = called(client, "What is the weather in Tokyo? What time is it in Berlin?", weather_of(bool), get_time)
    assert [name for name, _ in calls] == ["get_weather", "get_time"]
    assert isinstance(calls[0][1]["city"], bool)
    assert calls[1][1]["city"] in ("Oslo", "Rome")


def test_only_a_tool_that_is_offered_can_be_called(client: LlamaCppClient) -> None:
    assert [name for name, _ in called(client, PARIS, get_time)] == ["get_time"]


def test_a_call_is_free_where_that_is_asked_for() -> None:
    with loaded(constrain_tool_calls=False) as free:
        assert called(free, PARIS, weather_of(City)) == [("get_weather", {"city": "Paris"})]


def test_a_call_is_free_where_no_grammar_says_what_it_takes(client: LlamaCppClient) -> None:
    assert called(client, PARIS, weather_of(Any)) == [("get_weather", {"city": "Paris"})]


def test_an_answer_is_kept_to_its_schema_and_a_call_may_come_first(client: LlamaCppClient) -> None:
    talk, told, asked = client.fork(), client.fork(), list[Any]()
    talk.tools = told.tools = [weather_of(City, asked)]
    assert isinstance(talk.chat(PARIS, schema=Sky), Sky)
    assert asked[0] in ("Oslo", "Rome")
    assert isinstance(told.chat("Hello", schema=Sky), Sky)


def test_a_grammar_that_cannot_be_read_is_an_error(client: LlamaCppClient) -> None:
    """Sampling by one ends the process; should a schema get so far, it must not."""
    unread = {"type": "object", "properties": {"a": {"enum": ['5" nail']}}}
    with pytest.raises(ValueError, match="make it simpler"):
        client._weights.generate({"prompt": "x", "schema": unread}, lambda _: None, lambda: False)


def test_a_grammar_of_the_users_own_is_kept_to(client: LlamaCppClient) -> None:
    grammar = LlamaGrammar.from_string('root ::= "no" | "never"', verbose=False)
    assert client.generate("Hello", generate_kwargs={"grammar": grammar}) in ("no", "never")


def test_the_packaged_model_is_found() -> None:
    assert gguf_path(SMOLLM2).is_file()
