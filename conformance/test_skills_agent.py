"""Scenarios of spec/skills.md: what a SkillAgent tells the model, and what it leaves alone."""

import inspect
import os
import shutil
import socket
from pathlib import Path
from typing import Any

from conformance.driver import Driver
from conformance.mcp_servers import example_server
from conformance.requirement import requirement
from conformance.scripted import Call, Fault, Reply
from conformance.test_agents_runs import offered, own, ping, roles, system_of
from conformance.test_mcp_turn import EXAMPLE, connected
from conformance.test_skills import PDF, folder, manager, skill, write

NEEDS = ("scripted", "tools")
OURS = ["activate_skill", "read_skill_file"]


def agent(d: Driver, root: Path, client: Any = None, *fields: Any, **options: Any) -> Any:
    """A SkillAgent with the skills of a folder."""
    name = {} if len(fields) > 1 else {"name": "scout"}
    return d.api.SkillAgent(client or d.client(), *fields, skill_manager=manager(d, root), **{**name, **options})


async def told(d: Driver, runner: Any, *calls: Call) -> list[str]:
    """What the model is told when it makes these calls in one reply."""
    d.script(Reply(calls=calls), Reply("Done"))
    client = runner.model_client
    done = len(client.messages)
    assert await d(runner.run("go")) == "Done"
    return [message["content"] for message in client.messages[done:] if message["role"] == "tool"]


@requirement("SKILL-8", needs=(*NEEDS, "parallel_tools"))
async def test_activation(d: Driver) -> None:
    """The body as it is now; an unknown name and a wrong argument are for the model to mend."""
    with folder(a__MD=skill("a", body=""), pdf__MD=PDF) as root:
        scout = agent(d, root)
        names = ("pdf", "a", "doc", "../pdf")
        answers = await told(d, scout, *[Call("activate_skill", {"name": name}) for name in names])
        assert answers[0] == "# PDF\n\nUse a pen."
        assert answers[1]
        assert ["a, pdf" in answer for answer in answers] == [False, False, True, True]
        answers = await told(d, scout, Call("activate_skill"), Call("activate_skill", {"name": 1, "skill": "pdf"}))
        assert "'name'" in answers[0]
        assert "'name'" in answers[1]
        assert "'skill'" in answers[1]
        write(root / "pdf" / "SKILL.md", skill("pdf", body="Use a pencil."))
        assert await told(d, scout, Call("activate_skill", {"name": "pdf"})) == ["Use a pencil."]


@requirement("SKILL-8", needs=NEEDS)
async def test_a_skill_that_broke_since_is_for_the_model(d: Driver) -> None:
    """Its file is malformed or gone by now: the model is told, as it is of its other files, and the run goes on."""
    with folder(pdf__MD=PDF) as root:
        scout = agent(d, root)
        write(root / "pdf" / "SKILL.md", "no frontmatter")
        assert "frontmatter" in (await told(d, scout, Call("activate_skill", {"name": "pdf"})))[0]
        shutil.rmtree(root / "pdf")
        assert "cannot be read" in (await told(d, scout, Call("activate_skill", {"name": "pdf"})))[0]
        assert "cannot read" in (await told(d, scout, Call("read_skill_file", {"skill": "pdf", "path": "x"})))[0]


@requirement("SKILL-9", needs=(*NEEDS, "parallel_tools", "wire"))
async def test_reading_stays_inside_the_skill(d: Driver) -> None:
    """By no name and by no link does a secret come out; what is inside can be read, through links too."""
    secret, inside = "the secret", "the guide"
    files = {"pdf/MD": PDF, "pdf/references/guide.md": inside, "pdf-2/x.md": secret, "x.md": secret}
    with folder(**files) as root:
        pdf = root / "pdf"
        (pdf / "same.md").symlink_to("references/guide.md")
        (pdf / "out.md").symlink_to("../x.md")
        (pdf / "up").symlink_to("..")
        (pdf / "loop").symlink_to("loop")
        good = ["references/guide.md", "./references//guide.md", "same.md"]
        bad = ["../x.md", "references/../../x.md", "references/../../pdf-2/x.md", str(root / "x.md"), "/etc/passwd"]
        bad += [
            str(pdf / "references/guide.md"),
            "out.md",
            "up/x.md",
            "up/pdf-2/x.md",
            "loop",
            "no.md",
            "",
            ".",
            "references",
        ]
        bad += ["references/../references/guide.md", "references/guide.md/x", "a\0b", "~/x"]
        scout = agent(d, root)
        for paths, is_good in ((good, True), (bad, False)):
            answers = await told(d, scout, *[Call("read_skill_file", {"skill": "pdf", "path": path}) for path in paths])
            for path, answer in zip(paths, answers, strict=True):
                assert secret not in answer, path
                assert (answer == inside) is is_good, path
        answers = await told(d, scout, Call("read_skill_file", {"skill": "../pdf-2", "path": "x.md"}))
        assert "not found" in answers[0]


