"""Is what a target declares unsupported really refused, in the documented way?

Each probe raises AssertionError unless the refusal is observed.
"""

import warnings
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from conformance.driver import Driver

Probe: TypeAlias = "Callable[[Driver], Awaitable[None]]"

IN_PROCESS_MODEL: Final = "llamacpp:smollm2-135m-instruct"
PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


async def refused(driver: "Driver", call: Callable[[], Any], *expected: type[Exception]) -> None:
    """Make a call that has to be refused.

    Args:
        driver: Driver.
        call: makes the call and returns what it returned.
        expected: the exception types that are the documented refusal.

    Raises:
        AssertionError: the call went through, or failed in another way.
    """
    driver.enter()
    names = " or ".join(kind.__name__ for kind in expected)
    try:
        await driver(call())
    except expected:
        return
    except Exception as error:
        raise AssertionError(f"expected {names}, but the call raised {error!r}") from error
    raise AssertionError(f"expected {names}, but the call went through")


async def tools(driver: "Driver") -> None:
    """Tools are refused with ValueError, at construction or at the call."""

    @driver.lib.tool  # type: ignore[untyped-decorator]
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    await refused(driver, lambda: driver.client(tools=[add]).chat("hi"), ValueError)


async def images(driver: "Driver") -> None:
    """Images are refused with ValueError."""
    await refused(driver, lambda: driver.client().chat("hi", images=[PIXEL]), ValueError)


async def streaming(driver: "Driver") -> None:
    """`stream=True` is refused with ValueError in the call itself, before anything is awaited or iterated."""
    driver.enter()
    try:
        driver.client().chat("hi", stream=True)
    except ValueError:
        return
    raise AssertionError("expected ValueError, but the call went through")


async def thinking(driver: "Driver") -> None:
    """The `thinking` keyword is dropped with a UserWarning."""
    script_one_reply(driver)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await driver(driver.client().chat("hi", generate_kwargs={"thinking": True, "max_tokens": 4}))
    if not any(issubclass(warning.category, UserWarning) for warning in caught):
        raise AssertionError("expected a UserWarning for thinking, and none came")


async def usage(driver: "Driver") -> None:
    """Without token counts `last_usage` is None after a turn."""
    script_one_reply(driver)
    client = driver.client()
    await driver(client.chat("hi"))
    if client.last_usage is not None:
        raise AssertionError(f"expected last_usage to be None, got {client.last_usage!r}")


async def constrained(driver: "Driver") -> None:
    """A model that nothing keeps to a schema is told of it: the schema stands in the prompt."""
    script_one_reply(driver, '{"word": "Hello"}')
    schema = {"properties": {"word": {"type": "string"}}, "required": ["word"]}
    await driver(driver.client().chat("hi", schema=schema))
    told = str(driver.server.requests[-1].body["messages"])
    if "properties" not in told or "word" not in told:
        raise AssertionError(f"expected the schema to be told in the prompt, got {told}")


async def wire(driver: "Driver") -> None:
    """A model in this process sends nothing, and is reached through its sync client only: not by its id, on aio."""
    from conformance.scripted import ScriptedServer

    script_one_reply(driver)
    await driver(driver.client().chat("hi"))
    if isinstance(driver.server, ScriptedServer) and (sent := len(driver.server.requests)):
        raise AssertionError(f"expected no request over a wire, got {sent}")
    door = driver.implementation.aio
    await refused(driver, lambda: door.client(IN_PROCESS_MODEL), ValueError)


async def scripted(driver: "Driver") -> None:
    """A real model speaks for itself, whatever a script says."""
    from conformance.scripted import Reply

    text = "The script says so."
    driver.server.script(Reply(text))
    answer = await driver(driver.client().chat("hi"))
    if answer == text:
        raise AssertionError(f"expected an answer of the model's own, got that of the script: {answer!r}")


async def openai_wire(driver: "Driver") -> None:
    """Nothing is sent to Chat Completions."""
    await _speaks_another_wire(driver, "openai")


async def anthropic_wire(driver: "Driver") -> None:
    """Nothing is sent to Messages."""
    await _speaks_another_wire(driver, "anthropic")


async def _speaks_another_wire(driver: "Driver", name: str) -> None:
    if "wire" not in driver.target.capabilities:
        return await wire(driver)
    script_one_reply(driver)
    await driver(driver.client().chat("hi"))
    spoken = [request.wire for request in driver.server.requests]
    if name in spoken or ("scripted" in driver.target.capabilities and not spoken):
        raise AssertionError(f"expected a request on another wire than {name}, got {spoken}")
    return None


async def in_process(driver: "Driver") -> None:
    """A client that talks over a wire is not to be wrapped: the async surface refuses it."""
    sync_client = driver.track(driver.target.client(driver.twin("sync")))
    await refused(driver, lambda: driver.implementation.aio.client(sync_client), ValueError, TypeError)


async def micro_model(driver: "Driver") -> None:
    """Not the suite's own model, through an engine of this library: none of the engine's objects is there."""
    if "in_process" not in driver.target.capabilities:
        return await in_process(driver)
    driver.enter()
    if engines := [name for name in ("llama", "hf_model") if hasattr(driver.client(), name)]:
        raise AssertionError(f"expected a model of its own, and the client has {engines[0]}")
    return None


def script_one_reply(driver: "Driver", text: str = "Hello") -> None:
    """Let a scripted target answer once."""
    if "scripted" in driver.target.capabilities:
        from conformance.scripted import Reply

        driver.script(Reply(text))


PROBES: Final[dict[str, Probe]] = {
    "tools": tools,
    "parallel_tools": tools,
    "images": images,
    "streaming": streaming,
    "thinking": thinking,
    "usage": usage,
    "constrained": constrained,
    "wire": wire,
    "openai_wire": openai_wire,
    "anthropic_wire": anthropic_wire,
    "scripted": scripted,
    "in_process": in_process,
    "micro_model": micro_model,
}
