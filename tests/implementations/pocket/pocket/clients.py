"""What the clients of both surfaces are: their settings, and the scripts of their turns. Nothing here waits."""

import copy
import os
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

from pocket.conversation import Conversation
from pocket.effects import Script, phases
from pocket.exchange import Exchange
from pocket.gate import key_of, refuse_schema, text_of, trusted
from pocket.images import content
from pocket.models import spec_of
from pocket.request import Codec
from pocket.tools import checked
from pocket.turn import Turn, Wish

KEEP: Final[Any] = object()
GO_ON: Final = "Please go on with your answer."
FACTORY: Final = ("default_headers", "default_query", "http_client")


class Settings:
    """The state of a client.

    Args:
        model: str, Model or ModelSpec.
        base_url: str or None: where the server is; None is the provider's own address.
        api_key: str or None: None is the provider's environment variable.
        timeout: float or None: seconds; None is ten minutes.
        max_retries: int or None: None is two.
        model_kwargs: dict or None: default_headers, default_query, http_client.
        system_message, tools, max_iterations, concurrent_tool_calls, on_tool_error, default_generate_kwargs,
        continuation_prompt: as the attributes of these names.
    """

    _on_aio: ClassVar[bool]

    def __init__(
        self,
        model: Any,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        model_kwargs: dict[str, Any] | None = None,
        system_message: str | None = None,
        tools: Any = (),
        max_iterations: int = 10,
        concurrent_tool_calls: bool = False,
        on_tool_error: str = "raise",
        default_generate_kwargs: dict[str, Any] | None = None,
        continuation_prompt: str = GO_ON,
    ) -> None:
        extra = dict(model_kwargs or {})
        if unknown := sorted(set(extra) - set(FACTORY)):
            raise TypeError(f"model_kwargs takes no {unknown[0]!r}; it takes {', '.join(FACTORY)}")
        self.model = spec_of(model, any_id=base_url is not None)
        self._codec = Codec(self.model)
        self.provider = self._codec.name
        own = os.environ.get("OPENAI_BASE_URL") if self.provider == "openai" else None
        address = base_url or own
        key = key_of(self.provider, self._codec.server.variable, api_key, is_needed=address is None)
        self._url = (address or self._codec.server.url).rstrip("/") + "/chat/completions"
        self._exchange = Exchange(self.provider, 2 if max_retries is None else max_retries, key)
        self._http = self._connected(600.0 if timeout is None else timeout, extra)
        self._talk = Conversation(system_message)
        self._tools = checked(tools or ())
        self.max_iterations, self.concurrent_tool_calls = max_iterations, concurrent_tool_calls
        self.on_tool_error, self.continuation_prompt = on_tool_error, continuation_prompt
        self.default_generate_kwargs = copy.deepcopy(default_generate_kwargs or {})
        self._is_fork = self._is_closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.provider}:{self.model.id}>"

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def _connected(self, timeout: float, extra: dict[str, Any]) -> Any:
        if extra.get("http_client") is not None:
            return extra["http_client"]
        import httpx2

        made = httpx2.AsyncClient if self._on_aio else httpx2.Client
        headers, query = extra.get("default_headers"), extra.get("default_query")
        return made(headers=headers, params=query, timeout=timeout, verify=trusted())

    @property
    def headers(self) -> dict[str, str]:
        """What every request has in front."""
        key = {"authorization": f"Bearer {self._exchange.secret}"} if self._exchange.secret else {}
        return {"content-type": "application/json", **key}

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The history."""
        return self._talk.messages

    @messages.setter
    def messages(self, messages: list[dict[str, Any]]) -> None:
        self._talk.assign(messages)

    @property
    def system_message(self) -> str | None:
        """The system message in force."""
        return self._talk.system

    @system_message.setter
    def system_message(self, text: str | None) -> None:
        self._talk.set_system(text)

    @property
    def tools(self) -> list[Any]:
        """The tools a model may call."""
        return self._tools

    @tools.setter
    def tools(self, tools: Any) -> None:
        self._talk.stand_still("tools")
        self._tools = checked(tools)

    @property
    def last_thinking(self) -> str:
        """What was thought last."""
        return self._talk.thinking

    @property
    def last_usage(self) -> dict[str, int] | None:
        """The tokens of the last turn."""
        return self._talk.usage

    @property
    def stop_reason(self) -> str | None:
        """Why the last reply ended."""
        return self._talk.stop

    def reset(self, system_message: str | None = KEEP) -> None:
        """Forget the history; keep, replace or remove the system message."""
        self._talk.reset(self._talk.system if system_message is KEEP else system_message)

    def chat(
        self,
        user_message: str,
        generate_kwargs: dict[str, Any] | None = None,
        use_tools: bool = True,
        stream: bool = False,
        images: Any = None,
        include: Any = None,
        schema: Any = None,
    ) -> Any:
        """Say something; returns the answer, or a ChunkStream."""
        refuse_schema(schema)
        return self._played(self._chat(user_message, generate_kwargs, use_tools, stream, images, include), stream)

    def generate(
        self,
        prompt: str,
        generate_kwargs: dict[str, Any] | None = None,
        stream: bool = False,
        include: Any = None,
        schema: Any = None,
    ) -> Any:
        """Ask beside the conversation; returns the answer, or a ChunkStream."""
        refuse_schema(schema)
        return self._played(self._generate(prompt, generate_kwargs, stream, include), stream)

    def resume(self, stream: bool = False, schema: Any = None) -> Any:
        """Go on from a history that waits for the model."""
        refuse_schema(schema)
        return self._played(self._resume(stream), stream)

    def fork(self) -> Self:
        """A new conversation on the same connection."""
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        made._talk = Conversation(self.system_message)
        made._tools = list(self._tools)
        made.default_generate_kwargs = copy.deepcopy(self.default_generate_kwargs)
        made._is_fork = True
        return made

    def _played(self, script: Script, stream: bool) -> Any:
        """What a surface makes of a script."""
        raise NotImplementedError

    def _chat(
        self, text: Any, kwargs: Any, use_tools: bool, stream: bool, images: Any, include: Any, **agent: Any
    ) -> Script:
        """The script of a turn; what is wrong with the arguments rises here."""
        self._refuse_closed()
        if images and not self.model.vision:
            raise ValueError(f"model {self.model.id!r} does not support vision; name it with ';vision' if it does")
        parts = content(text_of(text, is_alone=not images), images)
        message = {"role": "user", "content": parts}
        return self._script(message, kwargs, stream, include, may_call=use_tools, **agent)

    def _generate(self, text: Any, kwargs: Any, stream: bool, include: Any) -> Script:
        self._refuse_closed()
        message = {"role": "user", "content": text_of(text, is_alone=True)}
        return self._script(message, kwargs, stream, include, is_aside=True, tools=[])

    def _resume(self, stream: bool, kwargs: Any = None, **agent: Any) -> Script:
        self._refuse_closed()
        if not self._talk.waits():
            raise ValueError("there is nothing to resume; call chat() with a message")
        return self._script(None, kwargs, stream, None, **agent)

    def _script(
        self, message: Any, kwargs: Mapping[str, Any] | None, stream: bool, include: Any, **given: Any
    ) -> Script:
        usual = {
            "tools": self._tools,
            "limit": self.max_iterations,
            "prompt": self.continuation_prompt,
            "together": self.concurrent_tool_calls,
            "reports": self.on_tool_error == "report",
        }
        shown = phases(include)
        parameters = self._codec.parameters(self.model.generation_kwargs, self.default_generate_kwargs, kwargs)
        wish = Wish(message, parameters, stream, shown, **{**usual, **given})
        self._refuse_bad(wish)
        return Turn(self._talk, self._codec, self._exchange, wish, self._on_aio).script()

    def _refuse_bad(self, wish: Wish) -> None:
        tools = bool(checked(wish.tools)) and wish.may_call
        if tools and not self.model.tools:
            words = f"model {self.model.id!r} does not support tools; name it with ';tools' if it does"
            raise ValueError(words)
        if wish.limit < (2 if tools else 1):
            raise ValueError(f"max_iterations={wish.limit} is too few; tools need two requests, a turn one")

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise RuntimeError(f"{self!r} is closed; make another one with {__package__}.client()")
