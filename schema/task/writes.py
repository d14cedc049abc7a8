"""What a write to a task takes."""

from datetime import datetime

import strawberry

from connectors.sdk.commands import CancelStrategy
from connectors.sdk.model import TaskPriority
from schema.core.scalars import JSON

IDEMPOTENCY_KEY = "Made by the client: sent again with the same arguments, it gets the same answer and no second write."
CLIENT_MUTATION_ID = "Comes back unchanged in the payload."
VENDOR_OPTIONS = "An object of the source's own options, by the names that its page lists; unknown ones are refused."


@strawberry.input
class _TaskWrite:
    task_id: strawberry.ID = strawberry.field(description="Global id of a Task.")
    expected_version: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="`version` of the task as the person saw it: VERSION_CONFLICT if it changed. Null: not checked.",
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)
    client_mutation_id: str | None = strawberry.field(default=strawberry.UNSET, description=CLIENT_MUTATION_ID)


@strawberry.input(description="A task to claim.")
class ClaimTaskInput(_TaskWrite):
    pass


@strawberry.input(description="A task to do something to.")
class TaskActionInput(_TaskWrite):
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, for the source's history where it keeps such."
    )


@strawberry.input(description="A task, and exactly one of a person and a group to give it to.")
class AssignTaskInput(_TaskWrite):
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of a User; exactly one of `userId` and `groupId`."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of a Group of the same source."
    )
    override: bool | None = strawberry.field(
        default=False, description="Whether to take it from a present owner; needs the authority to."
    )
    keep_group: bool | None = strawberry.field(
        default=True, description="Whether the task keeps its candidate groups when a person gets it."
    )
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, for the source's history where it keeps such."
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.input(description="A mark on a task.")
class TagInput:
    name: str = strawberry.field(description="The mark.")
    value: str | None = strawberry.field(default=strawberry.UNSET, description="Its value; null for none.")


@strawberry.input(description="A task, and what to change of it. What is null or absent stays as it is.")
class UpdateTaskInput(_TaskWrite):
    title: str | None = strawberry.field(default=strawberry.UNSET, description="What it is called.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="What is to be done.")
    due_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When it is due.")
    follow_up_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When to look again.")
    priority: TaskPriority | None = strawberry.field(default=strawberry.UNSET, description="How urgent it is.")
    candidate_user_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Global ids of Users: all who may take it; an empty list for nobody."
    )
    candidate_group_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="Global ids of Groups: all that may take it; an empty list for none."
    )
    tags: list[TagInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All its tags, in a write without anything else; an empty list for none."
    )
    clear: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="What shall have no value any more: description, dueAt, followUpAt, priority, candidateUserIds, candidateGroupIds.",
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)


@strawberry.input(description="A task, and form data to keep.")
class SaveTaskDraftInput(_TaskWrite):
    data: JSON = strawberry.field(description="An object, keyed by the form fields' keys.")


@strawberry.input(description="A task, and something to say about it.")
class AddTaskCommentInput:
    task_id: strawberry.ID = strawberry.field(description="Global id of a Task.")
    text: str = strawberry.field(description="What to say; the source may limit its length.")
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)
    client_mutation_id: str | None = strawberry.field(default=strawberry.UNSET, description=CLIENT_MUTATION_ID)


@strawberry.input(description="A task to make.")
class CreateTaskInput:
    source_id: strawberry.ID = strawberry.field(description="Global id of the Source that shall have it.")
    title: str = strawberry.field(description="What it is called.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is to be done; null for none."
    )
    priority: TaskPriority | None = strawberry.field(
        default=strawberry.UNSET, description="How urgent it is; null for the source's own."
    )
    data: JSON | None = strawberry.field(default=strawberry.UNSET, description="An object to work on; null for none.")
    flow_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of the Flow that it shall belong to; null for none."
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)
    client_mutation_id: str | None = strawberry.field(default=strawberry.UNSET, description=CLIENT_MUTATION_ID)


@strawberry.input(description="A task to complete, and how.")
class CompleteTaskInput(_TaskWrite):
    outcome: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code of one of the task's `outcomes`; null where it has none."
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="An object, keyed by the form fields' keys; null for none."
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET, description="For the source's history; the outcome says whether it can, or must."
    )
    claim_if_needed: bool | None = strawberry.field(
        default=False, description="Whether to claim the task first if nobody owns it."
    )


@strawberry.input(description="A task to end without completing it.")
class CancelTaskInput(_TaskWrite):
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, for the source's history where it keeps such."
    )
    allow: list[CancelStrategy] | None = strawberry.field(
        default_factory=lambda: [CancelStrategy.NATIVE],
        description="The ways that may be used, tried in the order of CancelStrategy; null means NATIVE only.",
    )
