"""Scenarios of spec/workflows.md: routers."""

import dataclasses
from typing import Any

from conformance.driver import Driver
from conformance.exchanges import preset
from conformance.probes import PIXEL
from conformance.props import said
from conformance.requirement import requirement
from conformance.scripted import Reply
from conformance.test_chat_images import image_count
from conformance.test_workflows import contents, echo, member, route, speaker, speech, team

NEEDS = ("scripted",)


@dataclasses.dataclass
class Weather:
    """What a handler answers."""

    degrees: int


def router(d: Driver, to: str = "sums", fallback: Any = None, **options: Any) -> Any:
    """A router of two handlers, whose classifier says `to`."""
    sums, tales = team(d, "adder", "teller")
    return d.api.Router(member(d, f"to {to}"), {"sums": sums, "Tales": tales}, fallback=fallback, **options)


@requirement("ROUTER-1", needs=(*NEEDS, "constrained"))
async def test_the_chosen_handler_does_the_task(d: Driver) -> None:
    """It is told the task itself; the other handler is sent nothing."""
    d.server.always(echo)
    for to, who in (("sums", "adder"), ("Tales", "teller")):
        post = router(d, to)
        assert post.name == "router"
        assert await d(post.run("one and one")) == f"{who}(one and one)"
        asked = [(speaker(request), said(request)[-1][1]) for request in d.server.requests[-2:]]
        assert asked[0][0] == f"to {to}"
        assert "one and one" in asked[0][1]
        assert asked[1] == (who, "one and one")
        others = [name for name in ("adder", "teller") if name != who]
        assert [contents(post)[name] for name in others] == [[]]
    assert len(d.server.requests) == 4


@requirement("ROUTER-1", needs=(*NEEDS, "constrained"))
async def test_the_answer_is_in_the_schema(d: Driver) -> None:
    """The schema of a run is for the handler; the routing agent has its own."""
    post = router(d)
    for streamed in (False, True):
        d.script(route("sums"), Reply('{"degrees": 31}'))
        given = post.run("How warm?", stream=streamed, schema=Weather)
        if streamed:
            await d.collect(given)
        assert (given.result if streamed else await d(given)) == Weather(31)


@requirement("ROUTER-2", needs=(*NEEDS, "wire", "constrained"))
async def test_what_is_nobodys_goes_to_the_fallback(d: Driver) -> None:
    """When the routing agent says so, and when it gives no verdict twice; a name in a sentence is none."""
    for verdicts in (
        [route("none of these")],
        [Reply("I would say sums"), Reply("sums, definitely")],
        [route("neither"), Reply("{}")],
    ):
        d.script(*verdicts, Reply("I take it"))
        post = router(d, fallback=member(d, "clerk"))
        assert await d(post.run("?")) == "I take it"
        assert contents(post)["clerk"] == ["?", "I take it"]
        assert contents(post)["adder"] == contents(post)["teller"] == []


@requirement("ROUTER-2", needs=(*NEEDS, "wire", "constrained"))
async def test_without_a_fallback_it_is_an_error(d: Driver) -> None:
    """It says what was answered and which routes there are; there is nothing to resume, and a new run asks again."""
    for streamed in (False, True):
        d.script(Reply("It is sums"), Reply("poems"), route("sums"), Reply("2"))
        post = router(d)
        with d.raises(d.lib.errors.VerdictError, match="No handler for route 'poems'.*sums, Tales") as caught:
            given = post.run("?", stream=streamed)
            await (d.collect(given) if streamed else d(given))
        error: Any = caught.value
        assert error.text == "poems"
        assert isinstance(error, ValueError)
        assert contents(post)["adder"] == contents(post)["teller"] == []
        with d.raises(ValueError, match="nothing to resume"):
            await d(post.resume())
        assert await d(post.run("?")) == "2"


