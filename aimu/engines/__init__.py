"""What runs a model in this process. It is called in the thread of a generation, and is neither sync nor async.

weights      Weights: the order in which generations take a model, and the states it keeps of prompts
fairlock     a lock handed on in order of arrival
llamacpp     GGUF models, through llama.cpp
grammars     grammars in llama.cpp's notation
huggingface  causal language models, through transformers
states       what transformers has computed of a prompt: measured, cut
parts        contents of messages as lists of parts
packaged     where a model lies
"""
