"""What recorded traffic says, read without the implementation under test.

recording.py   a file of recordings, and the interactions in it
reading.py     what a reply says, in neutral words
messages.py    a Messages reply as a reading; chat.py: a Chat Completions reply
oracle.py      the independent reading: the official SDK's typed objects, else plain JSON
"""
