"""What a turn with schema= asks for, records, streams, and gives up on."""

import dataclasses
import threading
from typing import Any

from conformance import Driver, requirement
from conformance.probes import PIXEL
from conformance.scripted import Call, Gate, Reply

SCRIPTED = ("scripted",)
BAD, GOOD = '{"x": "one"}', '{"x": 1}'


@dataclasses.dataclass
class Point:
    """A place."""

    x: int


@dataclasses.dataclass
class Spot:
    """A place between two."""

    x: float


def said(d: Driver) -> list[str]:
    """What the last request says, message by message, on either wire."""
    found = []
    for message in d.server.requests[-1].body["messages"]:
        content = message["content"]
        found.append(content if isinstance(content, str) else "".join(part.get("text", "") for part in content))
    return found


def kinds(d: Driver) -> list[str]:
    """How each request says what its answer looks like."""
    found = []
    for request in d.server.requests:
        kept = request.body.get("response_format") or request.body.get("output_config", {}).get("format", {})
        found.append(kept.get("type", ""))
    return found


def tool_of(d: Driver, ran: list[str] | None = None) -> Any:
    def ping() -> str:
        """Do it."""
        (ran if ran is not None else []).append("ping")
        return "pong"

    return d.lib.tool(ping)


def text_of(caught: Any) -> Any:
    """The answer that an error holds."""
    return caught.value.text


