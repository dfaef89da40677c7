"""One chat(): the state machine that both surfaces drive.

The law of this file: a Turn never waits and never opens anything. Its driver does, in this order,
once per request:

    turn.open()                       take the conversation, or ConcurrentTurnError
    turn.offer(tools)                 per server of turn.servers: the tools it has
    for request in turn.requests():   the requests it still needs; reads state, changes nothing
        turn.feed(event)              per event of the answer: the chunks it brings
        turn.finish()                 the answer is whole: the chunks held back, or its error
        turn.calls                    run each that is open; none when the turn is over
        turn.settle()                 record the round: whole, or not at all
    turn.close()                      give the conversation back; harmless when done twice

Between two of these calls the conversation is sendable, so a driver may stop anywhere. `settle` is the
only method that writes history: a reply is recorded together with the user message that led to it
and the answer of each of its calls, an unfinished call's answer saying why it has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from aimu.core.chunks import TOOL_CALLING, StreamChunk
from aimu.core.conversation import Conversation, with_system
from aimu.core.messages import Message
from aimu.core.options import TurnOptions
from aimu.core.reply import Codec, Piece, Prompt, Reply, Request, Usage, summed
from aimu.core.structured import unfit
from aimu.core.toolcalls import PendingCall, Tool, tool_name, tool_specs
from aimu.errors import (
    EmptyReplyError,
    IterationLimitError,
    MalformedResponseError,
    RefusalError,
    StructuredOutputError,
    TruncatedReplyError,
)


class Turn:
    """One turn on one conversation; see the head of this file for the order of calls."""

    def __init__(
        self, conversation: Conversation, codec: Codec, options: TurnOptions, content: str | list[dict[str, Any]] | None
    ) -> None:
        self.options = options
        self.calls: list[PendingCall] = []
        self._conversation = conversation
        self._codec = codec
        self._pending: list[Message] = [] if content is None else [{"role": "user", "content": content}]
        self._fresh = options.fresh
        self._reply: Reply | None = None
        self._paused: Reply | None = None
        self._nudged = False
        self._misfit: Reply | None = None
        self._objection = ""
        self._tools = list(options.tools)
        self._is_constrained = options.schema is not None and codec.constrains(options.schema)
        self._thinking = ""
        self._usage: Usage | None = None
        self._requests_made = 0
        self._round = 0
        self._rounds_kept = 0
        self._value: Any = None
        self._is_done = False
        self._decoder: Any = None

    @property
    def is_done(self) -> bool:
        return self._is_done

    @property
    def is_streamed(self) -> bool:
        return self.options.stream

    @property
    def result(self) -> Any:
        """The final text, or the object it stands for where a schema was given.

        Raises:
            RuntimeError: the turn is not over yet.
        """
        if not self._is_done:
            raise RuntimeError("there is no result: the stream is not exhausted, or was closed")
        return self._value

    @property
    def servers(self) -> Sequence[Any]:
        """The MCP clients whose tools the driver has to ask for."""
        return self.options.servers

    def open(self) -> None:
        self._conversation.acquire(self)
        if not self._pending:
            self._conversation.require_resumable()
        self._conversation.forget_readings()

    def close(self) -> None:
        self._conversation.release(self)

    def offer(self, tools: Sequence[Tool]) -> None:
        """Offer more tools, but for those whose name is taken (MCP-9)."""
        taken = set(map(tool_name, self._tools))
        self._tools += [tool for tool in tools if tool_name(tool) not in taken]

    def requests(self) -> Iterator[Request]:
        while not self.is_done:
            request = self._codec.encode(self._prompt())
            self._decoder = self._codec.decoder(request)
            yield replace(request, is_heard=partial(getattr, self._decoder, "is_whole", False))

    def feed(self, event: Any) -> list[StreamChunk]:
        return self._chunks(self._decoded(self._decoder.feed, event))

    def finish(self) -> list[StreamChunk]:
        chunks = self._chunks(self._decoded(self._decoder.finish))
        reply: Reply = self._decoded(self._decoder.reply.sendable)
        self._requests_made += 1
        self._note(reply)
        if reply.refusal is not None:
            raise RefusalError(f"the model refused: {reply.refusal}", text=reply.text, provider=self.options.provider)
        if self._paused:
            reply, self._paused = self._paused.continued(reply), None
        self._conclude(reply)
        return chunks

    def settle(self) -> list[StreamChunk]:
        if self._reply is None:
            return []
        self._conversation.require_latest(self)
        calls, self.calls = self.calls, []
        round_messages = [*self._pending, self._reply.message(), *(call.message() for call in calls)]
        self._conversation.record(round_messages, fresh=self._fresh)
        self._is_done = not calls
        chunks = self._tool_chunks(calls)
        self._pending, self._fresh, self._nudged, self._reply, self._misfit = [], False, False, None, None
        self._round += 1
        self._rounds_kept += 1
        return chunks

    def _decoded(self, read: Callable[..., Any], *event: Any) -> Any:
        try:
            return read(*event)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as exc:
            raise MalformedResponseError(
                f"a part of the reply has an unexpected shape: {exc!r}", provider=self.options.provider
            ) from exc

    def _prompt(self) -> Prompt:
        history = [] if self._fresh else self._conversation.messages
        schema = self.options.schema
        system = self.options.system if self.options.system is not None else self._conversation.system_message
        if schema and not self._is_constrained:
            system = "\n\n".join(filter(None, (system, schema.instruction())))
        return Prompt(
            messages=[*with_system(history, system), *self._pending, *self._asked_again()],
            tools=tool_specs(self._tools),
            may_call=self.options.use_tools and not (self._is_last(1) or self._misfit),
            parameters=self.options.parameters,
            stream=self.options.stream,
            schema=schema if self._is_constrained else None,
        )

    def _asked_again(self) -> list[Message]:
        """What follows the round so far when its reply was paused, empty or misshapen; none of it is recorded."""
        said: list[Message] = []
        if self._misfit:
            said = [self._misfit.message(), {"role": "user", "content": self._objection}]
        if self._nudged:
            said.append({"role": "user", "content": self.options.continuation_prompt})
        return [*said, self._paused.message()] if self._paused else said

    def _is_last(self, ahead: int = 0) -> bool:
        return self._requests_made + ahead >= self.options.max_iterations

    def _conclude(self, reply: Reply) -> None:
        """Decide what the reply means: an answer, calls to run, another request, or an error."""
        if reply.stop_reason == "pause" and not self._is_last():
            self._paused = reply
        elif reply.calls and not (self._is_last() or self._misfit):
            self._reply = self._with_ids(reply)
            self.calls = [PendingCall(call, self._callable(), self.options.on_tool_error) for call in reply.calls]
        elif reply.text or reply.stop_reason == "stop_sequence":
            self._take_answer(reply.without_calls() if reply.calls else reply)
        elif reply.stop_reason == "length":
            raise TruncatedReplyError("the reply reached its length limit before any text; raise max_tokens")
        elif self._is_last() and (reply.calls or self._rounds_kept or reply.stop_reason == "pause"):
            raise IterationLimitError(
                f"no text after max_iterations={self.options.max_iterations} requests; "
                f"the {self._rounds_kept} finished rounds are kept, resume() goes on from there"
            )
        elif self._nudged or self._is_last():
            again = ", even when asked once more" if self._nudged else f" to the last of {self._requests_made} requests"
            raise EmptyReplyError(f"the model replied with neither text nor a tool call{again}; ask in other words")
        else:
            self._nudged = True

    def _take_answer(self, reply: Reply) -> None:
        """Keep the answer, or ask once more when it does not fit the schema."""
        schema = self.options.schema
        try:
            self._value = schema.read(reply.text) if schema else reply.text
            self._reply = reply
        except StructuredOutputError as exc:
            is_cut = reply.stop_reason == "length"
            if schema is None or is_cut or self._misfit or self._is_last():
                raise unfit(exc, is_cut=is_cut, is_second=self._misfit is not None) from exc
            self._misfit, self._objection, self._nudged = reply, schema.objection(str(exc)), False
            self._round += 1  # chunks of the answer that is asked for now are told apart

    def _callable(self) -> Sequence[Tool]:
        return self._tools if self.options.use_tools else ()

    def _with_ids(self, reply: Reply) -> Reply:
        """Give each call whose id is missing, or stands twice in the reply, one this conversation has not used."""
        used = {call["id"] for message in self._conversation.messages for call in message.get("tool_calls") or ()}
        used.update(call.id for call in reply.calls)
        fresh = (name for number in count(1) if (name := f"call_{number:05}") not in used)
        seen: set[str] = set()
        for call in reply.calls:
            if not call.id or call.id in seen:
                call.id = next(fresh)
            seen.add(call.id)
            call.name = call.name or "unnamed"
        return reply

    def _note(self, reply: Reply) -> None:
        self._thinking = reply.thinking or self._thinking
        self._usage = summed(self._usage, reply.usage)
        told = self._conversation
        told.last_thinking, told.last_usage, told.stop_reason = self._thinking, self._usage, reply.stop_reason

    def _chunks(self, pieces: Sequence[Piece]) -> list[StreamChunk]:
        options = self.options
        include = options.include
        return [
            StreamChunk(phase, text, options.agent, self._round)
            for phase, text in pieces
            if include is None or phase in include
        ]

    def _tool_chunks(self, calls: Sequence[PendingCall]) -> list[StreamChunk]:
        if self.options.include is not None and TOOL_CALLING not in self.options.include:
            return []
        return [StreamChunk(TOOL_CALLING, call.content(), self.options.agent, self._round) for call in calls]
