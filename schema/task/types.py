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


def _detail(what: str, none: str) -> str:
    return (
        f"{what} Reads the full record from the source, for at most 20 rows of a list. Null if {none};"
        " null plus an error if loading failed."
    )


@strawberry.type(description="A piece of work for a person, in any source.")
class Task(Node):
    record: strawberry.Private[model.Task]
    is_listed: strawberry.Private[bool]

    source: Source = strawberry.field(description="Source of the task.")
    kind: TaskKind = strawberry.field(description="Kind of work.")
    title: str = strawberry.field(
        description="Title. The name of the definition where the source has no titles (LittleHorse)."
    )
    state: TaskState = strawberry.field(description="Unified state.")
    state_reason: str | None = strawberry.field(description="Reason for the state. Null if there is no more to say.")
    pending_transition: PendingTransition | None = strawberry.field(
        description="Change that is in progress in the source. Null if there is none."
    )
    is_open: bool = strawberry.field(
        description="Whether the state is READY, RESERVED, IN_PROGRESS, SUSPENDED or UNKNOWN."
    )
    is_actionable: bool = strawberry.field(
        description="Whether the task is open, its state is known and no change is in progress."
    )
    priority: TaskPriority | None = strawberry.field(description="Priority. Null if the source has no priorities.")
    priority_score: int | None = strawberry.field(
        description="Priority, usually from 0 to 100, larger is more urgent; cut to 32 bits if the source has a larger number. Null if the source has no priorities."
    )
    created_at: datetime | None = strawberry.field(description="Creation time. Null if the source does not say.")
    updated_at: datetime | None = strawberry.field(
        description="Time of the last change. Null if the source does not say."
    )
    assigned_at: datetime | None = strawberry.field(
        description="Time when the current owner got the task. Null without an owner, and if the source does not say."
    )
    started_at: datetime | None = strawberry.field(
        description="Time when work started. Null if the source does not say."
    )
    due_at: datetime | None = strawberry.field(
        description="Due time. Null if there is none. Also null if the source gives it without a time zone: then `sla.endsOn` has its text."
    )
    follow_up_at: datetime | None = strawberry.field(description="Follow-up time. Null if there is none.")
    completed_at: datetime | None = strawberry.field(
        description="Time when the task was closed. Null while it is open, and if the source does not say."
    )
    is_overdue: bool | None = strawberry.field(
        description="Whether the task is open and its due time has passed. Null if the due time has no time zone."
    )
    is_escalated: bool | None = strawberry.field(
        description="Whether the task is escalated. Null if the source has no escalation."
    )
    sla: TaskSla | None = strawberry.field(
        description="Service level, in the source's own words and times. Null if the source has none."
    )
    definition: TaskDefinition | None = strawberry.field(
        description="What the source creates such tasks from: a step of a process model, a task catalogue or a step of a workflow. Its name may be the name of the step, or of the whole process or workflow. Null if unknown."
    )
    subjects: list[SubjectRef] | None = strawberry.field(
        description="Business objects that the task is about, as far as the row has them. Null if the source does not know subjects."
    )
    business_key: str | None = strawberry.field(description="Business key. Null if there is none.")
    outcome: str | None = strawberry.field(description="Code of the outcome. Null until completed, and if unknown.")
    tags: list[Tag] | None = strawberry.field(
        description="Tags, as far as the row has them. Null if the source or the row has no tags."
    )
    url: str | None = strawberry.field(description="Page of the task, for people. Null if there is none.")
    native: NativeRecord = strawberry.field(description="The task as the vendor names and records it.")
    fetched_at: datetime = strawberry.field(description="Time when this row was read from the source.")

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

    @resolved(description="Hash of everything that a write can change, for `expectedVersion`. Null if unknown.")
    def version(self) -> str | None:
        return self.record.version

    @resolved(
        graphql_type=str | None,
        description="Description. Null if there is none. In lists also null if the row does not have it.",
    )
    async def description(self, info: Info) -> str | ConnectorError | None:
        if self.record.description is not None or self.is_listed:
            return self.record.description
        return (await relations.descriptions_of([self.record], info.context))[0]

    @resolved(description="Actual owner, the first of `assignees`. Null if there is none.")
    def assignee(self, info: Info) -> User | None:
        return relations.assignee_of([self.record], info.context)[0]

    @resolved(description="All actual owners, as far as the row has them. Empty if there is none.")
    def assignees(self, info: Info) -> list[User]:
        return relations.assignees_of([self.record], info.context)[0]

    @resolved(
        description="Users who may claim the task, as far as the row has them. Empty if none are named; `permits` tells whether the viewer may claim the task nevertheless. Null if the source or the row does not say."
    )
    def candidate_users(self, info: Info) -> list[User] | None:
        return relations.candidate_users_of([self.record], info.context)[0]

    @resolved(
        description="Groups whose members may claim the task, as far as the row has them. Empty if none are named; `permits` tells whether the viewer may claim the task nevertheless. Null if the source or the row does not say."
    )
    def candidate_groups(self, info: Info) -> list[Group] | None:
        return relations.candidate_groups_of([self.record], info.context)[0]

    @resolved(
        graphql_type=User | None,
        description=(
            "User who completed the task; outside lists also read from its history. Null until completed, and if the source does not say."
        ),
    )
    async def completed_by(self, info: Info) -> User | ConnectorError | None:
        (known,) = relations.completed_by_of([self.record], info.context)
        if known is not None or self.is_listed or self.state is not TaskState.COMPLETED:
            return known
        return (await relations.completed_by_in_history_of([self.record], info.context))[0]

    @resolved(description="Flow of the task. Null if there is none. Free if only `id` and `name` are selected.")
    def flow(self, info: Info) -> Flow | None:
        return relations.flows_of([self.record], info.context)[0]

    @resolved(
        graphql_type=TaskForm | None,
        description=_detail("Form to complete the task.", "the source has no forms"),
    )
    async def form(self, info: Info) -> TaskForm | ConnectorError | None:
        return (await relations.forms_of([self.record], info.context))[0]

    @resolved(
        graphql_type=list[TaskOutcome] | None,
        description=_detail("Outcomes to choose from.", "the source has no outcomes"),
    )
    async def outcomes(self, info: Info) -> list[TaskOutcome] | ConnectorError | None:
        return (await relations.outcomes_of([self.record], info.context))[0]

    @resolved(graphql_type=JSON | None, description=_detail("Data of the task so far.", "there is none"))
    async def data(
        self,
        info: Info,
        names: Annotated[
            list[str] | None,
            strawberry.argument(description="Return only these members of a JSON object. Null or absent means all."),
        ] = strawberry.UNSET,
    ) -> object:
        return (await relations.data_of([self.record], info.context, given(names)))[0]

    @resolved(
        graphql_type=list[PreviousStep] | None,
        description=_detail("Earlier steps of the flow that the source shows, oldest first.", "it shows none"),
    )
    async def previous_steps(self, info: Info) -> list[PreviousStep] | ConnectorError | None:
        return (await relations.previous_steps_of([self.record], info.context))[0]

    @resolved(
        graphql_type=CommentConnection | None,
        description=_detail("Comments, oldest first; 20 if no page size is given.", "the source has no comments"),
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
        description=_detail("History, oldest first; 50 if no page size is given.", "the source has no history"),
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
        description="Newest write to this task through this gateway. Null if there was none in the last 24 hours.",
    )
    async def last_write(self, info: Info) -> TaskWrite | None:
        found = await info.context.federation.last_write(self.record.ref)
        return None if found is None else TaskWrite.from_record(found, info.context)

    @resolved(description="Whether the viewer may do each action on a task now, and the reason if not.")
    def permitted_actions(self, info: Info) -> list[PermittedAction]:
        context = info.context
        return [PermittedAction.from_verdict(one) for one in context.federation.verdicts(context.caller, self.record)]

    @resolved(description="Whether the viewer may do one action now.")
    def permits(
        self, info: Info, action: Annotated[TaskAction, strawberry.argument(description="The action.")]
    ) -> PermittedAction:
        context = info.context
        (verdict,) = context.federation.verdicts(context.caller, self.record, (action,))
        return PermittedAction.from_verdict(verdict)


@present.register
def present_task(task: model.Task, context: Context) -> Task:
    """The task as a row of a list."""
    return Task.from_model(task, context, is_listed=True)
