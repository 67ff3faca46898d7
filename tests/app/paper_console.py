"""Consoles whose text a test reads, and a person who answers questions."""

from __future__ import annotations

import io

from rich.console import Console


class PaperConsole:
    """`console` for what is under test; `terminal` says whether it believes to be one."""

    def __init__(self, *, terminal: bool = False) -> None:
        self._file = io.StringIO()
        self.console = Console(file=self._file, width=200, force_terminal=terminal, color_system=None, highlight=False)

    @property
    def text(self) -> str:
        return self._file.getvalue()

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.text.splitlines() if line.strip()]


class Person:
    """Answers questions in order and keeps them."""

    def __init__(self, *answers: bool) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, question: str) -> bool:
        self.asked.append(question)
        return self._answers.pop(0)
