"""The sync clients, one module per provider.

base       ModelClient: chat, generate, and the loop that drives a turn
dispatch   running the tool calls of one reply
http       what the clients over HTTP share
openai     Chat Completions, and the servers that speak it
anthropic  Messages
llamacpp   GGUF models in this process
generation the owned thread in which an in-process model generates
"""
