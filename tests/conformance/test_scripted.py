"""The scripted server, read by the official SDKs and by a bare socket."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from conformance.scripted import Call, Fault, Gate, Raw, Reply, Request, ScriptedServer, Usage
from conformance.scripted.fixture import scripted_server  # noqa: F401

WAIT = 10
ASK: Any = [{"role": "user", "content": "hi"}]
OPENAI: Any = {"model": "m-1", "messages": ASK}
ANTHROPIC: Any = {"model": "m-1", "messages": ASK, "max_tokens": 9}
WAYS = ["sync whole", "sync stream", "async whole", "async stream"]
CALLS = [Call("add", {"a": 1, "ü": "é"}), Call("now"), Call("torn", '{"a": ', id="own")]


@pytest.fixture
def server(scripted_server: ScriptedServer) -> ScriptedServer:  # noqa: F811
    return scripted_server


@pytest.fixture(params=["openai", "anthropic"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def openai_options(server: ScriptedServer) -> Any:
    return {"base_url": server.openai_url, "api_key": "k", "max_retries": 0, "timeout": WAIT}


def anthropic_options(server: ScriptedServer) -> Any:
    return {"base_url": server.anthropic_url, "api_key": "k", "max_retries": 0, "timeout": WAIT}


def read_openai(server: ScriptedServer, way: str) -> Any:
    async def read() -> Any:
        async with openai.AsyncOpenAI(**openai_options(server)) as client:
            if way == "async whole":
                return await client.chat.completions.create(**OPENAI)
            async with client.chat.completions.stream(**OPENAI, stream_options={"include_usage": True}) as stream:
                return await stream.get_final_completion()

    if way.startswith("async"):
        return asyncio.run(read())
    with openai.OpenAI(**openai_options(server)) as client:
        if way == "sync whole":
            return client.chat.completions.create(**OPENAI)
        with client.chat.completions.stream(**OPENAI, stream_options={"include_usage": True}) as stream:
            return stream.get_final_completion()


def read_anthropic(server: ScriptedServer, way: str) -> Any:
    async def read() -> Any:
        async with anthropic.AsyncAnthropic(**anthropic_options(server)) as client:
            if way == "async whole":
                return await client.messages.create(**ANTHROPIC)
            async with client.messages.stream(**ANTHROPIC) as stream:
                return await stream.get_final_message()

    if way.startswith("async"):
        return asyncio.run(read())
    with anthropic.Anthropic(**anthropic_options(server)) as client:
        if way == "sync whole":
            return client.messages.create(**ANTHROPIC)
        with client.messages.stream(**ANTHROPIC) as stream:
            return stream.get_final_message()


def read(server: ScriptedServer, wire: str, way: str = "sync whole") -> Any:
    return {"openai": read_openai, "anthropic": read_anthropic}[wire](server, way)


def post(server: ScriptedServer, wire: str, stream: bool = True, **extra: Any) -> str:
    """The body of a reply, read without an SDK."""
    paths = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages?beta=true"}
    with httpx2.Client(base_url=server.anthropic_url, timeout=WAIT, verify=False) as client:
        return client.post(paths[wire], json={"model": "m-1", "stream": stream, **extra}).text


def port_of(server: ScriptedServer) -> int:
    return int(server.anthropic_url.rpartition(":")[2])


def data(text: str) -> list[Any]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


def on_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("way", WAYS)
def test_openai_sdk_reads_everything(server: ScriptedServer, way: str) -> None:
    usage = Usage(20, 9, cache_read=5, reasoning=3)
    server.script(Reply("Hällo, wörld 🙂", thinking="Let me think", calls=CALLS[:2], usage=usage))
    reply = read_openai(server, way)
    message = reply.choices[0].message
    assert (message.content, message.reasoning_content) == ("Hällo, wörld 🙂", "Let me think")
    assert [(c.id, c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls] == [
        ("call_1", "add", {"a": 1, "ü": "é"}),
        ("call_2", "now", {}),
    ]
    assert (reply.choices[0].finish_reason, reply.model, reply.id) == ("tool_calls", "m-1", "chatcmpl-scripted-1")
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (20, 9, 29)
    assert reply.usage.prompt_tokens_details.cached_tokens == 5
    assert reply.usage.completion_tokens_details.reasoning_tokens == 3


@pytest.mark.parametrize("way", WAYS)
def test_anthropic_sdk_reads_everything(server: ScriptedServer, way: str) -> None:
    usage = Usage(20, 9, cache_read=5, cache_write=6)
    opaque = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "x"}}
    # The SDK refuses torn JSON in a stream, so only a whole body holds that call.
    calls = CALLS if way.endswith("whole") else CALLS[:2]
    thought: Any = {"thinking": "Hm, so", "signature": "s1", "redacted": ["r1"]}
    server.script(Reply("Hällo 🙂", blocks=[opaque], calls=calls, usage=usage, **thought))
    reply = read_anthropic(server, way)
    thinking, redacted, search, text, add, now, *torn = reply.content
    assert (thinking.thinking, thinking.signature, redacted.data) == ("Hm, so", "s1", "r1")
    assert (search.input, text.text) == ({"query": "x"}, "Hällo 🙂")
    assert (add.id, add.name, add.input) == ("toolu_1", "add", {"a": 1, "ü": "é"})
    assert (now.id, now.name, now.input) == ("toolu_2", "now", {})
    assert [(call.id, call.input) for call in torn] == [("own", '{"a": ')][: len(calls) - 2]
    assert (reply.stop_reason, reply.model, reply.id) == ("tool_use", "m-1", "msg_scripted_1")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (20, 9)
    assert (reply.usage.cache_read_input_tokens, reply.usage.cache_creation_input_tokens) == (5, 6)


@pytest.mark.parametrize("way", WAYS)
def test_refusal(server: ScriptedServer, way: str) -> None:
    server.always(Reply(refusal="I will not."))
    choice = read_openai(server, way).choices[0]
    assert (choice.message.refusal, choice.message.content, choice.finish_reason) == ("I will not.", None, "stop")
    reply = read_anthropic(server, way)
    assert (reply.stop_reason, reply.stop_details.explanation, reply.content) == ("refusal", "I will not.", [])


@pytest.mark.parametrize(
    ("reply", "finish", "reason"),
    [
        (Reply("a"), "stop", "end_turn"),
        (Reply("a", calls=[Call("f")]), "tool_calls", "tool_use"),
        (Reply("a", stop="length"), "length", "max_tokens"),
        (Reply("a", stop_sequence="X"), "stop", "stop_sequence"),
        (Reply("a", stop="pause"), "stop", "pause_turn"),
        (Reply("a", stop="content_filter"), "content_filter", "refusal"),
        (Reply("a", stop="eos"), "eos", "eos"),
    ],
)
def test_stop_words(server: ScriptedServer, reply: Reply, finish: str, reason: str) -> None:
    server.always(reply)
    assert read_openai(server, "sync whole").choices[0].finish_reason == finish
    message = read_anthropic(server, "sync whole")
    assert (message.stop_reason, message.stop_sequence) == (reason, reply.stop_sequence)


def test_openai_stream_shape(server: ScriptedServer) -> None:
    server.script(
        Reply(["a", "b"]), Reply(calls=[Call("f", pieces=["{", "}"])]), Reply(calls=[Call("f"), Call("g", id="")])
    )
    text = post(server, "openai")
    chunks = data(text)
    assert [c["choices"][0]["delta"] for c in chunks] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "a"},
        {"content": "b"},
        {},
    ]
    assert "usage" not in chunks[0]
    assert text.endswith("data: [DONE]\n\n")
    *chunks, counts = data(post(server, "openai", stream_options={"include_usage": True}))
    assert (counts["choices"], counts["usage"]["prompt_tokens"]) == ([], 11)
    assert [c["usage"] for c in chunks] == [None] * len(chunks)
    first = chunks[0]["choices"][0]["delta"]
    start = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    assert first == {"role": "assistant", "content": None, "tool_calls": [start], "refusal": None}
    assert chunks[1]["choices"][0]["delta"] == {"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}
    deltas = [c["choices"][0]["delta"] for c in data(post(server, "openai"))]
    assert deltas[0] == {"role": "assistant", "content": None, "refusal": None}
    starts = [call for delta in deltas for call in delta.get("tool_calls", []) if "id" in call]
    assert [(call["index"], call["id"]) for call in starts] == [(0, "call_2"), (1, "")]


def test_anthropic_stream_shape(server: ScriptedServer) -> None:
    server.script(Reply("a", thinking=["t"], calls=[Call("f"), Call("g", {"x": 1}, pieces=['{"x":', "1}"])]), Reply())
    text = post(server, "anthropic")
    events = data(text)
    assert text.startswith("event: message_start\n")
    assert events[0]["message"]["usage"]["output_tokens"] == 1
    assert [e["delta"] for e in events if e["type"] == "content_block_delta"] == [
        {"type": "thinking_delta", "thinking": "t"},
        {"type": "signature_delta", "signature": "sig"},
        {"type": "text_delta", "text": "a"},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"x":'},
        {"type": "input_json_delta", "partial_json": "1}"},
    ]
    assert [e["type"] for e in events[:3]] == ["message_start", "content_block_start", "ping"]
    assert [e["type"] for e in events[-2:]] == ["message_delta", "message_stop"]
    empty = [e["type"] for e in data(post(server, "anthropic"))]
    assert empty == ["message_start", "message_delta", "message_stop"]


@pytest.mark.parametrize(("text", "count"), [("a", 1), ("ab", 2), ("abc", 2), ("abcdefghi", 2), ("é" * 999, 4)])
def test_str_is_streamed_in_pieces(server: ScriptedServer, text: str, count: int) -> None:
    server.always(Reply(text))
    openai_deltas = [chunk["choices"][0]["delta"] for chunk in data(post(server, "openai"))]
    anthropic_deltas = [event.get("delta", {}) for event in data(post(server, "anthropic"))]
    for deltas, key in [(openai_deltas, "content"), (anthropic_deltas, "text")]:
        pieces = [delta[key] for delta in deltas if delta.get(key)]
        assert ("".join(pieces), len(pieces)) == (text, count)


def test_gate_holds_the_second_piece_until_the_first_is_read(server: ScriptedServer) -> None:
    gate = Gate()
    server.script(Reply(["one", gate, "two"]))
    with openai.OpenAI(**openai_options(server)) as client:
        pieces = (c.choices[0].delta.content for c in client.chat.completions.create(**OPENAI, stream=True))
        assert [next(pieces), next(pieces)] == ["", "one"]
        assert gate.reached.wait(WAIT)
        assert not gate.is_open
        gate.open()
        assert list(pieces) == ["two", None]


def test_gate_async(server: ScriptedServer) -> None:
    gate = Gate()
    server.script(Reply(["one", gate, "two"]))

    async def body() -> list[str]:
        client = anthropic.AsyncAnthropic(**anthropic_options(server))
        async with client, client.messages.stream(**ANTHROPIC) as stream:
            texts = []
            async for text in stream.text_stream:
                texts.append(text)
                assert gate.is_open or texts == ["one"]
                gate.open()
            return texts

    assert asyncio.run(body()) == ["one", "two"]


@pytest.mark.parametrize("reply", ["before", "whole"])
def test_gate_holds_a_response(server: ScriptedServer, wire: str, reply: str) -> None:
    gate = Gate()
    server.script(Reply("hi", before=gate) if reply == "before" else Reply(["h", gate, "i"]))
    answers: list[str] = []
    client = on_thread(lambda: answers.append(post(server, wire, stream=reply == "before")))
    assert gate.reached.wait(WAIT)
    assert not answers
    gate.open()
    client.join(WAIT)
    assert len(answers) == 1
    assert "hi" in answers[0].replace('"i"', "hi")


def test_gate_gives_up(server: ScriptedServer) -> None:
    server.script(Reply(["one", Gate(timeout=0.05), "two"]))
    with pytest.raises(httpx2.RemoteProtocolError):
        post(server, "openai")
    assert not server.disconnected.is_set()


@pytest.mark.parametrize(
    ("status", "name"),
    [(400, "BadRequestError"), (401, "AuthenticationError"), (404, "NotFoundError"), (429, "RateLimitError"),
     (500, "InternalServerError"), (503, "InternalServerError")],
)  # fmt: skip
def test_fault_is_the_typed_error_of_the_sdk(server: ScriptedServer, wire: str, status: int, name: str) -> None:
    server.always(Fault(status, headers={"Retry-After": "7"}))
    for way in WAYS:
        with pytest.raises(getattr({"openai": openai, "anthropic": anthropic}[wire], name)) as caught:
            read(server, wire, way)
        assert caught.value.response.headers["retry-after"] == "7"
        assert caught.value.request_id == f"req_scripted_{len(server.requests)}"


def test_fault_bodies(server: ScriptedServer) -> None:
    server.script(Fault(429), Fault(404), Fault(529), Fault(418, {"teapot": True}), Fault(502, "<html>"))
    assert json.loads(post(server, "openai"))["error"]["code"] == "rate_limit_exceeded"
    assert json.loads(post(server, "anthropic")) == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "model: m-1"},
        "request_id": "req_scripted_2",
    }
    assert json.loads(post(server, "anthropic"))["error"] == {"type": "overloaded_error", "message": "Overloaded"}
    assert (json.loads(post(server, "openai")), post(server, "openai")) == ({"teapot": True}, "<html>")


def test_reset(server: ScriptedServer, wire: str) -> None:
    server.script(Fault(kind="reset"))
    with pytest.raises((openai.APIConnectionError, anthropic.APIConnectionError)) as caught:
        read(server, wire)
    assert isinstance(caught.value.__cause__, httpx2.ReadError)


def test_ends_false_leaves_out_the_closing_events(server: ScriptedServer) -> None:
    server.always(Reply(["a", "b"], ends=False))
    assert [c["choices"][0]["finish_reason"] for c in data(post(server, "openai"))] == [None] * 3
    assert [e["type"] for e in data(post(server, "anthropic"))][-1] == "content_block_stop"
    with pytest.raises(ValueError, match=r"line|char"):
        json.loads(post(server, "openai", stream=False))


@pytest.mark.parametrize("stream", [True, False])
def test_drops_breaks_the_connection(server: ScriptedServer, wire: str, stream: bool) -> None:
    server.script(Reply(["a", "b"], drops=True))
    with pytest.raises(httpx2.RemoteProtocolError):
        post(server, wire, stream=stream)


@pytest.mark.parametrize("way", WAYS)
def test_error_in_the_stream(server: ScriptedServer, wire: str, way: str) -> None:
    server.script(Reply("some", error={"type": "overloaded_error", "message": "Overloaded"}))
    with pytest.raises((openai.APIError, anthropic.APIStatusError), match="Overloaded") as caught:
        read(server, wire, way)
    if isinstance(caught.value, anthropic.APIStatusError):
        assert caught.value.status_code == (200 if way.endswith("stream") else 500)
    assert "message_stop" not in post(server, wire)
    assert len(server.requests) == 2


def test_raw_bytes_and_gates(server: ScriptedServer) -> None:
    gate = Gate()
    server.script(Raw([b"\xe2\x82", gate, b"", b"\xac"], status=203, content_type="text/x", headers={"X-A": "b"}))
    server.script(Raw(b"half", ends=False), Raw(["text"]))  # type: ignore[list-item]
    with httpx2.stream("POST", f"{server.openai_url}/chat/completions", timeout=WAIT) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"\xe2\x82"
        gate.open()
        assert list(chunks) == [b"\xac"]
    assert (response.status_code, response.headers["content-type"], response.headers["x-a"]) == (203, "text/x", "b")
    with pytest.raises(httpx2.RemoteProtocolError):
        post(server, "openai")
    assert "Raw holds bytes and gates" in post(server, "openai")


@pytest.mark.parametrize("reply", [Reply(["a", Gate(), "b"]), Reply("a", before=Gate()), Fault(kind="hang")])
def test_client_that_leaves_is_noticed(server: ScriptedServer, reply: Reply | Fault) -> None:
    server.script(reply)
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(f"{server.openai_url}/chat/completions", json={"stream": True}, timeout=0.1)
    assert server.disconnected.wait(WAIT)


def test_client_that_leaves_while_bytes_are_written_is_noticed(server: ScriptedServer) -> None:
    server.script(Raw(b"x" * 50_000_000))
    with httpx2.stream("POST", f"{server.openai_url}/chat/completions", timeout=WAIT) as response:
        assert next(response.iter_raw())
    assert server.disconnected.wait(WAIT)


def test_client_that_has_read_all_is_not_a_disconnect(server: ScriptedServer, wire: str) -> None:
    server.always(Reply("hello"))
    for way in WAYS:
        read(server, wire, way)
    assert not server.disconnected.is_set()


def test_requests_are_recorded(server: ScriptedServer) -> None:
    server.always(Reply("a"))
    read_openai(server, "sync whole")
    post(server, "anthropic", note="é")
    httpx2.put(f"{server.anthropic_url}/v1/models", content=b"[1]", timeout=WAIT)
    first, second, third = server.requests
    assert (first.wire, first.method, first.path) == ("openai", "POST", "/v1/chat/completions")
    assert (first.headers["authorization"], first.body) == ("Bearer k", OPENAI)
    assert (second.wire, second.path, second.query) == ("anthropic", "/v1/messages", "beta=true")
    assert json.loads(second.raw) == second.body == {"model": "m-1", "stream": True, "note": "é"}
    assert (third.wire, third.method, third.raw, third.body) == ("", "PUT", b"[1]", {})


def test_chunked_request(server: ScriptedServer) -> None:
    def content() -> Iterator[bytes]:
        yield b'{"mod'
        yield b'el": "m-2"}'

    server.script(Reply("a"))
    answer = httpx2.post(f"{server.openai_url}/chat/completions", content=content(), timeout=WAIT)
    assert answer.json()["model"] == "m-2"
    assert server.requests[0].body == {"model": "m-2"}


def test_script_order_callables_and_exhaustion(server: ScriptedServer, wire: str) -> None:
    def fail(request: Request) -> Reply:
        raise LookupError(request.path)

    server.script(Reply("first"), lambda request: Reply(f"asked {request.body['model']}"), fail)
    assert server.unanswered == 3
    assert [word in post(server, wire, stream=False) for word in ("first", "asked m-1", "LookupError")] == [True] * 3
    assert httpx2.get(f"{server.anthropic_url}/v1/other", timeout=WAIT).status_code == 404
    kinds = (openai.InternalServerError, anthropic.InternalServerError)
    with pytest.raises(kinds, match="script is exhausted: 5 requests came"):
        read(server, wire)
    server.always(Reply("always"))
    assert "always" in post(server, wire, stream=False)
    assert len(server.requests) == 6
    server.clear()
    assert (server.requests, server.unanswered) == ([], 0)
    with pytest.raises(kinds, match="1 requests came"):
        read(server, wire)


def test_connections_are_kept(server: ScriptedServer) -> None:
    server.always(Reply("a"))
    ports = set()
    with httpx2.Client(base_url=server.openai_url, timeout=WAIT) as client:
        for stream in (True, False, True):
            with client.stream("POST", "/chat/completions", json={"stream": stream}) as response:
                ports.add(response.extensions["network_stream"].get_extra_info("client_addr"))
                response.read()
    assert len(ports) == 1


def test_stop_is_prompt_with_handlers_that_hang_wait_write_and_idle() -> None:
    gate, hung, before = Gate(), threading.Event(), set(threading.enumerate())
    server = ScriptedServer()
    server.start()

    def hang(_: Request) -> Fault:
        hung.set()
        return Fault(kind="hang")

    clients = []
    for reply in (hang, Reply(["a", gate]), Raw(b"x" * 50_000_000)):
        server.script(reply)
        client = socket.create_connection(("127.0.0.1", port_of(server)), timeout=WAIT)
        client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 15\r\n\r\n" + b'{"stream":true}')
        assert hung.wait(WAIT)
        assert reply is hang or client.recv(1)
        clients.append(client)
    clients.append(socket.create_connection(("127.0.0.1", port_of(server)), timeout=WAIT))
    assert gate.reached.wait(WAIT)
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 2
    assert set(threading.enumerate()) == before
    assert not server.disconnected.is_set()
    for client in clients:
        client.close()
    server.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.openai_url


def test_many_at_once(server: ScriptedServer) -> None:
    gates = [Gate() for _ in range(80)]
    server.script(*[Reply([f"<{number}>", gate, "end"]) for number, gate in enumerate(gates)])
    with ThreadPoolExecutor(80) as pool:
        answers = [pool.submit(post, server, "anthropic") for _ in gates]
        assert all(gate.reached.wait(WAIT) for gate in gates)
        for gate in gates:
            gate.open()
        texts = [answer.result(WAIT) for answer in answers]
    assert sorted(sum(f"<{n}>" in text for text in texts) for n in range(80)) == [1] * 80


def test_noise_on_the_port_is_harmless(server: ScriptedServer) -> None:
    for noise in (b"", b"\r\n\r\n", b"\x16\x03\x01", b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port_of(server)), timeout=WAIT) as client:
            client.sendall(noise)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
    server.script(Reply("well"))
    assert "well" in post(server, "openai", stream=False)
