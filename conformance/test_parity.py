"""Scenarios of spec/parity.md: the two surfaces side by side."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

from conformance.driver import Driver
from conformance.requirement import LIBRARY, requirement
from conformance.scripted import Call, Fault, Reply

COLOURED = {  # by the profile that brings them
    "core": ("BaseModelClient", "ChunkStream", "ModelClient", "chat", "client"),
    "agents": ("Agent", "OrchestratorAgent", "Runner", "SkillAgent"),
    "workflows": (
        *("Chain", "EvaluatorOptimizer", "LLMJudgeScorer", "Parallel", "PlanExecuteEvaluator", "Router", "Scorer"),
    ),
    "mcp": ("MCPClient",),
}
OWN_WORDS = {"aclose": "close"}  # the row LEDGER-CALL
NEEDS = ("scripted", "tools", "streaming")


def ping(word: str) -> str:
    """Do it."""
    return word.upper()


def coloured(d: Driver) -> list[str]:
    """The names with a colour: those of the profiles that the target is judged on, and whichever others there are."""
    asked = {name for profile, names in COLOURED.items() if covers(d.target.profiles, profile) for name in names}
    return sorted(asked | {name for names in COLOURED.values() for name in names if name in d.lib.__all__})


def covers(profiles: tuple[str, ...], profile: str) -> bool:
    """Whether a target is judged on a profile; none named means all."""
    return not profiles or profile in profiles


def members(owner: type) -> dict[str, Any]:
    """The public members of a class, by the name they have on the sync surface."""
    found = {name: inspect.getattr_static(owner, name) for name in dir(owner) if not name.startswith("_")}
    return {OWN_WORDS.get(name, name): member for name, member in found.items()}


def shape(thing: Any) -> Any:
    """What a member is: a property, a value, or a method with these parameters."""
    function = getattr(thing, "__func__", thing)
    if isinstance(function, property):
        return "property", function.fset is not None
    if not inspect.isfunction(function):
        return type(thing).__name__
    parameters = inspect.signature(function).parameters.values()
    return type(thing).__name__, [(each.name, each.kind, each.default) for each in parameters]


def twins(d: Driver) -> Iterator[tuple[str, Any, Any]]:
    """Each class that stands on both surfaces: those that are listed, and the client of the target."""
    for name in coloured(d):
        if isinstance(getattr(d.lib, name), type):
            yield name, getattr(d.lib, name), getattr(d.implementation.aio, name)
    clients = [d.target.client(d.twin(surface)) for surface in ("sync", "aio")]
    for sync, aio in (clients, [client.chat("Hi", stream=True) for client in clients]):
        yield type(sync).__name__, type(sync), type(aio)


@requirement("PARITY-5", subject=LIBRARY)
async def test_both_surfaces_have_the_same_names(d: Driver) -> None:
    """All but `aio` itself; what has no colour is the same object, what has one is not."""
    d.enter()
    aio = d.implementation.aio
    assert sorted(set(d.lib.__all__) - set(aio.__all__)) == ["aio"]
    assert [name for name in set(aio.__all__) - set(d.lib.__all__) if not name.startswith("Async")] == []
    assert sorted(set(coloured(d)) - set(d.lib.__all__)) == []
    for name in set(d.lib.__all__) - {"aio"}:
        is_same = getattr(d.lib, name) is getattr(aio, name)
        assert is_same is (name not in coloured(d)), name


@requirement("PARITY-6")
async def test_twins_have_the_same_members(d: Driver) -> None:
    """B-18: names, kinds, parameters in order and their defaults, of every class and of the provider's own client."""
    d.enter()
    for name, sync, aio in twins(d):
        ours, theirs = members(sync), members(aio)
        assert sorted(ours) == sorted(theirs), name
        for member in ours:
            assert shape(ours[member]) == shape(theirs[member]), f"{name}.{member}"


@requirement("PARITY-6", subject=LIBRARY)
async def test_twins_are_made_alike(d: Driver) -> None:
    """The functions and constructors of the two front doors."""
    d.enter()
    for name in coloured(d):
        sync, aio = (inspect.signature(getattr(module, name)) for module in (d.lib, d.implementation.aio))
        if name != "ChunkStream":  # it is not for users to make
            assert shaped(sync) == shaped(aio), name
    assert list(inspect.signature(d.api.client).parameters)[:2] == ["model", "system"]


@requirement("PARITY-6", needs=("scripted", "wire"))
async def test_clients_of_a_provider_are_made_alike(d: Driver) -> None:
    """The keywords of the provider's own client."""
    d.enter()
    sync, aio = (inspect.signature(type(d.target.client(d.twin(surface)))) for surface in ("sync", "aio"))
    assert shaped(sync) == shaped(aio)
    assert {"base_url", "api_key", "timeout", "max_retries"} <= set(sync.parameters)


def shaped(signature: inspect.Signature) -> list[Any]:
    """Names, kinds and defaults; a default that is made anew each time counts by its name."""
    return [(each.name, each.kind, repr(each.default)) for each in signature.parameters.values()]


@requirement("PARITY-6")
async def test_subclasses_keep_the_parameters_of_their_base(d: Driver) -> None:
    """B-08, B-18: an agent runs like any runner, and a client of a provider chats like any client."""
    d.enter()
    clients = [d.client()]
    if covers(d.target.profiles, "agents"):
        for name in ("run", "messages", "conversations"):
            assert shape(members(d.api.Agent)[name])[-1] == shape(members(d.api.Runner)[name])[-1]
        clients.append(d.api.Agent(d.client()).as_model_client())
    for each in map(type, clients):
        for name, member in members(d.api.ModelClient).items():
            assert shape(members(each)[name]) == shape(member), f"{each.__name__}.{name}"


