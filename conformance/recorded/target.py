"""The targets that are replayed from cassettes, or recorded to them: a provider behind another server."""

from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.outcomes import HarnessError
from conformance.recorded.manifest import Expected, provenances, strays, trusted
from conformance.recorded.tape import Tape
from conformance.requirement import Scenario
from conformance.targets import RECORDED, Target

if TYPE_CHECKING:
    from conformance.check import Check
    from conformance.driver import Driver
    from conformance.scripted import StandIn


def default_folder() -> Path:
    """Where the cassettes lie: in the installed package, or beside it in a source tree."""
    packaged = Path(__file__).parents[1] / "cassettes"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "cassettes"


class Behind(Target):
    """A provider whose clients talk to a server of ours.

    Args:
        inner: Target, the provider.
        server: callable that takes the Check that is run and returns the server, started; None is the scripted one.
    """

    def __init__(self, inner: Target, server: "Callable[[Check | None], StandIn | None]") -> None:
        self.require_wire(inner)
        self.inner = inner
        self.name = inner.name
        self.capabilities = inner.capabilities
        self._server = server

    @property
    def provider(self) -> str:
        return self.inner.provider

    def unavailable(self) -> str | None:
        return self.inner.unavailable()

    def client(self, driver: "Driver", **kwargs: Any) -> Any:
        return self.inner.client(driver, **kwargs)

    def stand_in(self, check: "Check | None") -> "StandIn | None":
        return self._server(check)

    def check_text(self, observed: str, scripted: str) -> None:
        self.inner.check_text(observed, scripted)

    def close(self) -> None:
        self.inner.close()

    def is_judged_by(self, area: str, scenario: Scenario) -> bool:  # noqa: ARG002
        return self.records(self.inner, scenario)

    def profile_of(self, area: str) -> str | None:  # noqa: ARG002
        """That of what travels: some errors on record show the wire, and not all that a chapter on errors asks."""
        return "wire"

    @staticmethod
    def records(inner: Target, scenario: Scenario) -> bool:
        """Whether a scenario is recorded, and asks nothing that a provider cannot do."""
        return scenario.recorded is not None and not scenario.lacks(inner.capabilities)

    @staticmethod
    def require_wire(inner: Target) -> None:
        """See that a provider exchanges anything.

        Raises:
            HarnessError: it runs in this process.
        """
        if isinstance(inner, Behind):
            raise HarnessError(f"{inner.name} is replayed already; name {inner.inner.name}")
        if "wire" not in inner.capabilities:
            raise HarnessError(
                f"{inner.name} runs in this process: it exchanges nothing that could be recorded; its record are its "
                "weights, pinned by their checksums"
            )


class Replayed(Behind):
    """A provider whose server is its cassettes.

    Args:
        inner: Target, the provider.
        folder: Path, of all cassettes.
    """

    def __init__(self, inner: Target, folder: Path) -> None:
        super().__init__(inner, self._tape)
        self.name = f"{inner.name}{RECORDED}"
        self.folder = folder
        self._trusted = cache(partial(trusted, folder))  # both surfaces play one reading of a file

    def cassettes(self, checks: Iterable["Check"]) -> dict[str, int]:
        return provenances(self.folder, self._names(checks))

    def problems(self, checks: Iterable["Check"]) -> list[str]:
        return strays(self.folder, self.inner.name, self._names(checks))

    def _expected(self, check: "Check") -> Expected:
        return Expected.of(self.inner.name, check.area, check.scenario)

    def _names(self, checks: Iterable["Check"]) -> set[str]:
        return {self._expected(check).name for check in checks}

    def _tape(self, check: "Check | None") -> "StandIn | None":
        if check is None:
            return None
        tape = Tape(self._trusted(self._expected(check)))
        tape.start()
        return tape
