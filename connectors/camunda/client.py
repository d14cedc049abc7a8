"""One method a call of the Orchestration Cluster API; paths are relative to `/v2`."""

from collections.abc import Mapping, Sequence

from connectors.camunda import wire
from connectors.sdk.upstream import Answer, Upstream


class CamundaClient:
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def get_topology(self) -> None:
        await self._upstream.read("GET", "/topology")

    async def search_user_tasks(
        self, *, filter: Mapping[str, object], sort: Sequence[Mapping[str, str]], page: Mapping[str, object]
    ) -> wire.UserTaskRows:
        body = {"filter": filter, "sort": sort, "page": page}
        answer = await self._upstream.read("POST", "/user-tasks/search", json=body)
        return answer.decode(wire.UserTaskRows)

    async def get_user_task(self, key: str) -> Answer:
        return await self._upstream.read("GET", "/user-tasks/{}", key)

    async def get_user_task_form(self, key: str) -> wire.Form | None:
        """None for a task without a form (204)."""
        answer = await self._upstream.read("GET", "/user-tasks/{}/form", key)
        return None if answer.status == 204 else answer.decode(wire.Form)

    async def search_effective_variables(self, key: str, *, offset: int, limit: int) -> wire.VariablePage:
        """Values whole; this search pages by offset only. Not in server 8.8."""
        answer = await self._upstream.read(
            "POST",
            "/user-tasks/{}/effective-variables/search",
            key,
            params={"truncateValues": "false"},
            json={"page": {"from": offset, "limit": limit}, "sort": [{"field": "name", "order": "ASC"}]},
        )
        return answer.decode(wire.VariablePage)

    async def get_process_instance(self, key: str) -> wire.ProcessInstance:
        answer = await self._upstream.read("GET", "/process-instances/{}", key)
        return answer.decode(wire.ProcessInstance)

    async def search_users(self, usernames: Sequence[str]) -> list[wire.User]:
        body = {"filter": {"username": {"$in": usernames}}, "page": {"limit": len(usernames)}}
        answer = await self._upstream.read("POST", "/users/search", json=body)
        return answer.decode(wire.UserPage).items

    async def search_groups(self, group_ids: Sequence[str]) -> list[wire.Group]:
        body = {"filter": {"groupId": {"$in": group_ids}}, "page": {"limit": len(group_ids)}}
        answer = await self._upstream.read("POST", "/groups/search", json=body)
        return answer.decode(wire.GroupPage).items

    async def assign_user_task(self, key: str, *, assignee: str, allow_override: bool) -> None:
        """Without `allow_override` this is the engine's CLAIM: refused when somebody else is the assignee."""
        body = {"assignee": assignee, "allowOverride": allow_override}
        await self._upstream.write("POST", "/user-tasks/{}/assignment", key, json=body)

    async def unassign_user_task(self, key: str) -> None:
        await self._upstream.write("DELETE", "/user-tasks/{}/assignee", key)

    async def complete_user_task(self, key: str, *, variables: Mapping[str, object], action: str | None) -> None:
        body: dict[str, object] = {"variables": variables}
        if action is not None:
            body["action"] = action
        await self._upstream.write("POST", "/user-tasks/{}/completion", key, json=body)

    async def cancel_process_instance(self, key: str) -> None:
        await self._upstream.write("POST", "/process-instances/{}/cancellation", key, json={})
