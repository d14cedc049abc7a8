"""The deployed task listeners. A listener delays or denies a transition of a user task."""

from dataclasses import dataclass
from typing import Literal

Event = Literal["CREATING", "ASSIGNING", "UPDATING", "COMPLETING", "CANCELING"]
"""The state of a task while its listener runs."""

DELAY_MS = 20_000
"""Longer than the 15 s after which the server gives up waiting, so that a delayed command is answered 504."""


@dataclass(frozen=True, slots=True)
class Listener:
    """`denial` is the listener's reason, None: it does not deny. Creation and cancellation cannot be denied."""

    delay_ms: int = 0
    denial: str | None = None


TaskListeners = dict[tuple[str, Event], Listener]
"""By element id and event."""

_DENIAL = "the four-eyes rule was not kept"


def deployed_listeners() -> TaskListeners:
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
