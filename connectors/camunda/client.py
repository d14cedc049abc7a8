"""One method per call of the Orchestration Cluster API. Paths are relative to `/v2`."""

from collections.abc import Mapping, Sequence

from msgspec import Raw

from connectors.camunda import wire
from connectors.sdk import JSON_OK, NO_CONTENT, Answer, Credentials, FixedHeaders, Upstream

Sort = Sequence[Mapping[str, str]]


def _ascending(*fields: str) -> list[dict[str, str]]:
    return [{"field": field, "order": "ASC"} for field in fields]


class CamundaClient:
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    # The cluster

    async def get_topology(self) -> wire.Topology:
        return (await self._upstream.read("GET", "/topology")).decode(wire.Topology)

    async def check(self, *, signed_in: bool) -> None:
        """The status tells whether a partition works. The topology needs credentials, which are tried where there are any."""
        if not signed_in:
            await self.get_status(FixedHeaders({}))
            return
        await self.get_topology()
        await self.get_status()

    async def get_status(self, credentials: Credentials | None = None) -> None:
        """UnavailableError (503) if no partition has a healthy leader. The server answers without credentials too."""
        await self._upstream.read("GET", "/status", credentials=credentials)

    async def get_current_user(self) -> wire.CurrentUser:
        answer = await self._upstream.read("GET", "/authentication/me")
        return answer.decode(wire.CurrentUser)

    # User tasks

    async def search_user_tasks(
        self, *, filter: Mapping[str, object], sort: Sort, page: Mapping[str, object]
    ) -> wire.SearchPage[Raw]:
        body = {"filter": filter, "sort": sort, "page": page}
        answer = await self._upstream.read("POST", "/user-tasks/search", json=body)
        return answer.decode(wire.SearchPage[Raw])

    async def get_user_task(self, key: str) -> Answer:
        return await self._upstream.read("GET", "/user-tasks/{}", key)

    async def get_user_task_form(self, key: str) -> wire.Form | None:
        """None for a task without a form (204)."""
        answer = await self._upstream.read("GET", "/user-tasks/{}/form", key)
        return None if answer.status == 204 else answer.decode(wire.Form)

    async def search_effective_variables(
        self, key: str, *, offset: int, limit: int, name: str | None = None
    ) -> wire.SearchPage[wire.Variable]:
        """Each name once, with complete values. This search pages by offset only; some servers 8.8 do not have it."""
        answer = await self._upstream.read(
            "POST",
            "/user-tasks/{}/effective-variables/search",
            key,
            params={"truncateValues": "false"},
            json={"page": {"from": offset, "limit": limit}, "sort": _ascending("name"), **_with_name(name)},
        )
        return answer.decode(wire.SearchPage[wire.Variable])

    async def search_variables(
        self, key: str, *, offset: int, limit: int, name: str | None = None
    ) -> wire.SearchPage[wire.Variable]:
        """A name once for each scope that has it, with complete values."""
        answer = await self._upstream.read(
            "POST",
            "/user-tasks/{}/variables/search",
            key,
            params={"truncateValues": "false"},
            json={
                "page": {"from": offset, "limit": limit},
                "sort": _ascending("name", "variableKey"),
                **_with_name(name),
            },
        )
        return answer.decode(wire.SearchPage[wire.Variable])

    async def search_audit_logs(self, key: str, *, page: Mapping[str, object]) -> wire.SearchPage[Raw]:
        """Oldest first. From server 8.9."""
        answer = await self._upstream.read(
            "POST",
            "/user-tasks/{}/audit-logs/search",
            key,
            json={"page": page, "sort": _ascending("timestamp", "auditLogKey")},
        )
        return answer.decode(wire.SearchPage[Raw])

    async def assign_user_task(
        self, key: str, *, assignee: str, allow_override: bool, action: str | None = None
    ) -> None:
        """Without `allow_override` this is the engine's CLAIM: refused if another person is the assignee."""
        body = {"assignee": assignee, "allowOverride": allow_override, **_named(action)}
        await self._upstream.write("POST", "/user-tasks/{}/assignment", key, success=NO_CONTENT, json=body)

    async def unassign_user_task(self, key: str) -> None:
        await self._upstream.write("DELETE", "/user-tasks/{}/assignee", key, success=NO_CONTENT)

    async def update_user_task(self, key: str, *, changeset: Mapping[str, object], action: str | None = None) -> None:
        """An empty list removes candidates, an empty text a date. Members that are left out stay.

        The vendor takes an update with an action alone: task listeners see it.
        """
        body = {**({"changeset": changeset} if changeset else {}), **_named(action)}
        await self._upstream.write("PATCH", "/user-tasks/{}", key, success=NO_CONTENT, json=body)

    async def complete_user_task(self, key: str, *, variables: Mapping[str, object], action: str | None) -> None:
        body = {"variables": variables, **_named(action)}
        await self._upstream.write("POST", "/user-tasks/{}/completion", key, success=NO_CONTENT, json=body)

    # Process instances

    async def search_process_instances(
        self, *, filter: Mapping[str, object], sort: Sort, page: Mapping[str, object]
    ) -> wire.SearchPage[Raw]:
        body = {"filter": filter, "sort": sort, "page": page}
        answer = await self._upstream.read("POST", "/process-instances/search", json=body)
        return answer.decode(wire.SearchPage[Raw])

    async def create_process_instance(self, body: Mapping[str, object]) -> wire.StartedInstance:
        answer = await self._upstream.write("POST", "/process-instances", success=JSON_OK, json=body)
        return answer.decode(wire.StartedInstance)

    async def cancel_process_instance(self, key: str) -> None:
        await self._upstream.write("POST", "/process-instances/{}/cancellation", key, success=NO_CONTENT, json={})

    async def suspend_process_instance(self, key: str) -> None:
        """From server 8.10."""
        await self._upstream.write("POST", "/process-instances/{}/suspension", key, success=NO_CONTENT, json={})

    async def resume_process_instance(self, key: str) -> None:
        """From server 8.10."""
        await self._upstream.write("POST", "/process-instances/{}/resumption", key, success=NO_CONTENT, json={})

    # Process definitions

    async def search_process_definitions(self, *, page: Mapping[str, object]) -> wire.SearchPage[Raw]:
        """The latest version of each process. The server sorts such a search by these two members and pages forwards only."""
        body = {
            "filter": {"isLatestVersion": True},
            "sort": _ascending("processDefinitionId", "tenantId"),
            "page": page,
        }
        answer = await self._upstream.read("POST", "/process-definitions/search", json=body)
        return answer.decode(wire.SearchPage[Raw])

    async def search_process_versions(self, *, filter: Mapping[str, object], limit: int) -> wire.SearchPage[Raw]:
        """The newest versions first."""
        sort = [{"field": "version", "order": "DESC"}]
        body = {"filter": filter, "sort": sort, "page": {"limit": limit}}
        answer = await self._upstream.read("POST", "/process-definitions/search", json=body)
        return answer.decode(wire.SearchPage[Raw])

    async def get_start_form(self, key: str) -> wire.Form | None:
        """The linked form of the start event; None for a process without one (204). Embedded forms are not returned."""
        answer = await self._upstream.read("GET", "/process-definitions/{}/form", key)
        return None if answer.status == 204 else answer.decode(wire.Form)

    async def get_process_definition_xml(self, key: str) -> bytes | None:
        """The BPMN document; None for a process that has none (204)."""
        # The server answers 406 if `Accept` is JSON only.
        accept = {"Accept": "application/json, text/xml;q=0.9"}
        answer = await self._upstream.read("GET", "/process-definitions/{}/xml", key, headers=accept)
        return None if answer.status == 204 else answer.body

    # People

    async def search_users(
        self, *, page: Mapping[str, object], usernames: Sequence[str] | None = None
    ) -> wire.SearchPage[Raw]:
        filter = {} if usernames is None else {"username": {"$in": usernames}}
        body = {"filter": filter, "sort": _ascending("username"), "page": page}
        answer = await self._upstream.read("POST", "/users/search", json=body)
        return answer.decode(wire.SearchPage[Raw])

    async def search_groups(
        self, *, page: Mapping[str, object], group_ids: Sequence[str] | None = None
    ) -> wire.SearchPage[Raw]:
        filter = {} if group_ids is None else {"groupId": {"$in": group_ids}}
        body = {"filter": filter, "sort": _ascending("groupId"), "page": page}
        answer = await self._upstream.read("POST", "/groups/search", json=body)
        return answer.decode(wire.SearchPage[Raw])

    async def search_users_for_group(self, group_id: str, *, page: Mapping[str, object]) -> wire.SearchPage[Raw]:
        """Rows with user names only. NotFoundError for an unknown group."""
        body = {"sort": _ascending("username"), "page": page}
        answer = await self._upstream.read("POST", "/groups/{}/users/search", group_id, json=body)
        return answer.decode(wire.SearchPage[Raw])


def _with_name(name: str | None) -> dict[str, object]:
    return {} if name is None else {"filter": {"name": name}}


def _named(action: str | None) -> dict[str, str]:
    """The name of the event that task listeners see; without it the server uses its own name for each call."""
    return {} if action is None else {"action": action}
