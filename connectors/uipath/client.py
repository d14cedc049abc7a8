"""One method per operation."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from connectors.sdk import (
    JSON_CREATED,
    JSON_OK,
    NO_CONTENT,
    Announced,
    Answer,
    Decoded,
    Success,
    Upstream,
    announced_total,
    drain_by_offset,
    encode_json_numbers,
)
from connectors.uipath import wire
from connectors.uipath.errors import Refused, refused_items
from connectors.uipath.formats import decode_answer, decode_readable
from connectors.uipath.ids import TaskId
from connectors.uipath.mapping import read_task
from connectors.uipath.settings import UiPathOptions

T = TypeVar("T")

TASKS = "/odata/Tasks/UiPath.Server.Configuration.OData"
NOTES = "/odata/TaskNotes/UiPath.Server.Configuration.OData"
ACTIVITIES = "/odata/TaskActivities/UiPath.Server.Configuration.OData"
CURRENT_USER = "/odata/Users/UiPath.Server.Configuration.OData.GetCurrentUser"
FOLDERS = "/odata/Folders"
CREATE = "/tasks/GenericTasks/CreateTask"
SAVE_TAGS = "/tasks/GenericTasks/SaveTaskTags"
INSTANCES = "/api/v1/instances"

# By the vendor's task type. Other types are read by the generic path; no documented operation completes or saves them.
READ_PATHS = {
    "FormTask": "/forms/TaskForms/GetTaskFormById",
    "AppTask": "/tasks/AppTasks/GetAppTaskById",
}
COMPLETE_PATHS = {
    "FormTask": "/forms/TaskForms/CompleteTask",
    "AppTask": "/tasks/AppTasks/CompleteAppTask",
    "ExternalTask": "/tasks/GenericTasks/CompleteTask",
}
SAVE_PATHS = {
    "FormTask": "/forms/TaskForms/SaveTaskData",
    "AppTask": "/tasks/AppTasks/SaveAppTasksData",
    "ExternalTask": "/tasks/GenericTasks/SaveTaskData",
}
GENERIC_READ_PATH = "/tasks/GenericTasks/GetTaskDataById"


class Rows(Struct, Generic[T], frozen=True):
    """One page, with the bytes of each record, whether it fits or not.

    `total` counts the whole list; None without a count. `has_link`: the vendor gives a link to a further page, because
    this one is shorter than was asked for. `is_last`: it is shorter, and has neither count nor link. OData requires the
    link of every server that gives fewer rows than there are.
    """

    rows: list[tuple[Decoded[T], Raw]]
    total: int | None
    has_link: bool
    is_last: bool


async def drain_rows(
    page: Callable[[int], Awaitable[Rows[T]]], *, most_pages: int
) -> tuple[list[tuple[Decoded[T], Raw]], bool]:
    """The rows of up to `most_pages` pages, and whether that is all of them. `page` takes the number of rows so far."""

    async def announced(skip: int) -> Announced[tuple[Decoded[T], Raw]]:
        answer = await page(skip)
        return Announced(answer.rows, answer.total, answer.has_link, answer.is_last)

    return await drain_by_offset(announced, most_pages=most_pages, key=lambda row: bytes(row[1]))


class Instances(Struct, frozen=True):
    """One page, with the bytes of each record. `next_page` is the vendor's token, None at the end."""

    rows: list[Raw]
    next_page: str | None


class _List(Struct):
    """The count is read as it comes: some versions give it as text."""

    value: list[Raw]
    count: Any = msgspec.field(default=None, name="@odata.count")
    next_link: Any = msgspec.field(default=None, name="@odata.nextLink")


class _Instances(Struct, rename="camel"):
    instances: list[Raw]
    next_page: str | None = None


def folder_header(folder: int) -> dict[str, str]:
    return {"X-UIPATH-OrganizationUnitId": str(folder)}


def folder_key_header(key: str) -> dict[str, str]:
    return {"X-UIPATH-FolderKey": key}


