"""The async clients, one module per provider; each is the twin of its namesake in ``aimu/clients``.

base       ModelClient: chat, generate, and the loop that drives a turn
dispatch   running the tool calls of one reply
http       what the clients over HTTP share
openai     Chat Completions, and the servers that speak it
anthropic  Messages
inprocess  the awaitable interface of a sync client of a model in this process
llamacpp   that of a LlamaCppClient
huggingface  that of a HuggingFaceClient
generation the owned thread in which an in-process model generates
"""
