"""An outcome and form data against the form of a task or a start, before anything is sent: every fault at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from msgspec.structs import replace

from connectors.sdk.commands import StartFlow
from connectors.sdk.connector import Connector
from connectors.sdk.errors import InputError, SeveralInputsError
from connectors.sdk.forms import ShownNumbers, has_shown_numbers, judged, values_of
from connectors.sdk.model import DetailAspect, Form, FormFault, FormJudgement, Task, TaskOutcome
from gateway.federation.objects import TaskReader
from schema.ports import CompleteIntent, SaveDraftIntent

log = structlog.get_logger("taskgate.write")

# Faults that one answer names at most.
MOST_NAMED = 100


class FormValidation:
    """Judges what a caller gives against the form of the task or of the start, read for it."""

    def __init__(self, reads: TaskReader) -> None:
        self._reads = reads

    async def completion(
        self, connector: Connector[Any], task: Task, intent: CompleteIntent
    ) -> tuple[Mapping[str, object], Mapping[str, object] | None, Mapping[str, object] | None]:
        """What was given, the data to send, and those that the form holds if it tells. Raises SeveralInputsError for all
        faults of outcome and data, before anything is sent.
        """
        detail = await self._reads.detail(task, frozenset({DetailAspect.FORM, DetailAspect.OUTCOMES}))
        wrong_outcome = outcome_errors(intent.outcome, detail.outcomes)
        given = await self._numbers(task, detail.form, intent.data or {})
        if detail.form is None:
            checked(FormJudgement(data={}), *wrong_outcome)
            return given, None if intent.data is None else given, None
        data = checked(await self._judgement(connector, task, detail.form, given), *wrong_outcome)
        return given, data if data or intent.data is not None else None, detail.form.held

    async def draft(
        self, connector: Connector[Any], task: Task, intent: SaveDraftIntent
    ) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """What was given, and the data to send. A draft may lack required fields."""
        detail = await self._reads.detail(task, frozenset({DetailAspect.FORM, DetailAspect.OUTCOMES}))
        given = await self._numbers(task, detail.form, intent.data)
        if detail.form is None:
            return given, given
        return given, checked(await self._judgement(connector, task, detail.form, given, is_draft=True))

    async def start(self, connector: Connector[Any], command: StartFlow) -> StartFlow:
        """The command with the data to send. A new flow holds nothing yet, so the form demands all that it requires."""
        form = await connector.start_form(command)
        if form is None:
            return command
        given = _restored(form, command.data or {}, {}) if has_shown_numbers(command.data or {}) else command.data or {}
        judgement = await judged(values_of(form.fields, given, {}), lambda: connector.judge_form(form, given, {}))
        _note(connector.settings.key, judgement)
        data = checked(judgement)
        return replace(command, data=dict(data) if data or command.data is not None else None)

    async def _numbers(self, task: Task, form: Form | None, data: Mapping[str, object]) -> Mapping[str, object]:
        """The data with numbers in place of the texts that answers show for them. Reads the data of the task only if there
        may be one.
        """
        if not has_shown_numbers(data):
            return data
        held = None if form is None else form.held
        if held is None:
            found = (await self._reads.detail(task, frozenset({DetailAspect.DATA}))).data
            held = found if isinstance(found, Mapping) else {}
        return _restored(form, data, held)

    async def _judgement(
        self, connector: Connector[Any], task: Task, form: Form, data: Mapping[str, object], *, is_draft: bool = False
    ) -> FormJudgement:
        """The data of the task are read only if the judgement depends on them. Large forms are judged in a thread."""

        def judge(held: Mapping[str, object] | None) -> FormJudgement:
            return connector.judge_form(form, data, held, is_draft=is_draft)

        judgement = await judged(values_of(form.fields, data, form.held), lambda: judge(None))
        if judgement.depends_on_held:
            found = (await self._reads.detail(task, frozenset({DetailAspect.DATA}))).data
            held = found if isinstance(found, Mapping) else {}
            judgement = await judged(values_of(form.fields, data, held), lambda: judge(held))
        _note(task.source, judgement)
        return judgement


def _restored(form: Form | None, data: Mapping[str, object], held: Mapping[str, object]) -> Mapping[str, object]:
    """The data with numbers in place of the texts that answers show for them."""
    numbers = ShownNumbers()
    numbers.add_fields(() if form is None else form.fields)
    numbers.add(held)
    return numbers.restored(data)


def _note(source: str, judgement: FormJudgement) -> None:
    if judgement.unevaluated:
        log.info("form not evaluated", source=source, expressions=len(judgement.unevaluated))


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
