"""Scenarios of spec/chat.md: the system message."""

from conformance.driver import Driver
from conformance.props import adder, outcome, said, sums
from conformance.requirement import requirement
from conformance.scripted import Fault, Reply

EXCHANGE = [{"role": "user", "content": "Earlier"}, {"role": "assistant", "content": "Indeed"}]
ENTRY = {"role": "system", "content": "Be old."}


@requirement("SYSTEM-1")
async def test_system_message_is_locked_after_the_first_turn(d: Driver) -> None:
    """Assigning it raises and names reset(), also once the history was emptied by hand; reset() unlocks it."""
    d.script(Reply("Hello"))
    client = d.client(system="Be brief.")
    await d(client.chat("Hi"))
    with d.raises(RuntimeError, match=r"locked.*reset\("):
        client.system_message = "Be long."
    client.messages = []
    with d.raises(RuntimeError, match=r"locked.*reset\("):
        client.system_message = "Be long."
    client.reset()
    client.system_message = "Be long."
    assert client.system_message == "Be long."


@requirement("SYSTEM-1", needs=("scripted", "wire"))
async def test_failed_first_turn_locks_nothing(d: Driver) -> None:
    """A first turn that recorded nothing leaves the system message free."""
    d.script(Fault(400))
    client = d.client(system="Be brief.")
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(client.chat("Hi"))
    client.system_message = "Be long."
    assert client.system_message == "Be long."


@requirement("SYSTEM-2")
async def test_reset_keeps_replaces_or_removes(d: Driver) -> None:
    """reset() empties the history; left out the message stays, a string replaces it, None removes it."""
    d.script(Reply("One"), Reply("Two"), Reply("Three"))
    client = d.client(system="Be brief.")
    await d(client.chat("First"))
    client.reset()
    assert (client.messages, client.system_message) == ([], "Be brief.")
    await d(client.chat("Second"))
    client.reset("Be long.")
    assert (client.messages, client.system_message) == ([], "Be long.")
    await d(client.chat("Third"))
    assert client.messages[0] == {"role": "system", "content": "Be long."}
    client.reset(system_message=None)
    assert (client.messages, client.system_message) == ([], None)


@requirement("SYSTEM-3")
async def test_system_entry_opens_the_history(d: Driver) -> None:
    """It is recorded with the first turn, at the head, once; before that the history is empty."""
    d.script(Reply("One"), Reply("Two"))
    client = d.client(system="Be brief.")
    assert client.messages == []
    await d(client.chat("First"))
    await d(client.chat("Second"))
    assert [message["role"] for message in client.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert client.messages[0] == {"role": "system", "content": "Be brief."}


@requirement("SYSTEM-3", needs=("scripted", "tools"))
async def test_system_message_goes_with_every_request(d: Driver) -> None:
    """Each request of a turn, streamed or not, opens with it, and it stands there once."""
    client = d.client(system="Be brief.", tools=[adder(d)])
    for streamed in (False, True):
        d.script(sums((1, 2)), Reply("3"))
        await outcome(d, client, "Add", streamed=streamed)
    heads = [said(request)[0] for request in d.server.requests]
    assert heads == [("system", "Be brief.")] * 4
    assert [role for request in d.server.requests for role, _ in said(request)].count("system") == 4


@requirement("SYSTEM-3")
async def test_no_system_message_means_no_entry(d: Driver) -> None:
    """Without one, the history begins with the user's message."""
    d.script(Reply("One"))
    client = d.client()
    assert client.system_message is None
    await d(client.chat("First"))
    assert [message["role"] for message in client.messages] == ["user", "assistant"]


@requirement("SYSTEM-4", needs=("scripted",))
async def test_system_message_may_be_assigned_before_the_first_turn(d: Driver) -> None:
    """The one assigned last is sent and recorded."""
    d.script(Reply("One"))
    client = d.client(system="Be brief.")
    client.system_message = None
    client.system_message = "Be long."
    await d(client.chat("First"))
    assert said(d.server.requests[0]) == [("system", "Be long."), ("user", "First")]
    assert client.messages[0] == {"role": "system", "content": "Be long."}


@requirement("SYSTEM-4")
async def test_assignment_rewrites_the_entry_of_an_assigned_history(d: Driver) -> None:
    """It replaces a leading entry, brings one where there is none, and None takes it out."""
    d.enter()
    client = d.client()
    client.messages = [ENTRY, *EXCHANGE]
    client.system_message = "Be new."
    assert client.messages == [{"role": "system", "content": "Be new."}, *EXCHANGE]
    client.system_message = None
    assert client.messages == EXCHANGE
    client.system_message = "Be newer."
    assert client.messages == [{"role": "system", "content": "Be newer."}, *EXCHANGE]
    assert ENTRY == {"role": "system", "content": "Be old."}


@requirement("SYSTEM-5", needs=("scripted",))
async def test_assigned_history_is_what_is_sent(d: Driver) -> None:
    """Its own entry is sent in place of the client's; without one there is no system message at all."""
    d.script(Reply("One"), Reply("Two"))
    exchange = [("user", "Earlier"), ("assistant", "Indeed")]
    client = d.client(system="Be brief.")
    client.messages = [ENTRY, *EXCHANGE]
    assert client.system_message == "Be old."
    await d(client.chat("First"))
    assert said(d.server.requests[0]) == [("system", "Be old."), *exchange, ("user", "First")]
    client.messages = EXCHANGE
    assert client.system_message is None
    await d(client.chat("Second"))
    assert said(d.server.requests[1]) == [*exchange, ("user", "Second")]
    assert client.messages[0] == EXCHANGE[0]
