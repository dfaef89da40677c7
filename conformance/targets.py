"""What is judged: a provider, its clients on both surfaces, and what it declares it can do."""

import importlib.metadata
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.capabilities import contradictions
from conformance.outcomes import HarnessError
from conformance.probes import PROBES
from conformance.profiles import is_judged, profile_of
from conformance.requirement import LIBRARY, PROVIDER, SERVER
from conformance.vocabulary import CAPABILITIES

if TYPE_CHECKING:
    from conformance.check import Check
    from conformance.driver import Driver
    from conformance.requirement import Scenario
    from conformance.scripted import StandIn

GROUP: Final = "conformance.targets"
WIRES: Final = ("openai", "anthropic")
ENGINES: Final = ("hf", "llamacpp")
RECORDED: Final = "-recorded"  # behind the name of a provider: replayed from its cassettes


class Target:
    """A provider under test; a provider's author subclasses it in a repository of their own.

    Attributes:
        name: str, as given to `--target`.
        capabilities: frozenset of str, from `conformance.vocabulary.CAPABILITIES`. What is left out is probed: the
            documented refusal has to be observed.
        profiles: tuple of str, those it is judged on, () all. What is left out is not declared and has no verdict.
        uses_network: bool, True for a target on a real endpoint; otherwise a check that leaves this machine fails.
        weight: float, how long a check takes, against one over loopback; above 1, one process runs all, if it has room.
    """

    name: str = ""
    capabilities: frozenset[str] = frozenset(CAPABILITIES)
    profiles: tuple[str, ...] = ()
    uses_network: bool = False
    weight: float = 1.0

    @property
    def provider(self) -> str:
        """The provider in model ids and in errors; the name of the target, unless it says otherwise."""
        return self.name

    def unavailable(self) -> str | None:
        """Why this target cannot run here (an SDK or a model is missing), or None."""
        return None

    def client(self, driver: "Driver", **kwargs: Any) -> Any:
        """Make a client on the driver's surface.

        Args:
            driver: Driver; `driver.api` is the module to make it with, `driver.server` the scripted server.
            kwargs: keywords of the implementation's `client()`.

        Returns:
            The client; the driver closes it.
        """
        raise NotImplementedError(f"{type(self).__name__}.client")

    def is_judged_by(self, area: str, scenario: "Scenario") -> bool:
        """Whether a scenario is declared for this target: not one about the library alone, nor one only replayed.

        Args:
            area: str, the subject.
            scenario: Scenario.
        """
        is_of_providers = scenario.subject == PROVIDER and scenario.recorded != SERVER
        return is_of_providers and is_judged(self.profiles, area)

    def profile_of(self, area: str) -> str | None:
        """The profile that its checks of an area count for, or None."""
        return profile_of(area)

    def stand_in(self, check: "Check | None") -> "StandIn | None":  # noqa: ARG002
        """What a scenario scripts in one check, where that is no scripted server; asked once a check.

        A provider that is not reached over HTTP hands out a model that can be told what to say, as
        `conformance.in_process.InProcessTarget` does. None is the scripted server; so is the check of a refusal.
        """
        return None

    async def probe(self, driver: "Driver", capability: str) -> None:
        """Observe the documented refusal of a capability that is not declared.

        Args:
            driver: Driver.
            capability: str.

        Raises:
            AssertionError: it was not refused.
        """
        await PROBES[capability](driver)

    def check_text(self, observed: str, scripted: str) -> None:
        """Compare a text with the scripted one.

        Args:
            observed: str, what the library gave.
            scripted: str, what a scripted target was told to say; a real model only has to say something.

        Raises:
            AssertionError: they do not agree.
        """
        if "scripted" in self.capabilities:
            assert observed == scripted, f"observed {observed!r}, expected {scripted!r}"
        else:
            assert isinstance(observed, str), f"expected a str, observed {observed!r}"
            assert observed, "expected some text, observed none"

    def cassettes(self, checks: Iterable["Check"]) -> dict[str, int] | None:  # noqa: ARG002
        """How many cassettes of each provenance its checks are replayed from; None where they are not replayed."""
        return None

    def problems(self, checks: Iterable["Check"]) -> list[str]:  # noqa: ARG002
        """What is wrong with what its checks are judged by, and belongs to none; asked in a whole run, before them."""
        return []

    def close(self) -> None:
        """Release what all checks shared; called once, after the last."""


