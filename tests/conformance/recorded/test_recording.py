"""What can be recorded, and what is kept of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.driver import Driver
from conformance.outcomes import HarnessError
from conformance.recorded import cassette, manifest
from conformance.recorded.cassette import KNOWN
from conformance.recorded.recording import Deck, Source
from conformance.requirement import SERVER
from conformance.scripted import Fault, Gate, Raw, Reply, Request, ScriptedServer
from conformance.scripted.script import Scripted
from tests.conformance.recorded.shelf import Data
from tests.conformance.recorded.toys import Toy

BROKEN: dict[str, Callable[[], Scripted]] = {
    "gate in text": lambda: Reply(["a", Gate()]),
    "gate in thinking": lambda: Reply("a", thinking=[Gate(), "a"]),
    "gate before": lambda: Reply("a", before=Gate()),
    "gate in raw": lambda: Raw([b"", Gate()]),
    "ends early": lambda: Reply("a", ends=False),
    "drops": lambda: Reply("a", drops=True),
    "raw breaks": lambda: Raw(b"", ends=False),
    "reset": lambda: Fault(kind="reset"),
    "hang": lambda: Fault(kind="hang"),
}
SENTENCE = "a recording holds whole answers; this script waits at a gate or breaks a connection"


def kept(folder: Path, toy: Toy) -> Data:
    """What a toy's cassette holds."""
    return dict(cassette.load(folder / toy.expected.name).data)


@pytest.mark.parametrize("script", BROKEN)
def test_what_waits_or_breaks_is_not_recorded(script: str) -> None:
    """A recording of half an answer, or of one that waits for nobody when it is replayed."""
    with pytest.raises(HarnessError, match=SENTENCE):
        Deck().script(Reply("fine"), BROKEN[script]())


def test_a_whole_answer_is_recorded() -> None:
    """A refusal above of whatever is scripted."""
    deck = Deck()
    deck.script(Reply("a", thinking="b"), Raw([b"a", b"b"]), Fault(429), lambda _: Reply("c"))
    assert deck.unanswered == 4


@pytest.mark.parametrize("script", ["drops", "raw breaks"])
def test_what_a_callable_breaks_is_not_recorded_either(tmp_path: Path, script: str) -> None:
    """A broken answer that is let through because it is made only when it is asked for."""

    async def body(d: Driver) -> None:
        d.script(lambda _: BROKEN[script]())
        with d.raises(Exception):
            await d(d.client().chat("hi"))

    assert "NOT RECORDED" in Toy(body=body).recorded(tmp_path)


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
def test_what_is_kept_of_an_exchange(tmp_path: Path, wire: str) -> None:
    """A header, a port or a key that is kept; or something that is needed and is not."""
    toy = Toy(wire=wire, facts="A1, A2")
    assert toy.recorded(tmp_path, Source(model="some")).endswith("recorded, 1 exchange")
    data = kept(tmp_path, toy)
    (only,) = data["interactions"]
    is_openai = wire == "openai"
    assert only["request"]["method"] == "POST"
    assert only["request"]["uri"] == f"http://localhost/v1/{'chat/completions' if is_openai else 'messages'}"
    assert set(only["request"]["headers"]) == {"content-type"} | (set() if is_openai else {"anthropic-version"})
    assert only["response"]["status"] == {"code": 200, "message": "OK"}
    assert set(only["response"]["headers"]) == {"content-type", "x-request-id" if is_openai else "request-id"}
    assert "test-key" not in (tmp_path / toy.expected.name).read_text(encoding="utf-8")
    found = data["metadata"]
    assert tuple(found) == KNOWN
    assert found["provenance"] == "synthetic: wire-facts A1, A2"
    assert (found["target"], found["scenario"], found["requirements"]) == (wire, "toy/test_toy", ["RECORDED-1"])
    assert (found["implementation"], found["model"]) == ("aimu", "some")
    assert found["base"] == ("http://localhost/v1" if is_openai else "http://localhost")
    assert set(found["versions"]) == {"aimu", "anthropic", "openai", "httpx2", "vcrpy"}


def test_a_scenario_that_sends_nothing_is_not_recorded(tmp_path: Path) -> None:
    """A cassette without exchanges, from which anything passes."""

    async def body(d: Driver) -> None:
        d.direct(d.client())

    assert "toy/test_toy exchanged nothing that could be recorded" in Toy(body=body).recorded(tmp_path)
    assert list(tmp_path.rglob("*.yaml")) == []


def test_a_scenario_that_fails_is_not_recorded(tmp_path: Path) -> None:
    """A record of what is wrong, which is then replayed as if it were right."""

    async def body(d: Driver) -> None:
        d.script(Reply("one"))
        assert await d(d.client().chat("hi")) == "two"

    assert "NOT RECORDED: AssertionError: " in Toy(body=body).recorded(tmp_path)
    assert list(tmp_path.rglob("*.yaml")) == []


def test_what_was_recorded_is_trusted(tmp_path: Path) -> None:
    """A recording that is refused as soon as it is to be replayed."""
    toy = Toy(question="é 🦩 \u2028", answer="tab\t, line\n\n, quote ' \" and \\")
    toy.recorded(tmp_path)
    manifest.write(tmp_path, "aimu", [toy.expected.name])
    assert manifest.trusted(tmp_path, toy.expected).is_synthetic
    assert manifest.provenances(tmp_path, [toy.expected.name]) == {"synthetic": 1}


# --- before a server that is not ours


def echo(request: Request) -> Reply:
    content = request.body["messages"][-1]["content"]
    return Reply(content if isinstance(content, str) else content[0]["text"])


def asking(seen: list[Any]) -> Callable[[Driver], Any]:
    """A body that looks at what it asked."""

    async def body(d: Driver) -> None:
        client = d.client()
        for question in ("one", "two"):
            assert await d(client.chat(question)) == question
            seen.append(d.server.requests)
        assert d.server.unanswered == 0

    return body


@pytest.mark.parametrize("wire", ["openai", "anthropic"])
@pytest.mark.parametrize(("told", "provenance"), [("", "recorded: 127.0.0.1"), ("Some 1.0", "recorded: Some 1.0")])
def test_a_scenario_before_a_server_sees_what_it_asked(tmp_path: Path, wire: str, told: str, provenance: str) -> None:
    """A scenario that cannot look at its requests, a script that is told to nobody, or an origin that is not said."""
    seen: list[list[Request]] = []
    toy = Toy(wire=wire, body=asking(seen), facts=SERVER)
    with ScriptedServer() as server:
        server.always(echo)
        url = server.url(wire).replace("127.0.0.1", "user:word@127.0.0.1") if told else server.url(wire)
        line = toy.recorded(tmp_path, Source(base_url=url, server=told, model="m", api_key="k-e-y"))
        theirs = server.requests
    assert line.endswith("recorded, 2 exchanges")
    assert [len(each) for each in seen] == [1, 2]
    for mine, real in zip(seen[-1], theirs, strict=True):
        assert (mine.wire, mine.method, mine.path, mine.raw) == (real.wire, real.method, real.path, real.raw)
        assert (mine.body, mine.query) == (real.body, real.query)
        assert mine.headers["content-type"] == "application/json"
    data = kept(tmp_path, toy)
    assert data["metadata"]["provenance"] == provenance
    assert data["metadata"]["base"] == ("http://localhost/v1" if wire == "openai" else "http://localhost")
    assert "word" not in (tmp_path / toy.expected.name).read_text(encoding="utf-8")
