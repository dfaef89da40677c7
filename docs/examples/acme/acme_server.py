"""A small endpoint that speaks Chat Completions, on the standard library: the Acme of docs/recording.md.

It knows no language: it answers by a few rules, from the messages, the tools and the schema that it is sent.
"""

import argparse
import contextlib
import json
import re
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]

KEY = "acme-key"
MODEL = "acme-1"
CALLS = (  # a question, the tool that answers it, and the names of what is in brackets
    (r"weather in (\w+)", "get_weather", ("city",)),
    (r"time is it in (\w+)", "get_time", ("city",)),
    (r"(\d+) \* (\d+)", "multiply", ("a", "b")),
    (r"[Pp]ing", "ping", ()),
)
TEXTS = (  # a question, and its answer
    (r"in French", r"Un café, s'il vous plaît."),
    (r"Say (\w+)", r"\1"),
)


class Acme(BaseHTTPRequestHandler):
    """Answers one request; without a length, the end of the connection is the end of the body."""

    server_version = "Acme/1.0"  # what a recording says of its origin
    sys_version = ""

    def do_POST(self) -> None:
        """Check the key and the request, then answer whole or as a stream."""
        sent: Json = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/v1/chat/completions":
            self._refuse(404, "not_found_error", f"nothing at {self.path}")
        elif self.headers["authorization"] != f"Bearer {KEY}":
            self._refuse(401, "authentication_error", "no such key")
        elif not isinstance(sent.get("temperature", 1), (int, float)):
            self._refuse(400, "invalid_request_error", "temperature: a number is expected")
        elif sent.get("stream"):
            self._stream(sent, *answer(sent))
        else:
            said, reason = answer(sent)
            choices = [choice("message", said, reason)]
            self._write(200, head("chat.completion") | {"choices": choices, "usage": counts(sent, said)})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _refuse(self, status: int, kind: str, message: str) -> None:
        self._write(status, {"error": {"type": kind, "message": message}})

    def _stream(self, sent: Json, said: Json, reason: str) -> None:
        opening = head("chat.completion.chunk")
        self._open(200, "text/event-stream")
        for event in (*pieces(said, reason), {"choices": [], "usage": counts(sent, said)}):
            self.wfile.write(f"data: {json.dumps(opening | event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def _write(self, status: int, body: Json) -> None:
        self._open(status, "application/json")
        self.wfile.write(json.dumps(body).encode())

    def _open(self, status: int, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.end_headers()


def answer(sent: Json) -> tuple[Json, str]:
    """The message that answers a request, and why it ends."""
    messages: list[Json] = sent["messages"]
    asked = max(n for n, message in enumerate(messages) if message["role"] == "user")
    question = messages[asked]["content"]
    results = [message["content"] for message in messages[asked:] if message["role"] == "tool"]
    offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in sent.get("tools", ())}
    if sent.get("tool_choice") != "none" and (calls := list(wanted(question, results, offered))):
        return {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"
    text = described(question) if "response_format" in sent else spoken(question, results, messages)
    for stop in sent.get("stop", ()):
        text = text.partition(stop)[0]
    words = text.split(" ")
    limit = sent.get("max_completion_tokens") or sent.get("max_tokens") or len(words)
    said = {"role": "assistant", "content": " ".join(words[:limit])}
    return said, "length" if len(words) > limit else "stop"


def wanted(question: str, results: list[str], offered: Json) -> Iterator[Json]:
    """The calls to make now: those of the question, then what is to be done with the first result."""
    then = re.search(r"[Tt]hen call (\w+) with the result", question)
    if then and then[1] in offered and len(results) == 1:
        yield call(then[1], [*offered[then[1]]["properties"]], results)
    for pattern, name, names in CALLS if not results else ():
        if name in offered and (found := re.search(pattern, question)):
            yield call(name, names, found.groups())


def call(name: str, names: Any, values: Any) -> Json:
    """A tool call."""
    given = {each: int(value) if value.isdigit() else value for each, value in zip(names, values, strict=True)}
    return {
        "id": f"call-{uuid.uuid4().hex[:12]}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(given)},
    }


def described(question: str) -> str:
    """The only object that Acme can make: a name and an age."""
    found = re.search(r"Describe (\w+), who is (\d+)", question)
    return json.dumps({"name": found[1], "age": int(found[2])}) if found else "{}"


def spoken(question: str, results: list[str], messages: list[Json]) -> str:
    """An answer in words."""
    if results:
        return f"The result is {' and '.join(results)}."
    if found := re.search(r"Count to (\d+)", question):
        return " ".join(map(str, range(1, int(found[1]) + 1)))
    if "?" in question and (known := re.findall(r"(?:You are|My name is) (\w+)", json.dumps(messages))):
        return f"The name is {known[-1]}."
    texts = (found.expand(text) for pattern, text in TEXTS if (found := re.search(pattern, question)))
    return next(texts, "Hello from Acme.")


def head(kind: str) -> Json:
    """What a body, or each chunk of a stream, begins with; another id every time."""
    return {"id": f"acme-{uuid.uuid4().hex[:12]}", "object": kind, "created": int(time.time()), "model": MODEL}


def choice(place: str, said: Json, reason: str | None) -> Json:
    """The only choice of a body or of a chunk."""
    return {"index": 0, place: said, "finish_reason": reason}


def pieces(said: Json, reason: str) -> Iterator[Json]:
    """The chunks of an answer: a word each, or a call each."""
    for number, each in enumerate(said.get("tool_calls", ())):
        yield {"choices": [choice("delta", {"tool_calls": [{"index": number, **each}]}, None)]}
    for word in re.findall(r"\S+\s*", said["content"] or ""):
        yield {"choices": [choice("delta", {"content": word}, None)]}
    yield {"choices": [choice("delta", {}, reason)]}


def counts(sent: Json, said: Json) -> dict[str, int]:
    """Tokens are words here."""
    asked, answered = (len(json.dumps(each).split()) for each in (sent["messages"], said))
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    port = parser.parse_args().port
    print(f"Acme listens on http://127.0.0.1:{port}/v1; its key is {KEY}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        ThreadingHTTPServer(("127.0.0.1", port), Acme).serve_forever()


if __name__ == "__main__":
    main()
