"""Scenarios of spec/orchestrator.md: who can be a worker, and what is seen of it."""

import json
import tempfile
from pathlib import Path
from typing import Any

from conformance.driver import Driver
from conformance.props import on_wire
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Reply, Request

NEEDS = ("scripted", "tools")
SKILL = "---\nname: knots\ndescription: How to tie knots.\n---\nOver and under.\n"


def system_of(body: dict[str, Any]) -> str:
    """The first line of the system message of a request, on either wire."""
    head = body["messages"][0]
    text = head["content"] if head["role"] == "system" else body.get("system", "")
    return str(text).partition("\n")[0]


def offered(body: dict[str, Any]) -> dict[str, Any]:
    """The tools that a request offers, by their names, on either wire."""
    tools = [tool.get("function", tool) for tool in body.get("tools", ())]
    return {tool["name"]: tool for tool in tools}


def cast(d: Driver, **lines: list[Any]) -> None:
    """What each speaker says, one reply after the other; a speaker is told by its instructions, which are its name."""

    def speak(request: Request) -> Any:
        return lines[system_of(request.body)].pop(0)

    d.server.always(speak)


def calling(*names: str) -> Reply:
    """A reply that calls workers; the task names them."""
    return Reply(calls=[Call(name, {"task": f"be {name}"}, id=f"c{number}") for number, name in enumerate(names)])


def agent(d: Driver, name: str, **options: Any) -> Any:
    """An agent whose instructions are its name."""
    return d.api.Agent(d.client(), name, name, **options)


def boss(d: Driver, *workers: Any, **options: Any) -> Any:
    """An orchestrator of the workers."""
    return d.api.OrchestratorAgent.assemble(d.client(), "boss", workers=workers, name="boss", **options)


