"""What a target declares: what scenarios may need of it, and that a real endpoint is asked only where that is allowed."""  # noqa: E501

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import aimu
from conformance import Driver, Outcome, Target, requirement
from conformance.check import Check
from conformance.implementation import load
from conformance.judge import Judge
from conformance.outcomes import HarnessError
from conformance.requirement import Scenario, scenario_of


def declared() -> Scenario:
    """A scenario that is no check of this file: the plugin takes those of a module, and not those in a function."""

    @requirement("CHAT-1", needs=("scripted", "spec_wire"))
    async def body(d: Driver) -> None:
        """Looks at the library."""
        d.direct(aimu.chat)

    found = scenario_of(body)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("capabilities", "lacking"),
    [
        ({"scripted", "openai_wire"}, []),
        ({"scripted", "anthropic_wire", "wire"}, []),
        ({"scripted", "wire"}, ["openai_wire", "anthropic_wire"]),
        ({"anthropic_wire"}, ["scripted"]),
    ],
)
def test_one_of_a_choice_is_enough(capabilities: set[str], lacking: list[str]) -> None:
    assert declared().lacks(capabilities) == lacking


def test_a_choice_is_not_to_be_declared() -> None:
    with pytest.raises(ValueError, match="unknown capability"):
        requirement("CHAT-1", needs=("spec_wires",))


class Far(Target):
    """A real endpoint, whose key is asked for only where it may be used."""

    name = "far"
    capabilities = frozenset(("scripted", "openai_wire"))
    uses_network = True
    reason: str | None = None
    was_asked = False

    def unavailable(self) -> str | None:
        self.was_asked = True
        return self.reason

    def client(self, driver: Driver, **options: Any) -> Any:  # noqa: ARG002
        raise HarnessError("nobody makes one here")


def judged(target: Far, *, is_live: bool) -> tuple[Outcome, str]:
    check = Check("chat", replace(declared(), surfaces=("sync",)), target, "sync", Path(__file__))
    result = Judge(load("aimu"), {}, 10.0, is_live).judge(check, {})
    return result.outcome, result.reason


def test_a_real_endpoint_is_asked_only_where_it_is_allowed() -> None:
    target = Far()
    assert judged(target, is_live=False) == (
        Outcome.COULD_NOT_RUN,
        "far: it talks to a real endpoint; add --live to let it",
    )
    assert not target.was_asked
    assert judged(target, is_live=True)[0] is Outcome.PASS
    target.reason = "FAR_API_KEY is not set"
    assert judged(target, is_live=True) == (Outcome.COULD_NOT_RUN, "far: FAR_API_KEY is not set")
