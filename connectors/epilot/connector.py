"""The verbs of epilot's tasks and flows, in both generations."""

from collections.abc import Sequence

from msgspec import Raw
from msgspec.structs import replace

from connectors.epilot import closing, mapping, new_task, options, wire
from connectors.epilot.ids import FlowId, flow_id, task_id
from connectors.epilot.mapping import Around, Execution
from connectors.epilot.options import Change
from connectors.epilot.reading import flow_execution, workflow_execution
from connectors.epilot.settings import Generation
from connectors.epilot.source import EpilotSource
from connectors.epilot.states import FUTURE, OF_ENDED_FLOW
from connectors.sdk import (
    AlreadyAssignedError,
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Complete,
    ConflictError,
    ConnectorError,
    CreateTask,
    Flow,
    FlowOutcome,
    FlowState,
    Identity,
    Outcome,
    RejectedError,
    Release,
    Resume,
    Retry,
    Skip,
    Start,
    StartFlow,
    SubjectRef,
    Support,
    Suspend,
    Task,
    TaskAction,
    TaskCommand,
    TaskKind,
    Unassign,
    UnsupportedActionError,
    Update,
    UpdateField,
    ValidationFailedError,
    handles,
)

STATUS_CHANGES = frozenset(
    {TaskAction.START, TaskAction.SUSPEND, TaskAction.RESUME, TaskAction.COMPLETE, TaskAction.SKIP}
)
UPDATES = frozenset({UpdateField.TITLE, UpdateField.DESCRIPTION, UpdateField.DUE_AT})