@requirement("SCHEMA-5", needs=(*SCRIPTED, "wire"))
async def test_wrapping_is_ignored(d: Driver) -> None:
    """A fence in any of its forms, a byte order mark, white space; one request each."""
    for text in (
        f"\n {GOOD} \r\n",
        f"\ufeff{GOOD}",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```\n",
        f"```JSON {GOOD} ```",
    ):
        client = d.client()
        d.script(Reply(text))
        assert await d(client.chat("Where?", schema=Point)) == Point(1)
        assert client.messages[-1]["content"] == text
    assert len(d.server.requests) == 5


@requirement("SCHEMA-5", needs=(*SCRIPTED, "wire"))
async def test_what_is_no_strict_json_does_not_fit(d: Driver) -> None:
    """Each is answered with one more request, and the second answer is taken; for a type and a JSON Schema alike."""
    deep = '{"x": 1, "y": ' + "[" * 5000 + "]" * 5000 + "}"
    numbers = {"type": "object", "properties": {"x": {"type": "number"}}}
    half = '{"x": 1, "y": "\\ud800"}'
    wrong = (half, f"Here: {GOOD}", f"{GOOD} Done.", f"[{GOOD}]", "{", deep)
    for text in (*wrong, '{"x": NaN}', '{"x": Infinity}', '{"x": -Infinity}', '{"x": 1e999}'):
        for schema, expected in ((Spot, Spot(1)), (numbers, {"x": 1})):
            client = d.client()
            d.script(Reply(text), Reply(GOOD))
            assert await d(client.chat("Where?", schema=schema)) == expected
            assert len(client.messages) == 2
    assert len(d.server.requests) == 40


@requirement("SCHEMA-5", needs=(*SCRIPTED, "wire"))
async def test_a_number_beyond_all_measure_does_not_fit(d: Driver) -> None:
    """One that no float can hold is no error of the validator's own."""
    halves = {"type": "object", "properties": {"x": {"type": "number", "multipleOf": 0.5}}}
    d.script(Reply(f'{{"x": 1{"0" * 400}}}'), Reply(GOOD))
    assert await d(d.client().chat("How much?", schema=halves)) == {"x": 1}


@requirement("SCHEMA-6", "SCHEMA-8", needs=(*SCRIPTED, "wire", "usage"))
async def test_a_misfit_is_asked_for_once_more(d: Driver) -> None:
    """The request holds the answer, what is wrong and the schema; the history holds neither it nor the misfit."""
    d.script(Reply("Earlier"), Reply(BAD), Reply(GOOD), Reply("Later"))
    client = d.client(system="Be brief.")
    await d(client.chat("Hello"))
    assert await d(client.chat("Where?", schema=Point)) == Point(1)
    assert (client.last_usage["input_tokens"], client.last_usage["output_tokens"]) == (22, 14)
    *_, question, misfit, objection = said(d)
    assert (question, misfit) == ("Where?", BAD)
    assert "x: Input should be a valid integer" in objection
    assert '"properties"' in objection
    assert [message["content"] for message in client.messages[-2:]] == ["Where?", GOOD]
    await d(client.chat("And?"))
    assert said(d)[-5:] == ["Hello", "Earlier", "Where?", GOOD, "And?"]


@requirement("SCHEMA-6", "SCHEMA-8", needs=(*SCRIPTED, "wire"))
async def test_two_misfits_are_an_error(d: Driver) -> None:
    """With the last answer as it was; the history is as before, and asking again works."""
    d.script(Reply(BAD), Reply('{"x": "two"}'), Reply(GOOD))
    client = d.client()
    with d.raises(d.lib.errors.StructuredOutputError, match="'Point': x: .*even when asked once more") as caught:
        await d(client.chat("Where?", schema=Point))
    assert text_of(caught) == '{"x": "two"}'
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value, d.lib.errors.DegenerateTurnError)
    assert client.messages == []
    assert await d(client.chat("Where?", schema=Point)) == Point(1)


@requirement("SCHEMA-6", needs=(*SCRIPTED, "wire"))
async def test_asking_again_counts(d: Driver) -> None:
    """Where max_iterations leaves no request there is none, and the error says so."""
    client = d.client(max_iterations=1)
    d.script(Reply(BAD))
    with d.raises(d.lib.errors.StructuredOutputError, match="max_iterations") as caught:
        await d(client.chat("Where?", schema=Point))
    assert text_of(caught) == BAD
    assert len(d.server.requests) == 1


@requirement("SCHEMA-6", needs=(*SCRIPTED, "tools", "wire"))
async def test_no_tool_is_called_while_asking_again(d: Driver) -> None:
    """The request forbids it, and a call that comes all the same is not run."""
    ran: list[str] = []
    client = d.client(tools=[tool_of(d, ran)])
    d.script(Reply(BAD), Reply(GOOD, calls=[Call("ping")]))
    assert await d(client.chat("Where?", schema=Point)) == Point(1)
    body = d.server.requests[1].body
    assert "tools" not in body or body["tool_choice"] in ("none", {"type": "none"})
    assert ran == []
    assert [message["role"] for message in client.messages] == ["user", "assistant"]
    assert "tool_calls" not in client.messages[-1]


@requirement("SCHEMA-6", needs=(*SCRIPTED, "wire", "constrained"))
async def test_an_empty_reply_before_and_after_a_misfit(d: Driver) -> None:
    """Each is met with what fits it: the nudge is gone once there was an answer."""
    d.script(Reply(""), Reply(BAD), Reply(""), Reply(GOOD))
    client = d.client()
    assert await d(client.chat("Where?", schema=Point)) == Point(1)
    question, misfit, objection = said(d)[:3]
    assert (question, misfit) == ("Where?", BAD)
    assert "cannot be used" in objection
    assert len(client.messages) == 2


@requirement("SCHEMA-7", needs=(*SCRIPTED, "wire"))
async def test_an_answer_cut_off_is_an_error_at_once(d: Driver) -> None:
    """One request; a whole answer that just reached the limit is taken."""
    client = d.client()
    d.script(Reply('{"x": 1', stop="length"), Reply(GOOD, stop="length"))
    with d.raises(d.lib.errors.StructuredOutputError, match="max_tokens") as caught:
        await d(client.chat("Where?", schema=Point))
    assert text_of(caught) == '{"x": 1'
    assert client.messages == []
    assert len(d.server.requests) == 1
    assert await d(client.chat("Where?", schema=Point)) == Point(1)


@requirement("SCHEMA-9", needs=(*SCRIPTED, "streaming", "wire"))
async def test_a_stream_of_text_ends_in_an_object(d: Driver) -> None:
    """Chunks come before the answer is whole, the result after it; the second answer has the next number."""
    client, gate = d.client(), Gate()
    d.script(Reply(['{"x"', gate, ': "one"}']), Reply(GOOD))
    stream = client.chat("Where?", stream=True, schema=Point)
    chunks = []
    async for chunk in d.stream(stream):
        chunks.append(chunk)
        if not gate.is_open:
            with d.raises(RuntimeError):
                stream.result  # noqa: B018 - reading it is the point
            gate.open()
    texts = ["".join(chunk.content for chunk in chunks if chunk.iteration == number) for number in (0, 1)]
    assert texts == [BAD, GOOD]
    assert {str(chunk.phase) for chunk in chunks} == {"generating"}
    assert stream.result == Point(1)


@requirement("SCHEMA-9", needs=(*SCRIPTED, "streaming", "thinking"))
async def test_the_result_does_not_depend_on_the_chunks_one_wants(d: Driver) -> None:
    """include= leaves chunks out, not the object; thinking is not read as JSON."""
    client = d.client()
    d.script(*[Reply(GOOD, thinking='{"x": 9}')] * 2)
    for include, phases in ((["thinking"], {"thinking"}), ([], set())):
        stream = client.chat(
            "Where?", {"thinking": True, "max_tokens": 4096}, stream=True, include=include, schema=Point
        )
        assert {str(chunk.phase) for chunk in await d.collect(stream)} == phases
        assert stream.result == Point(1)


@requirement("SCHEMA-9", needs=(*SCRIPTED, "streaming"))
async def test_a_stream_left_half_way_has_no_result(d: Driver) -> None:
    """Closing it records nothing, and the next turn works; while it is open there is no other."""
    client, gate = d.client(), Gate()
    d.script(Reply(['{"x"', gate, ": 1}"]), Reply(GOOD))
    stream = client.chat("Where?", stream=True, schema=Point)
    async for _ in d.stream(stream):
        with d.raises(d.lib.errors.ConcurrentTurnError):
            await d(client.chat("Now?", schema=Point))
        break
    gate.open()
    await d.close(stream)
    with d.raises(RuntimeError):
        stream.result  # noqa: B018 - reading it is the point
    assert client.messages == []
    assert await d(client.chat("Where?", schema=Point)) == Point(1)


@requirement("SCHEMA-10", needs=(*SCRIPTED, "tools", "wire", "constrained"))
async def test_every_request_of_a_turn_with_tools_is_constrained(d: Driver) -> None:
    """Text beside a call is not validated, nothing forces a call, and only the last text is the answer."""
    client = d.client(tools=[tool_of(d)])
    d.script(Reply("Let me see.", calls=[Call("ping")]), Reply(calls=[Call("ping")]), Reply(GOOD))
    assert await d(client.chat("Where?", schema=Point)) == Point(1)
    assert kinds(d) == ["json_schema"] * 3
    for request in d.server.requests:
        assert [tool.get("function", tool)["name"] for tool in request.body["tools"]] == ["ping"]
        assert "tool_choice" not in request.body
    roles = [message["role"] for message in client.messages]
    assert roles == ["user", "assistant", "tool", "assistant", "tool", "assistant"]


@requirement("SCHEMA-10", needs=(*SCRIPTED, "tools", "images"))
async def test_a_schema_beside_images_and_without_tools(d: Driver) -> None:
    """use_tools=False forbids the calls, not the schema."""
    client = d.client(tools=[tool_of(d)])
    d.script(Reply(GOOD))
    assert await d(client.chat("Where?", use_tools=False, images=[PIXEL], schema=Point)) == Point(1)
    assert kinds(d) == ["json_schema"]


@requirement("SCHEMA-10", needs=(*SCRIPTED, "tools", "wire"))
async def test_rounds_before_a_misfit_are_kept(d: Driver) -> None:
    """A tool ran; what it gave is in the history whatever the answer was."""
    client = d.client(tools=[tool_of(d)])
    d.script(Reply(calls=[Call("ping")]), Reply(BAD), Reply(BAD), Reply(GOOD))
    with d.raises(d.lib.errors.StructuredOutputError):
        await d(client.chat("Where?", schema=Point))
    assert [message["role"] for message in client.messages] == ["user", "assistant", "tool"]
    assert await d(client.resume(schema=Point)) == Point(1)


@requirement("SCHEMA-14", needs=(*SCRIPTED, "wire"))
async def test_a_refusal_is_no_misfit(d: Driver) -> None:
    """At once, and while asking again."""
    client = d.client()
    d.script(Reply("", refusal="I will not"), Reply(BAD), Reply("", refusal="I still will not"))
    for words in ("I will not", "I still will not"):
        with d.raises(d.lib.errors.RefusalError, match=words):
            await d(client.chat("Where?", schema=Point))
    assert len(d.server.requests) == 3
    assert client.messages == []


@requirement("SCHEMA-8", needs=(*SCRIPTED, "wire", "constrained"))
async def test_forks_at_once_each_get_their_own(d: Driver) -> None:
    """Two conversations, two schemas, neither waits for the other."""
    d.is_ordered = False
    both = threading.Barrier(2, timeout=20)

    def answer(request: Any) -> Reply:
        both.wait()
        return Reply('{"y": 2}' if '"y"' in request.raw.decode() else GOOD)

    d.server.always(answer)
    client = d.client()
    other = d.track(client.fork())
    wants = {"type": "object", "properties": {"y": {"type": "integer"}}, "required": ["y"]}
    first = d.start(lambda: client.chat("Where?", schema=Point))
    second = d.start(lambda: other.chat("Where?", schema=wants))
    assert await first.result() == Point(1)
    assert await second.result() == {"y": 2}
    assert other.messages[-1] == {"role": "assistant", "content": '{"y": 2}'}
