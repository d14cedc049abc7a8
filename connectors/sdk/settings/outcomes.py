"""Outcomes that the configuration lists, for vendors whose API does not tell them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from connectors.sdk.model import OutcomeNature, Requirement, TaskOutcome
from connectors.sdk.settings.section import Section


class ConfiguredOutcome(Section):
    """One way to complete a task. `code` is what the vendor receives."""

    code: str = Field(min_length=1)
    label: str | None = None
    nature: OutcomeNature = OutcomeNature.NEUTRAL


def _distinct_codes(outcomes: tuple[ConfiguredOutcome, ...]) -> tuple[ConfiguredOutcome, ...]:
    if len({outcome.code for outcome in outcomes}) < len(outcomes):
        raise ValueError("two outcomes have the same code")
    return outcomes


ConfiguredOutcomes = Annotated[tuple[ConfiguredOutcome, ...], AfterValidator(_distinct_codes)]
"""The type of an option that lists outcomes. Two outcomes with the same code are a fault."""


def task_outcomes(
    configured: tuple[ConfiguredOutcome, ...], *, data: Requirement = Requirement.OPTIONAL
) -> tuple[TaskOutcome, ...]:
    """The outcomes of a task whose completion takes no comment."""
    return tuple(
        TaskOutcome(code=each.code, label=each.label, nature=each.nature, data=data, comment=Requirement.UNSUPPORTED)
        for each in configured
    )
