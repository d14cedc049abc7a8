"""A task as the graph shows it: plain attributes computed once a row, relations by batch functions."""

from datetime import datetime
from typing import Annotated

import strawberry

import schema.core.payload  # noqa: F401 describes MutationStatus
from connectors.sdk import model
from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import ConnectorError
from connectors.sdk.query import overdue
from schema.core.arguments import given
from schema.core.context import Context
from schema.core.errors import UserError
from schema.core.permission import PermittedAction
from schema.core.relay import Node, global_id
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.core.subject import NativeRecord, SubjectRef, subjects_from_model
from schema.flow.types import Flow
from schema.people.types import Group, User
from schema.ports import Operation
from schema.source.types import Source
from schema.task import relations as batches
from schema.task.details import PreviousStep, Tag, TaskForm, TaskOutcome, TaskSla
from schema.task.history import ActivityConnection, After, Before, CommentConnection, First, Last

Info = strawberry.Info[Context, None]

_DETAIL = (
    "Costs the source's full record; served for at most 20 rows of a list. Null with an error if it cannot be loaded"
)


@strawberry.type(description="A definition of tasks, as deployed.")
class TaskDefinition(Node):
    key: str = strawberry.field(description="The same over all versions. Never null.")
    name: str | None = strawberry.field(description="Name for people; null where the source has none.")
    version: str | None = strawberry.field(description="The source's version; null where it has none.")

    @classmethod
    def from_model(cls, definition: model.Definition, source: str) -> "TaskDefinition":
        return cls(
            id=global_id("TaskDefinition", source, definition.native_id),
            key=definition.key,
            name=definition.name,
            version=definition.version,
        )


@strawberry.type(description="A write to a task through this gateway.")
class TaskWrite:
    action: TaskAction = strawberry.field(description="What was to be done. Never null.")
    status: MutationStatus = strawberry.field(description="What is known of it. Never null.")
    at: datetime = strawberry.field(description="When it came. Never null.")
    actor: User | None = strawberry.field(description="Who asked for it; null for somebody no longer configured.")
    error: UserError | None = strawberry.field(description="What was in the way; null if nothing was.")

    @classmethod
    def from_record(cls, record: Operation, context: Context) -> "TaskWrite":
        person = context.federation.person(record.person)
        return cls(
            action=record.action,
            status=record.status,
            at=record.requested_at,
            actor=None if person is None else User.from_caller(person),
            error=UserError.from_problem(record.problems[0]) if record.problems else None,
        )


