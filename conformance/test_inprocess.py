"""Models in this process: loaded once, wrapped for aio, stopped within a token."""

import asyncio
from typing import Any

from conformance import Driver, requirement
from conformance.probes import IN_PROCESS_MODEL

LONG = {"max_tokens": 400, "temperature": 0}
STORY = "Tell me a long story about a fox."


@requirement("INPROCESS-1", needs=("in_process",), surfaces=("aio",))
async def test_naming_a_model_on_aio_shows_the_pattern(d: Driver) -> None:
    """The string and the catalogue member are refused alike."""
    for model in (IN_PROCESS_MODEL, d.lib.LlamaCppModel.SMOLLM2_135M_INSTRUCT):
        with d.raises(ValueError, match=r"aio\.client\(aimu\.client\("):
            d.api.client(model)


@requirement("INPROCESS-2", needs=("in_process",))
async def test_forks_share_the_weights(d: Driver) -> None:
    """Two clients, one model; both answer."""
    client = d.client()
    fork = d.track(client.fork())
    assert fork.llama is client.llama
    assert await d(client.chat("Say hello.")) == await d(fork.chat("Say hello."))
    assert fork.messages is not client.messages


@requirement("INPROCESS-3", needs=("in_process",), surfaces=("aio",))
async def test_the_wrapper_shares_state_both_ways(d: Driver) -> None:
    """What is set on either client is set on both, and the weights are the same."""
    sync_client = d.target.client(d.twin("sync"))
    client = d.track(d.api.client(sync_client))
    await d(client.chat("Say hello."))
    assert client.messages is sync_client.messages
    assert len(sync_client.messages) == 2
    assert client.llama is sync_client.llama
    assert sync_client.last_usage == client.last_usage
    client.reset(system_message="Be brief.")
    assert sync_client.system_message == "Be brief."
    sync_client.default_generate_kwargs = {"max_tokens": 1, "temperature": 0}
    await d(client.chat("Say hello."))
    assert client.last_usage["output_tokens"] == 1


@requirement("INPROCESS-3", needs=("in_process",), surfaces=("aio",))
async def test_the_wrapper_takes_no_options(d: Driver) -> None:
    """A system message would be set on somebody else's client."""
    sync_client = d.target.client(d.twin("sync"))
    with d.raises(TypeError, match="system"):
        d.api.client(sync_client, system="Be brief.")


@requirement("INPROCESS-4", needs=("in_process",), surfaces=("aio",))
async def test_the_loop_runs_while_the_model_generates(d: Driver) -> None:
    """A task that does nothing but yield gets thousands of turns; a blocked loop would give it a handful."""
    client = d.client()
    answer = asyncio.ensure_future(client.chat(STORY, {"max_tokens": 24, "temperature": 0}))
    turns = 0
    while not answer.done():
        turns += 1
        await asyncio.sleep(0)
    await d(answer)
    assert turns > 500


@requirement("INPROCESS-5", needs=("in_process",))
async def test_closing_a_stream_stops_the_generation(d: Driver) -> None:
    """One chunk of four hundred is read; the engine has not run to the end, and nothing was recorded."""
    client = d.client()
    stream = client.chat(STORY, LONG, stream=True)
    async for chunk in d.stream(stream):
        assert chunk.content
        break
    await d.close(stream)
    assert client.llama.n_tokens < 200
    assert client.messages == []
    assert await d(client.chat("Say hello."))


@requirement("INPROCESS-5", needs=("in_process",), surfaces=("aio",))
async def test_cancelling_stops_the_generation(d: Driver) -> None:
    """The cancelled turn is gone, its thread too, and the next one works."""
    client = d.client()
    stream = client.chat(STORY, LONG, stream=True)
    started = asyncio.Event()

    async def read() -> None:
        async for _ in d.stream(stream):
            started.set()

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with d.raises(asyncio.CancelledError):
        await task
    assert client.llama.n_tokens < 300
    assert client.messages == []
    assert await d(client.chat("Say hello."))


@requirement("INPROCESS-6", needs=("in_process",))
async def test_the_answer_is_the_bare_engines(d: Driver) -> None:
    """Greedy, with a system message and a second turn: the same words as llama.cpp's own chat completion."""
    client = d.client(system="You are a pirate.")
    kwargs = {"max_tokens": 12, "temperature": 0}
    for question in ("Who are you?", "Say it again."):
        answer = await d(client.chat(question, kwargs))
        bare = client.llama.create_chat_completion(client.messages[:-1], **kwargs)
        assert answer == bare["choices"][0]["message"]["content"]
    assert client.last_usage == {
        "input_tokens": bare["usage"]["prompt_tokens"],
        "output_tokens": bare["usage"]["completion_tokens"],
    }


@requirement("INPROCESS-7", needs=("in_process",))
async def test_a_reader_that_stopped_holds_up_nobody(d: Driver) -> None:
    """One stream is read once and left; a fork answers all the same, inside its loop body."""
    client = d.client()
    fork = d.track(client.fork())
    answers: list[Any] = []
    async for _ in d.stream(client.chat(STORY, {"max_tokens": 6, "temperature": 0}, stream=True)):
        answers.append(await d(fork.chat("Say hello.")))
        fork.reset()
    assert len(answers) > 1
    assert len(set(answers)) == 1


@requirement("INPROCESS-7", needs=("in_process",))
async def test_two_forks_at_once_answer_as_if_alone(d: Driver) -> None:
    """Interleaved evaluation would mix their words."""
    alone = d.client()
    expected = [await d(alone.fork().chat(question)) for question in ("Name a colour.", "Name an animal.")]
    forks = [d.track(alone.fork()) for _ in expected]
    first = d.start(lambda: forks[0].chat("Name a colour."))
    second = d.start(lambda: forks[1].chat("Name an animal."))
    assert [await first.result(), await second.result()] == expected


@requirement("INPROCESS-8", needs=("in_process",))
async def test_a_conversation_that_does_not_fit(d: Driver) -> None:
    """Both numbers are in the error, and the history is as it was."""
    client = d.client()
    context = client.llama.n_ctx()
    stream = client.chat("word " * (context + 1), stream=True)
    with d.raises(d.lib.errors.ContextOverflowError, match=rf"has \d+ tokens.* holds {context}"):
        await d.collect(stream)
    assert client.messages == []


@requirement("INPROCESS-9", needs=("in_process",), surfaces=("sync",))
async def test_a_model_file_that_is_not_there(d: Driver) -> None:
    """The path is in the error."""
    with d.raises(FileNotFoundError, match=r"no-such-file\.gguf"):
        d.lib.client("llamacpp:./no-such-file.gguf")


@requirement("INPROCESS-10", needs=("wire",), surfaces=("aio",))
async def test_a_wire_client_is_not_wrapped(d: Driver) -> None:
    """The error shows the async client to make instead."""
    sync_client = d.target.client(d.twin("sync"))
    with d.raises(ValueError, match=r"aio\.client\("):
        d.api.client(sync_client)
    sync_client.close()
