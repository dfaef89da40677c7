"""Every break there is, and the sample of them.

The operators are mutmut's. Its runner is not used: it leaves out what is decorated, so every property and dataclass,
and what stands outside of functions.
"""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Final

import libcst as cst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.mutators import mutation_operators

from tests.mutation.settings import ROOT, Settings

# calls whose every break is noticed by the interpreter, or by the type checker only
LEFT_ALONE: Final = {"len", "isinstance", "TypeVar", "cast"}


@dataclass(frozen=True)
class Mutant:
    """One break of one module.

    Args:
        file: str, relative to the repository.
        line: int, the first line that differs.
        within: str, the class and function it stands in, such as "Turn.open"; "" outside of any.
        operator: str, the operator of mutmut that made it.
        old: str, the lines that were there, without their common indentation.
        new: str, the lines that are there instead.
        source: str, the module with the break.
    """

    file: str
    line: int
    within: str
    operator: str
    old: str
    new: str
    source: str

    @property
    def module(self) -> str:
        """The name it is imported by."""
        return self.file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


@dataclass(frozen=True)
class Place:
    """One way to break one node of a module.

    Args:
        file: str, relative to the repository.
        part: int, the number of the part of its module that it stands in.
        within: str, the class and function it stands in.
        operator: str.
        old: CSTNode.
        new: CSTNode.
    """

    file: str
    part: int
    within: str
    operator: str
    old: cst.CSTNode
    new: cst.CSTNode


class Source:
    """A module in parts: what is before its first statement, each statement, what is behind the last.

    Args:
        path: Path.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.relative_to(ROOT).as_posix()
        self.text = path.read_text(encoding="utf-8")
        # a copy, in which no node stands in two places
        self.module = MetadataWrapper(cst.parse_module(self.text)).module
        self.nodes = [*self.module.header, *self.module.body, *self.module.footer]
        self.parts = [self.code(node) for node in self.nodes]

    def code(self, node: cst.CSTNode) -> str:
        """A node as text.

        Args:
            node: CSTNode.

        Returns:
            str.
        """
        code: str = self.module.code_for_node(node)
        return code

    def places(self) -> Iterator[Place]:
        """Every break, in the order they stand in."""
        for number, node in enumerate(self.nodes):
            yield from _places(self.file, number, "", node)

    def broken(self, place: Place) -> str:
        """The text with a break.

        Args:
            place: Place.

        Returns:
            str.
        """
        changed = self.nodes[place.part].deep_replace(place.old, place.new)
        assert isinstance(changed, cst.CSTNode)
        return "".join([*self.parts[: place.part], self.code(changed), *self.parts[place.part + 1 :]])


def _places(file: str, part: int, within: str, node: cst.CSTNode) -> Iterator[Place]:
    if isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom):
        return
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in LEFT_ALONE:
        return
    if isinstance(node, cst.ClassDef | cst.FunctionDef):
        within = f"{within}.{node.name.value}"
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from (Place(file, part, within, operator.__name__, node, new) for new in operator(node))
    for child in node.children:
        yield from _places(file, part, within, child)


def drawn(settings: Settings) -> tuple[int, list[Mutant]]:
    """Draw the sample: places in a random order, until enough of them make another program that compiles.

    Args:
        settings: Settings.

    Returns:
        tuple of int and list of Mutant: of how many places; the sample, in the order it was drawn in.
    """
    sources = {source.file: source for source in map(Source, settings.modules)}
    order = _shuffled(sources, settings.seed)
    sample: dict[tuple[str, str], Mutant] = {}
    for place in order:
        if len(sample) < settings.sample and (mutant := _made(sources[place.file], place)):
            sample.setdefault((mutant.file, mutant.source), mutant)
    return len(order), list(sample.values())


def _shuffled(sources: Mapping[str, Source], seed: int) -> list[Place]:
    """All places in a random order, in which each keeps its rank when something else in its module changes."""
    ranked: list[tuple[bytes, Place]] = []
    seen: Counter[str] = Counter()
    for source in sources.values():
        for place in source.places():
            name = "\n".join((place.file, place.within, place.operator, source.code(place.old), source.code(place.new)))
            ranked.append((sha256(f"{seed}\n{seen[name]}\n{name}".encode()).digest(), place))
            seen[name] += 1
    return [place for _, place in sorted(ranked, key=itemgetter(0))]


def unbroken(settings: Settings) -> Mutant:
    """What breaks nothing, to try the trial on.

    Args:
        settings: Settings.

    Returns:
        Mutant: the largest module, as it is.
    """
    path = max(settings.modules, key=lambda path: path.stat().st_size)
    return Mutant(path.relative_to(ROOT).as_posix(), 0, "", "none", "", "", path.read_text(encoding="utf-8"))


def _made(source: Source, place: Place) -> Mutant | None:
    changed = source.broken(place)
    if changed == source.text or not _compiles(changed, ROOT / place.file):
        return None
    line, old, new = _difference(source.text, changed)
    return Mutant(place.file, line, place.within.lstrip("."), place.operator, old, new, changed)


def _compiles(source: str, path: Path) -> bool:
    try:
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _difference(before: str, after: str) -> tuple[int, str, str]:
    old, new = before.splitlines(), after.splitlines()
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [code for code in codes if code[0] != "equal"]
    first, last = changes[0], changes[-1]
    return first[1] + 1, _text(old[first[1] : last[2]]), _text(new[first[3] : last[4]])


def _text(lines: list[str]) -> str:
    return "\n".join(_dedented(lines))


def _dedented(lines: list[str]) -> Iterator[str]:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return (line[indent:].rstrip() for line in lines)