@requirement("SKILL-9", needs=(*NEEDS, "parallel_tools", "wire"))
async def test_only_text_is_read(d: Driver) -> None:
    """Pipes, sockets and devices are not waited for; what is binary or too long is refused."""
    files: dict[str, str | bytes] = {"pdf/MD": PDF, "pdf/fits": "x" * 262_144, "pdf/long": "x" * 262_145}
    with folder(**files, **{"pdf/nul": b"a\0b", "pdf/latin": b"\xe9t\xe9", "pdf/bom": b"\xef\xbb\xbfhi"}) as root:
        os.mkfifo(root / "pdf" / "pipe")
        (root / "pdf" / "device").symlink_to("/dev/zero")
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(root / "pdf" / "door"))
            names = ("fits", "bom", "long", "nul", "latin", "pipe", "device", "door")
            calls = [Call("read_skill_file", {"skill": "pdf", "path": name}) for name in names]
            answers = await told(d, agent(d, root), *calls)
    assert answers[:2] == ["x" * 262_144, "hi"]
    for name, answer in zip(names[2:], answers[2:], strict=True):
        assert "read_skill_file" in answer[:200], name
        assert len(answer) < 200, name


@requirement("SKILL-10", needs=(*NEEDS, "streaming"))
async def test_model_is_told_of_the_skills(d: Driver) -> None:
    """B-07: with and without instructions of its own, streamed and not, in every request and in the messages."""
    with folder(pdf__MD=PDF) as root:
        catalogue = manager(d, root).catalog_prompt()
        for instructions, base in (("Be brief.", "Be brief."), (None, "Be kind.")):
            for is_streamed in (False, True):
                d.script(Reply(calls=[Call("activate_skill", {"name": "pdf"})]), Reply("Done"))
                scout = agent(d, root, d.client(system="Be kind."), instructions, "scout")
                done = len(d.server.requests)
                await (d.collect(scout.run("go", stream=True)) if is_streamed else d(scout.run("go")))
                bodies = [request.body for request in d.server.requests[done:]]
                assert len(bodies) == 2
                for text in (*map(system_of, bodies), scout.messages["scout"][0]["content"]):
                    assert str(text).partition("<available_skills>")[0] == f"{base}\n\n"
                    assert f"{catalogue}\n" in str(text)
                    assert "activate_skill" in str(text).partition("</available_skills>")[2]
                    assert str(text).count("<available_skills>") == 1
                assert scout.model_client.system_message == "Be kind."


@requirement("SKILL-10", needs=NEEDS)
async def test_nobody_has_instructions(d: Driver) -> None:
    """Then the catalogue is all there is, and the client has none afterwards either."""
    with folder(pdf__MD=PDF) as root:
        d.script(Reply("Done"), Reply("Plain"))
        scout = agent(d, root)
        await d(scout.run("go"))
        assert str(system_of(d.server.requests[0].body)).startswith("<available_skills>")
        assert scout.model_client.system_message is None
        await d(scout.model_client.chat("and without"))
        assert system_of(d.server.requests[1].body) is None


@requirement("SKILL-10", needs=(*NEEDS, "streaming"))
async def test_client_in_use_keeps_its_turns(d: Driver) -> None:
    """B-03, B-04: a used client is neither reset nor refused, and its own system entry stays."""
    with folder(pdf__MD=PDF) as root:
        for is_streamed in (False, True):
            d.script(Reply("Hello"), Reply("Done"), Reply("Bye"))
            client = d.client(system="Be kind.")
            await d(client.chat("Hi"))
            before = list(client.messages)
            scout = agent(d, root, client, name="scout")
            await (d.collect(scout.run("go", stream=True)) if is_streamed else d(scout.run("go")))
            assert client.messages[:3] == before
            assert roles(client.messages) == ["system", "user", "assistant", "user", "assistant"]
            assert "pdf" in scout.messages["scout"][0]["content"]
            assert scout.messages["scout"][1:] == client.messages[1:]
            await d(client.chat("And now?"))
            assert system_of(d.server.requests[-1].body) == "Be kind."


