"""The implementation under test: a top-level module and its async twin."""

import contextlib
import importlib
import importlib.metadata
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from conformance.outcomes import HarnessError

FRONT_DOOR: Final = "client"  # without it no check of either surface says anything


@dataclass(frozen=True)
class Implementation:
    """What is judged.

    Args:
        name: str, the top-level module.
        lib: the module itself, which is the sync surface.
        aio: its async twin.
        version: str or None, as installed.
    """

    name: str
    lib: ModuleType
    aio: ModuleType
    version: str | None

    def front_door(self, surface: str) -> ModuleType:
        """The module of a surface.

        Args:
            surface: "sync" or "aio".

        Returns:
            ModuleType: where `client`, `chat` and the classes of that surface are.
        """
        return self.aio if surface == "aio" else self.lib


def load(name: str) -> Implementation:
    """Import an implementation.

    Args:
        name: str, a top-level module such as "aimu".

    Returns:
        Implementation: with both surfaces imported.

    Raises:
        HarnessError: one of the two modules cannot be imported, or has no front door.
    """
    lib, aio = _surface(name, name), _surface(name, f"{name}.aio")
    return Implementation(name, lib, aio, _version(lib))


def _surface(name: str, module: str) -> ModuleType:
    try:
        found = importlib.import_module(module)
    except Exception as error:  # whatever a module does when it is imported is no verdict on it
        why = f"{type(error).__name__}: {error}"
        raise HarnessError(f"the implementation {name!r} cannot be imported: {why}") from error
    if not callable(getattr(found, FRONT_DOOR, None)):
        raise HarnessError(f"{module} has no {FRONT_DOOR}(), so nothing of it can be judged; look at --implementation")
    return found


def _version(lib: ModuleType) -> str | None:
    """The version of what installed the module, whatever that is called; else what the module says of itself."""
    top = lib.__name__.partition(".")[0]
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(top)
    for distribution in importlib.metadata.packages_distributions().get(top, []):  # reads every package: half a second
        return importlib.metadata.version(distribution)
    declared = getattr(lib, "__version__", None)
    return declared if isinstance(declared, str) else None
