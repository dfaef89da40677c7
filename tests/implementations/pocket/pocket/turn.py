"""A turn as a script: it decides, yields what it needs, and never waits. Both surfaces play the same one."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pocket import errors
from pocket.conversation import Conversation, Message
from pocket.effects import Effect, Emit, Run, Script, StreamChunk, StreamingContentType
from pocket.exchange import Exchange
from pocket.jobs import Job
from pocket.reply import Reply, usage_of
from pocket.request import Codec
from pocket.tools import name_of


@dataclass(frozen=True)
class Wish:
    """What is wanted of a turn.

    Args:
        message: dict or None: the user's message; None resumes.
        parameters: dict: the settings of its requests.
        stream: bool; shown: frozenset of str: the phases that are shown.
        tools: list; may_call: bool: whether they may be called; together: bool; reports: bool.
        limit: int: how many requests.
        prompt: str: what an empty reply is answered with.
        system: str or None: instructions that stand in for the system message; None keeps it.
        agent: str or None: the name in chunks.
        is_aside: bool: whether this is `generate`, which has no history.
    """

    message: Message | None
    parameters: Mapping[str, Any]
    stream: bool
    shown: frozenset[str]
    limit: int
    prompt: str
    tools: list[Any] = field(default_factory=list)
    may_call: bool = True
    together: bool = False
    reports: bool = False
    system: str | None = None
    agent: str | None = None
    is_fresh: bool = False
    is_aside: bool = False


class Turn:
    """One turn, or one `generate`.

    Args:
        talk: Conversation.
        codec: Codec, the words of the server.
        exchange: Exchange, how requests are made.
        wish: Wish.
        on_aio: bool, the surface; it decides which tools may be called.
    """

    def __init__(self, talk: Conversation, codec: Codec, exchange: Exchange, wish: Wish, on_aio: bool) -> None:
        self._talk, self._codec, self._exchange, self._wish, self._on_aio = talk, codec, exchange, wish, on_aio
        self._fresh: list[Message] = [] if wish.message is None else [wish.message]
        self._number = 0

    def script(self) -> Script:
        """The script; it holds the conversation from its first step to its last."""
        if self._wish.is_aside:
            self._begin(not self._talk.is_open())
            return (yield from self._rounds())
        self._talk.open()
        try:
            if self._wish.message is None and not self._talk.waits():
                raise ValueError("there is nothing to resume; call chat() with a message")
            self._begin(True)
            return (yield from self._rounds())
        finally:
            self._talk.shut()

    def _begin(self, reads: bool) -> None:
        if reads:
            self._talk.reader = self
            self._talk.forget_readings()

    def _rounds(self) -> Script:
        asked_again, had_calls = False, False
        for number in range(self._wish.limit):
            self._number = number
            may_call = self._may_call
            reply = yield from self._exchange.play(self._body(asked_again), self._show)
            stop = self._note(reply)
            if reply.refusal or (stop == "content_filter" and not reply.text and not reply.calls):
                raise self._refused(reply)
            if reply.calls and may_call:
                yield from self._answer(reply)
                asked_again, had_calls = False, True
            elif reply.text or stop == "stop_sequence":
                self._record(reply, [])
                return reply.text
            elif stop == "length":
                raise errors.TruncatedReplyError("the length limit was spent before any text; raise max_tokens")
            elif asked_again:
                raise errors.EmptyReplyError("two replies in a row had no text; ask in another way")
            else:
                asked_again = True
        if had_calls:
            words = f"no text after max_iterations={self._wish.limit} requests; raise it, or go on with resume()"
            raise errors.IterationLimitError(words)
        raise errors.EmptyReplyError(f"no text in max_iterations={self._wish.limit} requests; ask in another way")

    @property
    def _may_call(self) -> bool:
        return bool(self._wish.tools) and self._wish.may_call and self._number < self._wish.limit - 1

    def _body(self, asked_again: bool) -> dict[str, Any]:
        wish, parameters = self._wish, dict(self._wish.parameters)
        messages = [*self._head(), *self._fresh]
        if asked_again:
            messages.append({"role": "user", "content": wish.prompt})
        has_calls = any(message.get("tool_calls") for message in messages)
        if wish.tools and (wish.may_call or has_calls):
            parameters["tools"] = [each.__tool_spec__ for each in wish.tools]
        if not self._may_call:
            parameters.pop("tool_choice", None)
            if "tools" in parameters:
                parameters["tool_choice"] = "none"
        return self._codec.body(messages, parameters, wish.stream)

    def _head(self) -> list[Message]:
        """The system message in force, and the history behind it."""
        if self._wish.is_aside:
            return []
        history = [] if self._wish.is_fresh and self._fresh else self._talk.messages
        rest = history[1:] if history and history[0]["role"] == "system" else history
        system = self._wish.system if self._wish.system is not None else self._talk.system
        return [*([] if system is None else [{"role": "system", "content": system}]), *rest]

    def _note(self, reply: Reply) -> str:
        """Keep the readings, and say why the reply ended."""
        stop = reply.stop or "stop"
        if stop == "stop" and self._wish.parameters.get("stop") and not reply.text and not reply.calls:
            stop = "stop_sequence"
        talk, counts = self._talk, usage_of(reply.usage)
        if talk.reader is self:
            talk.stop = "refusal" if reply.refusal else stop
            talk.thinking = reply.thinking or talk.thinking
            if counts:
                before = talk.usage or {}
                talk.usage = before | {name: count + before.get(name, 0) for name, count in counts.items()}
        return stop

    def _refused(self, reply: Reply) -> errors.RefusalError:
        text = reply.refusal or reply.text
        return errors.RefusalError(text or "the content filter left nothing", text=text, provider=self._codec.name)

    def _answer(self, reply: Reply) -> Generator[Effect, Any, None]:
        """Run the calls of a reply, record the round, and show them."""
        jobs = self._jobs(reply)
        for job in jobs:
            if job.is_async and not self._on_aio:
                raise errors.ColourError(f"tool {job.name!r} is async; use {__package__}.aio")
        try:
            yield Run(jobs, self._wish.together)
        finally:
            for job in jobs:
                job.answer = "not started: the turn ended before" if job.answer is None else job.answer
            self._record(reply, jobs)
        _raise_first([job for job in jobs if job.rising is not None])
        for job in jobs:
            content = {"id": job.id, "name": job.name, "arguments": job.shown, "response": job.answer}
            yield from self._show("tool_calling", content)

    def _jobs(self, reply: Reply) -> list[Job]:
        known = {name_of(each): each for each in self._wish.tools}
        jobs: list[Job] = []
        for call in reply.calls:
            ids = [job.id for job in jobs]
            is_taken = not call.id or call.id in ids
            identity = self._talk.new_id([*ids, *(each.id for each in reply.calls)]) if is_taken else call.id
            text = call.arguments if call.arguments.strip() else "{}"
            job = Job(identity, call.name, text, known.get(call.name), self._wish.reports)
            if job.made is None:
                job.answer = f"tool {call.name!r} not found; the tools are {', '.join(known)}"
            jobs.append(job)
        return jobs

    def _record(self, reply: Reply, jobs: list[Job]) -> None:
        if self._wish.is_aside:
            return
        message: Message = {"role": "assistant", "content": reply.text or (None if jobs else "")}
        if reply.thinking:
            message["thinking"] = reply.thinking
        message |= self._codec.state(reply.thinking, reply.details)
        if jobs:
            message["tool_calls"] = [
                {"id": job.id, "type": "function", "function": {"name": job.name, "arguments": job.text}}
                for job in jobs
            ]
        answers = [{"role": "tool", "tool_call_id": j.id, "name": j.name, "content": j.answer} for j in jobs]
        if self._wish.is_fresh and self._fresh:
            self._talk.messages = []
        self._talk.record([*self._fresh, message, *answers])
        self._fresh = []

    def _show(self, phase: str, content: Any) -> Generator[Effect, Any, None]:
        if phase in self._wish.shown:
            yield Emit(StreamChunk(StreamingContentType(phase), content, self._wish.agent, self._number))


def _raise_first(failed: list[Job]) -> None:
    """Raise the first failure in call order, the others as its notes; a cancellation only where nothing else failed."""
    ranked = sorted(failed, key=lambda job: type(job.rising).__name__ == "CancelledError")
    for first in ranked[:1]:
        assert first.rising is not None
        for other in ranked[1:]:
            first.rising.add_note(f"tool {other.name!r} failed too: {type(other.rising).__name__}: {other.rising}")
        raise first.rising
