"""Thousands of turns in one process, and nothing left of them.

test_soak     both surfaces, a process and a wire each; by hand with 100,000 turns: ``tox run -e bench -- soak``
test_growing  what is called growth, and the size of a body as the conversation grows
"""
