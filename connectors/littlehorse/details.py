"""Single tasks: the record, and what a detail shows of it. Comments and activities come from the bridge's events."""

from collections import OrderedDict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from msgspec import Raw

from connectors.littlehorse import wire
from connectors.littlehorse.client import ADMIN, LittlehorseClient, Side
from connectors.littlehorse.forms import data_of, form_of, outcomes_of
from connectors.littlehorse.ids import TaskId
from connectors.littlehorse.mapping import kernel_id, task_from_wire
from connectors.littlehorse.paging import TaskLists
from connectors.littlehorse.people import Directory
from connectors.littlehorse.settings import LittlehorseSettings, UserIdClaim
from connectors.sdk import (
    Activity,
    ActivityType,
    AlreadyAssignedError,
    Comment,
    Decoded,
    DetailAspect,
    DetailParts,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    Task,
    TaskAction,
    TaskDetail,
    UnavailableError,
    UnsupportedActionError,
    UserRef,
    readable_rows,
    readable_task,
    time_from_wire,
)

EVENT_TYPES = {
    "TASK_CANCELLED": ActivityType.CANCELED,
    "TASK_COMPLETED": ActivityType.COMPLETED,
    "COMMENT_ADDED": ActivityType.COMMENTED,
    "COMMENT_EDITED": ActivityType.COMMENT_EDITED,
    "COMMENT_DELETED": ActivityType.COMMENT_DELETED,
}

# Which of several events of the same millisecond comes first: the bridge sends them in no order.
_FIRST_TO_LAST = {
    kind: place
    for place, kinds in enumerate(
        (
            (ActivityType.ASSIGNED, ActivityType.REASSIGNED, ActivityType.UNASSIGNED, ActivityType.FORWARDED),
            (ActivityType.COMMENTED,),
            (ActivityType.COMMENT_EDITED,),
            (ActivityType.COMMENT_DELETED,),
            (ActivityType.COMPLETED, ActivityType.CANCELED),
        )
    )
    for kind in kinds
}

WITHOUT_RECORD = (
    "this version of the bridge cannot show the task by its id: its history has an event that the bridge does not know, such "
    "as saved progress; lists do show the task"
)
# Tasks without a record that are remembered.
MOST_HIDDEN = 1000

# What a detail takes from the task's record.
_OF_RECORD = frozenset(
    {
        DetailAspect.DESCRIPTION,
        DetailAspect.FORM,
        DetailAspect.OUTCOMES,
        DetailAspect.DATA,
        DetailAspect.ACTIVITIES,
    }
)


