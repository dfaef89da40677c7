"""A server that answers from a cassette, and nothing but what was recorded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conformance.check import Check
from conformance.driver import Driver
from conformance.outcomes import HarnessError, Outcome, Result
from conformance.recorded import cassette, manifest
from conformance.recorded.tape import Tape
from conformance.recorded.target import Behind
from conformance.scripted import Reply
from conformance.surfaces import DRIVERS
from conformance.vocabulary import SURFACES
from tests.conformance.recorded.shelf import REAL, SHIPPED, Shelf, implementation, judged
from tests.conformance.recorded.toys import Body, Toy
from tests.conformance.recorded.transport import Transport, between

TWO = "openai/toy.toy.yaml"


async def two_questions(d: Driver) -> None:
    d.script(Reply("1"), Reply("2"))
    client = d.client()
    for question in ("one", "two"):
        await d(client.chat(question))


def asks(*questions: str, answers: tuple[str, ...] = ("1", "2"), **options: Any) -> Body:
    """A body that asks questions, each of a client of its own unless there is one for all."""

    async def body(d: Driver) -> None:
        d.script(*map(Reply, answers))
        client = d.client(**options)
        for question in questions:
            await d(client.chat(question))

    return body


@pytest.fixture
def replay(tmp_path: Path) -> Callable[[Body, str], None]:
    """Replays a body from the record of `two_questions`."""
    toy = Toy(body=two_questions)
    assert toy.recorded(tmp_path).endswith("recorded, 2 exchanges")
    manifest.write(tmp_path, "aimu", [toy.expected.name])

    def started(_: Check | None) -> Tape:
        tape = Tape(manifest.trusted(tmp_path, toy.expected))
        tape.start()
        return tape

    def play(body: Body, surface: str) -> None:
        from conformance import targets

        DRIVERS[surface](Behind(targets.find("openai"), started), implementation()).play(body, 20.0)

    return play


@pytest.mark.parametrize("surface", SURFACES)
def test_what_was_recorded_is_played(replay: Callable[[Body, str], None], surface: str) -> None:
    """A complaint below that has another reason."""
    replay(two_questions, surface)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("body", "kind", "phrases"),
    [
        (asks("one"), AssertionError, ["1 of 2 recorded exchanges were not asked for, from the request after 1 on"]),
        (
            asks("one", "two", "three", answers=("1", "2", "3")),
            AssertionError,
            ["request 3 is not on record, which ends after 2", "sent: POST /v1/chat/completions"],
        ),
        (asks("two", "one"), AssertionError, ["request 1 is not the recorded one", '-    "content": "one",']),
        (asks("one", "twice"), AssertionError, ["request 2 is not the recorded one", '+    "content": "twice",']),
        (
            asks("one", "two", system="Be brief."),
            AssertionError,
            ["request 1 is not the recorded one", '+    "content": "Be brief.",'],
        ),
        (
            asks("one", "two", answers=("one", "2")),
            HarnessError,
            ["the script says other than what was recorded of it: the body of answer 1"],
        ),
        (
            asks("one", "two", answers=("1",)),
            HarnessError,
            ["the script says other than what was recorded of it: the status of answer 2"],
        ),
    ],
    ids=["missing", "extra", "order", "second", "more", "script", "short script"],
)
def test_what_was_not_recorded_is_not_played(
    replay: Callable[[Body, str], None], surface: str, body: Body, kind: type[Exception], phrases: list[str]
) -> None:
    """A request too many, too few, out of order or another one; or a script that drifted from its record."""
    with pytest.raises(kind) as caught:
        replay(body, surface)
    assert [each for each in phrases if each not in str(caught.value)] == []
    assert f"{TWO} is the record of toy/test_toy" in str(caught.value)


def test_another_header_in_a_script_is_told(tmp_path: Path) -> None:
    """A script whose headers drifted from its record."""
    toy = Toy(headers={"retry-after": "7"})
    assert toy.recorded(tmp_path).endswith("recorded, 1 exchange")
    path = tmp_path / toy.expected.name
    path.write_text(path.read_text(encoding="utf-8").replace("- '7'", "- '8'"), encoding="utf-8")
    tape = Tape(cassette.load(path))
    from conformance import targets

    def started(_: Check | None) -> Tape:
        tape.start()
        return tape

    driver = DRIVERS["sync"](Behind(targets.find("openai"), started), implementation())
    with pytest.raises(HarnessError, match="recorded of it: the headers of answer 1"):
        driver.play(toy.scenario.body, 20.0)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_request_that_is_sent_twice_fails_its_check(surface: str) -> None:
    """An exchange that is played more than once."""
    again: list[httpx2.Request] = []

    def twice(request: httpx2.Request) -> httpx2.Request:
        if not again:
            again.append(request)
            httpx2.post(str(request.url), content=request.content)
        return request

    with between(Transport(twice)):
        result: Result = judged(REAL, surface)
    assert result.outcome is Outcome.FAIL
    assert f"request 2 is not the recorded one; {SHIPPED / REAL}" in result.reason


def test_a_script_for_a_real_record_is_left_aside(tmp_path: Path) -> None:
    """A recording of a real server that is compared with a script, or answered from it."""
    shelf = Shelf(tmp_path / "c", REAL)
    asked: list[object] = []

    def script(request: object) -> Reply:
        asked.append(request)
        return Reply("no")

    with Tape(cassette.load(shelf.folder / REAL)) as tape:
        tape.script(script)
        assert (tape.unanswered, tape.model) == (2, "micro")
        assert httpx2.post(f"{tape.url('openai')}/chat/completions", content=shelf_body(shelf)).status_code == 200
        assert (tape.unanswered, asked) == (1, [])
        tape.raise_problem()
        with pytest.raises(AssertionError, match="1 of 2 recorded exchanges were not asked for"):
            tape.require_all()


def test_what_is_asked_in_vain_stays_a_problem(tmp_path: Path) -> None:
    """A tape that goes on as if nothing had happened, once it was asked something else."""
    shelf = Shelf(tmp_path / "c", REAL)
    with Tape(cassette.load(shelf.folder / REAL)) as tape:
        url = f"{tape.url('openai')}/chat/completions"
        right = shelf_body(shelf)
        codes = [httpx2.post(url, content=body).status_code for body in (b'{"model": "x"}', right, right)]
        assert codes == [500, 500, 500]
        assert "not on record: request 1" in httpx2.post(url, content=right).text
    with pytest.raises(AssertionError, match="request 1 is not the recorded one"):
        tape.raise_problem()


def shelf_body(shelf: Shelf) -> bytes:
    found = cassette.load(shelf.folder / REAL).data["interactions"][0]["request"]["body"]
    return str(found).encode()
