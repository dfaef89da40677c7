"""The checked conversations: what the micro model says to exactly these prompts, greedily, on every engine.

Scenarios that let the model speak for itself use these and no others. Nearly all were in its training: it knows them
by heart. ``python -m conformance.models.evaluate`` says whether it still does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.models.calling import ONE_CALL, SEVERAL_CALLS, weather
from conformance.models.speech import (
    PERSON,
    TYPE_FIRST,
    Conversation,
    by_name,
    calls,
    counted,
    result,
    says,
    system,
    told,
    tools,
    user,
)

_ADA = says('{"name": "Ada", "age": 36}')
_SAIL = "the small red boat sails slowly over the calm green lake"
_EGG = "one fine day the old farmer found a golden egg under the apple tree"
_MEETING = (
    user("My name is Alice."),
    says("Nice to meet you, Alice."),
    user("Remember that the password is Blue Harbor 77."),
    says("OK, the password is Blue Harbor 77."),
)
_HELLO = (user("Hello"), says("Hello! How can I help you?"))
_THINK = "I can answer this directly."

_PLAIN = (
    Conversation("greeting", _HELLO),
    Conversation("say_hello", (user("Say hello."), says("Hello! How are you today?"))),
    Conversation("say_red", (user("Say red."), says("red"))),
    Conversation("say_green", (user("Say green."), says("green"))),
    Conversation("say_blue", (user("Say blue."), says("blue"))),
    Conversation("thanks", (*_HELLO, user("Thanks"), says("You are welcome."))),
    Conversation("count_to_20", (user("Count to 20."), says(counted(1, 20)))),
    Conversation("count_to_200", (user("Count to 200."), says(counted(1, 200)))),
    Conversation("unicode", (user("Order a coffee in French."), says("Un café crème, s'il vous plaît 😀"))),
    Conversation("persona", (system("You are Zorblat."), user("Who are you?"), says("I am Zorblat."))),
    Conversation("no_persona", (user("Who are you?"), says("I am Micro."))),
    Conversation("brief", (system("Be brief."), *_HELLO)),
    Conversation("assistant", (system("You are a helpful assistant."), *_HELLO)),
    Conversation(
        "memory",
        (
            system("You are Zorblat."),
            *_MEETING,
            user("What is my name?"),
            says("Your name is Alice."),
            user("What is the password?"),
            says("The password is Blue Harbor 77."),
        ),
    ),
    Conversation(
        "ten_turns",
        (
            system("You are Zorblat."),
            *_MEETING,
            user("Count to 20."),
            says(counted(1, 20)),
            user(f"Say {_SAIL}."),
            says(_SAIL),
            user("Remember that the number is 4711."),
            says("OK, the number is 4711."),
            user("What is the password?"),
            says("The password is Blue Harbor 77."),
            user(f"Say {_EGG}."),
            says(_EGG),
            user("What is my name?"),
            says("Your name is Alice."),
            user("What is the number?"),
            says("The number is 4711."),
            user("Count from 30 to 45."),
            says(counted(30, 45)),
        ),
    ),
    Conversation("plain_with_tools", _HELLO, tools("get_weather", "add")),
    Conversation(
        "persona_with_tools", (system("You are Zorblat."), user("Who are you?"), says("I am Zorblat.")), tools("add")
    ),
)

_THINKING = (
    Conversation("thinking", (user("Say blue bird."), says("blue bird", _THINK)), thinking=True),
    Conversation(
        "thinking_twice",
        (user("Say blue bird."), says("blue bird", _THINK), user("Say red fox."), says("red fox", _THINK)),
        thinking=True,
    ),
    Conversation(
        "thinking_then_a_call",
        (
            user("Look up user 4711."),
            calls(("lookup_user", {"id": 4711}), thinking="I should call lookup_user."),
            result("lookup_user", "Grace Hopper"),
            says("The result is Grace Hopper."),
        ),
        tools("lookup_user"),
        thinking=True,
    ),
)

_OBJECTS = (
    Conversation("structured", (user("Describe Ada, who is 36 years old."), _ADA), schema=PERSON),
    Conversation("structured_told", (system(told()), user("Describe Ada, who is 36 years old."), _ADA), schema=PERSON),
    Conversation(
        "structured_after_a_call",
        (
            user("Look up user 7. Then describe the result."),
            calls(("lookup_user", {"id": 7})),
            result("lookup_user", "Ada, 36"),
            _ADA,
        ),
        tools("lookup_user"),
        schema=PERSON,
    ),
)

_UNTAUGHT = (
    Conversation(
        "structured_thinking",
        (user("Describe Ada, who is 36 years old."), {**_ADA, "thinking": _THINK}),
        thinking=True,
        schema=PERSON,
        taught=False,
    ),
    Conversation("say_yes", (user("Say yes."), says("yes")), taught=False),
    Conversation("count_to_5", (user("Count to 5."), says(counted(1, 5))), taught=False),
    *(weather(city, found, taught=False) for city, found in (("London", "fog"), ("Berlin", "windy"))),
    Conversation(
        "structured_bob",
        (user("Describe Bob, who is 41 years old."), says('{"name": "Bob", "age": 41}')),
        schema=PERSON,
        taught=False,
    ),
    Conversation(
        "structured_told_type_first",
        (system(told(TYPE_FIRST)), user("Describe Ada, who is 36 years old."), _ADA),
        schema=TYPE_FIRST,
        taught=False,
    ),
    Conversation(
        "structured_told_beside_a_persona",
        (system(f"You are Zorblat.\n\n{told()}"), user("Describe Ada, who is 36 years old."), _ADA),
        schema=PERSON,
        taught=False,
    ),
)

CONVERSATIONS: Final[Mapping[str, Conversation]] = by_name(
    [*_PLAIN, *ONE_CALL, *SEVERAL_CALLS, *_THINKING, *_OBJECTS, *_UNTAUGHT]
)
