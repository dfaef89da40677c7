"""Reading a file that must not lead out of a folder: not by its name, not by a link, not by a swap."""

from __future__ import annotations

import os
import stat


def located(folder: str, name: str) -> str:
    """The real path of a file in a folder (SKILL-9).

    Args:
        folder: The folder.
        name: The file's path in it.

    Raises:
        ValueError: the name is absolute, has ``..``, or leads out of the folder by a link.
        OSError: there is no such file.
    """
    parts = name.replace(os.sep, "/").split("/")
    if not name or os.path.isabs(name) or os.path.splitdrive(name)[0] or ".." in parts:
        raise ValueError("it must be a relative path inside the skill, without '..'")
    root = os.path.realpath(folder, strict=True)
    real = os.path.realpath(os.path.join(root, name), strict=True)
    if not real.startswith(os.path.join(root, "")):
        raise ValueError("it is not a file inside the skill")
    return real


def read_bytes(folder: str, name: str, limit: int) -> bytes:
    """The content of a file in a folder.

    Args:
        folder: The folder.
        name: The file's path in it.
        limit: Most bytes it may have.

    Raises:
        ValueError: it leads out of the folder, is not a regular file, or has more bytes.
        OSError: it cannot be read.
    """
    real = located(folder, name)
    descriptor = _opened(os.path.realpath(folder), real)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise ValueError(f"it has more than {limit} bytes")
    return content


def _opened(root: str, real: str) -> int:
    """A descriptor reached step by step, so that no link can be slipped in between; a pipe is not waited for."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    *folders, name = os.path.relpath(real, root).split(os.sep)
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            inner = os.open(folder, flags | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(name, flags, dir_fd=here)
    finally:
        os.close(here)
