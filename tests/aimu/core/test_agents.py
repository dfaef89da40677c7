"""What both Agents decide: whose colour, whose instructions, whose history."""

from typing import Any

import pytest

from aimu import tool
from aimu.core.agents import AgentState
from aimu.core.client import ClientState
from aimu.core.orchestrator_agent import OrchestratorAgentState
from aimu.core.runners import RunnerState, require_colour
from aimu.errors import ColourError
from tests.aimu.core.test_client import Client


@tool
def look() -> str:
    """Look."""
    return "seen"


class SyncClient(Client):
    __aimu_colour__ = "sync"


class AsyncClient(Client):
    __aimu_colour__ = "async"


class Agent(AgentState[Client]):
    __aimu_colour__ = "sync"


def test_a_client_of_the_other_surface_is_refused_by_the_name_of_the_twin() -> None:
    with pytest.raises(
        ColourError, match=r"model_client is async and this is aimu, the sync surface; use aimu\.client\(\)"
    ):
        Agent(AsyncClient())
    with pytest.raises(
        ColourError, match=r"it is sync and this is aimu\.aio, the async surface; use aimu\.aio\.client\(\)"
    ):
        require_colour(SyncClient(), AsyncClient(), "it", ClientState)


def test_a_client_set_later_is_looked_at_when_the_turn_begins() -> None:
    agent = Agent(SyncClient())
    agent.model_client = AsyncClient()
    with pytest.raises(ColourError):
        agent._overlay(fresh=False)


@pytest.mark.parametrize("thing", ["openai:gpt-5", None, object()])
def test_what_is_no_client_is_a_type_error(thing: Any) -> None:
    with pytest.raises(TypeError, match=rf"not {type(thing).__name__}; client\(\) is one"):
        Agent(thing)
    with pytest.raises(TypeError, match=rf"not {type(thing).__name__}; client\(\) is one"):
        Agent.from_config({}, thing)


def test_a_class_of_ones_own_is_called_what_it_extends() -> None:
    with pytest.raises(ColourError, match=r"use aimu\.aio\.AgentState, or aimu\.ClientState"):
        require_colour(Agent(SyncClient()), AsyncClient(), "it", RunnerState)


def test_an_agent_of_no_name_gets_one() -> None:
    assert Agent(SyncClient(), name="scout").name == "scout"
    assert str(Agent(SyncClient()).name).startswith("agent-")


def test_agents_share_no_list_of_tools() -> None:
    tools = [look]
    first, second = Agent(SyncClient(), tools=tools), Agent(SyncClient(), tools=tools)
    first.tools.clear()
    assert (second.tools, tools) == ([look], [look])
    assert Agent(SyncClient()).tools is not Agent(SyncClient()).tools


def test_the_overlay_says_what_the_agent_says_and_leaves_the_rest() -> None:
    agent = Agent(SyncClient(), "be kind", "scout", [look], 5)
    overlay = agent._overlay(fresh=True)
    assert (overlay.agent, overlay.system, overlay.tools, overlay.max_iterations) == ("scout", "be kind", [look], 5)
    assert (overlay.concurrent, overlay.on_tool_error, overlay.fresh) == (None, None, True)
    plain = Agent(SyncClient(tools=[look]))._overlay(fresh=False)
    assert (plain.system, plain.tools) == (None, [look])


def test_its_messages_show_the_instructions_in_force_and_leave_the_clients_own() -> None:
    client = SyncClient(system_message="be brief")
    agent = Agent(client, "be kind", "scout")
    assert agent.messages == {"scout": []}
    client._conversation.record([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}])
    assert [message["content"] for message in agent.messages["scout"]] == ["be kind", "hi", "hello"]
    assert [message["content"] for message in client.messages] == ["be brief", "hi", "hello"]
    agent.messages["scout"].clear()
    assert len(client.messages) == 3
    assert [message["content"] for message in Agent(client, name="x").messages["x"]] == ["be brief", "hi", "hello"]


def test_from_config_forks_and_takes_fields_by_name() -> None:
    client = SyncClient()
    agent = Agent.from_config({"name": "scout", "system_message": "be kind", "max_iterations": 3}, client)
    assert (agent.name, agent.system_message, agent.max_iterations) == ("scout", "be kind", 3)
    assert agent.model_client is not client
    assert agent.conversations() != Agent(client).conversations()


@pytest.mark.parametrize("config", [{"nmae": "x"}, {"model_client": None}])
def test_a_key_that_is_no_field_is_refused_with_the_fields(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"has no {next(iter(config))}; keys are system_message, name, tools"):
        Agent.from_config(config, SyncClient())


def test_an_agent_in_the_place_of_a_client_is_told_the_client_it_can_be() -> None:
    class Speaker:
        def as_model_client(self) -> SyncClient:
            return SyncClient()

    speaker: Any = Speaker()
    with pytest.raises(TypeError, match=r"not Speaker; its as_model_client\(\) is one$"):
        Agent(speaker)


def test_what_is_no_runner_is_told_what_is_one() -> None:
    with pytest.raises(TypeError, match=r"^it must be a runner of this library, not str; Agent\(client\) is one$"):
        require_colour("x", Agent(SyncClient()), "it", RunnerState)


def test_an_agent_whose_name_was_taken_away_has_an_empty_one() -> None:
    agent = Agent(SyncClient())
    agent.name = None
    assert list(agent.messages) == [""]


class Boss(OrchestratorAgentState[Client, Agent]):
    __aimu_colour__ = "sync"


def test_what_is_no_client_is_called_by_its_parameter_where_an_orchestrator_is_put_together() -> None:
    nothing: Any = "openai:gpt-5"
    with pytest.raises(TypeError, match=r"^model_client must be a client of this library, not str; client\(\) is one$"):
        Boss.assemble(nothing, "Lead.", workers=[Agent(SyncClient())])
