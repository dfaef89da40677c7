"""`python -m conformance replay DIR`: recorded traffic, read again through the implementation on both surfaces.

command.py      the command: the files, the lines, the verdict
recording.py    a file of recordings, and the interactions in it
reading.py      what a reply says, in neutral words
messages.py     a Messages reply as a reading; chat.py: a Chat Completions reply
oracle.py       the independent reading: the official SDK's typed objects, else plain JSON
outcome.py      what a client must do with a reading
surfaces.py     what the client of each surface does with the same bytes
difference.py   the two compared
decoders.py     the pure decoders on streams that are split anywhere
"""

from conformance.replay.command import main

__all__ = ["main"]
