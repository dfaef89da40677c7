"""One module per wire format; pure: bytes and dicts in, dicts and text out.

sse         server-sent events, from any fragments of bytes
openai      Chat Completions, and the servers that resemble it
dialects    how those servers differ in what they want
anthropic   Messages
anthropic_blocks  its side of history: roles that alternate, content in blocks
transcript  models in this process: a template renders the prompt, text comes back
families    which family of templates a model belongs to: how it writes thoughts and calls
family      what a family wants of a history, and how its models are read
blocks      replies with calls in blocks between text, from any fragments
tagged_calls  blocks between tags: JSON, or parameters in tags of their own
marked_calls  blocks behind special tokens: Mistral's and DeepSeek's
bare_calls  replies that are the JSON of a call: Llama 3's
harmony     replies in channels: gpt-oss's
json_calls  calls written as JSON, whole or torn
guide       where in a reply a grammar applies
tokens      from the tokens of one generation to its text
stops       stop strings, from any fragments of text
spoken      the text of one reply, gathered from its fragments
reasoning   thoughts that a server wants back in parts
thinktags   <think> in text, from any fragments
schemas     JSON Schemas, tightened to what the wires constrain
ids         tool-call ids that a provider accepts
errors      statuses and error bodies of every provider, as our exceptions
"""
