"""That `tests/floor.txt` names the lowest version of each dependency that pyproject.toml allows, and no other."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(?:\[[^]]*\])?(?:>=(?P<lowest>[0-9.]+))?")
STUBS = {"types-jsonschema", "types-pyyaml"}  # whichever is there: they are read by mypy only


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def allowed() -> dict[str, str | None]:
    """Each dependency's lower bound, None without one; one that stands twice has one bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    lines = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(line for extra in extras for line in extra),
    ]
    found: dict[str, str | None] = {}
    for line in lines:
        match = REQUIREMENT.match(line)
        assert match is not None
        if match["name"] != "aimu":
            name = canonical(match["name"])
            assert found.get(name, match["lowest"]) == match["lowest"], f"{name} has two lower bounds"
            found[name] = match["lowest"]
    return found


def test_the_floor_is_what_the_project_allows() -> None:
    lines = [line for line in (ROOT / "tests/floor.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = {canonical(name): version for name, _, version in (line.partition("==") for line in lines)}
    assert len(pinned) == len(lines)
    assert pinned == {name: lowest for name, lowest in allowed().items() if name not in STUBS}


def test_only_stubs_are_allowed_in_any_version() -> None:
    assert {name for name, lowest in allowed().items() if lowest is None} == STUBS
