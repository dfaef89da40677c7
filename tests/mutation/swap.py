"""A break put into functions that are loaded already, where that is the whole of it."""

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

DIFFERS: Final = "the difference is not in functions alone"


class Live:
    """The loaded functions of some files, by their code.

    Args:
        paths: sequence of Path.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        files = set(map(str, paths))
        self.functions: defaultdict[tuple[str, CodeType], list[FunctionType]] = defaultdict(list)
        for found in gc.get_objects():
            if isinstance(found, FunctionType) and found.__code__.co_filename in files:
                self.functions[found.__code__.co_filename, found.__code__].append(found)

    def swaps(self, path: Path, before: str, after: str) -> list[tuple[FunctionType, CodeType]]:
        """Which functions get which code, to turn one source into the other.

        Args:
            path: Path, the file.
            before: str, its source as it was loaded.
            after: str, the source that it is to stand for.

        Returns:
            list of (function, code); empty where the module has to be imported anew.
        """
        try:
            pairs = list(_changed(_compiled(before, path), _compiled(after, path)))
        except ValueError:
            return []
        return [(function, new) for old, new in pairs for function in self.functions[str(path), old]]


def _compiled(source: str, path: Path) -> CodeType:
    code = compile(source, path, "exec", dont_inherit=True)
    assert isinstance(code, CodeType)
    return code


def _changed(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The functions whose code differs, those inside of them too.

    Raises:
        ValueError: something else differs: what a module or a class does, or which functions there are.
    """
    parts = list(zip(_codes(old), _codes(new), strict=True))
    is_function = bool(old.co_flags & CO_OPTIMIZED)
    if not is_function and _done(old) != _done(new):
        raise ValueError(DIFFERS)
    if is_function and old != new:
        if old.co_freevars != new.co_freevars:
            raise ValueError(DIFFERS)
        yield old, new
    for part in parts:
        yield from _changed(*part)


def _codes(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def _done(code: CodeType) -> tuple[object, ...]:
    """What a code does itself, without the code that it only holds."""
    consts = [repr(const) for const in code.co_consts if not isinstance(const, CodeType)]
    return code.co_code, code.co_names, consts
