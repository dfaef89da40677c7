"""What is fuzzed, and what has to hold for any bytes: the typed errors alone are raised, and history can be sent."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from pydantic import BaseModel

from aimu import tool
from aimu.core.conversation import Conversation
from aimu.core.messages import Message, checked_history
from aimu.core.models import ModelSpec
from aimu.core.options import TurnOptions
from aimu.core.reply import Codec, Prompt, Reply, ToolCall
from aimu.core.structured import output_schema
from aimu.core.toolcalls import PendingCall
from aimu.core.turn import Turn
from aimu.errors import AimuError, MalformedResponseError, SkillLoadError
from aimu.skills.frontmatter import Frontmatter
from aimu.wire.anthropic import AnthropicCodec
from aimu.wire.families import FAMILIES
from aimu.wire.openai import OpenAICodec
from aimu.wire.schemas import for_grammar, has_grammar, is_closed, is_recursive, strict, without_limits
from aimu.wire.sse import SSEDecoder
from tests.fuzz.shapes import CHAT, MESSAGES, Shapes

MODEL: Final = ModelSpec("m", tools=True, thinking=True, vision=True)
CODECS: Final[dict[str, Codec]] = {
    "openai": OpenAICodec("openai", MODEL),
    "anthropic": AnthropicCodec("anthropic", MODEL),
}


class Point(BaseModel):
    x: int
    y: float = 0.0


@tool
def echo(
    text: str, at: Point | None = None, kind: Literal["a", "b"] = "a", more: dict[str, list[int]] | None = None
) -> Any:
    """Say it again."""
    return [text, at, kind, more]


def turn(wire: str, streamed: bool, events: Iterable[Any]) -> None:
    """A turn that is told these events, then another one: whatever came, the history is there to be sent."""
    codec = CODECS[wire]
    conversation = Conversation(None, [echo])
    told = iter(events)
    options = TurnOptions({"max_tokens": 9}, wire, [echo], max_iterations=4, on_tool_error="report", stream=streamed)
    made = Turn(conversation, codec, options, "go")
    try:
        made.open()
        for request in made.requests():
            _sent(request.body)
            for event in told:
                made.feed(event)
                if event in ("[DONE]", None):
                    break
            made.finish()
            for call in made.calls:
                _run(call)
            made.settle()
    except AimuError:
        pass
    finally:
        made.close()
    _sent(conversation.messages)
    _sent(codec.encode(Prompt(checked_history(conversation.messages), [], True, {"max_tokens": 9}, streamed)).body)


def _run(call: PendingCall) -> None:
    if call.is_open:
        try:
            with call.running():
                call.accept(call.invoke())
        except AimuError:
            pass
    _sent([call.message(), call.content()])


def _sent(body: Any) -> None:
    json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def _events(data: bytes) -> list[str]:
    decoder = SSEDecoder()
    try:
        return [*decoder.feed(data), *decoder.close()]
    except MalformedResponseError:
        return []


def sse(data: bytes) -> None:
    """Any cut gives the same events, or the same refusal."""
    size = 1 + (data[0] if data else 0) % 7
    found: list[Any] = []
    for parts in ([data], [data[at : at + size] for at in range(0, len(data), size)]):
        decoder = SSEDecoder(max_event_bytes=64)
        try:
            found.append([*(event for part in parts for event in decoder.feed(part)), *decoder.close()])
        except MalformedResponseError as exc:
            found.append(str(exc).partition(":")[0])
    both_refused = all(isinstance(one, str) for one in found)  # of two faults, the cut decides which is met first
    assert both_refused or found[0] == found[1] or _is_past_the_cap(found), found


def _is_past_the_cap(found: list[Any]) -> bool:
    """A line that is no data counts while it is held, so a cut one may pass the cap that a whole one does not meet."""
    return isinstance(found[1], str) and "more than" in found[1]


def transcript(data: bytes) -> None:
    """Any text of any family is read, the same whole as letter by letter."""
    name = sorted(FAMILIES)[(data[0] if data else 0) % len(FAMILIES)]
    text = data[2:].decode("utf-8", "replace")
    prompt = ("", "<think>\n", "<|start|>assistant")[(data[1] if len(data) > 1 else 0) % 3]
    replies = []
    for parts in ([text], list(text)):
        reader = FAMILIES[name].reader(prompt, [echo.__tool_spec__])  # type: ignore[attr-defined]
        for part in parts:
            reader.feed(part)
        reader.finish(reply := Reply())
        replies.append(reply)
    assert replies[0] == replies[1], replies
    history: list[Message] = [{"role": "user", "content": "go"}, replies[0].sendable().message()]
    _sent(FAMILIES[name].messages(history))


def arguments(data: bytes) -> None:
    """Any arguments are run, or told to the model."""
    given = ToolCall("c1", "echo", data.decode("utf-8", "surrogateescape"))
    _run(PendingCall(Reply(calls=[given]).sendable().calls[0], [echo], "report"))


def frontmatter(data: bytes) -> None:
    """Any file is read, or refused with its place."""
    try:
        head = Frontmatter(data.decode("utf-8", "replace"), "x/SKILL.md")
        head.text("name", 64)
        head.mapping("metadata")
    except SkillLoadError as exc:
        if exc.path != "x/SKILL.md":
            raise


def history(data: bytes) -> None:
    """Any JSON is refused as a history, or can be sent on both wires."""
    try:
        messages = checked_history(json.loads(data))
    except (TypeError, ValueError, RecursionError):
        return
    _sent(messages)
    for codec in CODECS.values():
        _sent(codec.encode(Prompt(messages, [], True, {"max_tokens": 9}, False)).body)


def schema(data: bytes) -> None:
    """Any JSON is refused as a schema, or has a form for each wire."""
    try:
        made = output_schema(json.loads(data))
    except (TypeError, ValueError, RecursionError):
        return
    if made is not None:
        given = made.json_schema
        found = [is_closed(given), is_recursive(given), has_grammar(given), without_limits(given), for_grammar(given)]
        _sent([*found, strict(given) if is_closed(given) else None])


def chat_shapes(data: bytes) -> None:
    shapes = Shapes(data, CHAT)
    turn("openai", True, [*(json.dumps(shapes.chat_event()) for _ in range(1 + shapes.number(5))), "[DONE]"])


def messages_shapes(data: bytes) -> None:
    shapes = Shapes(data, MESSAGES)
    ends = ['{"type": "message_delta", "delta": {"stop_reason": "tool_use"}}', '{"type": "message_stop"}']
    turn("anthropic", True, [*(json.dumps(shapes.messages_event()) for _ in range(1 + shapes.number(9))), *ends])


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "sse": sse,
    "chat_stream": lambda data: turn("openai", True, _events(data)),
    "messages_stream": lambda data: turn("anthropic", True, _events(data)),
    "chat_body": lambda data: turn("openai", False, [data]),
    "messages_body": lambda data: turn("anthropic", False, [data]),
    "chat_shapes": chat_shapes,
    "messages_shapes": messages_shapes,
    "transcript": transcript,
    "arguments": arguments,
    "frontmatter": frontmatter,
    "history": history,
    "schema": schema,
}
