"""One conversation: who holds it, what it records, and which system message is in force."""

import threading
from typing import Any

import pytest

from aimu.core.conversation import Aside, Conversation, with_system
from aimu.errors import ConcurrentTurnError
from tests.aimu.core.codec import a_turn
from tests.aimu.strategies import Message

USER: Message = {"role": "user", "content": "hi"}
REPLY: Message = {"role": "assistant", "content": "hello"}
SYSTEM: Message = {"role": "system", "content": "be brief"}


def test_a_conversation_is_held_by_one_turn_at_a_time() -> None:
    talk = Conversation()
    first, second = a_turn(talk), a_turn(talk)
    first.open()
    with pytest.raises(ConcurrentTurnError, match=r"client\.fork\(\)"):
        second.open()
    second.close()  # it never held the conversation
    with pytest.raises(ConcurrentTurnError):
        second.open()
    first.close()
    first.close()
    second.open()
    with pytest.raises(ConcurrentTurnError):
        first.open()


def test_of_many_threads_one_gets_it() -> None:
    for _ in range(20):
        talk, start = Conversation(), threading.Barrier(8)
        won: list[bool] = []

        def race(talk: Conversation = talk, start: threading.Barrier = start, won: list[bool] = won) -> None:
            turn = a_turn(talk)
            start.wait(10)
            try:
                turn.open()
            except ConcurrentTurnError:
                won.append(False)
            else:
                won.append(True)

        threads = [threading.Thread(target=race) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * 7 + [True]


@pytest.mark.parametrize(("name", "value"), [("messages", []), ("system_message", "x"), ("tools", []), ("reset", None)])
def test_nothing_is_changed_under_an_open_turn(name: str, value: Any) -> None:
    talk = Conversation("be brief")
    a_turn(talk).open()
    with pytest.raises(ConcurrentTurnError, match="while a turn is open"):
        talk.reset(value) if name == "reset" else setattr(talk, name, value)
    assert (talk.system_message, talk.messages, talk.tools) == ("be brief", [], [])


def test_the_first_round_brings_the_system_entry() -> None:
    talk = Conversation("be brief")
    assert talk.messages == []
    talk.record([USER, REPLY])
    talk.record([USER, REPLY])
    assert talk.messages == [SYSTEM, USER, REPLY, USER, REPLY]


def test_a_fresh_round_starts_over_with_the_same_system_entry() -> None:
    talk = Conversation("be brief")
    held = talk.messages
    talk.record([USER, REPLY])
    talk.record([USER], fresh=True)
    assert talk.messages == [SYSTEM, USER]
    assert talk.messages is held


def test_the_system_message_is_locked_by_the_first_round_until_a_reset() -> None:
    talk = Conversation("be brief")
    talk.system_message = "be long"
    talk.record([USER, REPLY])
    with pytest.raises(RuntimeError, match="locked after the first turn; call reset"):
        talk.system_message = "other"
    assert talk.system_message == "be long"
    talk.reset("third")
    assert (talk.messages, talk.system_message) == ([], "third")
    talk.system_message = None
    talk.record([USER, REPLY])
    assert talk.messages == [USER, REPLY]


def test_an_empty_system_message_is_one_and_none_is_none() -> None:
    talk = Conversation("")
    talk.record([USER, REPLY])
    assert talk.messages[0] == {"role": "system", "content": ""}
    assert talk.system_message == ""


def test_an_assigned_history_brings_its_own_system_message() -> None:
    talk = Conversation("be brief")
    talk.messages = [{**SYSTEM, "content": "be kind"}, USER, REPLY]
    assert talk.system_message == "be kind"
    talk.messages = [USER, REPLY]
    assert talk.system_message is None


def test_before_the_first_turn_a_new_system_message_takes_the_place_of_the_old_entry() -> None:
    talk = Conversation()
    talk.messages = [SYSTEM, USER, REPLY]
    talk.system_message = "be kind"
    assert talk.messages == [{**SYSTEM, "content": "be kind"}, USER, REPLY]
    talk.system_message = None
    assert talk.messages == [USER, REPLY]


def test_an_unsendable_history_is_refused_and_the_old_one_stays() -> None:
    talk = Conversation()
    talk.record([USER, REPLY])
    with pytest.raises(ValueError, match=r"messages\[1\]"):
        talk.messages = [USER, {"role": "tool", "tool_call_id": "c1", "content": "3"}]
    assert talk.messages == [USER, REPLY]


def test_with_system_replaces_adds_or_removes_and_keeps_the_rest() -> None:
    kind = {**SYSTEM, "content": "be kind"}
    for given in ([SYSTEM, USER], [USER]):
        before = list(given)
        assert with_system(given, "be kind") == [kind, USER]
        assert with_system(given, None) == [USER]
        assert given == before
    assert with_system([], None) == []
    assert with_system([USER, SYSTEM], None) == [USER, SYSTEM]


def test_an_aside_tells_what_it_read_and_records_nothing() -> None:
    talk = Conversation("be brief")
    talk.record([USER, REPLY])
    aside = Aside(talk)
    turn = a_turn(aside)
    turn.open()
    aside.last_thinking, aside.last_usage, aside.stop_reason = "hm", {"input_tokens": 3}, "stop"
    aside.record([USER, REPLY])
    turn.close()
    assert talk.messages == [SYSTEM, USER, REPLY]
    assert (talk.last_thinking, talk.last_usage, talk.stop_reason) == ("hm", {"input_tokens": 3}, "stop")
