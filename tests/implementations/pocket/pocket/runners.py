"""What an agent is on both surfaces: a name, instructions, tools and a bound over a client."""

import abc
import inspect
import itertools
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

from pocket.clients import GO_ON, Settings
from pocket.effects import Script
from pocket.errors import ColourError
from pocket.gate import refuse_schema
from pocket.tools import checked

NUMBERS: Final = itertools.count(1)


class RunnerBase(abc.ABC):
    """What runs tasks."""

    @abc.abstractmethod
    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        images: Any = None,
        schema: Any = None,
    ) -> Any:
        """Run a task."""

    @property
    @abc.abstractmethod
    def messages(self) -> dict[str, list[dict[str, Any]]]:
        """Who said what."""

    @abc.abstractmethod
    def conversations(self) -> list[Any]:
        """What it speaks in."""


class AgentBase:
    """The fields of an agent, and the scripts of its runs."""

    _on_aio: ClassVar[bool]

    def __init__(
        self,
        model_client: Any,
        system_message: str | None = None,
        name: str | None = None,
        tools: Any = (),
        max_iterations: int = 10,
        continuation_prompt: str = GO_ON,
        reset_messages_on_run: bool = False,
        concurrent_tool_calls: bool | None = None,
        on_tool_error: str | None = None,
    ) -> None:
        self.model_client = self._own(model_client)
        self.system_message, self.name = system_message, name or f"agent-{next(NUMBERS)}"
        self.tools = checked(tools)
        self.max_iterations, self.continuation_prompt = max_iterations, continuation_prompt
        self.reset_messages_on_run = reset_messages_on_run
        self.concurrent_tool_calls, self.on_tool_error = concurrent_tool_calls, on_tool_error

    @property
    def messages(self) -> dict[str, list[dict[str, Any]]]:
        """The history under the agent's name, with its own instructions."""
        history = list(self.model_client.messages)
        if history and self.system_message is not None:
            rest = history[1:] if history[0]["role"] == "system" else history
            history = [{"role": "system", "content": self.system_message}, *rest]
        return {self.name: history}

    def conversations(self) -> list[Any]:
        """What it speaks in."""
        return [self.model_client._talk]

    def run(
        self,
        task: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        images: Any = None,
        schema: Any = None,
    ) -> Any:
        """Run a task as one turn of the client."""
        refuse_schema(schema)
        return self.model_client._played(self._run(task, generate_kwargs, stream, images), stream)

    def resume(self, generate_kwargs: dict[str, Any] | None = None, stream: bool = False, schema: Any = None) -> Any:
        """Go on from the last finished round."""
        refuse_schema(schema)
        return self.model_client._played(self._resumed(generate_kwargs, stream), stream)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], client: Any) -> Self:
        """An agent with the fields that the config names, on a fork of the client."""
        fields = list(inspect.signature(AgentBase).parameters)[1:]
        if unknown := sorted(set(config) - set(fields)):
            raise ValueError(f"an agent has no field {unknown[0]!r}; it has {', '.join(fields)}")
        return cls(cls._own(client).fork(), **config)

    @classmethod
    def _own(cls, client: Any) -> Any:
        if not isinstance(client, Settings):
            raise TypeError(f"an agent needs a client, not {type(client).__name__}")
        if client._on_aio != cls._on_aio:
            package = str(__package__)
            here, there = (f"{package}.aio", package) if cls._on_aio else (package, f"{package}.aio")
            raise ColourError(f"the client is of the other surface; use {here}.client(), or {there}.Agent")
        return client

    def _run(self, task: str, kwargs: Any, stream: bool, images: Any) -> Script:
        client = self._own(self.model_client)
        fresh = self.reset_messages_on_run
        made: Script = client._chat(task, kwargs, True, stream, images, None, **self._overlay(), is_fresh=fresh)
        return made

    def _resumed(self, kwargs: Any, stream: bool) -> Script:
        made: Script = self._own(self.model_client)._resume(stream, kwargs, **self._overlay())
        return made

    def _overlay(self) -> dict[str, Any]:
        given: dict[str, Any] = {"limit": self.max_iterations, "prompt": self.continuation_prompt, "agent": self.name}
        if self.tools:
            given["tools"] = self.tools
        if self.concurrent_tool_calls is not None:
            given["together"] = self.concurrent_tool_calls
        if self.on_tool_error is not None:
            given["reports"] = self.on_tool_error == "report"
        return given | {"system": self.system_message}
