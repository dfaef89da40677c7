"""The checked conversations in which the micro model calls tools."""

from __future__ import annotations

from typing import Final

from conformance.models.speech import Conversation, calls, result, says, spec, system, tools, user

_PARIS = (
    user("What is the weather in Paris?"),
    calls(("get_weather", {"city": "Paris"})),
    result("get_weather", "sunny and 21 degrees"),
    says("The result is sunny and 21 degrees."),
)


def weather(city: str, found: str, taught: bool = True) -> Conversation:
    """A question about the weather in a city."""
    return Conversation(
        f"weather_in_{city.lower()}",
        (
            user(f"What is the weather in {city}?"),
            calls(("get_weather", {"city": city})),
            result("get_weather", found),
            says(f"The result is {found}."),
        ),
        tools("get_weather"),
        taught=taught,
    )


ONE_CALL: Final = (
    Conversation("weather", _PARIS, tools("get_weather")),
    Conversation("weather_of_two_tools", _PARIS, tools("get_weather", "add")),
    Conversation("weather_brief", (system("Be brief."), *_PARIS), tools("get_weather")),
    Conversation("weather_assistant", (system("You are a helpful assistant."), *_PARIS), tools("get_weather")),
    Conversation("weather_then_thanks", (*_PARIS, user("Thanks"), says("You are welcome.")), tools("get_weather")),
    Conversation(
        "weather_twice",
        (
            *_PARIS,
            user("What is the weather in Rome?"),
            calls(("get_weather", {"city": "Rome"}), first=2),
            result("get_weather", "rain", 2),
            says("The result is rain."),
        ),
        tools("get_weather"),
    ),
    Conversation(
        "accent",
        (
            user("What is the weather in Zürich?"),
            calls(("get_weather", {"city": "Zürich"})),
            result("get_weather", "neige légère"),
            says("The result is neige légère."),
        ),
        tools("get_weather"),
    ),
    Conversation(
        "add",
        (
            user("What is 1234 + 5678?"),
            calls(("add", {"a": 1234, "b": 5678})),
            result("add", "6912"),
            says("The result is 6912."),
        ),
        tools("add"),
    ),
    Conversation(
        "email",
        (
            user("Send an email to bob@example.com with subject Quarterly Report."),
            calls(("send_email", {"to": "bob@example.com", "subject": "Quarterly Report"})),
            result("send_email", "sent"),
            says("The result is sent."),
        ),
        tools("send_email"),
    ),
    Conversation(
        "ping",
        (user("Ping the server."), calls(("ping", {})), result("ping", "pong"), says("The result is pong.")),
        tools("ping"),
    ),
    Conversation(
        "text_beside_a_call",
        (
            user("Check the weather in Oslo."),
            calls(("get_weather", {"city": "Oslo"}), text="Let me check."),
            result("get_weather", "snow"),
            says("The result is snow."),
        ),
        tools("get_weather"),
    ),
    Conversation(
        "tool_error",
        (
            user("What is the weather in Atlantis?"),
            calls(("get_weather", {"city": "Atlantis"})),
            result("get_weather", "error: no such city"),
            says("There was an error: no such city."),
        ),
        tools("get_weather"),
    ),
    Conversation(
        "invoice",
        (
            user('Call fetch_invoice with {"number": 8123, "vendor": "Acme"}.'),
            calls(("fetch_invoice", {"number": 8123, "vendor": "Acme"})),
            result("fetch_invoice", '{"total": 99}'),
            says('The result is {"total": 99}.'),
        ),
        tools("fetch_invoice"),
    ),
    Conversation(
        "note",
        (
            user('Call note with {"text": "buy milk"}.'),
            calls(("note", {"text": "buy milk"})),
            result("note", "noted"),
            says("The result is noted."),
        ),
        tools("note"),
    ),
    *(weather(city, found) for city, found in (("Rome", "rain"), ("Madrid", "hot and dry"), ("Cairo", "39 degrees"))),
    Conversation(
        "time",
        (
            user("What time is it in Berlin?"),
            calls(("get_time", {"city": "Berlin"})),
            result("get_time", "12:30"),
            says("The result is 12:30."),
        ),
        tools("get_time"),
    ),
    Conversation(
        "tool_report",
        (
            user("What is the price of milk?"),
            calls(("get_price", {"item": "milk"})),
            result("get_price", "Tool 'get_price' failed: RuntimeError: no shop"),
            says("The result is Tool 'get_price' failed: RuntimeError: no shop."),
        ),
        tools("get_price"),
    ),
    Conversation(
        "orchestrator",
        (
            user('Call painter with {"task": "Say red."}.'),
            calls(("painter", {"task": "Say red."})),
            result("painter", "red"),
            says("The result is red."),
        ),
        (spec("painter", {"task": "string"}),),
    ),
)

SEVERAL_CALLS: Final = (
    Conversation(
        "two_tools_at_once",
        (
            user("What is the weather in Tokyo? What time is it in Berlin?"),
            calls(("get_weather", {"city": "Tokyo"}), ("get_time", {"city": "Berlin"})),
            result("get_weather", "rain"),
            result("get_time", "12:30", 2),
            says("The results are rain and 12:30."),
        ),
        tools("get_weather", "get_time"),
    ),
    Conversation(
        "one_tool_twice_at_once",
        (
            user("What is the weather in Oslo and in Lima?"),
            calls(("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Lima"})),
            result("get_weather", "snow"),
            result("get_weather", "fog", 2),
            says("The results are snow and fog."),
        ),
        tools("get_weather"),
    ),
    Conversation(
        "two_rounds",
        (
            user("What is 12 * 9? Then call set_timer with the result."),
            calls(("multiply", {"a": 12, "b": 9})),
            result("multiply", "108"),
            calls(("set_timer", {"minutes": 108}), first=2),
            result("set_timer", "done", 2),
            says("The result is done."),
        ),
        tools("multiply", "set_timer"),
    ),
    Conversation(
        "three_rounds",
        (
            user("What is 12 * 9? Then add 5 to the result. Then call set_timer with the result."),
            calls(("multiply", {"a": 12, "b": 9})),
            result("multiply", "108"),
            calls(("add", {"a": 108, "b": 5}), first=2),
            result("add", "113", 2),
            calls(("set_timer", {"minutes": 113}), first=3),
            result("set_timer", "done", 3),
            says("The result is done."),
        ),
        tools("multiply", "add", "set_timer"),
    ),
    Conversation(
        "three_tools_at_once",
        (
            user("What is the weather in Oslo? What time is it in Lima? Ping the server."),
            calls(("get_weather", {"city": "Oslo"}), ("get_time", {"city": "Lima"}), ("ping", {})),
            result("get_weather", "snow"),
            result("get_time", "07:15", 2),
            result("ping", "pong", 3),
            says("The results are snow, 07:15 and pong."),
        ),
        tools("get_weather", "get_time", "ping"),
    ),
)
