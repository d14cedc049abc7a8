"""Task listeners: what blocks or denies a transition of a user task, and the transitions that wait for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sandbox.camunda.problems import ProblemError

Event = Literal["CREATING", "ASSIGNING", "UPDATING", "COMPLETING", "CANCELING"]
"""The state of a task while its listener works."""

DELAY_MS = 20_000
"""Longer than the 15 s after which the gateway gives up, so that a command which waits is answered 504."""


@dataclass(frozen=True, slots=True)
class Listener:
    """`delay_ms` is 0 for at once. A denial is the listener's reason; creation and cancelation cannot be denied."""

    delay_ms: int = 0
    denial: str | None = None


Listeners = dict[tuple[str, Event], Listener]
"""By the task's element id."""

_DENIAL = "the four-eyes rule was not kept"


def deployed() -> Listeners:
    slow, denying = Listener(DELAY_MS), Listener(denial=_DENIAL)
    return {
        ("slow_creation", "CREATING"): slow,
        ("slow_assignment", "ASSIGNING"): slow,
        ("slow_update", "UPDATING"): slow,
        ("slow_completion", "COMPLETING"): slow,
        ("slow_cancellation", "CANCELING"): slow,
        ("denied_assignment", "ASSIGNING"): denying,
        ("denied_update", "UPDATING"): denying,
        ("denied_completion", "COMPLETING"): denying,
        ("late_denied_completion", "COMPLETING"): Listener(DELAY_MS, _DENIAL),
    }


Finish = Callable[[datetime], None]


class Transitions:
    """What was accepted and waits for a listener; it happens when the clock has come so far."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, Finish]] = []

    def add(self, now: datetime, delay_ms: int, finish: Finish) -> None:
        self._waiting.append((now + timedelta(milliseconds=delay_ms), finish))

    def settle(self, now: datetime) -> None:
        while due := [each for each in self._waiting if each[0] <= now]:
            first = min(due, key=lambda each: each[0])
            self._waiting.remove(first)
            first[1](first[0])


def timed_out() -> ProblemError:
    return ProblemError(
        504, "DEADLINE_EXCEEDED", "Expected to handle request, but request timed out between gateway and broker"
    )
