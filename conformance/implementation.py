"""The implementation under test: a top-level module and its async twin."""

import importlib
import importlib.metadata
from dataclasses import dataclass
from types import ModuleType

from conformance.outcomes import HarnessError


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
        HarnessError: one of the two modules cannot be imported.
    """
    try:
        lib = importlib.import_module(name)
        aio = importlib.import_module(f"{name}.aio")
    except ImportError as error:
        raise HarnessError(f"the implementation {name!r} cannot be imported: {error}") from error
    return Implementation(name, lib, aio, _version(lib))


def _version(lib: ModuleType) -> str | None:
    try:
        return importlib.metadata.version(lib.__name__)
    except importlib.metadata.PackageNotFoundError:
        declared = getattr(lib, "__version__", None)
        return declared if isinstance(declared, str) else None
