"""The contract of all vendors, on the stand-in, with lists by the kanban query."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.epilot import EpilotConnector, EpilotSettings
from connectors.epilot.ids import FlowId, TaskId
from connectors.epilot.settings import Generation
from connectors.sdk.caller import Identity
from connectors.sdk.commands import CreateTask, Retry, StartFlow
from connectors.sdk.model import Flow, FlowState, SubjectRef
from connectors.sdk.testing import ConnectorContract, ContractSample, FaultyTransport
from sandbox.epilot import EpilotStandIn

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
BASE_URL = "http://epilot.test"


class TestEpilot(ConnectorContract):
    connector_type = EpilotConnector

    @pytest.fixture
    def stand_in(self) -> EpilotStandIn:
        stand_in = EpilotStandIn(clock=lambda: NOW)
        stand_in.reset(tasks=40, seed=7, now=NOW, scenario=None)
        return stand_in

    @pytest.fixture
    def transport(self, stand_in: EpilotStandIn) -> FaultyTransport:
        # Typed as Any: httpx2 and Starlette type ASGI applications differently.
        app: Any = stand_in
        return FaultyTransport(httpx2.ASGITransport(app=app))

    @pytest.fixture
    async def connector(self, transport: FaultyTransport, stand_in: EpilotStandIn) -> AsyncIterator[EpilotConnector]:
        settings = EpilotSettings.model_validate(stand_in.source_config(BASE_URL))
        connector = EpilotConnector.open(settings, transport=transport)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def sample(self, stand_in: EpilotStandIn) -> ContractSample:
        people = stand_in.identities()
        alice, bob = (
            Identity(native_id=people[key]["id"], groups=tuple(people[key]["groups"])) for key in ("alice", "bob")
        )
        started = [flow for flow in stand_in.flows.all() if flow.status == "STARTED"]
        tasks = [(flow, task) for flow in started for task in flow.tasks if task.enabled]
        unowned = [
            _native_id(flow.id, task.id)
            for flow, task in tasks
            if task.is_ready and task.task_type == "MANUAL" and not task.assigned_to and _is_current(flow, task)
        ]
        failed = next(_native_id(flow.id, task.id) for flow, task in tasks if task.status == "FAILED")
        flow = next(flow for flow in started if _has_a_place(flow))
        shown = Flow(
            source="epilot",
            native_id=f"v2/{flow.id}",
            state=FlowState.ACTIVE,
            rule="sample",
            fetched_at=NOW,
            payload=msgspec.Raw(msgspec.json.encode(flow)),
        )
        context = flow.contexts[0]
        return ContractSample(
            unowned=tuple(unowned),
            actor=alice,
            other=bob,
            unknown_id="v2/none/none",
            starts={Retry: failed},
            flow=f"v2/{flow.id}",
            create=CreateTask(title="Call the grid operator", flow=shown, actor=alice),
            start_flow=StartFlow(
                definition_key=flow.flow_template_id,
                subjects=(SubjectRef(type=context.entity_schema, native_id=context.entity_id),),
            ),
        )


def _native_id(flow: str, task: str) -> str:
    return str(TaskId(FlowId(Generation.V2, flow), task))


def _is_current(flow: Any, task: Any) -> bool:
    return any(each.id == task.id for each in flow.crt_tasks)


def _has_a_place(flow: Any) -> bool:
    """One current task with one that follows: a new one fits between them."""
    return len(flow.crt_tasks) == 1 and sum(edge.from_id == flow.crt_tasks[0].id for edge in flow.edges) == 1
