"""Details of a task: form, outcomes, previous steps, activities. One read of the whole execution gives all of them."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from connectors.epilot import wire
from connectors.epilot.flows import is_finished
from connectors.epilot.mapping import description_of
from connectors.epilot.settings import EpilotSettings
from connectors.epilot.wire import Execution
from connectors.sdk import (
    Activity,
    ActivityType,
    Decoded,
    DetailAspect,
    DetailParts,
    Form,
    FormKind,
    OutcomeNature,
    PreviousStep,
    Requirement,
    TaskDetail,
    TaskOutcome,
    UserRef,
    time_from_wire,
)

_EARLIEST = datetime.min.replace(tzinfo=UTC)


def detail_from_wire(
    found: Decoded[wire.Task], execution: Execution, aspects: AbstractSet[DetailAspect], settings: EpilotSettings
) -> TaskDetail:
    """Tasks have no form data: the vendor keeps it with its journeys. An odd member fails the aspects that use it."""
    parts = DetailParts(aspects)
    part = partial(found.needing, what="the task")
    return TaskDetail(
        description=parts.make(DetailAspect.DESCRIPTION, lambda: description_of(part("description").description)),
        form=parts.make(DetailAspect.FORM, lambda: _form(part("journey"), settings)),
        outcomes=parts.make(
            DetailAspect.OUTCOMES, lambda: _outcomes(part("task_type", "trigger_mode", "conditions"), settings)
        ),
        previous_steps=parts.make(DetailAspect.PREVIOUS_STEPS, lambda: _previous_steps(part(), execution)),
        activities=parts.make(
            DetailAspect.ACTIVITIES, lambda: tuple(_activities(part("analytics", "status", "created_at")))
        ),
        failures=parts.failures(),
    )


def _form(row: wire.Task, settings: EpilotSettings) -> Form:
    journey = row.journey
    key = None if journey is None else journey.journey_id or journey.id
    if not key:
        return Form(kind=FormKind.NONE)
    template = settings.options.journey_url_template
    url = None if template is None else template.replace("{journey}", quote(key, safe=""))
    return Form(kind=FormKind.EXTERNAL_URL, url=url, key=key)


def _outcomes(row: wire.Task, settings: EpilotSettings) -> tuple[TaskOutcome, ...]:
    """The branches of a decision that a person makes. Other tasks are completed without an outcome."""
    if row.task_type != "DECISION" or row.trigger_mode == "automatic":
        return ()
    natures = settings.options.outcome_natures
    return tuple(
        TaskOutcome(
            code=each.id,
            label=each.branch_name,
            nature=natures.get(each.id) or natures.get(each.branch_name or "") or OutcomeNature.NEUTRAL,
            data=Requirement.UNSUPPORTED,
            comment=Requirement.UNSUPPORTED,
        )
        for each in row.conditions or ()
    )


def _previous_steps(row: wire.Task, execution: Execution) -> tuple[PreviousStep, ...]:
    """The other tasks that the flow has passed, ordered by the time of their end; those without a time come first."""
    odd = [found.record for found, _ in execution.odd_tasks if found.record is not None]
    tasks = [*(task for task, _ in execution.tasks), *odd]
    ended = [task for task in tasks if task.id != row.id and is_finished(task.status)]
    ended.sort(key=lambda task: _ended_at(task) or _EARLIEST)
    return tuple(
        PreviousStep(
            name=task.name or task.id,
            completed_by=None if (ended_by := _ended_by(task)) is None else UserRef(native_id=ended_by),
            completed_at=_ended_at(task),
            outcome="SKIPPED" if task.status == "SKIPPED" else _branches(task),
        )
        for task in ended
    )


def _ended_at(task: wire.Task) -> datetime | None:
    analytics = task.analytics or wire.Analytics()
    return time_from_wire(analytics.completed_at or analytics.status_updated_at, UTC)


def _ended_by(task: wire.Task) -> str | None:
    analytics = task.analytics or wire.Analytics()
    return analytics.skipped_by if task.status == "SKIPPED" else analytics.completed_by


def _branches(task: wire.Task) -> str | None:
    return ", ".join(each.branch_name or each.id for each in task.conditions or () if each.is_met) or None


def _activities(row: wire.Task) -> Iterator[Activity]:
    """At most one activity of each kind, the last one: a task has no further history."""
    analytics = row.analytics or wire.Analytics()
    changed = analytics.status_updated_at
    found = (
        (ActivityType.CREATED, row.created_at, None),
        (ActivityType.STARTED, analytics.in_progress_at, analytics.in_progress_by),
        (ActivityType.SUSPENDED, changed if row.status == "ON_HOLD" else None, analytics.on_hold_by),
        (ActivityType.SKIPPED, changed if row.status == "SKIPPED" else None, analytics.skipped_by),
        (ActivityType.FAILED, changed if row.status == "FAILED" else None, None),
        (ActivityType.COMPLETED, analytics.completed_at, analytics.completed_by),
    )
    for kind, at, actor in found:
        time = time_from_wire(at, UTC)
        if time is not None:
            yield Activity(
                type=kind, native_type=row.status, at=time, actor=None if not actor else UserRef(native_id=actor)
            )
