"""The sync client of Messages."""

from __future__ import annotations

from typing import Any

import anthropic

from aimu.clients.http import HTTPClient
from aimu.core.models import ModelSpec
from aimu.wire.anthropic import AnthropicCodec


class AnthropicClient(HTTPClient):
    """Messages over the official SDK (PROVIDERS-2); see HTTPClient for its arguments."""

    _default_provider = "anthropic"

    def _connect(self, connection: dict[str, Any]) -> anthropic.Anthropic:
        return anthropic.Anthropic(**connection)

    def _make_codec(self, provider: str, model: ModelSpec) -> AnthropicCodec:
        return AnthropicCodec(provider, model)
