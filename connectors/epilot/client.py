"""All operations of the vendor: those of flows, of workflows, of people, and the two queries over tasks."""

from collections.abc import Mapping
from typing import Any

from connectors.epilot import wire
from connectors.epilot.apis import Apis
from connectors.epilot.directory import DirectoryClient
from connectors.epilot.flows import FlowsClient
from connectors.epilot.settings import EpilotSettings
from connectors.epilot.workflows import WorkflowsClient
from connectors.sdk import AdmissionControl

OVERVIEW = "/v2/query/domain/workflows:execute"
KANBAN = "/v1/kanban/query/flows:execute"


class EpilotClient:
    """One method a call, here and in its three parts."""

    def __init__(self, settings: EpilotSettings, *, transport: Any = None) -> None:
        self._apis = Apis(settings, transport=transport)
        self.upstream = self._apis.upstream
        self.flows = FlowsClient(self._apis.workflow)
        self.workflows = WorkflowsClient(self._apis.workflow)
        self.directory = DirectoryClient(self._apis.user)

    async def query_overview(self, body: Mapping[str, object]) -> wire.TaskRows:
        """DatasetOptions.WorkflowTasksOverview, computed now: the vendor keeps answers otherwise."""
        answer = await self._apis.query.read("POST", OVERVIEW, params={"no_cache": "true"}, json=body)
        return answer.decode(wire.TaskRows)

    async def query_kanban(self, body: Mapping[str, object]) -> wire.TaskRows:
        """FlowsQueryRequest."""
        return (await self._apis.kanban.read("POST", KANBAN, json=body)).decode(wire.TaskRows)

    def guard(self, admission: AdmissionControl) -> None:
        self._apis.guard(admission)

    async def aclose(self) -> None:
        await self._apis.aclose()
