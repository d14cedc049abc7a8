"""A vendor's numbers as priorities, for vendors that have numbers only."""

from typing import Self

from pydantic import model_validator

from connectors.sdk.model import TaskPriority
from connectors.sdk.settings.section import Section

# What is written for CRITICAL.
CRITICAL_SCORE = 100


class PriorityThresholds(Section):
    """The highest numbers that are read as LOW, MEDIUM and HIGH; higher ones are CRITICAL. A vendor's own class bounds them."""

    low: int = 25
    medium: int = 50
    high: int = 75

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not self.low < self.medium < self.high:
            raise ValueError("thresholds must ascend: low < medium < high")
        return self

    def priority_of(self, score: int | None) -> TaskPriority | None:
        if score is None:
            return None
        if score <= self.low:
            return TaskPriority.LOW
        if score <= self.medium:
            return TaskPriority.MEDIUM
        return TaskPriority.HIGH if score <= self.high else TaskPriority.CRITICAL

    def score_of(self, priority: TaskPriority) -> int:
        """The number that is written: the highest that is read as that priority, and 100 for CRITICAL."""
        written = {TaskPriority.LOW: self.low, TaskPriority.MEDIUM: self.medium, TaskPriority.HIGH: self.high}
        return written.get(priority, CRITICAL_SCORE)
