"""Coverage-guided fuzzing of what reads the words of others; by hand: `tox run -e fuzz -- --minutes 5`.

targets.py    what is fuzzed, and what has to hold for any bytes
shapes.py     bytes as JSON of a wire: known keys with any values in them
__main__.py   runs the targets one after the other, and says how often each was tried
corpus_seeds.py   the seeds of the corpus, made up
corpus/       where each target starts from; `python -m tests.fuzz --seed` wrote it, from nothing recorded

`test_corpus.py` reads the corpus without atheris, in each run of the tests.
"""
