"""A mutant for each requirement: the implementation broken in one place, which the named check has to see.

catalog.py     the mutants as they are written down, one `<chapter>.toml` each
overlay.py     a copy of the implementation with one break in it
verdicts.py    what became of a mutant
checking.py    one check run alone, in this process or in one of its own
server.py      a process forked for each mutant from one that has everything loaded
bench.py       the pytest session in which that happens: checks collected, names held against the spec
telling.py     how far it is, and the table at the end; matrix.py: the kill matrix
command.py     `python -m conformance mutants`
"""

from conformance.mutants.catalog import names

__all__ = ["names"]
