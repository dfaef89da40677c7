"""What a server has to know of a wire: where it is asked, and how it writes what a script says.

The two wires of the spec are here. A provider with one of its own subclasses `Wire`, and hands it to the server.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from conformance.scripted import anthropic, openai
from conformance.scripted.faults import error_body, request_id, retry_header, server_error, wrapped
from conformance.scripted.script import Gate, Json, Reply


class Wire:
    """A wire, as the server speaks it; it keeps no state.

    Attributes:
        name: str, of the wire, as `ScriptedServer.url` and `Request.wire` have it.
        path: str, where it is asked with a POST, such as "/v1/converse".
        stream_type: str, the content type of a streamed answer.
        id_header: str, the response header with the id of the request.
        call_prefix: str, what the id of a call begins with that has none in the script.
        indent: int or None, default None: how a JSON body is indented; None is one line.
    """

    name: ClassVar[str]
    path: ClassVar[str]
    stream_type: ClassVar[str] = "text/event-stream; charset=utf-8"
    id_header: ClassVar[str] = "x-request-id"
    call_prefix: ClassVar[str] = "call"
    indent: ClassVar[int | None] = None

    def base(self, root: str) -> str:
        """The base URL that a client is given.

        Args:
            root: str, the server: "http://127.0.0.1:PORT".

        Returns:
            str: by default the same.
        """
        return root

    def asked(self, body: Json) -> Json:
        """The body of a request in the words of Chat Completions, in which scenarios read it.

        Args:
            body: dict, as it was sent.

        Returns:
            dict: `model`, `messages`, `stream`; `tools` and `tool_choice` where there are any; each parameter under
            its portable name; whatever the wire does not know, as it is. By default the same.
        """
        return body

    def whole(self, reply: Reply, body: Json, number: int) -> Json:
        """A reply that is not streamed.

        Args:
            reply: Reply, its calls with ids.
            body: dict, the request, as `asked` gave it.
            number: int, the request's number, for ids.

        Returns:
            dict: the JSON body.
        """
        raise NotImplementedError(f"{type(self).__name__}.whole")

    def events(self, reply: Reply, body: Json, number: int) -> list[bytes | Gate]:
        """A reply that is streamed: all that `reply` holds, and its gates where they stand.

        Where `reply.error` is not None it stands in place of what closes the stream; where `reply.ends` is False or
        `reply.drops` is True, nothing closes it.

        Args:
            reply: Reply, its calls with ids.
            body: dict, the request, as `asked` gave it.
            number: int, the request's number, for ids.

        Returns:
            list of bytes and Gate: one event an item.
        """
        raise NotImplementedError(f"{type(self).__name__}.events")

    def error(self, status: int, model: str, number: int) -> Json:
        """The body of a failure of which the script says only the status.

        Args:
            status: int, of HTTP.
            model: str, what was asked for.
            number: int, the request's number, for ids.

        Returns:
            dict: the JSON body; by default `wrapped` around the type of the status and a message.
        """
        kind = "invalid_request_error" if status < 500 else "server_error"
        return self.wrapped({"type": kind, "message": f"Scripted error for {model}"}, number)

    def wrapped(self, error: Mapping[str, Any], number: int) -> Json:
        """The envelope round an error.

        Args:
            error: Mapping, with `type` and `message`.
            number: int, the request's number, for ids.

        Returns:
            dict: the JSON body.
        """
        raise NotImplementedError(f"{type(self).__name__}.wrapped")

    def failure(self, message: str) -> Json:
        """The error with which a server says that it failed itself.

        Args:
            message: str.
        """
        return {"type": "server_error", "message": message}

    def headers(self, status: int) -> dict[str, str]:  # noqa: ARG002
        """More headers of an answer with a status; by default none.

        Args:
            status: int, of HTTP.
        """
        return {}

    def request_id(self, number: int) -> dict[str, str]:
        """The header with the id of a request.

        Args:
            number: int, the request's number.
        """
        return {self.id_header: request_id(number)}


class ChatCompletions(Wire):
    """The wire of OpenAI; its endpoint writes bodies over several lines."""

    name = "openai"
    path = "/v1/chat/completions"
    indent = 2

    def base(self, root: str) -> str:
        return f"{root}/v1"

    def whole(self, reply: Reply, body: Json, number: int) -> Json:
        return openai.whole(reply, body, number)

    def events(self, reply: Reply, body: Json, number: int) -> list[bytes | Gate]:
        return openai.events(reply, body, number)

    def error(self, status: int, model: str, number: int) -> Json:
        return error_body("openai", status, model, number)

    def wrapped(self, error: Mapping[str, Any], number: int) -> Json:
        return wrapped("openai", error, number)


class Messages(Wire):
    """The wire of Anthropic."""

    name = "anthropic"
    path = "/v1/messages"
    id_header = "request-id"
    call_prefix = "toolu"

    def whole(self, reply: Reply, body: Json, number: int) -> Json:
        return anthropic.whole(reply, body, number)

    def events(self, reply: Reply, body: Json, number: int) -> list[bytes | Gate]:
        return anthropic.events(reply, body, number)

    def error(self, status: int, model: str, number: int) -> Json:
        return error_body("anthropic", status, model, number)

    def wrapped(self, error: Mapping[str, Any], number: int) -> Json:
        return wrapped("anthropic", error, number)

    def failure(self, message: str) -> Json:
        return server_error("anthropic", message)

    def headers(self, status: int) -> dict[str, str]:
        return retry_header("anthropic", status)


BOTH: Final = (ChatCompletions(), Messages())
