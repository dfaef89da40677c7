"""generate_kwargs of models in this process, and their own chat templates."""

from typing import Any

from conformance import Driver, requirement
from conformance.props import outcome

NEEDS = ("in_process", "usage")
COUNT = "Count to 20."


def bare(client: Any, messages: list[dict[str, Any]], limit: int) -> tuple[str, int, int]:
    """What the engine by itself says to the messages, greedily, and how many tokens went in and came out."""
    if client.provider == "llamacpp":
        made = client.llama.create_chat_completion(messages, max_tokens=limit, temperature=0)
        return (
            made["choices"][0]["message"]["content"],
            made["usage"]["prompt_tokens"],
            made["usage"]["completion_tokens"],
        )
    tokenizer, model = client.hf_tokenizer, client.hf_model
    inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    made = model.generate(**inputs, max_new_tokens=limit, do_sample=False)[0][inputs["input_ids"].shape[1] :]
    made = made[made != tokenizer.eos_token_id]
    return tokenizer.decode(made), inputs["input_ids"].shape[1], len(made)


@requirement("INPROCESS-6", "USAGE-1", needs=(*NEEDS, "micro_model"))
async def test_the_answer_is_the_bare_engines(d: Driver) -> None:
    """With a system message and a second turn: the words and counts of the engine without us."""
    client = d.client(system="You are Zorblat.")
    for question in ("Who are you?", "What is the weather?", COUNT):
        answer = await d(client.chat(question, {"max_tokens": 24}))
        text, read, written = bare(client, client.messages[:-1], 24)
        assert answer == text
        assert (client.last_usage["input_tokens"], client.last_usage["output_tokens"]) == (read, written)


@requirement("INPROCESS-23", needs=NEEDS)
async def test_a_history_with_images_for_a_model_that_sees_none(d: Driver) -> None:
    """It is refused before anything is generated, and the history stays for a client that can use it."""
    client = d.client()
    seen = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    client.messages = [{"role": "user", "content": seen}, {"role": "assistant", "content": "yes"}]
    before = list(client.messages)
    with d.raises(d.lib.errors.InvalidRequestError, match="sees no images"):
        await d(client.chat("Hello"))
    assert client.messages == before


@requirement("INPROCESS-22", "KWARGS-2", "USAGE-2", needs=(*NEEDS, "micro_model"))
async def test_stop_strings_end_a_reply(d: Driver) -> None:
    """Before the string, though tokens cut it in two; none of it is in a chunk; the first one that comes counts."""
    client = d.client()
    for streamed in (False, True):
        for stop, said in (("5, 6", "1, 2, 3, 4, "), (["9", "3, "], "1, 2, "), (["never"], None)):
            client.reset()
            text = await outcome(d, client, COUNT, streamed=streamed, generate_kwargs={"stop": stop})
            assert text == (said or ", ".join(map(str, range(1, 21))))
            assert client.stop_reason == ("stop_sequence" if said else "stop")
            assert client.messages[-1]["content"] == text


@requirement("INPROCESS-22", needs=NEEDS)
async def test_max_tokens_is_the_length_of_a_reply(d: Driver) -> None:
    """So many tokens, and the reason is told."""
    client = d.client()
    for limit in (1, 7):
        client.reset()
        await d(client.chat(COUNT, {"max_tokens": limit}))
        assert client.last_usage["output_tokens"] == limit
        assert client.stop_reason == "length"


@requirement("INPROCESS-20", needs=NEEDS)
async def test_a_seed_repeats_what_was_sampled(d: Driver) -> None:
    """Hot enough to say something else each time; the same seed says the same again, another seed does not."""
    client = d.client()

    async def sampled(seed: int) -> str:
        client.reset()
        options = {"temperature": 3.0, "seed": seed, "max_tokens": 12, **untrimmed(client)}
        return str(await d(client.chat("Say red.", options)))

    first = await sampled(7)
    assert await sampled(7) == first
    assert len({first, await sampled(8), await sampled(9)}) > 1


def untrimmed(client: Any) -> dict[str, Any]:
    """No cutting of the tail, so that a hot model is not held to its few best tokens."""
    settings = {"llamacpp": {"top_k": 0, "top_p": 1.0, "min_p": 0.0}, "hf": {"top_k": 0, "top_p": 1.0}}
    return settings.get(client.provider, {})


@requirement("INPROCESS-21", needs=NEEDS)
async def test_a_parameter_that_the_engine_does_not_know(d: Driver) -> None:
    """The error names it; nothing is recorded, and the next turn works."""
    client = d.client()
    for name in ("no_such_parameter", "tools", "limit"):
        with d.raises(d.lib.errors.InvalidRequestError, match=name):
            await d(client.chat("Hello", {name: 1}))
    assert client.messages == []
    assert await d(client.chat("Hello"))


@requirement("INPROCESS-12", needs=(*NEEDS, "micro_model"))
async def test_the_template_says_what_a_model_can_do(d: Driver) -> None:
    """Named without flags, the micro model has tools and thinking, as its template does, and no images."""
    from conformance.models import MICRO_FOLDER, MICRO_GGUF

    name = d.client().provider
    loaded = d.lib.client(f"{name}:{MICRO_FOLDER if name == 'hf' else MICRO_GGUF}")
    client = d.track(loaded if d.on_sync else d.api.client(loaded))
    d.enter()
    assert (client.model.tools, client.model.thinking, client.model.vision) == (True, True, False)
