"""What was computed for a conversation is used again, and changes no answer."""

from typing import Any

from conformance import Driver, requirement

NEEDS = ("in_process", "micro_model", "usage")
HELLO = "Hello"


def ten_turns() -> tuple[str, list[str], list[str]]:
    """The system message, the questions and the answers of the checked conversation of ten turns."""
    from conformance.models.conversations import CONVERSATIONS

    system, *rest = CONVERSATIONS["ten_turns"].messages
    questions = [message["content"] for message in rest if message["role"] == "user"]
    answers = [message["content"] for message in rest if message["role"] == "assistant"]
    return system["content"], questions, answers


async def computed(d: Driver, client: Any, question: str) -> int:
    """Ask; how many tokens of the prompt were computed that an earlier turn of the conversation had read or written."""
    known = sum((client.last_usage or {}).get(name, 0) for name in ("input_tokens", "output_tokens"))
    await d(client.chat(question))
    return int(known - client.last_usage["cache_read_tokens"])


@requirement("INPROCESS-15", needs=NEEDS)
async def test_a_turn_computes_its_own_tokens_only(d: Driver) -> None:
    """Over ten turns the prompt grows; of what was read or written before, no more than a token is computed."""
    system, questions, answers = ten_turns()
    client = d.client(system=system)
    counts = [await computed(d, client, question) for question in questions]
    assert [message["content"] for message in client.messages if message["role"] == "assistant"] == answers
    assert client.last_usage["input_tokens"] > 300
    assert max(counts) <= 1, counts


@requirement("INPROCESS-16", needs=NEEDS)
async def test_reuse_changes_no_answer(d: Driver) -> None:
    """The same conversation, once with reuse and once with everything forgotten before each turn."""
    system, questions, answers = ten_turns()
    client = d.client(system=system)
    for question in questions:
        client.clear_cache()
        await d(client.chat(question))
        assert client.last_usage["cache_read_tokens"] == 0
    assert [message["content"] for message in client.messages if message["role"] == "assistant"] == answers


@requirement("INPROCESS-15", "INPROCESS-16", needs=NEEDS)
async def test_a_changed_history_is_computed_again(d: Driver) -> None:
    """What follows a change is not taken from before it: the answer is that of a fresh client."""
    system, questions, answers = ten_turns()
    client, fresh = d.client(system=system), d.client(system=system)
    for question in questions[:2]:
        await d(client.chat(question))
    changed = [{**message} for message in client.messages]
    for message in changed:
        message["content"] = message["content"].replace("Blue Harbor 77", "Red Garden 12").replace("Alice", "Bob")
    client.messages = changed
    await d(client.chat(questions[5]))
    reused = client.last_usage["cache_read_tokens"]
    assert reused < client.last_usage["input_tokens"] / 2
    fresh.messages = changed
    fresh.clear_cache()
    await d(fresh.chat(questions[5]))
    assert client.messages == fresh.messages
    assert answers[5] not in str(client.messages[len(changed) :])


@requirement("INPROCESS-15", needs=NEEDS)
async def test_a_changed_system_message_is_computed_again(d: Driver) -> None:
    """The prompt differs from its first words on, so nothing but those is used."""
    client = d.client(system="You are Zorblat.")
    await d(client.chat("Who are you?"))
    client.reset(system_message="Be brief.")
    assert await d(client.chat(HELLO)) == "Hello! How can I help you?"
    assert client.last_usage["cache_read_tokens"] < 8


@requirement("INPROCESS-15", "INPROCESS-2", needs=NEEDS)
async def test_forks_that_take_turns_keep_what_is_theirs(d: Driver) -> None:
    """Two conversations on the same weights, question by question: neither throws the other's work away."""
    system, questions, answers = ten_turns()
    client = d.client(system=system)
    other = d.track(client.fork())
    other.reset(system_message="You are a helpful assistant.")
    for question in questions[:5]:
        assert await computed(d, client, question) <= 1
        await d(other.chat(HELLO))
        other_read = other.last_usage["cache_read_tokens"]
    assert [message["content"] for message in client.messages if message["role"] == "assistant"] == answers[:5]
    assert other_read > other.last_usage["input_tokens"] / 2


@requirement("INPROCESS-15", needs=(*NEEDS, "thinking"))
async def test_old_thoughts_are_left_out_and_computed_around(d: Driver) -> None:
    """The template leaves a thought out of the next prompt: the answer behind it is computed again, the rest is not."""
    client = d.client()
    options = {"thinking": True}
    await d(client.chat("Say blue bird.", options))
    before = client.last_usage["input_tokens"]
    await d(client.chat("Say red fox.", options))
    assert before / 2 < client.last_usage["cache_read_tokens"] <= before
    assert client.messages[-1]["content"] == "red fox"


@requirement("INPROCESS-17", needs=NEEDS)
async def test_clearing_forgets_for_all_that_share_the_weights(d: Driver) -> None:
    """After clear_cache() of a fork, a conversation is computed from its first token, with the same answer."""
    client = d.client()
    fork = d.track(client.fork())
    first = await d(client.chat(HELLO))
    fork.clear_cache()
    await d(client.chat("Thanks"))
    assert client.last_usage["cache_read_tokens"] == 0
    client.reset()
    assert await d(client.chat(HELLO)) == first
    assert client.last_usage["cache_read_tokens"] > 0
