"""One run of a tool: what it needs, and what came of it."""

import json
from dataclasses import dataclass, field
from typing import Any

from pocket.errors import ColourError, ToolError
from pocket.tools import arguments_of, as_text, whole


@dataclass
class Job:
    """One call of a reply on its way to an answer.

    Args:
        id: str; name: str; text: str: of the call, its arguments as text.
        made: the tool, or None where there is no such tool.
        reports: bool, whether the model is told of any exception.
        answer: str or None: what the model is told; None as long as the call has not begun.
        rising: BaseException or None: what the caller has to get.
    """

    id: str
    name: str
    text: str
    made: Any
    reports: bool
    answer: str | None = None
    rising: BaseException | None = None
    _arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def is_async(self) -> bool:
        """Whether its tool is to be awaited."""
        return self.made is not None and self.made.__tool_is_async__

    def prepare(self) -> bool:
        """Whether there is something to call; what is wrong with the arguments is an answer."""
        if self.answer is not None:
            return False
        try:
            self._arguments = arguments_of(self.made, self.text)
        except ValueError as error:
            self.answer = str(error)
            return False
        self.answer = "cancelled: it was interrupted"  # until it is known better
        return True

    def call(self) -> Any:
        """Call the tool; what it returns may have to be awaited."""
        try:
            return self.made(**self._arguments)
        except StopIteration as error:
            raise RuntimeError(f"tool {self.name!r} raised StopIteration") from error

    def end(self, result: Any) -> None:
        """Keep a result."""
        self.answer = as_text(self.name, result)

    def fail(self, error: BaseException) -> None:
        """Keep a failure: the model is told of it, and unless that is all it rises."""
        is_told = self.reports and isinstance(error, Exception) and not isinstance(error, ColourError)
        if isinstance(error, ToolError):
            self.answer = whole(str(error))
            return
        word = "failed" if isinstance(error, Exception) else "cancelled"
        self.answer = whole(f"{word}: {type(error).__name__}: {error}")
        self.rising = None if is_told else error

    @property
    def shown(self) -> Any:
        """The arguments for a chunk: the dict, or the text where it is none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return self.text
        return found if isinstance(found, dict) else {} if found is None else self.text
