"""The requirements, read from the chapters in Markdown. Pure but for reading the files.

## TOOLS-4 Colour is recorded at decoration

**MUST** · sync, aio · tools

A tool's colour MUST be recorded when it is decorated ...

Checked by: tests/tools/test_decorator.py::test_colour
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance.vocabulary import CAPABILITIES, KEYWORDS, SURFACES

ID: Final = r"[A-Z][A-Z0-9]*(?:-[A-Z][A-Z0-9]*)*-\d+"
HEADING: Final = re.compile(rf"^## ({ID}) (\S.*)$")
LOOKALIKE: Final = re.compile(r"^#{1,6}\s*[A-Za-z][A-Za-z0-9-]*-\d+\b")
FENCE: Final = re.compile(r"^ {0,3}(```|~~~)")
CHECKED_BY: Final = re.compile(r"^Checked by:\s*(\S.*?)\s*$")
RETIRED: Final = "(retired)"


@dataclass(frozen=True)
class Requirement:
    """One thing that must hold.

    Args:
        id: str, such as "TOOLS-4".
        title: str.
        keyword: str, of RFC 2119.
        surfaces: tuple of str: sync, aio, or suite alone.
        capability: str, what a target must have for it to apply, or "any".
        sentence: str, the first paragraph.
        body: str, everything below the metadata line.
        chapter: str, the file without its ending.
        line: int, of the heading.
        tests: tuple of str, what checks it where no scenario can: tests, or what else its `Checked by:` lines say.
    """

    id: str
    title: str
    keyword: str
    surfaces: tuple[str, ...]
    capability: str
    sentence: str
    body: str
    chapter: str
    line: int
    tests: tuple[str, ...] = ()

    @property
    def checked_by(self) -> str | None:
        """The first of its tests, or None."""
        return next(iter(self.tests), None)

    @property
    def link(self) -> str:
        """Where it stands."""
        return f"spec/{self.chapter}.md#{self.anchor}"

    @property
    def anchor(self) -> str:
        """Its heading, as Markdown is linked to."""
        return re.sub(r"[^\w\- ]", "", f"{self.id} {self.title}".lower()).replace(" ", "-")

    @property
    def prefix(self) -> str:
        """The id without its number."""
        return self.id.rpartition("-")[0]


@dataclass
class Spec:
    """All chapters.

    Attributes:
        folder: Path, where they lie.
        requirements: dict of str to Requirement, in the order of the chapters.
        retired: dict of str to str, the ids no longer in use, and their chapters.
        problems: list of str, what reading found wrong.
        text: str, all chapters, for looking up rows of the parity ledger.
    """

    folder: Path
    requirements: dict[str, Requirement] = field(default_factory=dict)
    retired: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    text: str = ""

    def mentions(self, row: str) -> bool:
        """Whether the chapters speak of a row of the parity ledger."""
        return re.search(rf"(?<![\w-]){re.escape(row)}(?![\w-])", self.text) is not None


def default_folder() -> Path:
    """Where the chapters lie: in the installed package, or beside it in a source tree."""
    packaged = Path(__file__).parent / "spec"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "spec"


def load(folder: Path | None = None) -> Spec:
    """Read all chapters.

    Args:
        folder: Path or None, default None: the folder of the suite's own chapters.

    Returns:
        Spec: with the problems found; ids that are used twice keep their first meaning.
    """
    spec = Spec(folder or default_folder())
    for path in sorted(spec.folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        spec.text += text
        _read_chapter(spec, path.stem, text.splitlines())
    owners: dict[str, str] = {}
    for found in spec.requirements.values():
        owner = owners.setdefault(found.prefix, found.chapter)
        if owner != found.chapter:
            spec.problems.append(f"{found.link}: the prefix {found.prefix} belongs to spec/{owner}.md")
    return spec


def _read_chapter(spec: Spec, chapter: str, lines: list[str]) -> None:
    headings = _headings(lines)
    for position, (start, line) in enumerate(headings):
        end = headings[position + 1][0] if position + 1 < len(headings) else len(lines)
        match = HEADING.match(line)
        if match is None:
            if LOOKALIKE.match(line):
                spec.problems.append(f"spec/{chapter}.md:{start + 1}: {line!r} is not of the form '## TOOLS-4 Title'")
            continue
        identity, title = match.groups()
        if identity in spec.requirements or identity in spec.retired:
            spec.problems.append(f"spec/{chapter}.md:{start + 1}: the id {identity} is used twice")
        elif title.strip() == RETIRED:
            spec.retired[identity] = chapter
        else:
            requirement = _requirement(identity, title.strip(), chapter, start + 1, lines[start + 1 : end])
            spec.requirements[identity] = requirement
            spec.problems += [f"{requirement.link}: {problem}" for problem in _problems(requirement)]


def _headings(lines: list[str]) -> list[tuple[int, str]]:
    """The headings that end a requirement: of level one and two, and what looks like an id; none in code blocks."""
    found: list[tuple[int, str]] = []
    fence = ""
    for number, line in enumerate(lines):
        mark = FENCE.match(line)
        if mark and (not fence or mark.group(1) == fence):
            fence = "" if fence else mark.group(1)
        elif not fence and (re.match(r"^##? ", line) or LOOKALIKE.match(line)):
            found.append((number, line.rstrip()))
    return found


def _requirement(identity: str, title: str, chapter: str, line: int, lines: list[str]) -> Requirement:
    content = "\n".join(lines).strip()
    metadata, _, body = content.partition("\n")
    parts = [part.strip() for part in metadata.split("·")]
    parts += [""] * (3 - len(parts))
    body = body.strip()
    return Requirement(
        id=identity,
        title=title,
        keyword=parts[0].removeprefix("**").removesuffix("**") if parts[0].startswith("**") else "",
        surfaces=tuple(surface.strip() for surface in parts[1].split(",")),
        capability=parts[2],
        sentence=" ".join(re.split(r"\n\s*\n", body, maxsplit=1)[0].split()),
        body=body,
        chapter=chapter,
        line=line,
        tests=tuple(match.group(1).strip("`") for text in lines if (match := CHECKED_BY.match(text))),
    )


def _problems(requirement: Requirement) -> list[str]:
    """What is wrong with one requirement by itself."""
    problems = []
    if requirement.keyword not in KEYWORDS:
        problems.append(f"the keyword {requirement.keyword!r} is not one of RFC 2119 in bold")
    elif not re.search(rf"\b{requirement.keyword}\b", requirement.sentence):
        problems.append(f"the first paragraph does not say {requirement.keyword}")
    surfaces = requirement.surfaces
    if surfaces != ("suite",) and not (set(surfaces) <= set(SURFACES) and len(set(surfaces)) == len(surfaces)):
        problems.append(f"unknown surfaces {', '.join(surfaces)!r}; sync, aio, both, or suite")
    if requirement.capability not in (*CAPABILITIES, "any"):
        problems.append(f"unknown capability {requirement.capability!r}")
    return problems
