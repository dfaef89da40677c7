"""Random breaks of `aimu/core` and `aimu/wire`, drawn with a seed, and what the tests make of them. Run by hand.

settings.py     what is broken, the seed, and which tests may notice: read from mutation.toml
mutants.py      every break there is, made by the operators of mutmut; the sample of them
coverage_map.py which tests run which line, from one run of them all
invocation.py   how pytest is told about tests and scenarios
trial.py        one break tried in a forked process, within limits; some at a time
loaded.py       the quick trials, in functions that are loaded already; swap.py: how they get their broken code
fresh.py        the thorough trials, with a fresh import; chosen.py: a pytest plugin that picks and orders their tests
report.py       the score, the survivors, and the part of the page that they fill
__main__.py     `python -m tests.mutation`
equivalents.toml  survivors that nobody could ever notice, each with its reason
"""
