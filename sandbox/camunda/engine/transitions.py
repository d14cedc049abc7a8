"""Transitions that wait for a task listener."""

from collections.abc import Callable
from datetime import datetime, timedelta

Finish = Callable[[datetime], None]
"""Carries out the transition at the given time."""


class Transitions:
    """Accepted transitions. Each is carried out when `settle` is called after its delay."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, Finish]] = []

    def add(self, now: datetime, delay_ms: int, finish: Finish) -> None:
        self._waiting.append((now + timedelta(milliseconds=delay_ms), finish))

    def settle(self, now: datetime) -> None:
        while due := [each for each in self._waiting if each[0] <= now]:
            first = min(due, key=lambda each: each[0])
            self._waiting.remove(first)
            first[1](first[0])