@strawberry.type(description="One piece of work for people, in whatever system it lives.")
class Task(Node):
    record: strawberry.Private[model.Task]
    is_listed: strawberry.Private[bool]

    source: Source = strawberry.field(description="Where the task lives. Never null.")
    kind: model.TaskKind = strawberry.field(description="How a person works on it. Never null.")
    title: str = strawberry.field(description="What it is called. Never null.")
    state: model.TaskState = strawberry.field(description="Unified state. Never null.")
    state_reason: str | None = strawberry.field(
        description="Why it is in that state; null unless there is more to say."
    )
    pending_transition: model.PendingTransition | None = strawberry.field(
        description="What is under way; null if nothing is."
    )
    is_open: bool = strawberry.field(description="READY, RESERVED, IN_PROGRESS, SUSPENDED or UNKNOWN. Never null.")
    is_actionable: bool = strawberry.field(description="Open, of a known state and not in transition. Never null.")
    priority: model.TaskPriority | None = strawberry.field(description="Null where the source has no priorities.")
    priority_score: int | None = strawberry.field(
        description="0 to 100, larger is more urgent; null where the source has no priorities."
    )
    created_at: datetime | None = strawberry.field(description="Null where the source does not say.")
    updated_at: datetime | None = strawberry.field(description="Last change; null where the source does not say.")
    assigned_at: datetime | None = strawberry.field(
        description="When the present owner got it; null without one, and where the source does not say."
    )
    started_at: datetime | None = strawberry.field(description="Begin of work; null where the source does not say.")
    due_at: datetime | None = strawberry.field(
        description="Null without a due time, and where the source's has no zone: then `sla.endsOn` holds its text."
    )
    follow_up_at: datetime | None = strawberry.field(description="When to look again; null if never.")
    completed_at: datetime | None = strawberry.field(
        description="Null until closed, and where the source does not say."
    )
    is_overdue: bool | None = strawberry.field(
        description="Open and due before now. Null if that cannot be told: the due time has no zone."
    )
    is_escalated: bool | None = strawberry.field(description="Null where the source has no escalation.")
    sla: TaskSla | None = strawberry.field(description="Service level; null where the source has none.")
    definition: TaskDefinition | None = strawberry.field(description="What it was made by; null where not known.")
    subjects: list[SubjectRef] | None = strawberry.field(
        description="What it is about, at most what the row holds; null where the source has no such thing."
    )
    business_key: str | None = strawberry.field(description="The business's own reference; null where there is none.")
    outcome: str | None = strawberry.field(description="Code of the outcome; null until completed, or where unknown.")
    tags: list[Tag] | None = strawberry.field(
        description="Marks, at most what the row holds; null where the source has no such thing, or the row not."
    )
    url: str | None = strawberry.field(description="Where a person can open it; null if there is no such page.")
    native: NativeRecord = strawberry.field(description="The task in the vendor's own words. Never null.")
    fetched_at: datetime = strawberry.field(description="When the source was asked for this row. Never null.")

    @classmethod
    def from_model(cls, task: model.Task, context: Context, *, is_listed: bool = False) -> "Task":
        """`is_listed`: a row of a list, which is trusted as it is and never loads its description."""
        is_open = task.is_open
        return cls(
            record=task,
            is_listed=is_listed,
            id=global_id("Task", task.source, task.native_id),
            source=context.sources[task.source],
            kind=task.kind,
            title=task.title,
            state=task.state,
            state_reason=task.state_reason,
            pending_transition=task.pending_transition,
            is_open=is_open,
            is_actionable=is_open and task.state is not model.TaskState.UNKNOWN and task.pending_transition is None,
            priority=task.priority,
            priority_score=task.priority_score,
            created_at=task.created_at,
            updated_at=task.updated_at,
            assigned_at=task.assigned_at,
            started_at=task.started_at,
            due_at=task.due_at,
            follow_up_at=task.follow_up_at,
            completed_at=task.completed_at,
            is_overdue=overdue(task, context.now),
            is_escalated=task.is_escalated,
            sla=None if task.sla is None else TaskSla.from_model(task.sla),
            definition=None if task.definition is None else TaskDefinition.from_model(task.definition, task.source),
            subjects=subjects_from_model(task.subjects),
            business_key=task.business_key,
            outcome=task.outcome,
            tags=None if task.tags is None else [Tag.from_model(tag) for tag in task.tags],
            url=task.url,
            native=NativeRecord(
                native_id=task.native_id,
                type=task.native_type,
                state=task.native_state,
                rule=task.rule,
                is_shown=context.caller.is_task_admin,
                record=task.payload,
            ),
            fetched_at=task.fetched_at,
        )

    @resolved(
        description="Hash of what a write can change, for `expectedVersion`; equal while that is equal. Null if unknown."
    )
    def version(self) -> str | None:
        return self.record.version

    @resolved(
        graphql_type=str | None,
        description="What is to be done. Null where there is none; in lists also where the row does not carry it.",
    )
    async def description(self, info: Info) -> str | ConnectorError | None:
        if self.record.description is not None or self.is_listed:
            return self.record.description
        return (await batches.descriptions_of([self.record], info.context))[0]

    @resolved(description="The actual owner, the first of `assignees`; null without one.")
    def assignee(self, info: Info) -> User | None:
        return batches.assignee_of([self.record], info.context)[0]

    @resolved(description="All actual owners, at most what the row holds; empty without any.")
    def assignees(self, info: Info) -> list[User]:
        return batches.assignees_of([self.record], info.context)[0]

    @resolved(
        description="People who may take it, at most what the row holds; null where the source has no such thing."
    )
    def candidate_users(self, info: Info) -> list[User] | None:
        return batches.candidate_users_of([self.record], info.context)[0]

    @resolved(
        description="Groups whose members may take it, at most what the row holds; null where the source has no such thing."
    )
    def candidate_groups(self, info: Info) -> list[Group] | None:
        return batches.candidate_groups_of([self.record], info.context)[0]

    @resolved(
        graphql_type=User | None,
        description=(
            "Who completed it, in lists as far as the row says, else also by its history. Null until then, and where "
            "the source does not say."
        ),
    )
    async def completed_by(self, info: Info) -> User | ConnectorError | None:
        (known,) = batches.completed_by_of([self.record], info.context)
        if known is not None or self.is_listed or self.state is not model.TaskState.COMPLETED:
            return known
        return (await batches.completed_by_in_history_of([self.record], info.context))[0]

    @resolved(description="The flow that it belongs to; null where it belongs to none. Free for id and name.")
    def flow(self, info: Info) -> Flow | None:
        return batches.flows_of([self.record], info.context)[0]

    @resolved(graphql_type=TaskForm | None, description=f"The form to fill. {_DETAIL}, or if the source has no forms.")
    async def form(self, info: Info) -> TaskForm | ConnectorError | None:
        return (await batches.forms_of([self.record], info.context))[0]

    @resolved(
        graphql_type=list[TaskOutcome] | None,
        description=f"Ways to complete it, all of them. {_DETAIL}, or if the source has no outcomes.",
    )
    async def outcomes(self, info: Info) -> list[TaskOutcome] | ConnectorError | None:
        return (await batches.outcomes_of([self.record], info.context))[0]

    @resolved(graphql_type=JSON | None, description=f"What was captured so far. {_DETAIL}, or if there is none.")
    async def data(
        self,
        info: Info,
        names: Annotated[
            list[str] | None,
            strawberry.argument(description="Only these members, where they exist; null or absent means all."),
        ] = strawberry.UNSET,
    ) -> object:
        return (await batches.data_of([self.record], info.context, given(names)))[0]

    @resolved(
        graphql_type=list[PreviousStep] | None,
        description=f"Earlier steps of its flow, oldest first, all that the source shows. {_DETAIL}, or if it shows none.",
    )
    async def previous_steps(self, info: Info) -> list[PreviousStep] | ConnectorError | None:
        return (await batches.previous_steps_of([self.record], info.context))[0]

    @resolved(
        graphql_type=CommentConnection | None,
        description=f"What people said, oldest first, 20 if no size is given. {_DETAIL}, or if it has no comments.",
    )
    async def comments(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> CommentConnection | ConnectorError | None:
        found = (await batches.comments_of([self.record], info.context))[0]
        if not isinstance(found, tuple):
            return found
        page = {"first": given(first), "after": given(after), "last": given(last), "before": given(before)}
        return CommentConnection.of(found, self.record, info.context, **page)

    @resolved(
        graphql_type=ActivityConnection | None,
        description=f"What happened, oldest first, 50 if no size is given. {_DETAIL}, or if it keeps no history.",
    )
    async def activities(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> ActivityConnection | ConnectorError | None:
        found = (await batches.activities_of([self.record], info.context))[0]
        if not isinstance(found, tuple):
            return found
        page = {"first": given(first), "after": given(after), "last": given(last), "before": given(before)}
        return ActivityConnection.of(found, self.record, info.context, **page)

    @resolved(
        graphql_type=TaskWrite | None,
        description="The newest write through this gateway and what became of it; null if none in 24 hours.",
    )
    async def last_write(self, info: Info) -> TaskWrite | None:
        found = await info.context.federation.last_write(self.record.ref)
        return None if found is None else TaskWrite.from_record(found, info.context)

    @resolved(description="What the viewer may do now, and why not the rest; one entry for each action on a task.")
    def permitted_actions(self, info: Info) -> list[PermittedAction]:
        context = info.context
        return [PermittedAction.from_verdict(one) for one in context.federation.verdicts(context.caller, self.record)]

    @resolved(description="Whether the viewer may do one thing now. Never null.")
    def permits(
        self, info: Info, action: Annotated[TaskAction, strawberry.argument(description="What.")]
    ) -> PermittedAction:
        context = info.context
        (verdict,) = context.federation.verdicts(context.caller, self.record, (action,))
        return PermittedAction.from_verdict(verdict)
