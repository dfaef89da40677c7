"""What a report was made of, as SHA-256 digests: equal digests are equal chapters, scenarios, cassettes, code."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from conformance.index import digest
from conformance.readings.recording import MANIFEST
from conformance.recorded.target import default_folder
from conformance.run import Run


def digests(run: Run) -> dict[str, str | None]:
    """The digests of a run.

    Args:
        run: Run, that has ended.

    Returns:
        dict of str to str or None: `cassettes` is None where nothing is replayed, `implementation` where there is none.
    """
    return {
        "spec": digest(run.spec),
        "suite": suite_digest({check.path for check in run.declared.values()}),
        "checks": checks_digest(run.declared),
        "cassettes": _cassettes(run),
        "implementation": implementation_digest(run.judge.implementation.lib) if "judge" in vars(run) else None,
    }


def suite_digest(paths: Iterable[Path]) -> str:
    """The SHA-256 over scenario files, by name and content, wherever they lie.

    Args:
        paths: iterable of Path.

    Returns:
        str: in hexadecimal.
    """
    return _of_files((path.name, path) for path in paths)


def checks_digest(identities: Iterable[str]) -> str:
    """The SHA-256 over the ids of checks, sorted, one a line.

    Args:
        identities: iterable of str.

    Returns:
        str: in hexadecimal.
    """
    text = "".join(f"{identity}\n" for identity in sorted(identities))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def implementation_digest(lib: ModuleType) -> str | None:
    """The SHA-256 over the .py files of a package, by relative name and content.

    Args:
        lib: module, a package, or a single file.

    Returns:
        str or None: in hexadecimal; None for what has no file.
    """
    if (name := getattr(lib, "__file__", None)) is None:
        return None
    file = Path(name)
    paths = file.parent.rglob("*.py") if file.name == "__init__.py" else [file]
    return _of_files((path.relative_to(file.parent).as_posix(), path) for path in paths)


def _of_files(named: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in sorted(named):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def _cassettes(run: Run) -> str | None:
    if not any(target.cassettes(run.of(target)) is not None for target in run.targets.values()):
        return None
    manifest = (run.settings.cassettes or default_folder()) / MANIFEST
    return hashlib.sha256(manifest.read_bytes().replace(b"\r\n", b"\n")).hexdigest() if manifest.is_file() else None
