"""How training goes: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_EVERY = 50


class Meter:
    """Shows each stage with its loss and its tokens in a second.

    Args:
        console: Where; None shows nothing.
    """

    def __init__(self, console: Console | None) -> None:
        self._lines = console if console is not None and not console.is_terminal else None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}, {task.fields[speed]:,.0f} tok/s"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=console is None or not console.is_terminal,
        )
        self._tasks = {task.description: task.id for task in self._bar.tasks}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def show(self, stage: str, step: int, steps: int, loss: float, speed: float) -> None:
        """Say where a stage is.

        Args:
            stage: Its name.
            step: Steps done.
            steps: Steps in all.
            loss: Smoothed loss.
            speed: Tokens in a second, of all processes.
        """
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=steps, loss=loss, speed=speed)
        self._bar.update(self._tasks[stage], completed=step, loss=loss, speed=speed)
        if self._lines is not None and (step % LINE_EVERY == 0 or step == steps):
            self._lines.print(f"{stage} {step}/{steps} loss {loss:.4f} {speed:,.0f} tok/s")
