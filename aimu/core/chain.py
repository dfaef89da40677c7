"""What both Chains decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from aimu.core.runners import RunnerState, Task
from aimu.core.runs import Plan
from aimu.core.steps import Step
from aimu.core.structured import as_text
from aimu.core.workflows import WorkflowState, member_name, numbered, prompt_list

R = TypeVar("R", bound=RunnerState)


@dataclass(eq=False)
class ChainState(WorkflowState, Generic[R]):
    """Runners one after the other, each given the answer of the one before (CHAIN-1).

    Attributes:
        agents: The runners in order; with none, the task itself is the answer.
        name: What the chain is called.
    """

    agents: Sequence[R]
    name: str = "chain"

    @classmethod
    def from_client(cls, client: Any, prompts: Iterable[str], *, name: str = "chain") -> Self:
        """A chain of agents, one for each system message, each on a fork of ``client`` (CHAIN-3).

        Args:
            client: Model, connection and defaults to fork.
            prompts: The agents' instructions in order; they are called ``step-0``, ``step-1``, ..., behind
                ``name`` where the chain has one of its own. Each run starts new histories.
            name: What the chain is called.
        """
        configs = [{"system_message": prompt} for prompt in prompt_list("prompts", prompts)]
        return cls.from_config(configs, client, name=name)

    @classmethod
    def from_config(cls, configs: Iterable[dict[str, Any]], client: Any, *, name: str = "chain") -> Self:
        """A chain of agents from plain dicts, each on a fork of ``client`` (CHAIN-3).

        Args:
            configs: As in ``Agent.from_config``, one for each agent.
            client: As in ``from_client``.
            name: As in ``from_client``.

        Raises:
            ValueError: a key is not a field of an agent.
        """
        agents = [
            cls._agent({"name": member_name(name, "chain", f"step-{index}"), **config}, client)
            for index, config in enumerate(configs)
        ]
        return cls(agents, name)

    def _members(self) -> Sequence[tuple[str, RunnerState]]:
        return numbered("agents", self.agents)

    def _plan(self, task: Task) -> Plan:
        last = len(self.agents) - 1
        answer: Any = task.text
        for index, agent in enumerate(self.agents):
            images = None if index else task.images
            step = Step(agent, as_text(answer), images, task.schema if index == last else None, iteration=index)
            yield step
            answer = step.result
        return answer
