"""Commands on tasks that take more than one call, or a check before it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Raw
from msgspec.structs import replace

from connectors.camunda7 import after_write, assignment, steps, wire
from connectors.camunda7.client import Camunda7Client
from connectors.camunda7.details import MOST_ENTRIES
from connectors.camunda7.formats import LINKS, body_of, changes_of, draft_text, modification, shown_of, variables_of
from connectors.camunda7.ids import is_id
from connectors.camunda7.mapping import SKIPPED, Candidates, task_of, utc
from connectors.camunda7.options import CreateTaskOptions
from connectors.camunda7.paging import TaskReader
from connectors.camunda7.settings import Camunda7Settings
from connectors.sdk import (
    AlreadyAssignedError,
    Assign,
    CancelFlowOfTask,
    Clock,
    Complete,
    ConflictError,
    ConnectorError,
    CreateTask,
    DeleteTask,
    MutationStatus,
    NotFoundError,
    Outcome,
    SaveDraft,
    Skip,
    Task,
    TaskCommand,
    TaskState,
    UnsupportedActionError,
    Update,
    ValidationFailedError,
    VersionConflictError,
    decode_record,
    parse_options,
)

# Of the times in the engine's log and history, which may be rounded.
LOG_PRECISION = timedelta(seconds=1)


class TaskWriter:
    def __init__(self, client: Camunda7Client, reader: TaskReader, settings: Camunda7Settings, clock: Clock) -> None:
        self._client = client
        self._reader = reader
        self._settings = settings
        self._clock = clock

    async def claim(self, task: Task, user: str) -> Outcome:
        """Refused if another person is the owner. Without a user the engine would take the task from its owner."""
        if not user.strip():
            raise ValidationFailedError("names no user", field=("userId",))
        try:
            await self._client.claim(task.native_id, user)
        except AlreadyAssignedError:
            raise
        except ConflictError as error:
            if error.native_code != "OptimisticLockingException" or not await self._is_taken(task, user):
                raise
            taken = AlreadyAssignedError("another person took the task at the same time")
            taken.native_status, taken.native_code = error.native_status, error.native_code
            raise taken from error
        return Outcome(task=after_write.assigned(task, user, at=self._clock()))

    async def _is_taken(self, task: Task, user: str) -> bool:
        """Any change of the task at the same time ends a claim: who has the task now tells whether it was another claim."""
        try:
            row = await self._row(task)
        except ConnectorError:
            return False
        return row.assignee is not None and row.assignee != user

    async def steps(self, command: TaskCommand) -> Sequence[TaskCommand]:
        """A change of several candidates, and an assignment to a group, as their single writes. Reads the task."""
        is_regrouping = isinstance(command, Assign) and command.group_id is not None
        is_relinking = isinstance(command, Update) and bool(command.fields & LINKS)
        if not (is_regrouping or is_relinking):
            return (command,)
        row = await self._row(command.task)
        before = await self._reader.candidates(row)
        if isinstance(command, Update):
            self._check_version(command, row, before)
            return steps.steps_of_update(command, before)
        if isinstance(command, Assign):
            return steps.steps_of_assignment(command, before, row.assignee)
        return (command,)

    async def assign(self, command: Assign) -> Outcome:
        """To a user without override by the engine's claim, which knows no other persons."""
        if command.user_id is None:
            raise ValueError(
                "an assignment to a group has steps of other commands; each of them is performed by itself"
            )
        if not command.override:
            return await self.claim(command.task, command.user_id)
        await self._client.set_assignee(command.task.native_id, command.user_id)
        return Outcome(task=after_write.assigned(command.task, command.user_id, at=self._clock()))

    async def update(self, command: Update) -> Outcome:
        """Read, one write, read. What another person changes between a read and a full replacement is lost."""
        changes = changes_of(command, self._settings.options.priority)
        row = await self._row(command.task)
        before = await self._reader.candidates(row)
        self._check_version(command, row, before)
        links = assignment.links_of(before, *assignment.wanted_of(command))
        id = command.task.native_id
        if changes and links.count:
            raise ValueError("this update has two steps; each of them is performed by itself")
        if changes:
            await self._client.replace_task(id, body_of(row, changes))
        else:
            await assignment.apply(self._client, id, links)
        return Outcome(task=await self._verified(command.task, changes))

    def _check_version(self, command: Update, row: wire.Task, before: Candidates) -> None:
        if command.expects_version and self._reader.shown(row, command.task, before).version != command.task.version:
            raise VersionConflictError("the task has changed since it was read")

    async def _verified(self, task: Task, changes: dict[str, object]) -> Task:
        """The task as it is now. ConflictError if another replacement has taken the changes back.

        A part of them that is left was brought about by this update: then `maybe_applied`.
        """
        try:
            row = await self._reader.current(task.native_id)
            found = await self._reader.candidates(row)
        except ConnectorError as error:
            # It was applied: the engine said so. What became of the task is for the next read.
            error.maybe_applied = True
            raise
        shown = shown_of(row, changes)
        if len(shown) < len(changes):
            raise ConflictError(
                "another change of the task replaced this one at the same time; read it and try again",
                maybe_applied=bool(shown),
            )
        return self._reader.shown(row, task, found)

    async def save_draft(self, command: SaveDraft) -> Outcome:
        """One variable of the task, whose name no form has.

        Variables with the names of the form's fields would take the completion's values, and end with the task.
        """
        text = draft_text(command.data)
        name = self._settings.options.draft_variable
        await self._client.set_local_variables(command.task.native_id, {name: {"value": text, "type": "String"}})
        return Outcome(task=command.task)

    async def complete(self, command: Complete) -> Outcome:
        """With a check of form data by the engine. A delegated task would only be given back by that call, which says nothing of it."""
        data = dict(command.data or {})
        name = self._settings.options.outcome_variable
        if command.outcome is not None and name is not None:
            data[name] = command.outcome
        variables = variables_of(data)
        if _is_delegated(command.task):
            await self._client.complete(command.task.native_id, variables)
        else:
            begun = self._clock()
            await self._client.submit_form(command.task.native_id, variables)
            await self._check_ended(command.task, begun)
        after = after_write.closed(
            command.task, TaskState.COMPLETED, "c7.completed", "completed", at=self._clock(), outcome=command.outcome
        )
        return Outcome(task=after)

    async def _check_ended(self, task: Task, begun: datetime) -> None:
        """Whether the form that was sent then has completed the task: it may have been delegated since it was read."""
        try:
            ended = await self._client.get_historic_task(task.native_id) if self._settings.options.history else None
            if ended is not None and ended.end_time is not None:
                await self._check_not_resolved(task, ended, self._clock() - begun)
                return
            row = await self._reader.current(task.native_id)
        except NotFoundError:
            # Without history nothing tells more than that it has ended.
            return
        except ConnectorError as error:
            error.maybe_applied = True
            raise
        if row.delegation_state != "RESOLVED":
            raise ConflictError("the engine took the form and shows the task open", maybe_applied=True)
        raise ConflictError(
            "the task was delegated at the same time, so the engine stored the data, gave it back to its owner and did not complete it"
        )

    async def _check_not_resolved(self, task: Task, ended: wire.HistoricTask, taken: timedelta) -> None:
        """Whether the form ended the task, and did not give a delegated one back, which another person has completed since.

        The engine notes the owner of a delegated task that had an assignee, and a resolution in its log.
        """
        if ended.owner is None and task.assignees:
            return
        end = utc(ended.end_time)
        log = await self._client.list_operations(task.native_id, limit=MOST_ENTRIES)
        if ended.owner is None and not log:
            # The engine keeps no log. Only the delegation of a task without an assignee would leave no trace at all.
            return
        resolved = [utc(entry.timestamp) for entry in log if entry.operation_type == "Resolve"]
        is_logged = any(entry.operation_type == "Complete" for entry in log)
        is_clear = end is not None and all(at is not None and at < end - taken - LOG_PRECISION for at in resolved)
        if not (is_logged and is_clear):
            raise ConflictError(
                "the task may have been delegated at the same time, and been completed by another person",
                maybe_applied=True,
            )

    async def skip(self, command: Skip) -> Outcome:
        task = command.task
        if task.flow_id is None:
            raise ConflictError("the task belongs to no process instance that could go on")
        row = await self._row(task)
        if row.suspended:
            raise ConflictError("the process instance is suspended")
        try:
            tree = await self._client.get_activity_tree(task.flow_id)
        except NotFoundError:
            raise ConflictError("no longer actionable: the process instance has ended") from None
        body = modification(task, tree, command.reason)
        await self._client.modify_instance(task.flow_id, body)
        after = after_write.closed(task, TaskState.SKIPPED, "c7.modified", SKIPPED, at=self._clock())
        return Outcome(task=after, effect="the process instance goes on behind this step")

    async def delete(self, command: DeleteTask) -> Outcome:
        """The history is read afterwards: the engine answers 204 for a task that was completed before."""
        id = command.task.native_id
        await self._client.delete_task(id)
        try:
            found = (await self._reader.tasks([id])).get(id)
        except ConnectorError:
            # The engine has answered that it did it.
            found = None
        if isinstance(found, Task) and found.state is TaskState.COMPLETED:
            raise ConflictError("no longer actionable: the task was completed before")
        after = after_write.closed(command.task, TaskState.CANCELED, "c7.deleted", "deleted", at=self._clock())
        return Outcome(task=after)

    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        task = command.task
        if task.flow_id is None:
            raise ConflictError("the task belongs to no process instance")
        status, effect = await self.end_flow(task.flow_id, task.flow_name, command.reason)
        after = after_write.closed(task, TaskState.CANCELED, "c7.deleted", "deleted", at=self._clock())
        return Outcome(task=after, status=status, effect=effect)

    async def end_flow(self, id: str, name: str | None, reason: str | None) -> tuple[MutationStatus, str]:
        """At once; with a reason, where the source keeps reasons, by a batch of the engine."""
        is_batch = bool(reason) and self._settings.options.cancel_reasons
        if is_batch and reason is not None:
            await self._client.delete_instances(id, reason)
        else:
            await self._client.delete_instance(id)
        status = MutationStatus.PENDING if is_batch else MutationStatus.APPLIED
        return status, after_write.effect_of_cancel(name, id, is_batch=is_batch)

    async def create(self, command: CreateTask, *, id: str) -> Outcome:
        if command.flow is not None:
            raise UnsupportedActionError("Camunda 7 creates no task within a process instance")
        if command.data:
            raise ValidationFailedError("Camunda 7 creates a task without data", field=("data",))
        options = parse_options(command.options, CreateTaskOptions)
        thresholds = self._settings.options.priority
        score = thresholds.medium if command.priority is None else thresholds.score_of(command.priority)
        body: dict[str, object] = {
            "id": id,
            "name": command.title,
            "description": command.description,
            "priority": score,
            "assignee": options.assignee,
            "tenantId": options.tenant_id,
        }
        await self._client.create_task(body)
        row = wire.Task(
            id=id,
            name=command.title,
            description=command.description,
            priority=score,
            assignee=options.assignee,
            tenant_id=options.tenant_id,
        )
        now = self._clock()
        made = task_of(row, Raw(b"{}"), self._settings, fetched_at=now)
        return Outcome(task=replace(made, created_at=now, candidate_users=(), candidate_groups=()))

    async def _row(self, task: Task) -> wire.Task:
        """The record as it is now; ConflictError if the task has ended."""
        if not is_id(task.native_id):
            raise NotFoundError("no such task")
        try:
            return await self._reader.current(task.native_id)
        except NotFoundError:
            raise ConflictError("no longer actionable: the task has ended") from None


def _is_delegated(task: Task) -> bool:
    found = None if task.payload is None else decode_record(task.payload, wire.Task).record
    return found is not None and found.delegation_state == "PENDING"
