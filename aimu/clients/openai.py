"""The sync client of Chat Completions, and of the servers that speak it."""

from __future__ import annotations

from typing import Any

import openai

from aimu.clients.http import HTTPClient
from aimu.core.models import ModelSpec
from aimu.wire.openai import OpenAICodec


class OpenAIClient(HTTPClient):
    """Chat Completions over the official SDK (PROVIDERS-2); see HTTPClient for its arguments."""

    _default_provider = "openai"

    def _connect(self, connection: dict[str, Any]) -> openai.OpenAI:
        return openai.OpenAI(**connection)

    def _make_codec(self, provider: str, model: ModelSpec) -> OpenAICodec:
        return OpenAICodec(provider, model)