class EpilotConnector(EpilotSource):
    """The vendor has no version and no etag: of two writes the later one counts."""

    def refusal_of(self, task: Task, action: TaskAction, actor: Identity | None) -> RejectedError | None:
        """The status of a disabled task cannot be changed; v1 has no operation to run a step again."""
        if action in STATUS_CHANGES and mapping.is_enabled(task) is False:
            return ConflictError("the task is disabled in epilot: its status cannot be changed")
        if action is TaskAction.RETRY and task_id(task.native_id).flow.generation is Generation.V1:
            return UnsupportedActionError("workflows of this generation cannot run a step again")
        return super().refusal_of(task, action, actor)

    @handles(
        Claim, support=Support.EMULATED, atomic=False, note="writes the list of assignees, then reads who is in it"
    )
    async def claim(self, command: Claim) -> Outcome:
        """Whoever writes last has the task: the reading tells whether that was somebody else."""
        actor = self._actor(command)
        if any(user.native_id != actor for user in command.task.assignees):
            raise AlreadyAssignedError("somebody else is assigned")
        await self._change(command, Change(assigned_to=(actor,)))
        native_id = command.task.native_id
        found = (await self.get_tasks([native_id])).get(native_id)
        match found:
            case Task() if [user.native_id for user in found.assignees] == [actor]:
                return Outcome(task=found)
            case ConnectorError() as error:
                error.maybe_applied = True
                raise error
            case Task():
                raise AlreadyAssignedError("somebody else was assigned at the same time")
            case None:
                raise ConflictError("the task has gone")

    @handles(Release, note="takes the person out of the list; others in it stay")
    async def release(self, command: Release) -> Outcome:
        kept = options.assignees_without(command.task, self._actor(command))
        return await self._change(command, Change(assigned_to=kept))

    @handles(Unassign, note="empties the list of assignees")
    async def unassign(self, command: Unassign) -> Outcome:
        return await self._change(command, Change(assigned_to=()))

    @handles(Assign, note="to a user, replacing the list; option `add`: beside the others; groups cannot own tasks")
    async def assign(self, command: Assign) -> Outcome:
        if command.group_id is not None:
            raise ValidationFailedError("epilot assigns tasks to people only", field=("groupId",))
        if not command.user_id:
            raise ValidationFailedError("names no user to assign to", field=("userId",))
        add = options.options_of(command.options, options.AssignOptions).add
        users = options.assignees_with(command.task, command.user_id) if add else (command.user_id,)
        return await self._change(command, Change(assigned_to=users))

    @handles(Start, note="status IN_PROGRESS")
    async def start(self, command: Start) -> Outcome:
        return await self._change(command, Change(status="IN_PROGRESS"))

    @handles(Suspend, note="status ON_HOLD")
    async def suspend(self, command: Suspend) -> Outcome:
        return await self._change(command, Change(status="ON_HOLD"))

    @handles(Resume, note="status IN_PROGRESS where the record says that work had begun, else PENDING")
    async def resume(self, command: Resume) -> Outcome:
        return await self._change(command, Change(status=options.status_after_pause(command.task)))

    @handles(
        Update,
        fields=UPDATES,
        by_id=True,
        note="a due date can be set, not cleared; options `due_date` without zone, `enabled`",
    )
    async def update(self, command: Update) -> Outcome:
        return await self._change(command, options.change_of(command))

    @handles(Complete, note="outcome: the branch of a decision that waits for a person; no data, no comment")
    async def complete(self, command: Complete) -> Outcome:
        if command.data:
            raise ValidationFailedError("epilot keeps form data in journeys, not in tasks", field=("data",))
        if command.comment:
            raise ValidationFailedError("epilot keeps no comment on completion", field=("comment",))
        if command.outcome and command.task.kind not in {TaskKind.DECISION, TaskKind.UNKNOWN}:
            raise ValidationFailedError("only decisions have outcomes", field=("outcome",))
        branch = Change(status="COMPLETED", next_condition_id=command.outcome or "")
        change = branch if command.outcome else Change(status="COMPLETED")
        done = await self._change(command, change)
        if command.outcome and done.task.outcome is None:
            return Outcome(task=replace(done.task, outcome=command.outcome))
        return done

    @handles(Skip, by_id=True, note="status SKIPPED; the flow goes on")
    async def skip(self, command: Skip) -> Outcome:
        return await self._change(command, Change(status="SKIPPED"))

    @handles(Retry, note="runs the automation again, executes other tasks again; not in workflows (v1)")
    async def retry(self, command: Retry) -> Outcome:
        where = task_id(command.task.native_id)
        is_other = command.task.kind in {TaskKind.AI, TaskKind.DECISION, TaskKind.MANUAL}
        run = self.client.flows.execute_task if is_other else self.client.flows.run_automation
        return Outcome(task=self._after(command.task, *await run(where.flow.execution, where.task)))

    @handles(CancelFlowOfTask, note="closes the flow, with a reason of options.closing_reasons where it offers one")
    async def cancel_flow_of_task(self, command: CancelFlowOfTask) -> Outcome:
        flow = task_id(command.task.native_id).flow
        reasons = await self._default_reasons(flow, None)
        closed = await self._close(flow, reasons, command)
        name = f"{command.task.flow_name} ({flow.execution})" if command.task.flow_name else flow.execution
        if closed is None:
            return Outcome(task=self._canceled(command.task), effect=f"closed the flow {name} with all its open tasks")
        tasks = mapping.tasks_of(closed, self.settings, fetched_at=self.clock())
        task = tasks.pop(command.task.native_id, None)
        others = sum(each.rule == OF_ENDED_FLOW[FlowState.CANCELED].rule for each in tasks.values())
        return Outcome(
            task=self._canceled(command.task) if task is None else task,
            effect=f"closed the flow {name} and {others} other tasks that had not ended",
        )

    @handles(CancelFlow, note="status CLOSED; option `closing_reasons`: ids or titles of configured ones")
    async def cancel_flow(self, command: CancelFlow) -> FlowOutcome:
        wanted = options.options_of(command.options, options.CancelFlowOptions).closing_reasons
        flow = flow_id(command.flow.native_id)
        if wanted:
            reasons = await self._chosen_reasons(flow, command.flow.payload, wanted)
        else:
            reasons = await self._default_reasons(flow, command.flow.payload)
        closed = await self._close(flow, reasons, command)
        if closed is not None:
            return FlowOutcome(flow=self.flow(closed))
        now = self.clock()
        return FlowOutcome(
            flow=replace(
                command.flow,
                state=FlowState.CANCELED,
                rule="epilot.flow.closed",
                native_state="CLOSED",
                ended_at=now,
                current_task_ids=(),
                fetched_at=now,
                payload=None,
            )
        )

    @handles(
        StartFlow, note="on at least one business object (v2); options `purposes`, `generation`; no version, no data"
    )
    async def start_flow(self, command: StartFlow) -> FlowOutcome:
        given = options.options_of(command.options, options.StartFlowOptions)
        if command.version is not None:
            raise ValidationFailedError("epilot starts the present version only", field=("version",))
        if command.data:
            raise ValidationFailedError("a flow takes its data from its business objects", field=("data",))
        key, subjects = command.definition_key, command.subjects
        if (given.generation or self.settings.generation) is Generation.V1:
            contexts = [{"id": each.native_id, "title": each.label or "", "schema": each.type} for each in subjects]
            return FlowOutcome(
                flow=self.flow(await self.client.workflows.create(key, contexts, purposes=given.purposes))
            )
        if not subjects:
            raise ValidationFailedError("a flow needs a business object", field=("subjects",))
        started = await self.client.flows.start(key, _contexts(subjects), purposes=given.purposes)
        return FlowOutcome(flow=self.flow(started))

    @handles(
        CreateTask,
        note="within a flow, before the next task or where `previous_task_id` and `next_task_id` say; description v1 only",
    )
    async def create_task(self, command: CreateTask) -> Outcome:
        if command.flow is None:
            raise ValidationFailedError("epilot has tasks within flows only", field=("flowId",))
        if command.priority is not None:
            raise ValidationFailedError("epilot has no priorities", field=("priority",))
        if command.data:
            raise ValidationFailedError("epilot keeps form data in journeys, not in tasks", field=("data",))
        flow = flow_id(command.flow.native_id)
        given = options.options_of(command.options, options.CreateTaskOptions)
        if flow.generation is Generation.V1:
            row, raw = await self.client.workflows.create_step(flow.execution, new_task.step_body(command, given))
        else:
            if command.description:
                raise ValidationFailedError("cannot be given with a new task; update it then", field=("description",))
            previous, following = await self._place(flow, command.flow, given)
            row, raw = await self.client.flows.add_task(
                flow.execution, previous=previous, following=following, task=new_task.task_body(command, given)
            )
        around = Around(flow=flow, current=False, flow_name=command.flow.name, flow_status=command.flow.native_state)
        task = mapping.task_from_wire(row, around, self.settings, fetched_at=self.clock(), payload=raw)
        return Outcome(task=replace(task, subjects=command.flow.subjects))

    async def _change(self, command: TaskCommand, change: Change) -> Outcome:
        """One write to the task."""
        where = task_id(command.task.native_id)
        if where.flow.generation is Generation.V1:
            body = change.of_step(None if command.actor is None else command.actor.native_id)
            row, raw = await self.client.workflows.update_step(where.flow.execution, where.task, body)
        else:
            row, raw = await self.client.flows.patch_task(where.flow.execution, where.task, change.of_task())
        return Outcome(task=self._after(command.task, row, raw))

    def _after(self, before: Task, row: wire.Task, raw: Raw) -> Task:
        """The task as the answer to a write tells it, which knows nothing of the flow around."""
        around = Around(
            flow=task_id(before.native_id).flow, current=before.rule != FUTURE.rule, flow_name=before.flow_name
        )
        task = mapping.task_from_wire(row, around, self.settings, fetched_at=self.clock(), payload=raw)
        return replace(task, subjects=before.subjects)

    async def _close(
        self, flow: FlowId, reasons: Sequence[wire.Reason], command: CancelFlow | CancelFlowOfTask
    ) -> Execution | None:
        """The closed execution; None where the vendor answers nothing."""
        if flow.generation is Generation.V2:
            return await self.client.flows.close(flow.execution, reasons=reasons, description=command.reason)
        actor = None if command.actor is None else command.actor.native_id
        await self.client.workflows.close(flow.execution, reasons=reasons, description=command.reason, closed_by=actor)
        return None

    async def _default_reasons(self, flow: FlowId, payload: Raw | None) -> tuple[wire.Reason, ...]:
        """What the configuration prefers of what the flow offers; nothing is read where it prefers nothing."""
        wanted = self.settings.options.closing_reasons
        if not wanted:
            return ()
        return closing.first_offered(closing.offered(await self._known(flow, payload)), wanted)

    async def _chosen_reasons(
        self, flow: FlowId, payload: Raw | None, wanted: Sequence[str]
    ) -> tuple[wire.Reason, ...]:
        execution = await self._known(flow, payload)
        single = execution.record.single_closing_reason is True
        return closing.chosen(closing.offered(execution), wanted, single=single)

    async def _place(self, flow: FlowId, of: Flow, given: options.CreateTaskOptions) -> tuple[str, str]:
        previous = new_task.own_id(given.previous_task_id, flow)
        following = new_task.own_id(given.next_task_id, flow)
        if previous is None or following is None:
            previous, following = new_task.place(await self._known(flow, of.payload), previous, following)
        return new_task.checked(previous, following)

    async def _known(self, flow: FlowId, payload: Raw | None) -> Execution:
        """The execution as its record carries it, else read."""
        if payload is None:
            return await self.execution(flow)
        return workflow_execution(payload) if flow.generation is Generation.V1 else flow_execution(payload)

    def _canceled(self, task: Task) -> Task:
        ended = OF_ENDED_FLOW[FlowState.CANCELED]
        return replace(
            task,
            state=ended.state,
            state_reason=ended.reason,
            rule=ended.rule,
            fetched_at=self.clock(),
        )

    def _actor(self, command: TaskCommand) -> str:
        return command.require_actor().native_id


def _contexts(subjects: Sequence[SubjectRef]) -> list[dict[str, object]]:
    """One of them is the primary one, by whose data conditions are evaluated."""
    primary = next((each for each in subjects if each.is_primary), subjects[0])
    return [
        {"entity_id": each.native_id, "entity_schema": each.type, "is_primary": each is primary} for each in subjects
    ]
