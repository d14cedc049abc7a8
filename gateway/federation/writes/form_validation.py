"""An outcome and form data against the task's form, before anything is sent: every fault at once."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import InputError, SeveralInputsError
from connectors.sdk.model import FormFault, FormJudgement, TaskOutcome

# Faults that one answer names at most.
MOST_NAMED = 100


def outcome_errors(outcome: str | None, outcomes: Sequence[TaskOutcome] | None) -> list[InputError]:
    """Whether the outcome is one of the task's; any outcome fits a task that names none."""
    if not outcomes:
        return []
    codes = [known.code for known in outcomes]
    if outcome is None:
        return [InputError(f"an outcome is required: one of {', '.join(codes)}", field=("outcome",))]
    if outcome not in codes:
        return [InputError(f"unknown outcome; this task has {', '.join(codes)}", field=("outcome",))]
    return []


def checked(judgement: FormJudgement, *others: InputError) -> Mapping[str, object]:
    """The data to send. Raises SeveralInputsError for faults, in the order of the form."""
    errors = [*others, *map(_error, judgement.faults)]
    if errors:
        raise SeveralInputsError(errors[:MOST_NAMED])
    return judgement.data


def _error(fault: FormFault) -> InputError:
    return InputError(fault.message, field=("data", *map(str, fault.path)))