@requirement("SKILL-11", needs=(*NEEDS, "streaming"))
async def test_users_tools_stay(d: Driver) -> None:
    """The agent's, or else the client's, are offered and run beside those of the skills; the client's list stays."""
    with folder(pdf__MD=PDF) as root:
        for tools, name in (([ping], "ping"), ([], "own")):
            for is_streamed in (False, True):
                d.script(Reply(calls=[Call(name)]), Reply("Done"))
                client = d.client()
                client.tools = [mine := d.lib.tool(own)]
                scout = agent(d, root, client, tools=[d.lib.tool(tool) for tool in tools])
                if is_streamed:
                    async for _ in d.stream(scout.run("go", stream=True)):
                        assert client.tools == [mine]
                else:
                    await d(scout.run("go"))
                for request in d.server.requests[-2:]:
                    assert offered(request.body) == [name, *OURS]
                assert client.messages[2]["content"] == {"ping": "pong", "own": "own"}[name]
                assert client.tools == [mine]


@requirement("SKILL-11", needs=(*NEEDS, "wire"))
async def test_failed_run_leaves_the_client(d: Driver) -> None:
    """Tools and system message are as before, and a second run offers no more than the first."""
    with folder(pdf__MD=PDF) as root:
        d.script(Fault(400), Reply("Done"))
        client = d.client(system="Be kind.")
        client.tools = [mine := d.lib.tool(own)]
        scout = agent(d, root, client)
        with d.raises(d.lib.errors.InvalidRequestError):
            await d(scout.run("go"))
        assert (client.tools, client.system_message, client.messages) == ([mine], "Be kind.", [])
        await d(scout.run("again"))
        first, second = (request.body for request in d.server.requests)
        assert offered(first) == offered(second) == ["own", *OURS]
        assert system_of(first) == system_of(second)


@requirement("SKILL-6", "SKILL-11", needs=NEEDS)
async def test_users_mcp_client_stays(d: Driver) -> None:
    """B-05: its tools are offered and run, streamed or not, also after the skills were reloaded; it is never closed."""
    with folder(pdf__MD=PDF) as root:
        mcp = await connected(d, server=example_server())
        client = d.client(mcp_client=mcp)
        scout = agent(d, root, client, tools=[d.lib.tool(own)])
        for is_streamed in (False, True):
            d.script(Reply(calls=[Call("add", {"a": 2})]), Reply("Done"))
            await (d.collect(scout.run("go", stream=True)) if is_streamed else d(scout.run("go")))
            assert offered(d.server.requests[-1].body) == ["own", *OURS, *EXAMPLE]
            assert client.messages[-2]["content"] == "3"
            assert client.mcp_client is mcp
            scout.skill_manager.reload()
        assert await d(mcp.get_tools())


@requirement("SKILL-11", needs=NEEDS)
async def test_agent_in_a_clients_place_hands_on(d: Driver) -> None:
    """Its tools and instructions hold beneath the skills."""
    with folder(pdf__MD=PDF) as root:
        d.script(Reply(calls=[Call("ping")]), Reply("Done"))
        inner = d.api.Agent(d.client(), "Be brief.", tools=[d.lib.tool(ping)])
        between = d.api.Agent(inner.as_model_client())
        await d(agent(d, root, between.as_model_client()).run("go"))
        body = d.server.requests[0].body
        assert offered(body) == ["ping", *OURS]
        assert str(system_of(body)).startswith("Be brief.\n\n<available_skills>")


@requirement("SKILL-11", "AGENT-5", needs=(*NEEDS, "parallel_tools"))
async def test_skills_stay_beneath_another_agent(d: Driver) -> None:
    """Its tools and instructions take the place of the inner ones; those of the skills stand beside them, and work."""
    with folder(pdf__MD=PDF) as root:
        calls = [Call("activate_skill", {"name": "pdf"}), Call("own"), Call("ping")]
        d.script(Reply(calls=calls), Reply("Done"), Reply("More"))
        scout = agent(d, root, None, "Be brief.", tools=[d.lib.tool(ping)])
        outer = d.api.Agent(scout.as_model_client(), "Be long.", "outer", [d.lib.tool(own)])
        assert await d(outer.run("go")) == "Done"
        contents = [message["content"] for message in outer.messages["outer"] if message["role"] == "tool"]
        assert contents[:2] == ["# PDF\n\nUse a pen.", "own"]
        assert "'ping' not found" in contents[2]
        del scout.model_client.messages[-1:]
        assert await d(outer.resume()) == "More"
        for request in d.server.requests:
            assert offered(request.body) == ["own", *OURS]
            assert str(system_of(request.body)).startswith("Be long.\n\n<available_skills>")
        assert outer.messages["outer"][0]["content"] == system_of(d.server.requests[0].body)


