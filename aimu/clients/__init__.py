"""The sync clients, one module per provider.

base       ModelClient: generate, closing, and the loop that drives a turn
calls      chat and resume, typed by what they return
dispatch   running the tool calls of one reply
http       what the clients over HTTP share
openai     Chat Completions, and the servers that speak it
anthropic  Messages
inprocess  what the clients of models in this process share
llamacpp   GGUF models in this process, through llama.cpp
huggingface  causal language models in this process, through transformers
generation the owned thread in which an in-process model generates
"""