@requirement("PARITY-7")
async def test_no_name_says_its_colour(d: Driver) -> None:
    """No suffix on a function, class, method or property of either surface."""
    d.enter()
    names = {*d.lib.__all__, *d.implementation.aio.__all__}
    for _, sync, aio in twins(d):
        names |= {*members(sync), *members(aio), sync.__name__, aio.__name__}
    assert {"chat", "generate", "run", "resume", "close", "ModelClient"} <= names
    assert [name for name in sorted(names) if name.lower().endswith(("async", "sync", "_aio"))] == []


@requirement("PARITY-1", surfaces=("sync",), ledger="LEDGER-CONSTRUCTION")
async def test_sync_needs_no_loop(d: Driver) -> None:
    """Answers are there when the call returns, and nothing is of the other surface."""
    d.script(Reply("Hi"), Reply("Ho"))
    client = d.direct(d.client())
    agent = d.direct(d.api.Agent(client))
    for answer in (client.chat("Hello"), agent.run("Hello")):
        d.enter()
        assert isinstance(answer, str)
    assert isinstance(client, d.lib.ModelClient)
    assert isinstance(client, d.implementation.aio.ModelClient) is False


@requirement("PARITY-2", surfaces=("aio",), ledger="LEDGER-CONSTRUCTION")
async def test_aio_is_made_without_a_loop(d: Driver) -> None:
    """A client and an agent made in a thread that has no loop work on one afterwards."""
    d.script(Reply("Hi"))

    def make() -> Any:
        return d.api.Agent(d.client())

    agent = d.direct(await asyncio.to_thread(make))
    d.check_text(await d(agent.run("Hello")), "Hi")
    assert isinstance(agent.model_client, d.implementation.aio.ModelClient)
    assert isinstance(agent.model_client, d.lib.ModelClient) is False


@requirement("PARITY-3", surfaces=("sync",), ledger="LEDGER-CALL")
async def test_sync_calls_return(d: Driver) -> None:
    """Results are there; a stream is an iterator and a context manager, and so is a client."""
    d.script(Reply("1"), Reply("2"), Reply("3"), Reply("4"), Reply("5"))
    with d.client() as client:
        d.check_text(await d(client.chat("Hello")), "1")
        d.check_text(await d(client.generate("Hello")), "2")
        d.check_text(await d(d.api.Agent(client).run("Hello")), "3")
        client.messages = [{"role": "user", "content": "Hello"}]
        d.check_text(await d(client.resume()), "4")
        with client.chat("Hello", stream=True) as chunks:
            assert iter(chunks) is chunks
            d.check_text("".join(chunk.content for chunk in chunks), "5")
        assert isinstance(chunks, d.api.ChunkStream)
        assert chunks.close() is None
        assert client.close() is None
    with d.client() as left:
        pass
    for closed in (client, left):
        with d.raises(RuntimeError, match="closed"):
            closed.chat("Hello")


@requirement("PARITY-4", surfaces=("aio",), ledger="LEDGER-CALL")
async def test_async_calls_are_awaited(d: Driver) -> None:
    """Coroutines; a stream comes without await, is an async iterator and a context manager, and so is a client."""
    d.script(Reply("1"), Reply("2"), Reply("3"), Reply("4"), Reply("5"))
    async with d.client() as client:
        agent = d.api.Agent(client)
        for number, start in enumerate((client.chat, client.generate, agent.run), 1):
            call = start("Hello")
            assert inspect.iscoroutine(call)
            d.check_text(await d(call), str(number))
        client.messages = [{"role": "user", "content": "Hello"}]
        d.check_text(await d(client.resume()), "4")
        async with client.chat("Hello", stream=True) as chunks:
            assert aiter(chunks) is chunks
            d.check_text("".join([chunk.content async for chunk in chunks]), "5")
        assert isinstance(chunks, d.api.ChunkStream)
        assert await d(chunks.aclose()) is None
        assert await d(client.close()) is None
    async with d.client() as left:
        pass
    for closed in (client, left):
        with d.raises(RuntimeError, match="closed"):
            await d(closed.chat("Hello"))


@requirement("PARITY-8", needs=(*NEEDS, "wire"))
async def test_surfaces_behave_the_same(d: Driver) -> None:
    """A conversation with everything in it; the comparison of the two runs is the check."""
    d.script(
        Reply("Hi", thinking="hm"),
        Reply("Let me see.", calls=[Call("ping", {"word": "a"}, id="c1"), Call("nope", id="c2")]),
        Reply("Done"),
        Reply(calls=[Call("ping", '{"word"', id="c3")]),
        Fault(400),
        Reply("Mended"),
        Reply("Stateless"),
    )
    client = d.client(system="Be brief.", tools=[d.lib.tool(ping)])
    await d(client.chat("Hello", {"temperature": 0.5}))
    chunks = await d.collect(client.chat("Ping", stream=True))
    assert "".join(chunk.content for chunk in chunks if chunk.iteration == 1) == "Done"
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(client.chat("Again"))
    await d(client.resume())
    await d(client.generate("By itself"))
    assert len(d.server.requests) == 7
    assert [message["role"] for message in client.messages].count("tool") == 3
