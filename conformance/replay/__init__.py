"""`python -m conformance replay DIR`: recorded traffic, read again through the implementation on both surfaces.

command.py      the command: the files, the lines, the verdict
outcome.py      what a client must do with a reading
surfaces.py     what the client of each surface does with the same bytes
difference.py   the two compared
decoders.py     the pure decoders on streams that are split anywhere
"""

from conformance.replay.command import main

__all__ = ["main"]
