"""One method per operation.

The bridge has a user side, for the person of the token, and an admin side below `/admin`. Both show the same tasks.
"""

from msgspec import Raw, Struct

from connectors.littlehorse import wire
from connectors.littlehorse.ids import TaskId
from connectors.sdk import (
    JSON_OK,
    NO_CONTENT,
    Answer,
    Credentials,
    Decoded,
    DecodedRows,
    MalformedResponseError,
    Success,
    Upstream,
    decode_json,
    decode_record,
    decode_rows,
    readable_rows,
)

Params = dict[str, str | int]

TASK = "/tasks/{}/{}"
ADMIN = "/admin"


class Side(Struct, frozen=True):
    """A side of the bridge: whose token is sent, and the prefix of the path ("" or ADMIN)."""

    credentials: Credentials
    prefix: str = ""

    @property
    def is_admin(self) -> bool:
        return bool(self.prefix)


class Rows(Struct, frozen=True):
    """One page, as the bytes of each record. `bookmark` is None on the last page."""

    rows: tuple[Raw, ...]
    bookmark: str | None


class TaskTypes(Struct, frozen=True):
    """One page of the names of definitions. `bookmark` is None on the last page."""

    names: DecodedRows[str]
    bookmark: str | None


class LittlehorseClient:
    """The operations of one tenant. All ids are the bridge's own. A refusal is raised as a ConnectorError."""

    def __init__(self, upstream: Upstream, tenant: str) -> None:
        self._upstream = upstream
        self._tenant = tenant

    async def check_connection(self, side: Side) -> None:
        """The bridge accepts the token for the tenant."""
        await self._read(side, "/init")

    async def check_tenant(self) -> None:
        """The bridge answers and knows the tenant. Needs no token. All other paths begin with the tenant."""
        answer = await self._upstream.read("GET", "/config/{}", self._tenant)
        answer.decode(dict[str, Raw])

    # Tasks

    async def list_my_tasks(self, side: Side, params: Params) -> Rows:
        """Tasks of the person of the token: the bridge adds the user id to every filter."""
        return _rows(await self._read(side, "/tasks", params=params))

    async def list_claimable(self, side: Side, params: Params) -> Rows:
        """Unassigned tasks of one group that the person of the token belongs to."""
        return _rows(await self._read(side, "/tasks/claimable", params=params))

    async def list_all_tasks(self, side: Side, params: Params) -> Rows:
        """Tasks of one definition. Admins only."""
        return _rows(await self._read(side, "/admin/tasks", params=params))

    async def get_task(self, side: Side, task: TaskId) -> tuple[Decoded[wire.TaskRecord], Raw]:
        """Only the admin side shows `events`."""
        answer = await self._read(side, side.prefix + TASK, task)
        raw = Raw(answer.body)
        return decode_record(raw, wire.TaskRecord), raw

    async def complete(self, side: Side, task: TaskId, values: dict[str, dict[str, object]]) -> None:
        """`values` are `{"type", "value"}` by field. If the task has just been closed, the bridge changes nothing and answers 204."""
        await self._write(side, "POST", side.prefix + TASK + "/result", task, json=values)

    async def claim(self, side: Side, task: TaskId) -> None:
        """For the person of the token. On the admin side it replaces another owner."""
        await self._write(side, "POST", side.prefix + TASK + "/claim", task)

    async def cancel(self, side: Side, task: TaskId) -> None:
        await self._write(side, "POST", side.prefix + TASK + "/cancel", task)

    async def assign(self, side: Side, task: TaskId, *, user_id: str = "", group_id: str = "") -> None:
        """An empty id clears the user or the group. With an identity adapter both are the identity provider's ids."""
        body = {"userId": user_id, "userGroup": group_id}
        await self._write(side, "POST", "/admin" + TASK + "/assign", task, json=body)

    # Comments

    async def list_comments(self, side: Side, task: TaskId) -> list[wire.Event]:
        """The latest event of each comment, also of deleted comments, as far as they can be read."""
        answer = await self._read(side, TASK + "/comments", task)
        return [] if answer.status == 204 else readable_rows(answer.decode(list[Raw]), wire.Event)

    async def add_comment(self, side: Side, task: TaskId, text: str) -> wire.Event:
        return _comment(
            await self._write(side, "POST", TASK + "/comment", task, success=JSON_OK, json={"comment": text})
        )

    async def edit_comment(self, side: Side, task: TaskId, comment_id: str, text: str) -> wire.Event:
        path = TASK + "/comment/{}"
        return _comment(await self._write(side, "PUT", path, task, comment_id, success=JSON_OK, json={"comment": text}))

    async def delete_comment(self, side: Side, task: TaskId, comment_id: str) -> wire.Event:
        return _comment(await self._write(side, "DELETE", TASK + "/comment/{}", task, comment_id, success=JSON_OK))

    # People and definitions

    async def get_me(self, side: Side) -> wire.User:
        return (await self._read(side, "/userInfo")).decode(wire.User)

    async def list_groups(self, side: Side) -> DecodedRows[wire.UserGroup]:
        """The groups of the person; on the admin side all groups. The bridge does not page them."""
        answer = await self._read(side, side.prefix + "/groups")
        return decode_rows(answer.decode(wire.UserGroups).groups, lambda raw: decode_record(raw, wire.UserGroup))

    async def list_users(self, side: Side, params: Params) -> DecodedRows[wire.User]:
        """`max_results` is 10 by default. `user_group_id` cannot be combined with another filter."""
        answer = await self._read(side, "/admin/users", params=params)
        return decode_rows(answer.decode(wire.Users).users, lambda raw: decode_record(raw, wire.User))

    async def get_user(self, side: Side, user_id: str) -> wire.User:
        return (await self._read(side, "/admin/users/{}", user_id)).decode(wire.User)

    async def list_definitions(self, side: Side, params: Params) -> TaskTypes:
        page = (await self._read(side, "/admin/taskTypes", params=params)).decode(wire.TaskTypes)
        return TaskTypes(decode_rows(page.user_task_def_names, _read_name), page.bookmark or None)

    async def _read(self, side: Side, path: str, *ids: TaskId | str, params: Params | None = None) -> Answer:
        return await self._upstream.read(
            "GET", "/{}" + path, self._tenant, *_parts(ids), params=params, credentials=side.credentials
        )

    async def _write(
        self,
        side: Side,
        method: str,
        path: str,
        *ids: TaskId | str,
        success: Success = NO_CONTENT,
        json: object | None = None,
    ) -> Answer:
        return await self._upstream.write(
            method,
            "/{}" + path,
            self._tenant,
            *_parts(ids),
            success=success,
            json=json,
            credentials=side.credentials,
        )


def _parts(ids: tuple[TaskId | str, ...]) -> list[str]:
    parts: list[str] = []
    for each in ids:
        parts += [each.wf_run_id, each.id] if isinstance(each, TaskId) else [each]
    return parts


def _comment(answer: Answer) -> wire.Event:
    """The event of a write to a comment. No member of an event is required, but one without the comment's id shows nothing."""
    event = answer.decode(wire.Event)
    if event.event is None or event.event.comment_id is None:
        raise MalformedResponseError("answered without the comment", maybe_applied=True, native_status=answer.status)
    return event


def _rows(answer: Answer) -> Rows:
    page = answer.decode(wire.TaskList)
    return Rows(page.user_tasks, page.bookmark or None)


def _read_name(raw: Raw) -> Decoded[str]:
    try:
        name = decode_json(raw, wire.Id)
    except MalformedResponseError:
        return Decoded(None, ("userTaskDefNames",))
    return Decoded(name)
