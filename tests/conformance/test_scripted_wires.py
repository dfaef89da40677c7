"""A scripted server with a wire of somebody's own, and a scripted model on no wire."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance.outcomes import HarnessError
from conformance.scripted import Fault, Gate, Raw, Reply, ScriptedModel, ScriptedServer, Usage, Wire
from conformance.scripted.pieces import joined

Json = dict[str, Any]


class Whisper(Wire):
    """Asked at /whisper for `{"to": MODEL, "words": TEXT}`."""

    name = "whisper"
    path = "/whisper"
    stream_type = "text/plain; charset=utf-8"

    def base(self, root: str) -> str:
        return f"{root}/below"

    def asked(self, body: Json) -> Json:
        return {"model": body["to"], "messages": [{"role": "user", "content": body["words"]}], "stream": body["live"]}

    def whole(self, reply: Reply, body: Json, number: int) -> Json:  # noqa: ARG002
        return {"said": joined(reply.text), "number": number}

    def events(self, reply: Reply, body: Json, number: int) -> list[bytes | Gate]:  # noqa: ARG002
        return [f"{word}\n".encode() for word in joined(reply.text).split()]

    def wrapped(self, error: Mapping[str, Any], number: int) -> Json:  # noqa: ARG002
        return {"sorry": error["message"]}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(Whisper()) as running:
        yield running


def post(server: ScriptedServer, body: Json) -> tuple[int, str, str]:
    """Status, content type and text of an answer."""
    connection = http.client.HTTPConnection(urlsplit(server.url("openai")).netloc)
    try:
        connection.request("POST", "/whisper", json.dumps(body))
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"], answer.read().decode()
    finally:
        connection.close()


def test_a_reply_on_a_wire_of_ones_own(server: ScriptedServer) -> None:
    server.script(Reply("Hello there"), Reply("Hello there"))
    asked = {"to": "m", "words": "Hi", "live": False}
    assert post(server, asked) == (200, "application/json", '{"said": "Hello there", "number": 1}')
    assert post(server, asked | {"live": True}) == (200, "text/plain; charset=utf-8", "Hello\nthere\n")
    (first, second) = server.requests
    assert (first.wire, first.body["messages"]) == ("whisper", [{"role": "user", "content": "Hi"}])
    assert json.loads(first.raw) == asked
    assert second.body["stream"] is True


def test_failures_and_exact_bytes_on_it(server: ScriptedServer) -> None:
    server.script(Fault(404), Raw(b"torn"))
    asked = {"to": "m", "words": "Hi", "live": True}
    assert post(server, asked) == (404, "application/json", '{"sorry": "Scripted error for m"}')
    assert post(server, asked) == (200, "text/plain", "torn")
    status, _, text = post(server, asked)
    assert (status, json.loads(text)["sorry"][:23]) == (500, "the script is exhausted")


def test_a_request_that_its_wire_cannot_read_is_told(server: ScriptedServer) -> None:
    server.script(Reply("Hello"))
    status, _, text = post(server, {"unheard": "of"})
    assert status == 500
    assert "whisper cannot read the request: KeyError: 'to'" in text
    assert server.unanswered == 1


def test_the_address_of_each_wire(server: ScriptedServer) -> None:
    assert server.url("whisper").endswith("/below")
    with pytest.raises(ValueError, match="'openai' and 'anthropic' and 'whisper'"):
        server.url("shout")


def test_a_model_on_no_wire_speaks_for_itself_until_it_is_scripted() -> None:
    model = ScriptedModel()
    assert model.answer({"messages": []}) is None
    model.script(Reply(["Hel", "lo"]))
    reply = model.answer({"messages": [{"role": "user", "content": "Hi"}]})
    assert reply is not None
    assert list(model.spoken(reply)) == ["Hel", "lo"]
    assert [len(request.body["messages"]) for request in model.requests] == [0, 1]
    assert model.answer({"messages": []}) == Reply()
    with pytest.raises(AssertionError, match="exhausted: 3 generations"):
        model.raise_problem()


def test_it_waits_at_a_gate_until_that_is_opened_or_nobody_listens() -> None:
    model, gate, said = ScriptedModel(), Gate(), list[str]()
    model.script(Reply(["one", gate, "two"]))
    reply = model.answer({"messages": []})
    assert reply is not None
    speaker = threading.Thread(target=lambda: said.extend(model.spoken(reply)))
    speaker.start()
    assert gate.reached.wait(10)
    assert speaker.is_alive()
    model.let_go()
    speaker.join(10)
    assert said == ["one", "two"]


def test_what_no_model_can_say_is_refused() -> None:
    with pytest.raises(HarnessError, match="needs 'wire'"):
        ScriptedModel().script(Reply("Hi", usage=Usage(1, 1)))
    with pytest.raises(HarnessError, match="has no url"):
        _ = ScriptedModel().url
