"""The command that runs one check again."""

import shlex
from typing import TYPE_CHECKING

from conformance import targets
from conformance.check import Check
from conformance.index import scenario_folder
from conformance.settings import IMPLEMENTATION, Settings

if TYPE_CHECKING:
    from conformance.item import CheckItem
    from conformance.run import Run


def command(run: "Run", item: "CheckItem") -> str:
    """The command that runs one check again, and nothing else but what it compares.

    Args:
        run: Run, whose settings it repeats.
        item: CheckItem, the check as pytest knows it.

    Returns:
        str: for a shell.
    """
    check = item.check
    is_adopted = check.target in run.adopted.values()
    is_packaged = check.path.parent == scenario_folder() and not is_adopted
    prefix = "" if is_packaged else "conformance-"
    words = ["python", "-m", "conformance"]
    if not is_packaged:
        words = ["python", "-m", "pytest", item.nodeid.partition("::")[0]]
    if run.settings.implementation != IMPLEMENTATION:
        words += [f"--{prefix}implementation", run.settings.implementation]
    if not is_adopted:
        words += _target(run, check, prefix)
    for name in ("cassettes", "baseline"):
        if (value := getattr(run.settings, name)) is not None:
            words += [f"--{prefix}{name}", str(value)]
    if run.settings.spec is not None:
        words += ["--conformance-spec", str(run.settings.spec)]
    if run.settings.is_live:
        words.append(f"--{prefix}live")
    if run.settings.limit != Settings.limit:
        words += [f"--{prefix}timeout", f"{run.settings.limit:g}"]
    return shlex.join([*words, f"--{prefix}only", check.id])


def _target(run: "Run", check: Check, prefix: str) -> list[str]:
    given = next(name for name, target in run.targets.items() if target is check.target)
    return [] if given in targets.BUILT_IN else [f"--{prefix}target", given]
