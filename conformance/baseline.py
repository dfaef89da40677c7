"""The failures that are known: check id -> reason, link and the day on which the excuse ends."""

import datetime
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance import renames
from conformance.outcomes import HarnessError

FIELDS: Final = ("reason", "link", "expires")
EXPECTED: Final = ", ".join(FIELDS)


@dataclass(frozen=True)
class Excuse:
    """Why a check may fail.

    Args:
        reason: str.
        link: str, where it is dealt with.
        expires: datetime.date, the last day on which it holds.
        file: Path, the baseline that it stands in.
    """

    reason: str
    link: str
    expires: datetime.date
    file: Path


def load(path: Path, today: datetime.date | None = None) -> dict[str, Excuse]:
    """Read a baseline.

    Args:
        path: Path, a JSON file.
        today: datetime.date or None, default None: the day to judge expiry by.

    Returns:
        dict of str to Excuse.

    Raises:
        HarnessError: unreadable, a check named twice, a field missing or unknown, or an excuse that has expired.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except (OSError, ValueError) as error:
        raise HarnessError(f"baseline {path}: {error}; an object from check id to {EXPECTED} is expected") from error
    if not isinstance(entries, dict):
        raise HarnessError(f"baseline {path}: an object from check id to {EXPECTED} is expected")
    excuses = {identity: _excuse(path, identity, entry) for identity, entry in entries.items()}
    for identity, excuse in excuses.items():
        if excuse.expires < (today or datetime.date.today()):
            raise HarnessError(
                f"baseline {path}: {identity} expired on {excuse.expires}: {excuse.reason} ({excuse.link}); mend it, "
                "or decide on a new day"
            )
    return excuses


def read(path: Path) -> tuple[dict[str, Excuse], list[str]]:
    """Read a baseline, and take what it says of a renamed scenario for the new one.

    Args:
        path: Path, a JSON file.

    Returns:
        dict of str to Excuse, and a list of str: what is to be said of the entries under old names.

    Raises:
        HarnessError: as `load`, or a check is named by its old and by its new name.
    """
    renamed, excuses, notes = renames.load(), {}, []
    for old, excuse in load(path).items():
        new = renames.current(old, renamed)
        if new in excuses:
            raise HarnessError(f"baseline {path}: duplicate entry: {new} is there by its old name too; take that out")
        if new != old:
            notes.append(f"baseline {path}: {old} is called {new} now; rename the entry")
        excuses[new] = excuse
    return excuses, notes


def unknown(excuses: Collection[str], declared: Collection[str], targets: Collection[str]) -> list[str]:
    """The entries that name no check; those of targets that were not selected are left alone.

    Args:
        excuses: the ids of the entries.
        declared: the ids of the checks.
        targets: names of the targets that were not selected.

    Returns:
        list of str: sorted.
    """
    return sorted(identity for identity in set(excuses) - set(declared) if _target(identity) not in targets)


def _target(identity: str) -> str:
    return identity.rpartition("[")[2].removesuffix("]").rpartition("-")[0]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate entry {next(name for name in names if names.count(name) > 1)!r}")
    return found


def _excuse(path: Path, identity: str, entry: object) -> Excuse:
    if not isinstance(entry, dict):
        raise HarnessError(f"baseline {path}: {identity} is {entry!r}; an object of {EXPECTED} is expected")
    if wrong := _wrong_fields(entry):
        raise HarnessError(f"baseline {path}: {identity} {wrong}; an entry has {EXPECTED}, and nothing else")
    try:
        expires = datetime.date.fromisoformat(entry["expires"])
    except (TypeError, ValueError) as error:
        raise HarnessError(
            f"baseline {path}: {identity} expires on {entry['expires']!r}, which is no date; such as 2030-12-31 is"
        ) from error
    return Excuse(str(entry["reason"]), str(entry["link"]), expires, path)


def _wrong_fields(entry: dict[str, Any]) -> str | None:
    if missing := [name for name in FIELDS if not str(entry.get(name) or "").strip()]:
        return f"has no {' and no '.join(missing)}"
    if strange := sorted(set(entry) - set(FIELDS)):
        return f"has the unknown field {strange[0]!r}"
    return None