class Details:
    """Reads single tasks. `admin` is None without an admin account; a service account is `user` and `admin`."""

    def __init__(
        self,
        client: LittlehorseClient,
        settings: LittlehorseSettings,
        directory: Directory,
        lists: TaskLists,
        *,
        user: Side,
        admin: Side | None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._directory = directory
        self._lists = lists
        self._options = settings.options
        self._user = user
        self._admin = admin
        self._is_service = settings.acts_as == "service"
        # Native ids of tasks whose record the admin side does not show.
        self._hidden: OrderedDict[str, None] = OrderedDict()

    async def task(self, native_id: str, *, now: datetime) -> Task:
        """From its record, or from its row in a list where the bridge shows the account no record of it.

        Raises as `record`; also for a task without a record that no list has shown.
        """
        try:
            found, raw = await self.record(native_id)
        except UnsupportedActionError:
            row = await self._lists.row_of(native_id) if self._is_service else None
            if row is None:
                raise
            return task_from_wire(row[0], self._settings, fetched_at=now, payload=row[1])
        return readable_task(
            found.except_for(*wire.DETAILS),
            lambda record: task_from_wire(record, self._settings, fetched_at=now, payload=raw),
            source=self._settings.key,
            native_id=native_id,
            fetched_at=now,
            payload=raw,
        )

    def refusal_of(self, task: Task, action: TaskAction) -> RejectedError | None:
        """A task whose record the admin side did not show at the latest look is not completed by the account either."""
        is_hidden = action is TaskAction.COMPLETE and task.is_open and task.native_id in self._hidden
        return UnsupportedActionError(WITHOUT_RECORD) if is_hidden and self._is_service else None

    def _note(self, native_id: str, *, is_hidden: bool) -> None:
        self._hidden.pop(native_id, None)
        if is_hidden:
            self._hidden[native_id] = None
            if len(self._hidden) > MOST_HIDDEN:
                self._hidden.popitem(last=False)

    async def record(self, native_id: str) -> tuple[Decoded[wire.TaskRecord], Raw]:
        """The record and its bytes. If one side refuses, the other one is tried, with the same token.

        An unknown id and a fault of the bridge are both a 500 without a text; `/init` then tells whether the bridge works.
        The admin side also answers 500 if it does not know an event of the task. The user side shows only tasks that the
        person of the token may see.

        NotFoundError for a task that does not exist, AlreadyAssignedError for one of another person that the person of the
        token may not see.
        """
        task = TaskId.parse(native_id)
        is_other_persons = has_failed = False
        for side in self._sides:
            try:
                found = await self._client.get_task(side, task)
            except AlreadyAssignedError:
                is_other_persons = True
            except UnsupportedActionError:
                # The token has no user id. The user side looks for the task before it says so.
                if not has_failed:
                    raise
                is_other_persons = True
            except ForbiddenError:
                # After a refusal of the user side this means: the person does not have the admin role.
                if not is_other_persons:
                    raise
            except UnavailableError as error:
                if error.native_status != 500:
                    raise
                has_failed = True
                if not side.is_admin:
                    break
            else:
                self._note(native_id, is_hidden=has_failed)
                return found
        if has_failed:
            await self._client.check_connection(self._user)
            if is_other_persons:
                self._note(native_id, is_hidden=True)
                raise UnsupportedActionError(WITHOUT_RECORD)
            raise NotFoundError("no such task")
        raise AlreadyAssignedError("the task is assigned to another person")

    async def detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call for the record, one for the comments. Activities need an admin account, for a person one more call."""
        parts = DetailParts(aspects)
        comments = await parts.read(DetailAspect.COMMENTS, lambda: self._comments(task))
        if not aspects & _OF_RECORD:
            return TaskDetail(comments=comments, failures=parts.failures())
        try:
            found, _ = await self.record(task.native_id)
        except AlreadyAssignedError:
            raise NotFoundError("no such task, or it belongs to another person") from None
        options = self._options

        async def activities() -> tuple[Activity, ...] | None:
            record = found if self._is_service else await self._history(task)
            events = None if record is None else record.needing("events", what="the history").events
            return None if events is None else activities_of(readable_rows(events, wire.Event), options.user_id_claim)

        return TaskDetail(
            description=parts.make(DetailAspect.DESCRIPTION, lambda: found.needing("notes").notes or None),
            form=parts.make(DetailAspect.FORM, lambda: form_of(found.needing("fields", "results"), options)),
            outcomes=parts.make(DetailAspect.OUTCOMES, lambda: outcomes_of(found.needing("fields"), options)),
            data=parts.make(DetailAspect.DATA, lambda: data_of(found.needing("results"))),
            comments=comments,
            activities=await parts.read(DetailAspect.ACTIVITIES, activities),
            failures=parts.failures(),
        )

    @property
    def _sides(self) -> tuple[Side, Side]:
        """The side to try first, and the other one, for the token that lists are read with."""
        admin = Side(self._user.credentials, ADMIN)
        return (admin, self._user) if self._is_service else (self._user, admin)

    async def _comments(self, task: Task) -> tuple[Comment, ...]:
        events = await self._client.list_comments(self._user, TaskId.parse(task.native_id))
        return await self._directory.named(comments_of(events, self._options.user_id_claim))

    async def _history(self, task: Task) -> Decoded[wire.TaskRecord] | None:
        """The record with the events of a task. None without an admin account, or if the bridge cannot show them."""
        if self._admin is None:
            return None
        try:
            found, _ = await self._client.get_task(self._admin, TaskId.parse(task.native_id))
        except UnavailableError as error:
            if error.native_status != 500:
                raise
            return None
        return found


def activities_of(events: Iterable[wire.Event], claim: UserIdClaim) -> tuple[Activity, ...]:
    """Sorted here, the oldest first. TASK_EXECUTED (a reminder ran) and unknown types are OTHER."""
    found = [_activity(event, at, claim) for event in events if (at := time_from_wire(event.time, UTC)) is not None]
    return tuple(sorted(found, key=lambda each: (each.at, _FIRST_TO_LAST.get(each.type, 1))))


def comments_of(events: Iterable[wire.Event], claim: UserIdClaim) -> tuple[Comment, ...]:
    """The oldest first, without deleted ones. An edited comment has no `created_at`: the bridge shows the last edit only."""
    found = [
        Comment(
            native_id=str(event.event.comment_id),
            text=event.event.comment or "",
            author=_author(event.event.user_id, claim),
            created_at=None if event.type == "COMMENT_EDITED" else time_from_wire(event.time, UTC),
            edited_at=time_from_wire(event.time, UTC) if event.type == "COMMENT_EDITED" else None,
        )
        for event in events
        if event.type != "COMMENT_DELETED" and event.event is not None and event.event.comment_id is not None
    ]
    return tuple(sorted(found, key=lambda comment: int(comment.native_id)))


def _activity(event: wire.Event, at: datetime, claim: UserIdClaim) -> Activity:
    body = event.event or wire.EventBody()
    if event.type == "TASK_ASSIGNED":
        return Activity(
            type=_assignment_type(body),
            native_type=event.type,
            at=at,
            target=UserRef(native_id=kernel_id(body.new_user_id, claim)) if body.new_user_id else None,
            before={"user": body.old_user_id or None, "group": body.old_user_group or None},
            after={"user": body.new_user_id or None, "group": body.new_user_group or None},
        )
    return Activity(
        type=EVENT_TYPES.get(event.type or "", ActivityType.OTHER),
        native_type=event.type,
        at=at,
        actor=_author(body.user_id, claim),
        message=body.message or body.comment or None,
    )


def _assignment_type(body: wire.EventBody) -> ActivityType:
    if body.old_user_id and body.new_user_id:
        return ActivityType.REASSIGNED
    if body.new_user_id:
        return ActivityType.ASSIGNED
    if body.old_user_id:
        return ActivityType.UNASSIGNED
    return ActivityType.FORWARDED if body.old_user_group else ActivityType.ASSIGNED


def _author(user_id: str | None, claim: UserIdClaim) -> UserRef | None:
    """Comments name `<sub>::<value of the user name claim>`, other events the kernel's id. If ids are e-mail addresses, only the
    sub of a comment's author can be resolved.

    The directory knows the name of the person.
    """
    if not user_id:
        return None
    sub, is_pair, username = user_id.partition("::")
    native_id = username if claim == "PREFERRED_USERNAME" and username else sub if is_pair else kernel_id(sub, claim)
    return UserRef(native_id=native_id, username=username or None) if native_id else None
