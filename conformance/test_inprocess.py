"""Models in this process: loaded once, wrapped for aio, stopped within a token."""

import asyncio
import threading
import time
from typing import Any

from conformance import Driver, requirement
from conformance.props import outcome

NEEDS = ("in_process",)
COUNT = "Count to 20."
LONG = "Count to 200."
BEAT, LONGEST_GAP = 0.005, 0.25


def raw(client: Any) -> Any:
    """The engine's own model."""
    return client.llama if client.provider == "llamacpp" else client.hf_model


class Throttle:
    """A logits processor that counts the tokens of a generation, and slows it after the third until it is let go."""

    def __init__(self) -> None:
        self.steps = 0
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, input_ids: Any, scores: Any) -> Any:  # noqa: ARG002
        self.steps += 1
        if self.steps > 3:
            self.reached.set()
            self.let_go.wait(0.02)
        return scores

    def __deepcopy__(self, memo: object) -> "Throttle":
        return self


@requirement("INPROCESS-1", needs=NEEDS, surfaces=("aio",))
async def test_naming_a_model_on_aio_shows_the_pattern(d: Driver) -> None:
    """The string and the catalogue member are refused alike, of either engine; nothing is looked for on a disk."""
    strings = ["llamacpp:some.gguf", "hf:some/model", "hf:some/model;tools"]
    for model in (*strings, d.lib.LlamaCppModel.SMOLLM2_135M_INSTRUCT, d.lib.HuggingFaceModel.QWEN_3_8B):
        with d.raises(ValueError, match=r"load model weights into memory.*aio\.client\(aimu\.client\("):
            d.api.client(model)


@requirement("INPROCESS-2", needs=(*NEEDS, "micro_model"))
async def test_forks_share_the_weights(d: Driver) -> None:
    """Two clients, one model; both answer."""
    client = d.client()
    fork = d.track(client.fork())
    assert raw(fork) is raw(client)
    assert await d(client.chat("Say hello.")) == await d(fork.chat("Say hello."))
    assert fork.messages is not client.messages


@requirement("INPROCESS-3", needs=NEEDS, surfaces=("aio",))
async def test_the_wrapper_shares_state_both_ways(d: Driver) -> None:
    """What is set on either client is set on both, and the weights are the same."""
    sync_client = d.target.client(d.twin("sync"))
    client = d.track(d.api.client(sync_client))
    await d(client.chat("Say hello."))
    assert client.messages is sync_client.messages
    assert len(sync_client.messages) == 2
    if "micro_model" in d.target.capabilities:
        assert raw(client) is raw(sync_client)
    assert sync_client.last_usage == client.last_usage
    client.reset(system_message="Be brief.")
    assert sync_client.system_message == "Be brief."
    sync_client.default_generate_kwargs = {"max_tokens": 1, "temperature": 0}
    await d(client.chat("Say hello."))
    assert client.last_usage["output_tokens"] == 1
    sync_client.tools = [tool := d.lib.tool(ping)]
    assert client.tools == [tool]
    client.tools = []
    assert sync_client.tools == []


def ping() -> str:
    """Do it."""
    return "pong"


@requirement("INPROCESS-3", needs=NEEDS, surfaces=("aio",))
async def test_the_wrapper_takes_no_options(d: Driver) -> None:
    """A system message would be set on somebody else's client."""
    sync_client = d.target.client(d.twin("sync"))
    with d.raises(TypeError, match="system"):
        d.api.client(sync_client, system="Be brief.")


@requirement("INPROCESS-4", needs=(*NEEDS, "micro_model"), surfaces=("aio",))
async def test_a_heartbeat_goes_on_while_the_model_generates(d: Driver) -> None:
    """A task that wakes every 5 ms is never late by 250 ms, through a long generation, streamed or not."""
    client = d.client()
    for streamed in (False, True):
        beating = asyncio.create_task(longest_gap(done := asyncio.Event()))
        await outcome(d, client, LONG, streamed=streamed, generate_kwargs={"max_tokens": 150})
        done.set()
        gap, beats = await beating
        assert gap < LONGEST_GAP, f"the event loop stood still for {gap * 1000:.0f} ms"
        assert beats > 5, f"only {beats} beats"
        client.reset()


