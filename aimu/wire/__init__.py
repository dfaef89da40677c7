"""One module per wire format; pure: bytes and dicts in, dicts and text out.

sse         server-sent events, from any fragments of bytes
openai      Chat Completions, and the servers that resemble it
dialects    how those servers differ in what they want
anthropic   Messages
anthropic_blocks  its side of history: roles that alternate, content in blocks
transcript  models in this process: a template renders the prompt, text comes back
spoken      the text of one reply, gathered from its fragments
reasoning   thoughts that a server wants back in parts
thinktags   <think> in text, from any fragments
schemas     JSON Schemas, tightened to what the wires constrain
ids         tool-call ids that a provider accepts
errors      statuses and error bodies of every provider, as our exceptions
"""
