"""The steps of a life; each is written once, and taken on both surfaces."""

from collections.abc import Iterable
from typing import Any

from tests.lockstep.life import Life
from tests.lockstep.troupes import Builder, Part
from tests.lockstep.words import Ask

CHAT = ("generate_kwargs", "use_tools", "images", "include", "schema")
GENERATE = ("generate_kwargs", "include", "schema")
RESUME = ("generate_kwargs", "include", "schema")
MOST = 3  # clients at the same time
RUN = ("generate_kwargs", "images", "schema")


async def chat(life: Life, who: int, ask: Ask) -> Any:
    return await life.surface.get(life.client(who).chat(ask.text, **ask.only(*CHAT)))


async def stream(life: Life, who: int, ask: Ask) -> Any:
    """A whole stream, to its end and its result."""
    chunks = life.client(who).chat(ask.text, stream=True, **ask.only(*CHAT))
    await life.hear(chunks)
    return chunks.result


async def open_stream(life: Life, who: int, slot: int, ask: Ask) -> None:
    """A stream that is not read yet; what was in its place is closed."""
    await close_stream(life, slot)
    life.streams[slot] = life.client(who).chat(ask.text, stream=True, **ask.only(*CHAT))


async def open_resumption(life: Life, who: int, slot: int, ask: Ask) -> None:
    await close_stream(life, slot)
    life.streams[slot] = life.client(who).resume(stream=True, **ask.only(*RESUME))


async def read(life: Life, slot: int, count: int) -> Any:
    """A few chunks of an open stream, and what its result is by then."""
    chunks = life.streams[slot]
    ended = await life.hear(chunks, count)
    try:
        result = chunks.result
    except RuntimeError as exc:
        result = str(exc)
    return [ended, result]


async def close_stream(life: Life, slot: int) -> None:
    if slot in life.streams:
        await life.surface.end(life.streams.pop(slot))


async def drop_stream(life: Life, slot: int) -> None:
    """Let go of it without closing it: the conversation is free at once."""
    life.streams.pop(slot)


async def leave_stream(life: Life, who: int, ask: Ask, count: int) -> Any:
    """Leave a loop over a stream, and speak again at once."""
    await life.hear(life.client(who).chat(ask.text, stream=True, **ask.only(*CHAT)), count)
    return await life.surface.get(life.client(who).chat("again"))


async def generate(life: Life, who: int, ask: Ask) -> Any:
    return await life.surface.get(life.client(who).generate(ask.text, **ask.only(*GENERATE)))


async def generate_stream(life: Life, who: int, ask: Ask) -> Any:
    chunks = life.client(who).generate(ask.text, stream=True, **ask.only(*GENERATE))
    await life.hear(chunks)
    return chunks.result


async def resume(life: Life, who: int, ask: Ask) -> Any:
    return await life.surface.get(life.client(who).resume(**ask.only(*RESUME)))


async def fork(life: Life, who: int) -> None:
    if len(life.clients) < MOST:
        life.clients.append(life.client(who).fork())


async def close(life: Life, who: int) -> Any:
    """Close a client and speak to it; a fork leaves what it shares open."""
    client = life.client(who)
    if client is not life.clients[0] and not life.streams:
        life.clients.remove(client)
        await life.surface.end(client)
        return await life.surface.get(client.chat("anybody there?"))
    return "the first one stays"


async def reset(life: Life, who: int, *system: str | None) -> None:
    """Forget the history; with one argument more, under another system message or none."""
    life.client(who).reset(*system)


async def set_system(life: Life, who: int, text: str | None) -> None:
    life.client(who).system_message = text


async def set_tools(life: Life, who: int, wanted: Iterable[tuple[str, bool]]) -> None:
    life.client(who).tools = [life.toolbox.pick(name, awaited) for name, awaited in wanted]


async def set_strange_tools(life: Life, who: int) -> None:
    life.client(who).tools = [print]


async def set_messages(life: Life, who: int, messages: Any) -> None:
    life.client(who).messages = messages


async def set_one(life: Life, who: int, name: str, value: Any) -> None:
    """Set a limit or a default."""
    setattr(life.client(who), name, value)


async def edit(life: Life, who: int, text: str) -> None:
    """Change the history in place, as plain data."""
    messages = life.client(who).messages
    if messages:
        messages[-1]["note"] = text
    else:
        messages.append({"role": "user", "content": text})


async def make_troupe(life: Life, part: Part) -> str:
    life.runners.append(Builder(life).build(part))
    life.races.append(part.is_concurrent)
    return repr(sorted(life.runners[-1].messages))


async def run(life: Life, who: int, ask: Ask, salt: int = 0) -> Any:
    life.salt = salt
    return await life.surface.get(life.runner(who).run(ask.text, **ask.only(*RUN)))


async def run_stream(life: Life, who: int, ask: Ask, salt: int = 0) -> Any:
    life.salt = salt
    chunks = life.runner(who).run(ask.text, stream=True, **ask.only(*RUN))
    await life.hear(chunks)
    return chunks.result


async def open_run(life: Life, who: int, slot: int, ask: Ask, salt: int = 0) -> None:
    life.salt = salt
    await close_stream(life, slot)
    life.streams[slot] = life.runner(who).run(ask.text, stream=True, **ask.only(*RUN))


async def leave_run(life: Life, who: int, ask: Ask, count: int, salt: int = 0) -> Any:
    """Leave a loop over a run, and go on with it at once."""
    life.salt = salt
    await life.hear(life.runner(who).run(ask.text, stream=True, **ask.only(*RUN)), count)
    return await life.surface.get(life.runner(who).resume())


async def resume_run(life: Life, who: int, ask: Ask, salt: int = 0) -> Any:
    life.salt = salt
    return await life.surface.get(life.runner(who).resume(**ask.only("generate_kwargs", "schema")))


async def fork_runner(life: Life, who: int) -> None:
    life.runners.append(life.runner(who).fork("-fork"))
    life.races.append(life.races[who % len(life.races)])
