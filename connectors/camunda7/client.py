"""One method per call of the engine's REST API. Paths are relative to `base_url`.

The engine ignores filters that it does not know, and an empty list of ids: both would list everything. So bodies are made
in `search`, `flows` and `rows` only, and none of these methods sends an empty list.
"""

from collections.abc import Mapping, Sequence

from msgspec import Raw, Struct

from connectors.camunda7 import wire
from connectors.sdk import (
    JSON_OK,
    NO_CONTENT,
    MalformedResponseError,
    Upstream,
    announced_total,
    decode_json,
)

Body = Mapping[str, object]
Sorting = Sequence[Mapping[str, str]]

_NOTHING = "-"
_DOCUMENT = {"Accept": "application/json, */*;q=0.5"}
# Groups of one user that are read.
MOST_GROUPS = 500


class ProcessPath(Struct, frozen=True):
    """One version of a process by its id, or the newest version by its key, in a tenant where several have it."""

    path: str
    ids: tuple[str, ...]

    @classmethod
    def of_version(cls, definition_id: str) -> "ProcessPath":
        return cls("/process-definition/{}", (definition_id,))

    @classmethod
    def newest(cls, key: str, tenant: str | None) -> "ProcessPath":
        if tenant is None:
            return cls("/process-definition/key/{}", (key,))
        return cls("/process-definition/key/{}/tenant-id/{}", (key, tenant))