class UiPathClient:
    """Operations of Orchestrator and Maestro. A refusal is raised as a ConnectorError.

    Most paths of Orchestrator for a single task take its folder in a header; a read by id, assignments and deletions do not.
    """

    def __init__(self, upstream: Upstream, options: UiPathOptions) -> None:
        tenant = f"/{options.organization}/{options.tenant}"
        self._upstream = upstream
        self._orchestrator = f"{tenant}/orchestrator_"
        self._maestro = f"{tenant}/pims_"
        self._expand = options.expand

    # Tasks

    async def list_tasks(self, query: Mapping[str, str | int], *, top: int, as_task_admin: bool) -> Rows[wire.Task]:
        path = "GetTasksAcrossFoldersForAdmin" if as_task_admin else "GetTasksAcrossFolders"
        answer = await self._get(f"{TASKS}.{path}", params={**self._expanded, **query, "$top": top})
        return _rows_by(answer, read_task, top=top)

    async def get_task(self, task: int) -> tuple[Decoded[wire.Task], Raw]:
        raw = Raw((await self._get("/odata/Tasks({})", str(task), params=self._expanded)).body)
        return read_task(raw), raw

    async def get_task_data(self, task: TaskId, native_type: str | None) -> wire.TaskData:
        """From the path of its type. Document types and unknown types are read by the path of External tasks."""
        path = READ_PATHS.get(native_type or "", GENERIC_READ_PATH)
        params: dict[str, str | int] = {"taskId": task.task}
        if native_type == "FormTask":
            params["expandOnFormLayout"] = "true"
        return decode_answer(await self._get(path, params=params, folder=task.folder), wire.TaskData)

    async def create_task(self, body: Mapping[str, object], *, folder: int) -> tuple[wire.Task, Raw]:
        answer = await self._post(CREATE, body, folder=folder, success=JSON_CREATED)
        return decode_answer(answer, wire.Task), Raw(answer.body)

    async def assign(self, assignees: Mapping[int, wire.Assignee], *, again: bool) -> Refused:
        """By the id of the task. `again` is for tasks that are already assigned."""
        path = f"{TASKS}.ReassignTasks" if again else f"{TASKS}.AssignTasks"
        items = [{"TaskId": task, **msgspec.to_builtins(assignee)} for task, assignee in assignees.items()]
        return refused_items(await self._post(path, {"taskAssignments": items}, success=JSON_OK), assignees.keys())

    async def unassign(self, tasks: Sequence[int]) -> Refused:
        return refused_items(await self._post(f"{TASKS}.UnassignTasks", {"taskIds": tasks}, success=JSON_OK), tasks)

    async def delete_tasks(self, tasks: Sequence[int]) -> Refused:
        return refused_items(await self._post(f"{TASKS}.DeleteTasks", {"taskIds": tasks}, success=JSON_OK), tasks)

    async def complete(
        self, task: TaskId, native_type: str, *, action: str | None, data: Mapping[str, object] | None
    ) -> None:
        body: dict[str, object] = {"taskId": task.task}
        if action is not None:
            body["action"] = action
        if data is not None:
            body["data"] = data
        await self._post(COMPLETE_PATHS[native_type], body, folder=task.folder)

    async def save_data(self, task: TaskId, native_type: str, data: Mapping[str, object]) -> None:
        """Replaces all data of the task."""
        body = {"TaskId": task.task, "Data": data}
        await self._write("PUT", SAVE_PATHS[native_type], body, folder=task.folder)

    async def save_tags(self, task: TaskId, tags: Sequence[Mapping[str, str]]) -> None:
        await self._write("PUT", SAVE_TAGS, {"TaskId": task.task, "Tags": tags}, folder=task.folder)

    async def edit_metadata(self, task: TaskId, changes: Mapping[str, str]) -> None:
        await self._post(f"{TASKS}.EditTaskMetadata", {"TaskId": task.task, **changes}, folder=task.folder)

    # Notes and activities

    async def list_notes(self, task: TaskId, *, top: int, skip: int) -> Rows[wire.Note]:
        query: dict[str, str | int] = {
            "$expand": "CreatorUser",
            "$orderby": "Id asc",
            "$top": top,
            "$skip": skip,
            "$count": "true",
        }
        answer = await self._get(f"{NOTES}.GetByTaskId(taskId={{}})", str(task.task), params=query, folder=task.folder)
        return _rows(answer, wire.Note, top=top)

    async def create_note(self, task: TaskId, text: str) -> wire.Note:
        body = {"TaskId": task.task, "Text": text}
        answer = await self._post(f"{NOTES}.CreateTaskNote", body, folder=task.folder, success=JSON_CREATED)
        return decode_answer(answer, wire.Note)

    async def list_activities(self, task: TaskId, *, top: int, skip: int) -> Rows[wire.Activity]:
        query: dict[str, str | int] = {
            "$expand": "CreatorUser,TargetUser,TaskNote",
            "$orderby": "Id asc",
            "$top": top,
            "$skip": skip,
            "$count": "true",
        }
        answer = await self._get(
            f"{ACTIVITIES}.GetByTaskId(taskId={{}})", str(task.task), params=query, folder=task.folder
        )
        return _rows(answer, wire.Activity, top=top)

    # People and folders

    async def list_folder_users(self, folder: int, *, top: int, skip: int) -> Rows[wire.UserLogin]:
        """The users, groups and robots that may view and edit tasks of the folder."""
        query: dict[str, str | int] = {"$top": top, "$skip": skip, "$count": "true", "$orderby": "Id asc"}
        answer = await self._get(
            f"{TASKS}.GetTaskUsers(organizationUnitId={{}})", str(folder), params=query, folder=folder
        )
        return _rows(answer, wire.UserLogin, top=top)

    async def list_folders(self, *, filter: str | None, top: int, skip: int = 0) -> Rows[wire.Folder]:
        query: dict[str, str | int] = {"$top": top, "$skip": skip, "$orderby": "Id asc", "$count": "true"}
        if filter is not None:
            query["$filter"] = filter
        return _rows(await self._get(FOLDERS, params=query), wire.Folder, top=top)

    async def get_current_user(self) -> wire.CurrentUser | None:
        """None if the credentials do not belong to a user."""
        answer = await self._get(CURRENT_USER)
        return None if answer.status == 204 else decode_answer(answer, wire.CurrentUser)

    # Maestro

    async def list_instances(self, query: Mapping[str, str | int]) -> Instances:
        answer = await self._upstream.read("GET", self._maestro + INSTANCES, params=query)
        page = answer.decode(_Instances)
        return Instances(page.instances, page.next_page or None)

    async def get_instance(self, instance: str, *, folder_key: str) -> tuple[Decoded[wire.Instance], Raw]:
        answer = await self._upstream.read(
            "GET", self._maestro + INSTANCES + "/{}", instance, headers=folder_key_header(folder_key)
        )
        raw = Raw(answer.body)
        return decode_readable(raw, wire.Instance), raw

    async def change_instance(
        self, instance: str, verb: str, *, folder_key: str, comment: str | None
    ) -> wire.Operation:
        """`verb` is cancel, pause or resume."""
        answer = await self._upstream.write(
            "POST",
            f"{self._maestro}{INSTANCES}/{{}}/{verb}",
            instance,
            success=JSON_OK,
            json={} if comment is None else {"comment": comment},
            headers=folder_key_header(folder_key),
        )
        return decode_answer(answer, wire.Operation)

    @property
    def _expanded(self) -> dict[str, str | int]:
        return {"$expand": self._expand} if self._expand else {}

    async def _get(
        self, path: str, *ids: str, params: Mapping[str, str | int] | None = None, folder: int | None = None
    ) -> Answer:
        headers = None if folder is None else folder_header(folder)
        return await self._upstream.read("GET", self._orchestrator + path, *ids, params=params, headers=headers)

    async def _post(
        self, path: str, body: Mapping[str, object], *, folder: int | None = None, success: Success = NO_CONTENT
    ) -> Answer:
        return await self._write("POST", path, body, folder=folder, success=success)

    async def _write(
        self,
        method: str,
        path: str,
        body: Mapping[str, object],
        *,
        folder: int | None,
        success: Success = NO_CONTENT,
    ) -> Answer:
        headers = None if folder is None else folder_header(folder)
        json = encode_json_numbers(body)
        return await self._upstream.write(
            method, self._orchestrator + path, success=success, json=json, headers=headers
        )


def _rows(answer: Answer, type_: type[T], *, top: int) -> Rows[T]:
    return _rows_by(answer, lambda raw: decode_readable(raw, type_), top=top)


def _rows_by(answer: Answer, read: Callable[[Raw], Decoded[T]], *, top: int) -> Rows[T]:
    page = answer.decode(_List)
    rows = [(read(raw), raw) for raw in page.value]
    total, has_link = announced_total(page.count), bool(page.next_link)
    return Rows(rows, total, has_link, is_last=total is None and not has_link and len(rows) < top)