class Library(Target):
    """What is the library's own, whoever the provider: what is imported, made, read or refused without any."""

    name = LIBRARY
    capabilities = frozenset()

    def is_judged_by(self, area: str, scenario: "Scenario") -> bool:
        return scenario.subject == LIBRARY and is_judged(self.profiles, area)

    def client(self, driver: "Driver", **kwargs: Any) -> Any:  # noqa: ARG002
        raise HarnessError("a scenario about the library alone has no provider; leave subject='library' out")

    def problems(self, checks: Iterable["Check"]) -> list[str]:  # noqa: ARG002
        declared = ", ".join(sorted(self.capabilities))
        return [f"the library alone declares {declared}, which only a provider can show"] if declared else []


class WireTarget(Target):
    """A provider reached over a scripted wire.

    Args:
        name: str, the provider in a model id, which is also the wire.
        sdk: str or None, default None: the module of its SDK; None is the name.
    """

    def __init__(self, name: str, sdk: str | None = None) -> None:
        self.name = name
        others = {f"{wire}_wire" for wire in WIRES if wire != name}
        self.capabilities = frozenset(CAPABILITIES) - {"in_process", "micro_model"} - others
        self.sdk = sdk or name

    def unavailable(self) -> str | None:
        return missing(self.sdk)

    def client(self, driver: "Driver", **kwargs: Any) -> Any:
        settings = {"base_url": driver.server.url(self.name), "api_key": driver.server.api_key, "max_retries": 0}
        return driver.api.client(f"{self.name}:{driver.server.model};tools,vision,thinking", **settings | kwargs)


BUILT_IN: Final = (*WIRES, *(f"{wire}{RECORDED}" for wire in WIRES), *ENGINES, LIBRARY)


def find(name: str, cassettes: Path | None = None) -> Target:
    """Find a target by name.

    Args:
        name: str, a built-in one, an entry point of the group `conformance.targets`, or "module:Class"; any of them
            with "-recorded" behind it is replayed from its cassettes.
        cassettes: Path or None, default None: the folder of all cassettes; None is the suite's own.

    Returns:
        Target: an instance.

    Raises:
        HarnessError: there is none, it is no target, or it declares an unknown capability.
    """
    if name.endswith(RECORDED):
        from conformance.recorded.target import Replayed, default_folder

        inner = name.removesuffix(RECORDED)
        if cassettes is None and inner not in WIRES:
            raise HarnessError(f"--cassettes has to name the folder of what was recorded of {inner}")
        return Replayed(find(inner), cassettes or default_folder())
    if name == LIBRARY:
        return Library()
    if name in WIRES:
        return made(WireTarget(name), name)
    if name in ENGINES:
        from conformance.in_process import InProcessTarget

        return made(InProcessTarget(name), name)
    return made(_imported(name) if ":" in name else _installed(name), name)


def made(found: object, name: str) -> Target:
    """Make a target of what was found under a name.

    Args:
        found: object, a class of targets or one of them.
        name: str, where it was found.

    Returns:
        Target.

    Raises:
        HarnessError: it is no target, has no name, or declares what is unknown or contradicts itself.
    """
    target = found() if isinstance(found, type) else found
    if not isinstance(target, Target) or not target.name:
        raise HarnessError(f"{name!r} is {found!r}, which is not a named conformance.Target")
    for problem in contradictions(target.capabilities):
        raise HarnessError(f"target {target.name!r} {problem}")
    return target


def offered_by(package: str) -> tuple[str, ...]:
    """The entry points of the group `conformance.targets` that lead into a package, by name."""
    points = importlib.metadata.entry_points(group=GROUP)
    return tuple(sorted(point.name for point in points if point.module.partition(".")[0] == package))


def _imported(name: str) -> object:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise HarnessError(f"target {name!r} cannot be imported: {error}") from error


def _installed(name: str) -> object:
    points = importlib.metadata.entry_points(group=GROUP)
    for point in points:
        if point.name == name:
            return point.load()
    known = ", ".join([*BUILT_IN, *sorted(point.name for point in points)])
    raise HarnessError(f"no target {name!r}; there are {known}, and module:Class names one that is not installed")


def missing(*modules: str) -> str | None:
    """Which of some modules are not installed, as a reason not to run; None when all are."""
    absent = [module for module in modules if importlib.util.find_spec(module) is None]
    return f"not installed: {', '.join(absent)}" if absent else None