@requirement("ROUTER-2", needs=(*NEEDS, "openai_wire"))
async def test_a_line_decides_where_nothing_constrains(d: Driver) -> None:
    """A provider without schemas is asked for one line, in any case, and once more when it does not keep to it."""

    def judge(name: str) -> Any:
        return d.api.Agent(preset(d, "groq"), "Decide.", name)

    sums, clerk = team(d, "adder", "clerk")
    for answers, who in (
        (["ROUTE: sums"], sums),
        (["sums"], sums),
        (["I think of sums", "route: SUMS"], sums),
        (["ROUTE: none of these"], clerk),
        (["sums or not", "not sums"], clerk),
    ):
        d.script(*map(Reply, answers), Reply("Done"))
        post = d.api.Router(judge("judge"), {"sums": sums}, fallback=clerk)
        done = len(contents(post)[who.name])
        assert await d(post.run("one and one")) == "Done"
        assert len(contents(post)[who.name]) == done + 2
        asked = [said(request)[-1][1] for request in d.server.requests[-1 - len(answers) : -1]]
        assert all("one and one" in text and "ROUTE:" in text for text in asked)


@requirement("ROUTER-3", needs=(*NEEDS, "constrained"))
async def test_the_handler_is_heard(d: Driver) -> None:
    """Its chunks carry its name and its own numbers, those of a nested workflow the names of its agents."""
    d.server.always(echo)
    chunks = await d.collect(router(d).run("x", stream=True))
    assert {(chunk.agent, chunk.iteration) for chunk in chunks} == {("adder", 0)}
    nested = d.api.Router(member(d, "to it"), {"it": d.api.Chain(team(d, "a", "b"))})
    chunks = await d.collect(nested.run("x", stream=True))
    assert speech(chunks) == [("a", "a(x)"), ("b", "b(a(x))")]
    assert [chunk.iteration for chunk in chunks] == sorted(chunk.iteration for chunk in chunks)


@requirement("ROUTER-4", needs=(*NEEDS, "constrained"))
async def test_router_from_a_prompt(d: Driver) -> None:
    """The routing agent is on a fork and starts anew with each run; the handlers are the caller's."""
    d.server.always(echo)
    client = d.client(system="own")
    sums, clerk = team(d, "adder", "clerk")
    post = d.direct(d.api.Router.from_client(client, "I am to sums", {"sums": sums}, fallback=clerk, name="post"))
    assert list(post.messages) == ["post-classifier", "adder", "clerk"]
    for task in ("x", "y"):
        assert await d(post.run(task)) == f"adder({task})"
    assert [len(said) for said in contents(post).values()] == [2, 4, 0]
    assert client.messages == []
    assert list(d.api.Router.from_client(client, "I am to a", {"a": sums}).messages) == ["router-classifier", "adder"]


@requirement("ROUTER-4", needs=(*NEEDS, "constrained"))
async def test_router_from_plain_data(d: Driver) -> None:
    """Agents are called by their route; the handlers keep their histories."""
    d.server.always(echo)
    client = d.client()
    post = d.direct(
        d.api.Router.from_config(
            {"system_message": "I am to sums"},
            {"sums": {"system_message": "I am adder"}, "tales": {"name": "teller"}},
            client,
            {"system_message": "I am clerk"},
        )
    )
    assert list(post.messages) == ["router-classifier", "sums", "teller", "router-fallback"]
    for task in ("x", "y"):
        assert await d(post.run(task)) == f"adder({task})"
    assert [len(said) for said in contents(post).values()] == [2, 4, 0, 0]
    assert client.messages == []
    plain = d.api.Router.from_config({}, {"a": {}}, client, name="post")
    assert list(plain.messages) == ["post-classifier", "a"]
    assert plain.fallback is None
    with d.raises(ValueError, match="nmae"):
        d.api.Router.from_config({}, {"a": {"nmae": "typo"}}, client)


@requirement("ROUTER-5", needs=NEEDS)
async def test_routes_are_told_apart(d: Driver) -> None:
    """None at all, an empty one and two of one name are refused, and when they were set later too."""
    a, b, c = team(d, "a", "b", "c")
    for handlers in ({}, {"": b}, {" ": b}, {"Sums": b, "sums": c}, {"sums": b, " sums": c}):
        with d.raises(ValueError, match="handlers="):
            d.api.Router(a, handlers)
    post = d.api.Router(a, {"b": b})
    post.handlers = {}
    with d.raises(ValueError, match="handlers="):
        await d(post.run("go"))
    assert d.server.requests == []


@requirement("ROUTER-6", needs=(*NEEDS, "images"))
async def test_images_are_for_the_handler(d: Driver) -> None:
    """The routing agent sees the text only."""
    d.server.always(echo)
    await d(router(d).run("x", images=[PIXEL]))
    assert [image_count(request) for request in d.server.requests] == [0, 1]
