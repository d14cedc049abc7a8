"""Giving a task to a person or a group, by the account: the bridge's assign, which is also its release."""

from connectors.littlehorse import after_write, mapping
from connectors.littlehorse.client import LittlehorseClient, Side
from connectors.littlehorse.details import Details
from connectors.littlehorse.ids import TaskId
from connectors.littlehorse.options import assign_options
from connectors.littlehorse.people import Directory, unlisted_group
from connectors.littlehorse.settings import LittlehorseSettings
from connectors.sdk import (
    AlreadyAssignedError,
    Assign,
    Clock,
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    Outcome,
    RejectedError,
    Task,
    TaskAction,
    UnavailableError,
    UnsupportedActionError,
    UserRef,
    ValidationFailedError,
)


class Assignments:
    """`admin` is None without an admin account: then nothing can be assigned."""

    def __init__(
        self,
        client: LittlehorseClient,
        settings: LittlehorseSettings,
        directory: Directory,
        details: Details,
        *,
        admin: Side | None,
        clock: Clock,
    ) -> None:
        self._client = client
        self._settings = settings
        self._directory = directory
        self._details = details
        self._admin = admin
        self._clock = clock

    def refusal_of(self, task: Task, action: TaskAction) -> RejectedError | None:
        """For a task whose group the directory is known not to have: the account can name it in no assignment."""
        group = _group(task)
        by_account = {TaskAction.RELEASE, TaskAction.UNASSIGN}
        if self._settings.acts_as == "service":
            by_account.add(TaskAction.CLAIM)
        if group is None or action not in by_account or self._admin is None:
            return None
        if not self._settings.options.identity_adapter:
            return None
        told = mapping.lists_group(task.payload)
        is_listed = self._directory.knows_group(group) if told is None else told
        return unlisted_group(group) if is_listed is False else None

    async def claim(self, task: Task, person: UserRef) -> Outcome:
        """Within the task's group."""
        try:
            return await self._give(task, user=person, group=_group(task))
        except ValidationFailedError as error:
            raise ForbiddenError(
                "the bridge gives this task to users that it knows, and to members of its group only",
                native_status=error.native_status,
            ) from error

    async def back_to_group(self, task: Task) -> Outcome:
        return await self._give(task, user=None, group=_group(task))

    async def assign(self, command: Assign) -> Outcome:
        options = assign_options(command)
        if command.task.assignees and not command.override:
            raise AlreadyAssignedError("the task has an owner; give `override` to replace the owner")
        if command.user_id is None:
            return await self._give(command.task, user=None, group=command.group_id, named_by=("groupId",))
        user, named_by = UserRef(native_id=command.user_id), ("options", "userGroup") if options.user_group else ()
        group = options.user_group or (_group(command.task) if command.keep_group else None)
        try:
            return await self._give(command.task, user=user, group=group, named_by=named_by)
        except ValidationFailedError as error:
            if error.native_status is None or error.field != ("groupId",):
                raise
            # Both were found in the directory before.
            raise ValidationFailedError(
                f"the user is not a member of the group {group!r}"
                + ("" if options.user_group else ", which the task keeps unless keepGroup is false"),
                field=("userId",),
                native_status=error.native_status,
            ) from error

    async def _give(
        self, task: Task, *, user: UserRef | None, group: str | None, named_by: tuple[str, ...] = ()
    ) -> Outcome:
        """None clears the user or the group. `named_by`: the field that named the group; empty for the task's own."""
        if self._admin is None:
            raise UnsupportedActionError("assigning needs an account with the role lh-user-tasks-admin")
        task_id = TaskId.parse(task.native_id)
        user_key = "" if user is None else await self._directory.user_key(user.native_id)
        group_key = "" if group is None else await self._directory.group_key(group, field=named_by)
        try:
            await self._client.assign(self._admin, task_id, user_id=user_key, group_id=group_key)
        except UnavailableError as error:
            if error.native_status == 500 and await self._is_gone(task):
                raise NotFoundError("no such task", native_status=500) from error
            raise
        return Outcome(task=after_write.assigned(task, user, group, fetched_at=self._clock()))

    async def _is_gone(self, task: Task) -> bool:
        """Whether the bridge says that there is no such task. Its answer to an assignment does not tell."""
        try:
            await self._details.record(task.native_id)
        except NotFoundError:
            return True
        except ConnectorError:
            return False
        return False


def _group(task: Task) -> str | None:
    return task.candidate_groups[0].native_id if task.candidate_groups else None
