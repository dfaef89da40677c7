"""What both Routers decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from aimu.core.runners import RunnerState, Task
from aimu.core.runs import Plan
from aimu.core.steps import Step
from aimu.core.verdicts import NO_ROUTE, which_route
from aimu.core.workflows import WorkflowState
from aimu.errors import VerdictError

R = TypeVar("R", bound=RunnerState)


@dataclass(eq=False)
class RouterState(WorkflowState, Generic[R]):
    """One runner says whose task it is, and that one does it (ROUTER-1).

    Attributes:
        routing_agent: Decides between the names of the handlers; it sees the text of the task only.
        handlers: Name of a route to the runner behind it.
        name: What the router is called.
        fallback: Does what is none of the handlers'; None raises VerdictError then.
    """

    routing_agent: R
    handlers: Mapping[str, R]
    name: str = "router"
    fallback: R | None = None

    def _check(self) -> None:
        if unnamed := [route for route in self.handlers if not isinstance(route, str)]:
            raise TypeError(f"handlers are named by str, not by {unnamed[0]!r}")
        names = [route.strip().casefold() for route in self.handlers]
        if NO_ROUTE in names:
            raise ValueError(f"no handler can be called {NO_ROUTE!r}, which is what leads to the fallback")
        if not names or "" in names or len(set(names)) < len(names):
            raise ValueError(f"handlers={list(self.handlers)} must be named, each differently, whatever the case")
        super()._check()

    @classmethod
    def from_client(
        cls,
        client: Any,
        classifier_prompt: str,
        handlers: Mapping[str, R],
        *,
        fallback: R | None = None,
        name: str = "router",
    ) -> Self:
        """A router whose routing agent is made of a prompt, on a fork of ``client`` (ROUTER-4).

        Args:
            client: Model, connection and defaults to fork.
            classifier_prompt: The routing agent's instructions; it is called ``<name>-classifier``.
            handlers: As the field.
            fallback: As the field.
            name: As the field.
        """
        classifier = cls._agent({"name": f"{name}-classifier", "system_message": classifier_prompt}, client)
        return cls(classifier, handlers, name, fallback)

    @classmethod
    def from_config(
        cls,
        routing_config: dict[str, Any],
        handler_configs: Mapping[str, dict[str, Any]],
        client: Any,
        fallback_config: dict[str, Any] | None = None,
        *,
        name: str = "router",
    ) -> Self:
        """A router of agents from plain dicts, each on a fork of ``client`` (ROUTER-4).

        Args:
            routing_config: As in ``Agent.from_config``, for the routing agent.
            handler_configs: The same by the name of the route, which also names the agent.
            client: As in ``from_client``.
            fallback_config: The same for the fallback; None for none.
            name: As in ``from_client``.
        """
        handlers = {
            route: cls._agent_class.from_config({"name": route, **config}, client)
            for route, config in handler_configs.items()
        }
        fallback = None
        if fallback_config is not None:
            fallback = cls._agent_class.from_config({"name": f"{name}-fallback", **fallback_config}, client)
        return cls(cls._agent({"name": f"{name}-classifier", **routing_config}, client), handlers, name, fallback)

    def _members(self) -> Sequence[tuple[str, RunnerState]]:
        handlers = [(f"handlers[{route!r}]", handler) for route, handler in self.handlers.items()]
        fallback = [("fallback", self.fallback)] if self.fallback is not None else []
        return [("routing_agent", self.routing_agent), *handlers, *fallback]

    def _plan(self, task: Task) -> Plan:
        handler = yield from self._chosen(task)
        step = Step(handler, task.text, task.images, task.schema)
        yield step
        return step.result

    def _chosen(self, task: Task) -> Any:
        question = which_route(self.handlers, has_fallback=self.fallback is not None)
        try:
            route = yield from question.asked_of(self.routing_agent, task.text)
        except VerdictError as exc:
            if self.fallback is None:
                routes = ", ".join(self.handlers)
                text = f"No handler for route {exc.text!r}; the routes are {routes}, and there is no fallback"
                raise VerdictError(text, text=exc.text) from exc
            return self.fallback
        return self.fallback if route is None else self.handlers[route]
