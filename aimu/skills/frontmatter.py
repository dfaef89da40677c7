"""The head of a SKILL.md: from its text to fields, each with the line it stands on.

Nothing is constructed from the YAML: a value is its text as it is written, so ``version: 1.10`` stays
``1.10``, and what only an alias multiplies is never multiplied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from unicodedata import category

from aimu.errors import SkillLoadError

if TYPE_CHECKING:
    from yaml.nodes import Node

LIMIT = 64 * 1024  # characters between the two lines of ---
# what stands in ordinary text unseen: soft hyphens, joiners, marks of direction; what reorders or hides text does not
UNSEEN = frozenset("\n\t\xad\u200b\u200c\u200d\u200e\u200f")
NULL = "tag:yaml.org,2002:null"
# "key: value: more" is no YAML, and is what people write; the value is meant as text
BARE_COLON = re.compile(r"^([A-Za-z][\w-]*):[ \t]++(?![\"'|>\[{&*!#])(.*:(?:[ \t].*)?)$", re.MULTILINE)


class Frontmatter:
    """The fields of one SKILL.md, and the Markdown below them (SKILL-3, SKILL-4).

    Args:
        text: The whole file.
        path: Its name, for messages.

    Raises:
        SkillLoadError: there is no frontmatter, it is not closed, too long, no YAML, or no mapping.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if lines[0].rstrip() != "---":
            raise self.error("no frontmatter: the first line must be ---", 1)
        closing = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
        if closing is None:
            raise self.error("the frontmatter is not closed: a second line of --- is missing", 1)
        self.body = "\n".join(lines[closing + 1 :]).strip()
        self._fields = self._read("\n".join(lines[1:closing]))

    def error(self, message: str, line: int | None = None) -> SkillLoadError:
        """What is wrong with this file, at a line of it."""
        return SkillLoadError(message, path=self.path, line=line)

    def line(self, key: str) -> int:
        """The line a field stands on; the frontmatter's first when it is not there."""
        return _line(self._fields[key]) if key in self._fields else 1

    def text(self, key: str, limit: int | None = None) -> str:
        """A field's text, ``""`` when it is absent or null.

        Args:
            key: Name of the field.
            limit: Most characters it may have.

        Raises:
            SkillLoadError: it is a list or a mapping, too long, or not printable.
        """
        node = self._fields.get(key)
        if node is None or node.tag == NULL:
            return ""
        if not isinstance(node.value, str):
            raise self.error(f"{key} must be text, not a {_kind(node)}", _line(node))
        text = node.value.strip()
        if limit is not None and len(text) > limit:
            raise self.error(f"{key} has {len(text)} characters; at most {limit} are allowed", _line(node))
        if not all(map(_is_shown, text)):
            raise self.error(f"{key} has characters that cannot be shown: {ascii(text)[:80]}", _line(node))
        return text

    def mapping(self, key: str) -> dict[str, str]:
        """A field that maps names to texts, empty when it is absent or null; what is nested stays as written.

        Raises:
            SkillLoadError: it is no mapping, or names a key twice.
        """
        node = self._fields.get(key)
        if node is None or node.tag == NULL:
            return {}
        return {name: self._written(value) for name, value in self._pairs(node, key).items()}

    def _written(self, node: Node) -> str:
        if node.tag == NULL:
            return ""
        if isinstance(node.value, str):
            return node.value
        return str(self._source[node.start_mark.index : node.end_mark.index]).strip()

    def _read(self, source: str) -> dict[str, Any]:
        if len(source) > LIMIT:
            raise self.error(f"the frontmatter has {len(source)} characters; at most {LIMIT} are allowed", 1)
        self._source = source
        try:
            node = _composed(source)
        except ValueError as exc:
            self._source = BARE_COLON.sub(_quoted, source)
            try:
                node = _composed(self._source)
            except ValueError:
                line = getattr(exc, "line", 1)
                raise self.error(f"the frontmatter is no YAML: {exc}", line) from exc.__cause__
        if node is None:
            raise self.error("the frontmatter is empty; it needs name and description", 1)
        return self._pairs(node, "the frontmatter")

    def _pairs(self, node: Node, what: str) -> dict[str, Node]:
        pairs: dict[str, Node] = {}
        if _kind(node) != "mapping":
            raise self.error(f"{what} must map names to values, not be a {_kind(node)}", _line(node))
        for key, value in node.value:
            if not isinstance(key.value, str):
                raise self.error(f"{what} has a key that is no text", _line(key))
            if key.value in pairs:
                raise self.error(f"{what} has {key.value!r} twice", _line(key))
            pairs[key.value] = value
        return pairs


class _YAMLError(ValueError):
    """Why, without the parser's excerpt; ``line`` counts in the file."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def _composed(source: str) -> Node | None:
    import yaml

    try:
        return yaml.compose(source, yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        raise _YAMLError(str(exc.problem or exc.context), mark.line + 2 if mark else 1) from exc
    except yaml.reader.ReaderError as exc:
        raise _YAMLError(f"{exc.reason}: {exc.character!r}", source.count("\n", 0, exc.position) + 2) from exc
    except (OverflowError, RecursionError, ValueError, yaml.YAMLError) as exc:
        raise _YAMLError(f"{type(exc).__name__}: {exc}", 1) from exc


def _quoted(found: re.Match[str]) -> str:
    value = found[2].strip().replace("'", "''")
    return f"{found[1]}: '{value}'"


def _is_shown(char: str) -> bool:
    return char.isprintable() or char in UNSEEN or category(char) == "Zs"


def _kind(node: Any) -> str:
    return str(node.id)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 2
