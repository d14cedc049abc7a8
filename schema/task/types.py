"""Task: plain attributes computed once per row, relations by the batch functions of relations.py."""

from datetime import datetime
from typing import Annotated

import strawberry

from connectors.sdk import model
from connectors.sdk.errors import ConnectorError
from connectors.sdk.query import overdue
from schema.core.arguments import given
from schema.core.context import Context
from schema.core.enums import PendingTransition, TaskAction, TaskKind, TaskPriority, TaskState
from schema.core.pagination import After, Before, First, Last
from schema.core.presenters import present
from schema.core.relay import Node, global_id
from schema.core.resolver import resolved
from schema.core.scalars import JSON
from schema.core.subject import NativeRecord, SubjectRef, subjects_from_model
from schema.flow import Flow
from schema.people import Group, User
from schema.source import Source
from schema.task import relations
from schema.task.definitions import TaskDefinition
from schema.task.details import PreviousStep, Tag, TaskForm, TaskOutcome, TaskSla
from schema.task.history import ActivityConnection, CommentConnection, TaskWrite
from schema.task.permitted_actions import PermittedAction

Info = strawberry.Info[Context, None]

_DETAIL = (
    "Costs the source's full record; served for at most 20 rows of a list. Null with an error if it cannot be loaded"
)


@strawberry.type(description="One piece of work for people, in whatever system it lives.")
class Task(Node):
    record: strawberry.Private[model.Task]
    is_listed: strawberry.Private[bool]

    source: Source = strawberry.field(description="Where the task lives. Never null.")
    kind: TaskKind = strawberry.field(description="How a person works on it. Never null.")
    title: str = strawberry.field(description="What it is called. Never null.")
    state: TaskState = strawberry.field(description="Unified state. Never null.")
    state_reason: str | None = strawberry.field(
        description="Why it is in that state; null unless there is more to say."
    )
    pending_transition: PendingTransition | None = strawberry.field(
        description="What is under way; null if nothing is."
    )
    is_open: bool = strawberry.field(description="READY, RESERVED, IN_PROGRESS, SUSPENDED or UNKNOWN. Never null.")
    is_actionable: bool = strawberry.field(description="Open, of a known state and not in transition. Never null.")
    priority: TaskPriority | None = strawberry.field(description="Null where the source has no priorities.")
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
        """`is_listed`: a row of a list. It never loads its description or `completedBy`."""
        is_open = task.is_open
        return cls(
            record=task,
            is_listed=is_listed,
            id=global_id("Task", task.source, task.native_id),
            source=Source.of(task.source, context),
            kind=task.kind,
            title=task.title,
            state=task.state,
            state_reason=task.state_reason,
            pending_transition=task.pending_transition,
            is_open=is_open,
            is_actionable=is_open and task.state is not TaskState.UNKNOWN and task.pending_transition is None,
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
        return (await relations.descriptions_of([self.record], info.context))[0]

    @resolved(description="The actual owner, the first of `assignees`; null without one.")
    def assignee(self, info: Info) -> User | None:
        return relations.assignee_of([self.record], info.context)[0]

    @resolved(description="All actual owners, at most what the row holds; empty without any.")
    def assignees(self, info: Info) -> list[User]:
        return relations.assignees_of([self.record], info.context)[0]

    @resolved(
        description="People who may take it, at most what the row holds; null where the source has no such thing."
    )
    def candidate_users(self, info: Info) -> list[User] | None:
        return relations.candidate_users_of([self.record], info.context)[0]

    @resolved(
        description="Groups whose members may take it, at most what the row holds; null where the source has no such thing."
    )
    def candidate_groups(self, info: Info) -> list[Group] | None:
        return relations.candidate_groups_of([self.record], info.context)[0]

    @resolved(
        graphql_type=User | None,
        description=(
            "Who completed it, in lists as far as the row says, else also by its history. Null until then, and where "
            "the source does not say."
        ),
    )
    async def completed_by(self, info: Info) -> User | ConnectorError | None:
        (known,) = relations.completed_by_of([self.record], info.context)
        if known is not None or self.is_listed or self.state is not TaskState.COMPLETED:
            return known
        return (await relations.completed_by_in_history_of([self.record], info.context))[0]

    @resolved(description="The flow that it belongs to; null where it belongs to none. Free for id and name.")
    def flow(self, info: Info) -> Flow | None:
        return relations.flows_of([self.record], info.context)[0]

    @resolved(graphql_type=TaskForm | None, description=f"The form to fill. {_DETAIL}, or if the source has no forms.")
    async def form(self, info: Info) -> TaskForm | ConnectorError | None:
        return (await relations.forms_of([self.record], info.context))[0]

    @resolved(
        graphql_type=list[TaskOutcome] | None,
        description=f"Ways to complete it, all of them. {_DETAIL}, or if the source has no outcomes.",
    )
    async def outcomes(self, info: Info) -> list[TaskOutcome] | ConnectorError | None:
        return (await relations.outcomes_of([self.record], info.context))[0]

    @resolved(graphql_type=JSON | None, description=f"What was captured so far. {_DETAIL}, or if there is none.")
    async def data(
        self,
        info: Info,
        names: Annotated[
            list[str] | None,
            strawberry.argument(description="Only these members, where they exist; null or absent means all."),
        ] = strawberry.UNSET,
    ) -> object:
        return (await relations.data_of([self.record], info.context, given(names)))[0]

    @resolved(
        graphql_type=list[PreviousStep] | None,
        description=f"Earlier steps of its flow, oldest first, all that the source shows. {_DETAIL}, or if it shows none.",
    )
    async def previous_steps(self, info: Info) -> list[PreviousStep] | ConnectorError | None:
        return (await relations.previous_steps_of([self.record], info.context))[0]

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
        found = (await relations.comments_of([self.record], info.context))[0]
        if not isinstance(found, tuple):
            return found
        return CommentConnection.from_comments(
            found, self.record.ref, info.context, first=first, after=after, last=last, before=before
        )

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
        found = (await relations.activities_of([self.record], info.context))[0]
        if not isinstance(found, tuple):
            return found
        return ActivityConnection.from_activities(
            found, self.record.source, info.context, first=first, after=after, last=last, before=before
        )

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


@present.register
def present_task(task: model.Task, context: Context) -> Task:
    """The task as a row of a list."""
    return Task.from_model(task, context, is_listed=True)
