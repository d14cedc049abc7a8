"""Completing by type, and in the account's own name where the vendor takes it from the assignee alone."""

from collections.abc import Mapping

from msgspec import Struct

from connectors.sdk import (
    Complete,
    ConflictError,
    ConnectorError,
    RejectedError,
    Task,
    TaskKind,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.uipath import assignment
from connectors.uipath.client import COMPLETE_PATHS, UiPathClient
from connectors.uipath.native_id import TaskId


class Completion(Struct, frozen=True, kw_only=True):
    """What is sent, checked: Form and App tasks need an action and data."""

    native: TaskId
    native_type: str
    action: str | None
    data: Mapping[str, object] | None

    @property
    def by_assignee_alone(self) -> bool:
        return self.native_type != "ExternalTask"


def completion_of(command: Complete, native: TaskId) -> Completion:
    if command.comment:
        raise ValidationFailedError("UiPath keeps no comment on completion; add a comment", field=("comment",))
    native_type, data = type_of(command.task, "complete"), command.data
    if native_type != "ExternalTask":
        if not command.outcome:
            raise ValidationFailedError("an outcome is required", field=("outcome",))
        if data is None and command.task.kind is TaskKind.FORM:
            raise ValidationFailedError("the form's data is required: it replaces what is there", field=("data",))
        data = {} if data is None else data
    return Completion(native=native, native_type=native_type, action=command.outcome, data=data)


def type_of(task: Task, verb: str) -> str:
    """The vendor's name of a type that others may act on; UnsupportedActionError for document types and unknown ones."""
    if task.native_type not in COMPLETE_PATHS:
        raise UnsupportedActionError(
            f"UiPath lets others {verb} External, Form and App tasks alone; open this one there"
        )
    return task.native_type


async def complete(client: UiPathClient, completion: Completion) -> None:
    await client.complete(completion.native, completion.native_type, action=completion.action, data=completion.data)


async def complete_as_ourselves(client: UiPathClient, completion: Completion, task: Task) -> None:
    """Take the task over, complete it, and give it back where the vendor refuses the completion."""
    user = await client.get_current_user()
    if user is None:
        raise UnsupportedActionError("no user stands behind the account, so it cannot take the task to complete it")
    ours = str(user.id)
    if task.assignee is None or task.assignee.native_id != ours:
        again = task.native_state == "Pending"
        await client.assign(assignment.to_user(ours), completion.native.task, again=again)
    try:
        await complete(client, completion)
    except RejectedError as refused:
        await _give_back(client, task, completion.native.task, ours, refused)
        raise


async def _give_back(client: UiPathClient, task: Task, native: int, ours: str, refused: RejectedError) -> None:
    owner, groups = task.assignee, task.candidate_groups or ()
    try:
        if owner is not None and owner.native_id != ours:
            await client.assign(assignment.to_user(owner.native_id), native, again=True)
        elif owner is None and task.native_state == "Unassigned":
            await client.unassign(native)
        elif owner is None and groups:
            await client.assign(assignment.to_group(groups[0].native_id, None), native, again=True)
    except ConnectorError as error:
        raise ConflictError(
            "refused the completion, and the task stays with the gateway's account: assign it again",
            native_status=refused.native_status,
            native_code=refused.native_code,
        ) from error