async def longest_gap(done: asyncio.Event) -> tuple[float, int]:
    """The longest time between two beats until `done`, and how many there were."""
    gap, beats, last = 0.0, 0, time.perf_counter()
    while not done.is_set():
        await asyncio.sleep(BEAT)
        now = time.perf_counter()
        gap, beats, last = max(gap, now - last), beats + 1, now
    return gap, beats


@requirement("INPROCESS-5", needs=(*NEEDS, "micro_model"))
async def test_closing_a_stream_stops_the_generation(d: Driver) -> None:
    """A chunk of many is read; the engine has not run to the end, nothing was recorded, and the next turn works."""
    client, throttle = d.client(), Throttle()
    stream = client.chat(LONG, {"logits_processor": [throttle], "temperature": 0}, stream=True)
    async for chunk in d.stream(stream):
        assert chunk.content
        break
    await d.close(stream)
    assert throttle.steps < 100
    assert client.messages == []
    assert await d(client.chat("Say hello."))


@requirement("INPROCESS-5", needs=(*NEEDS, "micro_model"), surfaces=("aio",))
async def test_cancelling_stops_the_generation(d: Driver) -> None:
    """The cancelled turn is gone, its thread too, and the next one works; streamed or not."""
    for streamed in (False, True):
        client, throttle = d.client(), Throttle()
        options = {"generate_kwargs": {"logits_processor": [throttle], "temperature": 0}}
        task = asyncio.create_task(outcome(d, client, LONG, streamed=streamed, **options))
        await d.wait(throttle.reached)
        task.cancel()
        with d.raises(asyncio.CancelledError):
            await task
        assert throttle.steps < 100
        assert client.messages == []
        assert await d(client.chat("Say hello."))


@requirement("INPROCESS-5", needs=(*NEEDS, "micro_model"))
async def test_dropping_a_stream_stops_the_generation(d: Driver) -> None:
    """Nobody closes it: the generation ends with the stream, and the conversation is free."""
    client, throttle = d.client(), Throttle()
    stream = client.chat(LONG, {"logits_processor": [throttle], "temperature": 0}, stream=True)
    async for _ in d.stream(stream):
        break
    del stream
    assert await d(client.chat("Say hello."))
    assert throttle.steps < 100


@requirement("INPROCESS-7", needs=NEEDS)
async def test_a_reader_that_stopped_holds_up_nobody(d: Driver) -> None:
    """One stream is read once and left; a fork answers all the same, inside its loop body."""
    client = d.client()
    fork = d.track(client.fork())
    answers: list[Any] = []
    async for _ in d.stream(client.chat(COUNT, {"max_tokens": 6}, stream=True)):
        answers.append(await d(fork.chat("Say hello.")))
        fork.reset()
    assert len(answers) > 1
    assert len(set(answers)) == 1


@requirement("INPROCESS-7", needs=(*NEEDS, "micro_model"))
async def test_two_forks_at_once_answer_as_if_alone(d: Driver) -> None:
    """Interleaved evaluation would mix their words."""
    d.is_ordered = False  # either may be first
    client = d.client()
    forks = [d.track(client.fork()) for _ in range(2)]
    first = d.start(lambda: forks[0].chat(COUNT))
    second = d.start(lambda: forks[1].chat("Say hello."))
    assert await first.result() == ", ".join(map(str, range(1, 21)))
    assert await second.result() == await d(client.chat("Say hello."))


@requirement("INPROCESS-8", needs=NEEDS)
async def test_a_conversation_that_does_not_fit(d: Driver) -> None:
    """Both numbers are in the error, and the history is as it was."""
    client = d.client()
    stream = client.chat("word " * 3000, stream=True)
    with d.raises(d.lib.errors.ContextOverflowError, match=r"has \d+ tokens.* holds \d+"):
        await d.collect(stream)
    assert client.messages == []


@requirement("INPROCESS-9", needs=(*NEEDS, "micro_model"), surfaces=("sync",))
async def test_a_model_file_that_is_not_there(d: Driver) -> None:
    """The path is in the error."""
    with d.raises(FileNotFoundError, match=r"no-such-file\.gguf"):
        d.lib.client(f"{d.target.provider}:./no-such-file.gguf")
