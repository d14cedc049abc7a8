"""One method a call. The bridge has two sides, one for a token's person and one for admins, with the same records."""

import msgspec
from msgspec import Raw, Struct

from connectors.littlehorse import wire
from connectors.littlehorse.task_id import TaskId
from connectors.sdk import Answer, Credentials, MalformedResponseError, Upstream

Params = dict[str, str | int]

TASK = "/tasks/{}/{}"


class Side(Struct, frozen=True):
    """Whose token is sent, and under which path."""

    credentials: Credentials
    prefix: str = ""

    @property
    def is_admin(self) -> bool:
        return bool(self.prefix)


class Listing(Struct, frozen=True):
    """One page with each record's own bytes."""

    rows: list[tuple[wire.TaskRow, Raw]]
    bookmark: str | None


class LittlehorseClient:
    """The operations of one tenant; all ids are the bridge's own."""

    def __init__(self, upstream: Upstream, tenant: str) -> None:
        self._upstream = upstream
        self._tenant = tenant

    async def check_connection(self, side: Side) -> None:
        """Tenant and token fit each other."""
        await self._read(side, "/init")

    async def check_tenant(self) -> None:
        """The bridge answers and knows the tenant; needs no token. It serves `/config/{tenant}`, not the reverse."""
        answer = await self._upstream.read("GET", "/config/{}", self._tenant)
        answer.decode(dict[str, Raw])

    # Tasks

    async def list_my_tasks(self, side: Side, params: Params) -> Listing:
        """Tasks of the token's person: the bridge adds their user id to every filter."""
        return _listing(await self._read(side, "/tasks", params=params))

    async def list_claimable(self, side: Side, params: Params) -> Listing:
        """Unassigned tasks of one group of the token's person."""
        return _listing(await self._read(side, "/tasks/claimable", params=params))

    async def list_all_tasks(self, side: Side, params: Params) -> Listing:
        """Tasks of one definition; admins only."""
        return _listing(await self._read(side, "/admin/tasks", params=params))

    async def get_task(self, side: Side, task: TaskId) -> tuple[wire.TaskRecord, Raw]:
        """The admin's detail has `events`."""
        answer = await self._read(side, side.prefix + TASK, task)
        return answer.decode(wire.TaskRecord), Raw(answer.body)

    async def complete(self, side: Side, task: TaskId, values: dict[str, dict[str, object]]) -> None:
        """`values` are `{"type", "value"}` by field. A task that closed meanwhile swallows this without an error."""
        await self._write(side, "POST", side.prefix + TASK + "/result", task, json=values)

    async def claim(self, side: Side, task: TaskId) -> None:
        """For the token's person. The admin's form takes the task from whoever has it."""
        await self._write(side, "POST", side.prefix + TASK + "/claim", task)

    async def cancel(self, side: Side, task: TaskId) -> None:
        await self._write(side, "POST", side.prefix + TASK + "/cancel", task)

    async def assign(self, side: Side, task: TaskId, *, user_id: str = "", group_id: str = "") -> None:
        """What is empty is unset. With an identity adapter both ids are the identity provider's."""
        body = {"userId": user_id, "userGroup": group_id}
        await self._write(side, "POST", "/admin" + TASK + "/assign", task, json=body)

    # Comments

    async def list_comments(self, side: Side, task: TaskId) -> tuple[wire.Event, ...]:
        """The latest event of each comment; deleted ones among them."""
        answer = await self._read(side, TASK + "/comments", task)
        return () if answer.status == 204 else answer.decode(tuple[wire.Event, ...])

    async def add_comment(self, side: Side, task: TaskId, text: str) -> wire.Event:
        answer = await self._write(side, "POST", TASK + "/comment", task, json={"comment": text})
        return answer.decode(wire.Event)

    async def edit_comment(self, side: Side, task: TaskId, comment_id: str, text: str) -> wire.Event:
        path = TASK + "/comment/{}"
        return (await self._write(side, "PUT", path, task, comment_id, json={"comment": text})).decode(wire.Event)

    async def delete_comment(self, side: Side, task: TaskId, comment_id: str) -> wire.Event:
        return (await self._write(side, "DELETE", TASK + "/comment/{}", task, comment_id)).decode(wire.Event)

    # People and definitions

    async def get_me(self, side: Side) -> wire.User:
        return (await self._read(side, "/userInfo")).decode(wire.User)

    async def list_groups(self, side: Side) -> tuple[wire.UserGroup, ...]:
        """The person's own, or all for admins; never paged."""
        return (await self._read(side, side.prefix + "/groups")).decode(wire.UserGroups).groups

    async def list_users(self, side: Side, params: Params) -> tuple[wire.User, ...]:
        """`max_results` is 10 unless given; `user_group_id` goes with no other filter."""
        return (await self._read(side, "/admin/users", params=params)).decode(wire.Users).users

    async def get_user(self, side: Side, user_id: str) -> wire.User:
        return (await self._read(side, "/admin/users/{}", user_id)).decode(wire.User)

    async def list_definitions(self, side: Side, params: Params) -> wire.TaskTypes:
        return (await self._read(side, "/admin/taskTypes", params=params)).decode(wire.TaskTypes)

    async def _read(self, side: Side, path: str, *ids: TaskId | str, params: Params | None = None) -> Answer:
        return await self._upstream.read(
            "GET", "/{}" + path, self._tenant, *_parts(ids), params=params, credentials=side.credentials
        )

    async def _write(
        self, side: Side, method: str, path: str, *ids: TaskId | str, json: object | None = None
    ) -> Answer:
        return await self._upstream.write(
            method, "/{}" + path, self._tenant, *_parts(ids), json=json, credentials=side.credentials
        )


def _parts(ids: tuple[TaskId | str, ...]) -> list[str]:
    parts: list[str] = []
    for each in ids:
        parts += [each.wf_run_id, each.id] if isinstance(each, TaskId) else [each]
    return parts


def _listing(answer: Answer) -> Listing:
    page = answer.decode(wire.TaskList)
    try:
        rows = [(msgspec.json.decode(raw, type=wire.TaskRow), raw) for raw in page.user_tasks]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedResponseError("a row does not fit the vendor's documentation") from error
    return Listing(rows, page.bookmark or None)