def activate_skill() -> str:
    """Do it."""
    return "mine"


@requirement("SKILL-11", needs=NEEDS)
async def test_clash_of_names_is_refused(d: Driver) -> None:
    """At construction, or when the run starts; nothing is sent, and without skills there is no clash."""
    mine = d.lib.tool(activate_skill)
    with folder(pdf__MD=PDF, none="") as root:
        with d.raises(ValueError, match="'activate_skill'"):
            agent(d, root, tools=[mine])
        scout = agent(d, root)
        scout.model_client.tools = [mine]
        with d.raises(ValueError, match="'activate_skill'"):
            await d(scout.run("go"))
        assert d.server.requests == []
        plain = agent(d, root / "pdf", tools=[mine])
        assert await told(d, plain, Call("activate_skill")) == ["mine"]


@requirement("SKILL-6", "SKILL-11", needs=NEEDS)
async def test_reload_between_runs(d: Driver) -> None:
    """The next run tells of the new skill, and the user's tool still works."""
    with folder(pdf__MD=PDF) as root:
        client = d.client()
        client.tools = [d.lib.tool(own)]
        scout = agent(d, root, client)
        assert await told(d, scout, Call("own")) == ["own"]
        write(root / "new" / "SKILL.md", skill("new", body="Be new."))
        scout.skill_manager.reload()
        assert await told(d, scout, Call("own")) == ["own"]
        assert await told(d, scout, Call("activate_skill", {"name": "new"})) == ["Be new."]
        systems = [str(system_of(request.body)) for request in d.server.requests]
        assert ["<name>new" in text for text in systems] == [False, False, True, True, True, True]


@requirement("SKILL-12", needs=NEEDS)
async def test_skill_agent_is_an_agent(d: Driver) -> None:
    """One more field, at the end; without skills the same requests."""
    agents = [inspect.signature(kind).parameters for kind in (d.api.Agent, d.api.SkillAgent)]
    assert list(agents[1]) == [*agents[0], "skill_manager"]
    assert issubclass(d.api.SkillAgent, d.api.Agent)
    with folder(none="") as root:
        d.script(Reply("Done"), Reply("Done"))
        for made in (
            agent(d, root, None, "Be brief.", "scout", [d.lib.tool(ping)]),
            d.api.Agent(d.client(), "Be brief.", "scout", [d.lib.tool(ping)]),
        ):
            assert await d(made.run("go")) == "Done"
            assert made.messages["scout"][0] == {"role": "system", "content": "Be brief."}
    first, second = (request.body for request in d.server.requests)
    assert first == second


@requirement("SKILL-12", needs=NEEDS)
async def test_skill_agent_from_config(d: Driver) -> None:
    """On a fork, with skill_dirs or a SkillManager; both at once, and a key that is no field, are refused."""
    with folder(pdf__MD=PDF) as root:
        client = d.client()
        d.script(Reply("Done"))
        config = {"name": "scout", "skill_dirs": [str(root)]}
        scout = d.api.SkillAgent.from_config(config, client)
        assert config == {"name": "scout", "skill_dirs": [str(root)]}
        await d(scout.run("go"))
        assert client.messages == []
        assert offered(d.server.requests[0].body) == OURS
        assert list(scout.skill_manager.skills) == ["pdf"]
        skills = manager(d, root)
        assert d.api.SkillAgent.from_config({"skill_manager": skills}, client).skill_manager is skills
        for bad in ({"skill_dirs": [str(root)], "skill_manager": skills}, {"skill_dir": str(root)}):
            with d.raises(ValueError, match="skill_dir"):
                d.api.SkillAgent.from_config(bad, client)
        with d.raises(TypeError, match="SkillManager"):
            d.api.SkillAgent(client, skill_manager=str(root))


@requirement("SKILL-12")
async def test_malformed_skill_is_found_at_construction(d: Driver) -> None:
    """Before any run, on either way to make one."""
    with folder(pdf__MD="x") as root:
        with d.raises(d.lib.errors.SkillLoadError, match="frontmatter"):
            agent(d, root)
        with d.raises(d.lib.errors.SkillLoadError, match="frontmatter"):
            d.api.SkillAgent.from_config({"skill_dirs": [root]}, d.client())