def spoken(messages: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """What each speaker was told and said, without instructions."""
    return {
        name: [message["content"] for message in history if message["role"] != "system"]
        for name, history in messages.items()
    }


def write_skill(folder: Path) -> None:
    """A skill in a folder of skills."""
    (folder / "knots").mkdir()
    (folder / "knots" / "SKILL.md").write_text(SKILL, encoding="utf-8")


def speakers(d: Driver) -> list[str]:
    """Whom each request was for."""
    return [system_of(request.body) for request in d.server.requests]


@requirement("ORCHESTRATOR-1", "ORCHESTRATOR-4", needs=NEEDS)
async def test_workers_are_tools(d: Driver) -> None:
    """Offered by name with a task; the worker has the task, the orchestrator the answer, messages both."""
    cast(d, boss=[calling("writer"), Reply("All done")], writer=[Reply("A poem")])
    orchestrator = boss(d, agent(d, "writer"), agent(d, "critic"))
    assert await d(orchestrator.run("Get me a poem")) == "All done"
    assert speakers(d) == ["boss", "writer", "boss"]
    tools = offered(d.server.requests[0].body)
    assert list(tools) == ["writer", "critic"]
    assert tools["writer"]["description"] == "writer" if on_wire(d) else "writer" in tools
    assert spoken(orchestrator.messages) == {
        "boss": ["Get me a poem", None, "A poem", "All done"],
        "writer": ["be writer", "A poem"],
        "critic": [],
    }


@requirement("ORCHESTRATOR-1", needs=(*NEEDS, "streaming"))
async def test_workers_answer_is_one_chunk(d: Driver) -> None:
    """The stream has the orchestrator's words and the call with its answer, and no word of the worker."""
    cast(d, boss=[calling("writer"), Reply("All done")], writer=[Reply("A poem")])
    chunks = await d.collect(boss(d, agent(d, "writer")).run("Go", stream=True))
    assert {chunk.agent for chunk in chunks} == {"boss"}
    (call,) = [chunk.content for chunk in chunks if chunk.is_tool_call()]
    assert (call["name"], call["arguments"], call["response"]) == ("writer", {"task": "be writer"}, "A poem")
    assert "".join(chunk.content for chunk in chunks if chunk.is_text()) == "All done"


@requirement("ORCHESTRATOR-2", needs=NEEDS)
async def test_assemble_forks_the_client(d: Driver) -> None:
    """The client keeps its own history, tools and ways; workers run at the same time unless asked otherwise."""
    cast(d, boss=[Reply("Done")], own=[Reply("Mine")])
    client = d.client(system="own")
    worker = agent(d, "writer")
    orchestrator = d.api.OrchestratorAgent.assemble(client, "boss", workers=iter([worker]))
    assert await d(orchestrator.run("Go")) == "Done"
    assert (client.messages, client.tools, client.concurrent_tool_calls) == ([], [], False)
    assert await d(client.chat("Hello")) == "Mine"
    assert (orchestrator.name, orchestrator.concurrent_tool_calls) == ("orchestrator", True)
    assert list(orchestrator.messages) == ["orchestrator", "writer"]
    assert not boss(d, agent(d, "w"), concurrent_tool_calls=False).concurrent_tool_calls
    on_same = d.api.OrchestratorAgent.assemble(client, "boss", workers=[d.api.Agent(client, name="w")])
    assert len(on_same.conversations()) == 2


@requirement("ORCHESTRATOR-2", needs=NEEDS)
async def test_workers_that_are_refused(d: Driver) -> None:
    """None, no runners, of the other surface, in one conversation, of one name."""
    client = d.client()
    with d.raises(ValueError, match="workers is empty"):
        boss(d)
    for thing in (client, "writer", None):
        with d.raises(TypeError, match=rf"workers\[1\] must be a runner of this library, not {type(thing).__name__}"):
            boss(d, agent(d, "writer"), thing)
    first, second = d.api.Agent(client, name="a"), d.api.Agent(client, name="b")
    with d.raises(ValueError, match=r"workers\[0\] and workers\[1\] share a conversation"):
        boss(d, first, second)
    with d.raises(ValueError, match=r"workers\[0\] and workers\[1\] share a conversation"):
        boss(d, d.api.Chain([first]), d.api.Chain([second], name="other"))
    with d.raises(ValueError, match="'a_b'"):
        boss(d, agent(d, "a b"), agent(d, "a_b"))
    with d.raises(ValueError, match="two speakers are called 'boss'"):
        boss(d, agent(d, "boss"))


@requirement("ORCHESTRATOR-2", needs=NEEDS, ledger="LEDGER-COLOUR")
async def test_workers_of_the_other_surface_are_refused(d: Driver) -> None:
    """At construction, naming the twin; as a plain tool an agent may still have one."""
    twin = d.twin("aio" if d.on_sync else "sync")
    other = twin.api.Agent(twin.target.client(twin), name="other")
    d.enter()
    with d.raises(d.lib.errors.ColourError, match=r"workers\[0\] is (a?sync)"):
        boss(d, other)


@requirement("ORCHESTRATOR-3", "ORCHESTRATOR-4", needs=(*NEEDS, "constrained"))
async def test_workflows_as_workers(d: Driver) -> None:
    """A Chain, a Parallel, a Router and an EvaluatorOptimizer; all who speak are in messages."""
    route, passed = json.dumps({"route": "left"}), json.dumps({"verdict": "PASS", "feedback": ""})
    cast(
        d,
        boss=[calling("chain"), calling("both"), calling("fork"), calling("loop"), Reply("Done")],
        one=[Reply("1")],
        two=[Reply("2")],
        three=[Reply("3")],
        four=[Reply("4")],
        who=[Reply(route)],
        left=[Reply("5")],
        writer=[Reply("6")],
        critic=[Reply(passed)],
    )
    orchestrator = boss(
        d,
        d.api.Chain([agent(d, "one"), agent(d, "two")]),
        d.api.Parallel([agent(d, "three"), agent(d, "four")], name="both", separator="+", max_workers=1),
        d.api.Router(agent(d, "who"), {"left": agent(d, "left")}, name="fork"),
        d.api.EvaluatorOptimizer(agent(d, "writer"), agent(d, "critic"), name="loop"),
    )
    assert await d(orchestrator.run("Go")) == "Done"
    told = spoken(orchestrator.messages)
    assert [text for text in told["boss"] if text] == ["Go", "2", "3+4", "5", "6", "Done"]
    assert list(told) == ["boss", "one", "two", "three", "four", "who", "left", "writer", "critic"]
    assert told["one"] == ["be chain", "1"]
    assert told["two"] == ["1", "2"]


@requirement("ORCHESTRATOR-3", "ORCHESTRATOR-4", needs=NEEDS)
async def test_orchestrator_as_a_worker(d: Driver) -> None:
    """Three deep; each has its history once."""
    cast(
        d,
        boss=[calling("mid"), Reply("Top")],
        mid=[calling("low"), Reply("Middle")],
        low=[Reply("Bottom"), Reply("Bottom again")],
    )
    inner = d.api.OrchestratorAgent.assemble(d.client(), "mid", workers=[agent(d, "low")], name="mid")
    orchestrator = boss(d, inner)
    assert await d(orchestrator.run("Go")) == "Top"
    assert speakers(d) == ["boss", "mid", "low", "mid", "boss"]
    assert spoken(orchestrator.messages) == {
        "boss": ["Go", None, "Middle", "Top"],
        "mid": ["be mid", None, "Bottom", "Middle"],
        "low": ["be low", "Bottom"],
    }


@requirement("ORCHESTRATOR-3", needs=NEEDS)
async def test_skill_agent_as_a_worker(d: Driver) -> None:
    """It reads its skill and answers."""
    with tempfile.TemporaryDirectory() as folder:
        write_skill(Path(folder))
        read = Reply(calls=[Call("activate_skill", {"name": "knots"})])
        cast(d, boss=[calling("sailor"), Reply("Tied")], sailor=[read, Reply("Over, then under")])
        kind = d.api.SkillAgent
        sailor = kind(d.client(), "sailor", "sailor", skill_manager=d.lib.skills.SkillManager([folder]))
        orchestrator = boss(d, sailor)
        assert await d(orchestrator.run("Tie it")) == "Tied"
    told = spoken(orchestrator.messages)
    assert "Over and under." in told["sailor"][2]
    assert told["boss"][2] == "Over, then under"


@requirement("ORCHESTRATOR-3", needs=NEEDS)
async def test_own_runner_as_a_worker(d: Driver) -> None:
    """Its name is the tool's, its messages are among the others."""

    def answered(_: Any, task: str) -> str:
        return task.upper()

    async def awaited(_: Any, task: str) -> str:
        return task.upper()

    messages = property(lambda _: {"parrot": [{"role": "user", "content": "hm"}]})
    members = {"name": "parrot", "run": answered if d.on_sync else awaited, "messages": messages}
    cast(d, boss=[calling("parrot"), Reply("Done")])
    orchestrator = boss(d, type("Parrot", (d.api.Runner,), members)())
    assert await d(orchestrator.run("Go")) == "Done"
    assert spoken(orchestrator.messages) == {"boss": ["Go", None, "BE PARROT", "Done"], "parrot": ["hm"]}


@requirement("ORCHESTRATOR-4", needs=NEEDS)
async def test_histories_behind_any_agents_tools(d: Driver) -> None:
    """Of a plain agent, of one on a client whose tools they are, of one that stands on another agent."""
    cast(d, boss=[calling("writer"), Reply("Done")] * 3, writer=[Reply("A poem")] * 3)
    tool = agent(d, "writer").as_tool()
    client = d.client(tools=[tool])
    plain = d.api.Agent(d.client(), "boss", "plain", [tool])
    on_client = d.api.Agent(client, "boss", "on_client")
    on_agent = d.api.Agent(d.api.Agent(d.client(), tools=[tool]).as_model_client(), "boss", "on_agent")
    for number, one in enumerate((plain, on_client, on_agent), 1):
        assert await d(one.run("Go")) == "Done"
        assert spoken(one.messages) == {
            one.name: ["Go", None, "A poem", "Done"],
            "writer": ["be writer", "A poem"] * number,
        }


@requirement("ORCHESTRATOR-5", needs=NEEDS)
async def test_orchestrator_as_a_class(d: Driver) -> None:
    """With an __init__ of its own: it runs, streams, forks, and is a worker."""
    tally: list[str] = []

    def note(text: str) -> str:
        """Write it down."""
        tally.append(text)
        return "noted"

    def init(self: Any, client: Any, own_tool: Any) -> None:
        writer = d.api.Agent(client.fork(), "writer", "writer")
        tools = [writer.as_tool(), own_tool]
        self._init_orchestrator(client, name="team", system_message="team", tools=tools)

    team = type("Team", (d.api.OrchestratorAgent,), {"__init__": init})(d.client(), d.lib.tool(note))
    both = Reply(calls=[Call("writer", {"task": "be writer"}), Call("note", {"text": "x"})])
    cast(d, boss=[calling("team"), Reply("Done")], team=[both, Reply("Team done")] * 4, writer=[Reply("A poem")] * 4)
    assert (team.name, team.concurrent_tool_calls) == ("team", False)
    assert await d(team.run("Go")) == "Team done"
    team.max_iterations = 7
    twin = d.direct(team.fork("-b"))
    assert (type(twin), twin.max_iterations) == (type(team), 7)
    chunks = await d.collect(twin.run("Go", stream=True))
    assert {chunk.agent for chunk in chunks} == {"team-b"}
    view = d.direct(team.as_model_client().fork())
    assert await d(view.chat("Go")) == "Team done"
    orchestrator = boss(d, team)
    assert await d(orchestrator.run("Go")) == "Done"
    assert tally == ["x"] * 4
    assert list(orchestrator.messages) == ["boss", "team", "writer"]
    assert spoken(twin.messages)["team-b"][0] == "Go"


@requirement("ORCHESTRATOR-9", "ORCHESTRATOR-10", needs=(*NEEDS, "wire"))
async def test_failure_of_a_worker(d: Driver) -> None:
    """Without concurrency it rises as it is; the round says what was done and what not; resume goes on from it."""
    cast(d, boss=[calling("one", "two", "three"), Reply("Made do")], one=[Reply("1")], two=[Fault(400)], three=[])
    orchestrator = boss(d, *(agent(d, name) for name in ("one", "two", "three")), concurrent_tool_calls=False)
    with d.raises(d.lib.errors.InvalidRequestError):
        await d(orchestrator.run("Go"))
    told = spoken(orchestrator.messages)
    assert told["boss"][:3] == ["Go", None, "1"]
    assert "InvalidRequestError" in told["boss"][3]
    assert "not started" in told["boss"][4]
    assert (told["one"], told["two"], told["three"]) == (["be one", "1"], [], [])
    assert await d(orchestrator.resume()) == "Made do"
    assert speakers(d) == ["boss", "one", "two", "boss"]


@requirement("ORCHESTRATOR-9", needs=(*NEEDS, "wire"))
async def test_failure_of_a_worker_is_reported(d: Driver) -> None:
    """When asked so; the others run, and the next call of that worker is fine."""
    for is_concurrent in (False, True):
        d.is_ordered = False
        cast(
            d,
            boss=[calling("one", "two"), calling("one"), Reply("Done")],
            one=[Fault(400), Reply("1")],
            two=[Reply("2")],
        )
        orchestrator = boss(d, agent(d, "one"), agent(d, "two"), concurrent_tool_calls=is_concurrent)
        orchestrator.on_tool_error = "report"
        assert await d(orchestrator.run("Go")) == "Done"
        told = spoken(orchestrator.messages)
        assert "Tool 'one' failed: InvalidRequestError" in told["boss"][2]
        assert told["boss"][3:] == ["2", None, "1", "Done"]
        assert told["one"] == ["be one", "1"]
