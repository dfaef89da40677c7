"""Bad parameters, programs that end in mid-generation, and loops that are gone: errors, not dead processes."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

if find_spec("llama_cpp") is None or find_spec("torch") is None:
    pytest.skip("this environment has no engines", allow_module_level=True)

import aimu
from aimu import aio
from aimu.errors import ContextOverflowError, InvalidRequestError, StructuredOutputError
from conformance.models import MICRO_FOLDER, MICRO_GGUF

LONG = "Count to 200."
OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
ENDS = """
import sys, torch
torch.set_num_threads(1)
import aimu
stream = aimu.client(sys.argv[1]).chat("Count to 200.", stream=True)
next(stream)
sys.exit(3)
"""


@pytest.fixture(scope="module")
def llama() -> Iterator[aimu.ModelClient]:
    with aimu.client(f"llamacpp:{MICRO_GGUF}", n_ctx=300, n_threads=1) as client:
        yield client


@pytest.fixture(scope="module")
def hugging() -> Iterator[aimu.ModelClient]:
    with aimu.client(f"hf:{MICRO_FOLDER}", dtype="float32") as client:
        yield client


BAD = [{"stop": 5}, {"stop": [1]}, {"max_tokens": True}, {"max_tokens": 0}, {"seed": "x"}, {"seed": -1}]
BAD_FOR_LLAMA = [
    {"temperature": "hot"},
    {"temperature": float("nan")},
    {"presence_penalty": float("inf")},
    {"logit_bias": {10**7: 1}},
    {"logit_bias": [1]},
    {"logits_processor": 5},
]


@pytest.mark.parametrize("parameters", [*BAD, *BAD_FOR_LLAMA], ids=str)
def test_a_bad_parameter_is_an_invalid_request_for_llama_cpp(llama: aimu.ModelClient, parameters: Any) -> None:
    fork = llama.fork()
    with pytest.raises(InvalidRequestError):
        fork.chat("Hello", parameters)
    assert fork.messages == []


@pytest.mark.parametrize("parameters", [*BAD, {"num_beams": 2}], ids=str)
def test_a_bad_parameter_is_an_invalid_request_for_transformers(hugging: aimu.ModelClient, parameters: Any) -> None:
    with pytest.raises(InvalidRequestError):
        hugging.fork().chat("Hello", parameters)


def test_a_grammar_that_finds_all_its_tokens_forbidden_does_not_end_the_process(llama: aimu.ModelClient) -> None:
    (brace,) = llama.llama.tokenize(b"{", add_bos=False)[-1:]  # type: ignore[attr-defined]
    forbidden = {"logit_bias": {brace: float("-inf")}, "max_tokens": 8, "temperature": 0}
    with pytest.raises(StructuredOutputError):
        llama.fork().chat("Hello", forbidden, schema=OBJECT)


def test_a_context_is_as_long_as_it_was_asked_for(llama: aimu.ModelClient) -> None:
    """llama.cpp rounds it up to a multiple of 256."""
    with pytest.raises(ContextOverflowError, match="holds 300"):
        llama.fork().chat("word " * 77)
    fork = llama.fork()
    fork.chat(LONG, {"temperature": 0})
    assert fork.stop_reason == "length"


@pytest.mark.parametrize("bound", ["1GB", -1, None, 0.5])
def test_a_bound_that_is_no_number_of_bytes_is_refused(bound: Any) -> None:
    with pytest.raises(ValueError, match="cache_bytes"):
        aimu.client(f"llamacpp:{MICRO_GGUF}", cache_bytes=bound)


@pytest.mark.parametrize(("name", "value"), [("device", "nowhere"), ("dtype", "float33")])
def test_a_device_or_dtype_that_is_none_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{name}='{value}'"):
        aimu.client(f"hf:{MICRO_FOLDER}", **{name: value})


@pytest.mark.parametrize("model", [f"hf:{MICRO_FOLDER}", f"llamacpp:{MICRO_GGUF}"], ids=["hf", "llamacpp"])
def test_a_program_that_ends_in_the_middle_ends_as_it_wants(model: str) -> None:
    done = subprocess.run([sys.executable, "-c", ENDS, model], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3, done.stderr


def test_a_client_that_its_own_tool_closes_says_so() -> None:
    client = aimu.client(f"hf:{MICRO_FOLDER}", dtype="float32", default_generate_kwargs={"temperature": 0})

    @aimu.tool
    def get_weather(city: str) -> str:  # noqa: ARG001
        """Tell the weather."""
        client.close()
        return "sunny"

    client.tools = [get_weather]
    with pytest.raises(RuntimeError, match="closed"):
        client.chat("What is the weather in Paris?")


def test_a_stream_that_another_loop_goes_on_with_is_an_error(llama: aimu.ModelClient) -> None:
    stream = aio.client(llama.fork()).chat(LONG, {"temperature": 0}, stream=True)

    async def take_one() -> None:
        async for _ in stream:
            break

    async def take_all() -> None:
        async for _ in stream:
            pass

    loop = asyncio.new_event_loop()
    loop.run_until_complete(take_one())
    with pytest.raises(RuntimeError):
        asyncio.run(asyncio.wait_for(take_all(), 20))
    loop.close()