class Camunda7Client:
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def check(self) -> None:
        """A count that reads nothing. The list of engines would not do: it needs no credentials."""
        await self.count_tasks({"taskId": _NOTHING})

    async def takes_alternatives(self) -> bool:
        """Whether the engine applies groups of alternatives. One that does not know them would count every task."""
        return await self.count_tasks({"orQueries": [{"taskIdIn": [_NOTHING]}]}) == 0

    # Tasks

    async def list_tasks(
        self, filter: Body, *, first: int, limit: int, sorting: Sorting = (), with_data: bool = False
    ) -> list[Raw]:
        """`with_data`: each row has its variables, as `get_variables` gives them."""
        body = {**filter, "withTaskVariablesInReturn": True} if with_data else filter
        return await self._list("/task", body, first=first, limit=limit, sorting=sorting)

    async def count_tasks(self, filter: Body) -> int | None:
        return await self._count("/task/count", filter)

    async def get_task(self, id: str) -> wire.Task:
        return (await self._upstream.read("GET", "/task/{}", id)).decode(wire.Task)

    async def list_historic_tasks(self, filter: Body, *, first: int, limit: int, sorting: Sorting = ()) -> list[Raw]:
        return await self._list("/history/task", filter, first=first, limit=limit, sorting=sorting)

    async def count_historic_tasks(self, filter: Body) -> int | None:
        return await self._count("/history/task/count", filter)

    async def get_identity_links(self, id: str) -> list[wire.IdentityLink]:
        return (await self._upstream.read("GET", "/task/{}/identity-links", id)).decode(list[wire.IdentityLink])

    async def groups_in_use(self) -> list[str]:
        """The candidate groups of the tasks that have no assignee."""
        answer = await self._upstream.read("GET", "/task/report/candidate-group-count")
        return [row.group_name for row in answer.decode(list[wire.GroupCount]) if row.group_name]

    async def get_form(self, id: str) -> wire.TaskForm:
        return (await self._upstream.read("GET", "/task/{}/form", id)).decode(wire.TaskForm)

    async def get_deployed_form(self, id: str) -> bytes:
        return (await self._upstream.read("GET", "/task/{}/deployed-form", id, headers=_DOCUMENT)).body

    async def get_variables(self, id: str) -> dict[str, wire.Variable]:
        """All that the task sees: its own variables, and those of the process."""
        params = {"deserializeValues": "false"}
        answer = await self._upstream.read("GET", "/task/{}/variables", id, params=params)
        return answer.decode(dict[str, wire.Variable])

    async def list_historic_variables(self, process_instance: str, *, limit: int) -> list[wire.HistoricVariable]:
        params: dict[str, str | int] = {
            "processInstanceId": process_instance,
            "deserializeValues": "false",
            "maxResults": limit,
        }
        answer = await self._upstream.read("GET", "/history/variable-instance", params=params)
        return answer.decode(list[wire.HistoricVariable])

    async def get_historic_task(self, id: str) -> wire.HistoricTask | None:
        """None without history, and for an account without the right to read it."""
        answer = await self._upstream.read("GET", "/history/task", params={"taskId": id, "maxResults": 1})
        rows = answer.decode(list[wire.HistoricTask])
        found = rows[0] if rows else None
        if found is not None and found.id != id:
            raise MalformedResponseError("answered with the record of another task")
        return found

    async def list_comments(self, id: str) -> list[wire.Comment]:
        return (await self._upstream.read("GET", "/task/{}/comment", id)).decode(list[wire.Comment])

    async def list_operations(self, id: str, *, limit: int) -> list[wire.UserOperation]:
        """Oldest first. Empty without authentication in the engine, and for an account without history permissions."""
        params: dict[str, str | int] = {"taskId": id, "sortBy": "timestamp", "sortOrder": "asc", "maxResults": limit}
        answer = await self._upstream.read("GET", "/history/user-operation", params=params)
        return answer.decode(list[wire.UserOperation])

    # Writes on tasks

    async def claim(self, id: str, user: str) -> None:
        """Without a user the engine would take the task from its owner, so there must be one."""
        if not user:
            raise ValueError("a claim needs a user")
        await self._post("/task/{}/claim", id, {"userId": user})

    async def unclaim(self, id: str) -> None:
        await self._post("/task/{}/unclaim", id, None)

    async def set_assignee(self, id: str, user: str | None) -> None:
        await self._post("/task/{}/assignee", id, {"userId": user})

    async def replace_task(self, id: str, body: Body) -> None:
        """Every member that is left out loses its value."""
        await self._upstream.write("PUT", "/task/{}", id, success=NO_CONTENT, json=body)

    async def create_task(self, body: Body) -> None:
        await self._upstream.write("POST", "/task/create", success=NO_CONTENT, json=body)

    async def delete_task(self, id: str) -> None:
        await self._upstream.write("DELETE", "/task/{}", id, success=NO_CONTENT)

    async def add_candidate(self, id: str, link: Body) -> None:
        await self._post("/task/{}/identity-links", id, {**link, "type": "candidate"})

    async def remove_candidate(self, id: str, link: Body) -> None:
        await self._post("/task/{}/identity-links/delete", id, {**link, "type": "candidate"})

    async def set_local_variables(self, id: str, variables: Body) -> None:
        await self._post("/task/{}/localVariables", id, {"modifications": variables})

    async def complete(self, id: str, variables: Body) -> None:
        """The engine checks no form."""
        await self._post("/task/{}/complete", id, {"variables": variables})

    async def submit_form(self, id: str, variables: Body) -> None:
        """The engine checks form data of the BPMN document. A delegated task is not completed, but given back."""
        await self._post("/task/{}/submit-form", id, {"variables": variables})

    async def add_comment(self, id: str, text: str) -> wire.Comment:
        path, body = "/task/{}/comment/create", {"message": text}
        return (await self._upstream.write("POST", path, id, success=JSON_OK, json=body)).decode(wire.Comment)

    # Process instances

    async def list_historic_instances(self, filter: Body, *, first: int, limit: int, sorting: Sorting) -> list[Raw]:
        return await self._list("/history/process-instance", filter, first=first, limit=limit, sorting=sorting)

    async def count_historic_instances(self, filter: Body) -> int | None:
        return await self._count("/history/process-instance/count", filter)

    async def list_instances(self, filter: Body, *, first: int, limit: int, sorting: Sorting) -> list[Raw]:
        return await self._list("/process-instance", filter, first=first, limit=limit, sorting=sorting)

    async def count_instances(self, filter: Body) -> int | None:
        return await self._count("/process-instance/count", filter)

    async def get_activity_tree(self, id: str) -> wire.ActivityInstance:
        answer = await self._upstream.read("GET", "/process-instance/{}/activity-instances", id)
        return answer.decode(wire.ActivityInstance)

    async def start(self, process: ProcessPath, body: Body) -> wire.StartedInstance:
        """The engine checks form data of the start event, and stores their values in the types of its fields."""
        path = f"{process.path}/submit-form"
        answer = await self._upstream.write("POST", path, *process.ids, success=JSON_OK, json=body)
        return answer.decode(wire.StartedInstance)

    async def delete_instance(self, id: str) -> None:
        """Ends it at once. The engine takes no reason here."""
        await self._upstream.write("DELETE", "/process-instance/{}", id, success=NO_CONTENT)

    async def delete_instances(self, id: str, reason: str) -> None:
        """Makes a batch of the job executor, also for an id that does not exist."""
        body = {"processInstanceIds": [id], "deleteReason": reason}
        await self._upstream.write("POST", "/process-instance/delete", success=JSON_OK, json=body)

    async def set_suspended(self, id: str, *, suspended: bool) -> None:
        """Answers 204 for an id that does not exist, too."""
        path, body = "/process-instance/{}/suspended", {"suspended": suspended}
        await self._upstream.write("PUT", path, id, success=NO_CONTENT, json=body)

    async def modify_instance(self, id: str, body: Body) -> None:
        await self._post("/process-instance/{}/modification", id, body)

    # Process definitions

    async def list_definitions(self, *, first: int, limit: int) -> list[Raw]:
        """The latest version of each process."""
        params: dict[str, str | int] = {
            "latestVersion": "true",
            "sortBy": "key",
            "sortOrder": "asc",
            "firstResult": first,
            "maxResults": limit,
        }
        return (await self._upstream.read("GET", "/process-definition", params=params)).decode(list[Raw])

    async def count_definitions(self) -> int | None:
        answer = await self._upstream.read("GET", "/process-definition/count", params={"latestVersion": "true"})
        return announced_total(answer.decode(wire.Count).count)

    async def find_version(self, key: str, version: int) -> list[wire.ProcessDefinition]:
        params: dict[str, str | int] = {"key": key, "version": version}
        answer = await self._upstream.read("GET", "/process-definition", params=params)
        return answer.decode(list[wire.ProcessDefinition])

    async def get_process_xml(self, process: ProcessPath) -> bytes:
        answer = await self._upstream.read("GET", f"{process.path}/xml", *process.ids)
        return answer.decode(wire.ProcessXml).document.encode()

    async def get_start_form(self, process: ProcessPath) -> wire.TaskForm:
        return (await self._upstream.read("GET", f"{process.path}/startForm", *process.ids)).decode(wire.TaskForm)

    async def get_deployed_start_form(self, process: ProcessPath) -> bytes:
        path = f"{process.path}/deployed-start-form"
        return (await self._upstream.read("GET", path, *process.ids, headers=_DOCUMENT)).body

    # People

    async def list_users(self, params: Mapping[str, str | int]) -> list[Raw]:
        ordered = {"sortBy": "userId", "sortOrder": "asc", **params}
        return (await self._upstream.read("GET", "/user", params=ordered)).decode(list[Raw])

    async def count_users(self, params: Mapping[str, str | int]) -> int | None:
        answer = await self._upstream.read("GET", "/user/count", params=params)
        return announced_total(answer.decode(wire.Count).count)

    async def list_groups(self, params: Mapping[str, str | int]) -> list[Raw]:
        ordered = {"sortBy": "id", "sortOrder": "asc", **params}
        return (await self._upstream.read("GET", "/group", params=ordered)).decode(list[Raw])

    async def groups_of(self, user: str) -> frozenset[str]:
        """The ids of the groups that the directory has for a user; empty for one that it does not know."""
        raws = await self.list_groups({"member": user, "maxResults": MOST_GROUPS})
        if len(raws) >= MOST_GROUPS:
            raise MalformedResponseError(f"a user has {MOST_GROUPS} groups or more")
        return frozenset(decode_json(raw, wire.Group).id for raw in raws)

    async def count_groups(self, params: Mapping[str, str | int]) -> int | None:
        answer = await self._upstream.read("GET", "/group/count", params=params)
        return announced_total(answer.decode(wire.Count).count)

    # Parts

    async def _list(self, path: str, filter: Body, *, first: int, limit: int, sorting: Sorting) -> list[Raw]:
        body = {**filter, "sorting": sorting} if sorting else filter
        params: dict[str, str | int] = {"firstResult": first, "maxResults": limit}
        return (await self._upstream.read("POST", path, params=params, json=body)).decode(list[Raw])

    async def _count(self, path: str, filter: Body) -> int | None:
        return announced_total((await self._upstream.read("POST", path, json=filter)).decode(wire.Count).count)

    async def _post(self, path: str, id: str, body: Body | None) -> None:
        await self._upstream.write("POST", path, id, success=NO_CONTENT, json=body)
