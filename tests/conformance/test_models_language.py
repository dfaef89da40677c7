"""The language of the micro model: a generator that is seeded, splits what it says, and only calls what it offers."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from aimu.core.structured import output_schema
from conformance.models.conversations import CONVERSATIONS
from conformance.models.dialogues import Language, lessons
from conformance.models.rendering import END, prompt_text, reply_text, samples
from conformance.models.speech import PERSON, TYPE_FIRST, Conversation, by_name, says, told, user
from conformance.models.words import Lexicon, is_held_out


class Person(BaseModel):
    name: str
    age: int


JSON_TYPES = {"integer": int, "string": str}


def free(seed: int, count: int = 300, **options: Any) -> list[Conversation]:
    language = Language(random.Random(seed), **options)
    return [language.conversation() for _ in range(count)]


def called(conversation: Conversation) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, message in conversation.turns():
        for call in message.get("tool_calls", ()):
            yield call["function"]["name"], json.loads(call["function"]["arguments"])


def test_the_same_seed_gives_the_same_conversations() -> None:
    assert free(3) == free(3)
    assert free(3) != free(4)


def test_held_out_words_and_numbers_are_never_those_of_training() -> None:
    drawn = {}
    for held_out in (True, False):
        lexicon = Lexicon(random.Random(1), held_out)
        words = {lexicon.word() for _ in range(3000)}
        drawn[held_out] = words | {str(number) for _ in range(3000) if (number := lexicon.integer()) > 9}
    assert len(drawn[True]) > 1000
    assert not drawn[True] & drawn[False]


@pytest.mark.parametrize("held_out", [True, False])
def test_arguments_are_of_the_side_that_was_asked_for(held_out: bool) -> None:
    given = [value for one in free(2, held_out=held_out) for _, made in called(one) for value in made.values()]
    numbers = {value for value in given if isinstance(value, int) and value > 9}
    assert len(numbers) > 50
    assert {is_held_out(str(number)) for number in numbers} == {held_out}


@pytest.mark.parametrize("conversation", [*CONVERSATIONS.values(), *free(5, 200)])
def test_a_call_is_of_an_offered_tool_and_fits_it(conversation: Conversation) -> None:
    offered = {tool["function"]["name"]: tool["function"]["parameters"]["properties"] for tool in conversation.tools}
    assert len(offered) == len(conversation.tools)
    for name, given in called(conversation):
        assert {key: JSON_TYPES[kind["type"]] for key, kind in offered[name].items()} == {
            key: type(value) for key, value in given.items()
        }


@pytest.mark.parametrize("conversation", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_a_checked_conversation_ends_in_an_answer_and_its_ids_match(conversation: Conversation) -> None:
    last = conversation.messages[-1]
    assert last["role"] == "assistant"
    assert "tool_calls" not in last
    made = [call["id"] for message in conversation.messages for call in message.get("tool_calls", ())]
    assert made == [message["tool_call_id"] for message in conversation.messages if message["role"] == "tool"]
    if conversation.schema:
        schema = output_schema(conversation.schema)
        assert schema is not None
        assert schema.read(last["content"]) == json.loads(last["content"])


@pytest.mark.parametrize(("given", "written"), [(Person, PERSON), (PERSON, TYPE_FIRST)])
def test_what_asks_for_json_is_what_the_library_says(given: Any, written: dict[str, Any]) -> None:
    schema = output_schema(given)
    assert schema is not None
    assert told(written) == schema.instruction()


@pytest.mark.parametrize("conversation", [*CONVERSATIONS.values(), *free(6, 100)])
def test_samples_are_the_prompts_and_the_replies(conversation: Conversation) -> None:
    learned = list(samples(conversation))
    written = [text for sample in learned for text, is_target in sample if is_target]
    assert written == [reply_text(message) + END for _, message in conversation.turns()]
    messages, message = list(conversation.turns())[-1]
    whole = prompt_text(messages, conversation.tools, conversation.thinking) + reply_text(message) + END
    assert "".join(text for text, _ in learned[-1]) == whole


def test_old_thinking_is_not_in_a_prompt() -> None:
    conversation = CONVERSATIONS["thinking_twice"]
    (_, first), (messages, second) = conversation.turns()
    assert first["thinking"] in reply_text(first)
    assert first["thinking"] not in prompt_text(messages, thinking=True)
    assert second["thinking"] in reply_text(second)


def test_a_course_begins_with_copying_and_has_its_share_of_checked_conversations() -> None:
    taught = [one for one in CONVERSATIONS.values() if one.taught]
    known = {"".join(text for text, _ in sample) for one in taught for sample in samples(one)}

    def share(progress: float, checked: float) -> float:
        course = lessons(1, checked=checked, progress=lambda: progress)
        return sum("".join(text for text, _ in next(course)) in known for _ in range(400)) / 400

    assert share(0.01, 1.0) < 0.15
    assert 0.4 < share(1.0, 0.5) < 0.6
    assert share(1.0, 0.0) < 0.1


def test_two_conversations_of_one_name_are_refused() -> None:
    twin = Conversation("twin", (user("Hello"), says("Hello!")))
    with pytest.raises(ValueError, match="one name"):
        by_name([twin, twin])


def test_what_is_not_taught_is_not_in_the_course() -> None:
    untaught = {prompt_text(*_asked(one)) for one in CONVERSATIONS.values() if not one.taught and one.tools}
    course = lessons(1, checked=1.0)
    seen = {next(course)[0][0] for _ in range(600)}
    assert len(untaught) == 2
    assert not untaught & seen
    assert prompt_text(*_asked(CONVERSATIONS["weather"])) in seen


def _asked(conversation: Conversation) -> tuple[Any, ...]:
    messages, _ = next(conversation.turns())
    return messages, conversation.tools
