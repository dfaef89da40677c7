"""The mark that ties a scenario to the requirements it checks."""

import inspect
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from conformance.vocabulary import CAPABILITIES, EITHER, SURFACES

if TYPE_CHECKING:
    from conformance.driver import Driver

MARK: Final = "__conformance__"
SERVER: Final = "server"
PROVIDER: Final = "provider"
LIBRARY: Final = "library"
FACTS: Final = re.compile(r"[A-Z]\w*(, [A-Z]\w*)*")

Body: TypeAlias = "Callable[[Driver], Awaitable[Any]]"
BodyT = TypeVar("BodyT", bound=Callable[..., Any])


@dataclass(frozen=True)
class Scenario:
    """One body and what is declared about it.

    Args:
        body: the `async def` that takes a driver.
        requirements: tuple of str, the ids of the requirements it checks.
        needs: tuple of str, the capabilities without which it does not apply.
        surfaces: tuple of str, the surfaces it runs on.
        ledger: str or None, the row of the parity ledger that permits the surfaces to differ.
        recorded: str or None, where what it exchanges is on record too: "server" where a real one has to answer, or
            the facts about the wire that its script is written from.
        subject: str, "provider", or "library" where no provider has a part in it: judged once, not for every target.
    """

    body: Body
    requirements: tuple[str, ...]
    needs: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = SURFACES
    ledger: str | None = None
    recorded: str | None = None
    subject: str = PROVIDER

    @property
    def name(self) -> str:
        """The name of the body."""
        return str(getattr(self.body, "__name__", "scenario"))

    def lacks(self, capabilities: Collection[str]) -> list[str]:
        """What of its needs a target does not declare; all of a choice where it declares none of it.

        Args:
            capabilities: of the target.
        """
        choices = [EITHER.get(need, (need,)) for need in self.needs]
        return [word for choice in choices if not set(choice) & set(capabilities) for word in choice]

    @property
    def has_parity(self) -> bool:
        """Whether what the two surfaces did is to be compared."""
        return self.ledger is None and set(SURFACES) <= set(self.surfaces)


def requirement(
    *ids: str,
    needs: tuple[str, ...] = (),
    surfaces: tuple[str, ...] = SURFACES,
    ledger: str | None = None,
    recorded: str | None = None,
    subject: str = PROVIDER,
) -> Callable[[BodyT], BodyT]:
    """Declare the function below as a scenario.

    Args:
        ids: str, at least one requirement id such as "TOOLS-4".
        needs: tuple of str, capabilities the target must have, or one of `conformance.vocabulary.EITHER`.
        surfaces: tuple of str, default both.
        ledger: str or None, default None: the row of the parity ledger that permits a difference.
        recorded: str or None, default None: "server", or such as "A7, A8"; see `Scenario`.
        subject: str, default "provider"; "library" where no provider has a part in it.

    Returns:
        A decorator that hands the function back with the mark on it.

    Raises:
        ValueError: no id, an unknown capability, surface or subject, neither a server nor facts, or needs of a provider
            where none has a part.
        TypeError: not an `async def` of one parameter, or marked before.
    """
    _refuse_unknown("capability", needs, (*CAPABILITIES, *EITHER))
    _refuse_unknown("surface", surfaces, SURFACES)
    if not ids or not surfaces:
        raise ValueError("@requirement needs at least one requirement id and one surface")
    if recorded is not None and recorded != SERVER and not FACTS.fullmatch(recorded):
        raise ValueError(f"recorded={recorded!r}: 'server' or facts such as 'A7, A8' are expected")
    _refuse_unknown("subject", (subject,), (PROVIDER, LIBRARY))
    if subject == LIBRARY and (needs or recorded):
        raise ValueError("a scenario about the library alone needs nothing of a provider, and none is on record")

    def mark(body: BodyT) -> BodyT:
        if not inspect.iscoroutinefunction(body) or len(inspect.signature(body).parameters) != 1:
            raise TypeError(f"a scenario is an `async def` of one parameter, the driver; {body!r} is not")
        if MARK in vars(body):
            raise TypeError(f"{body.__name__} has two @requirement marks; name all its ids in one")
        setattr(body, MARK, Scenario(body, ids, tuple(needs), tuple(surfaces), ledger, recorded, subject))
        return body

    return mark


def scenario_of(thing: object) -> Scenario | None:
    """The scenario that a function was marked as, or None; nothing but a function is looked into."""
    found = vars(thing).get(MARK) if inspect.isfunction(thing) else None
    return found if isinstance(found, Scenario) else None


def _refuse_unknown(what: str, words: tuple[str, ...], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(words) - set(known)):
        raise ValueError(f"unknown {what} in {words!r}: {unknown}; a tuple of {', '.join(known)} is expected")
