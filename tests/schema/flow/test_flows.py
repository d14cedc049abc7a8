"""Flows in lists, their parts and tasks, and writes to them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import (
    Definition,
    Flow,
    FlowPhase,
    FlowRef,
    FlowState,
    PhaseState,
    SubjectRef,
    TaskRef,
    TaskState,
)
from connectors.sdk.query import FlowQuery, Interval
from connectors.sdk.row_test import TextMatch
from schema.core.relay import global_id
from schema.ports import DefinitionRow, FlowListRequest, PageRequest, SourceRef, WriteRequest, WriteResult, intents
from tests.schema.conftest import NOW, Ask
from tests.schema.fake_federation import FakeFederation, a_task

FLOW, REF = global_id("Flow", "c8", "f1"), FlowRef("c8", "f1")
C8 = global_id("Source", "c8")


def a_flow(**members: Any) -> Flow:
    return Flow(
        **{"source": "c8", "native_id": "f1", "state": FlowState.ACTIVE, "rule": "r", "fetched_at": NOW, **members}
    )


async def test_flows_are_a_connection_with_a_report_per_source(ask: Ask, federation: FakeFederation) -> None:
    """Rows are whole records, so their fields need no further call."""
    federation.flows[REF] = a_flow(name="Invoice 7", definition=Definition(native_id="d1", key="invoice"))
    result = await ask(
        """{ flows(first: 5) { nodes { id name state definition { key } native { type } } edges { cursor }
             pageInfo { hasNextPage } totalCount totalAccuracy sources { source { key } status } } }"""
    )

    assert [] == result.errors
    assert {
        "flows": {
            "nodes": [
                {
                    "id": FLOW,
                    "name": "Invoice 7",
                    "state": "ACTIVE",
                    "definition": {"key": "invoice"},
                    "native": {"type": None},
                }
            ],
            "edges": [{"cursor": "after"}],
            "pageInfo": {"hasNextPage": False},
            "totalCount": 1,
            "totalAccuracy": "EXACT",
            "sources": [
                {"source": {"key": "c8"}, "status": "OK"},
                {"source": {"key": "geo"}, "status": "SKIPPED"},
            ],
        }
    } == result.data
    assert [FlowListRequest(first=5)] == federation.calls["list_flows"]
    assert [] == federation.calls["get_flows"]


@pytest.mark.parametrize(
    ("filter", "request_"),
    [
        ({}, FlowListRequest(count=False)),
        ({"source": {"eq": C8}}, FlowListRequest(sources=frozenset({"c8"}), count=False)),
        (
            {"state": {"in": ["ACTIVE", "FAILED"]}},
            FlowListRequest(query=FlowQuery(states=frozenset({FlowState.ACTIVE, FlowState.FAILED})), count=False),
        ),
        (
            {"definitionKey": {"eq": "a", "in": ["a", "b"], "contains": "A"}},
            FlowListRequest(
                query=FlowQuery(definition_keys=frozenset({"a"}), definition=TextMatch(contains="A")), count=False
            ),
        ),
        (
            {"subject": {"type": "account", "id": "7", "label": "Acme"}},
            FlowListRequest(
                query=FlowQuery(
                    subject_types=frozenset({"account"}), subject_ids=frozenset({"7"}), subject_label="Acme"
                ),
                count=False,
            ),
        ),
        (
            {"startedAt": {"gte": "2026-01-01T00:00:00Z", "isNull": False}},
            FlowListRequest(
                query=FlowQuery(started_at=Interval(gte=datetime(2026, 1, 1, tzinfo=UTC)), has_start=True), count=False
            ),
        ),
    ],
)
async def test_a_filter_of_flows_becomes_the_ports(
    ask: Ask, federation: FakeFederation, filter: dict[str, Any], request_: FlowListRequest
) -> None:
    """Null and empty members are no condition."""
    result = await ask("query ($f: FlowFilter) { flows(filter: $f) { nodes { id } } }", f=filter)

    assert [] == result.errors
    assert [request_] == federation.calls["list_flows"]


async def test_a_flow_names_its_phases_and_current_tasks(ask: Ask, federation: FakeFederation) -> None:
    """From its record. Tasks that the viewer cannot see are left out."""
    federation.add(a_task(native_id="1"), a_task(native_id="2"))
    federation.flows[REF] = a_flow(
        phases=(FlowPhase(key="p1", name="Check", state=PhaseState.ACTIVE, progress=0.5),),
        current_task_ids=("2", "invisible"),
        subjects=(SubjectRef(type="account", native_id="7"),),
    )
    result = await ask(
        f'{{ flow(id: "{FLOW}") {{ phases {{ key state progress }} currentTasks {{ id }} subjects {{ type }} }} }}'
    )

    assert [] == result.errors
    assert {
        "flow": {
            "phases": [{"key": "p1", "state": "ACTIVE", "progress": 0.5}],
            "currentTasks": [{"id": global_id("Task", "c8", "2")}],
            "subjects": [{"type": "account"}],
        }
    } == result.data
    assert [[TaskRef("c8", "2"), TaskRef("c8", "invisible")]] == federation.calls["get_tasks"]


async def test_current_tasks_are_searched_if_the_record_does_not_name_them(
    ask: Ask, federation: FakeFederation
) -> None:
    """Tasks that can be worked on, in the flow's source only."""
    federation.flows[REF] = a_flow()
    await ask(f'{{ flow(id: "{FLOW}") {{ currentTasks {{ id }} }} }}')
    (request,) = federation.calls["list_tasks"]

    assert (frozenset({"c8"}), frozenset({REF})) == (request.filter.sources, request.filter.flows)
    assert request.filter.states == frozenset(
        {TaskState.READY, TaskState.RESERVED, TaskState.IN_PROGRESS, TaskState.SUSPENDED}
    )


async def test_tasks_of_a_flow_are_a_page_of_the_list(ask: Ask, federation: FakeFederation) -> None:
    """Open and closed tasks, unless states are given."""
    federation.add(a_task())
    federation.flows[REF] = a_flow()
    result = await ask(
        f'{{ flow(id: "{FLOW}") {{ tasks(first: 3, states: [COMPLETED]) {{ nodes {{ id }} totalCount }} }} }}'
    )
    (request,) = federation.calls["list_tasks"]

    assert {"flow": {"tasks": {"nodes": [{"id": global_id("Task", "c8", "1")}], "totalCount": 1}}} == result.data
    assert (3, True, frozenset({TaskState.COMPLETED})) == (request.first, request.count, request.filter.states)


async def test_definitions_are_a_connection(ask: Ask, federation: FakeFederation) -> None:
    """Of all sources, or of one."""
    federation.definitions.append(DefinitionRow("c8", Definition(native_id="d1", key="approve", name="Approve")))
    result = await ask(f'{{ taskDefinitions(source: "{C8}") {{ nodes {{ id key name }} totalCount }} }}')

    assert {
        "taskDefinitions": {
            "nodes": [{"id": global_id("TaskDefinition", "c8", "d1"), "key": "approve", "name": "Approve"}],
            "totalCount": 1,
        }
    } == result.data
    assert [PageRequest(sources=frozenset({"c8"}))] == federation.calls["list_task_definitions"]


@pytest.mark.parametrize(
    ("mutation", "arguments", "request_"),
    [
        (
            "startFlow",
            {
                "sourceId": C8,
                "definitionKey": "invoice",
                "version": "3",
                "data": {"amount": 5},
                "subjects": [{"type": "account", "id": "7", "isPrimary": True}],
                "vendorOptions": {"tags": ["a"]},
                "idempotencyKey": "k",
            },
            WriteRequest(
                target=SourceRef("c8"),
                intent=intents.StartFlowIntent(
                    definition_key="invoice",
                    version="3",
                    data={"amount": 5},
                    subjects=(SubjectRef(type="account", native_id="7", is_primary=True),),
                    options={"tags": ["a"]},
                ),
                idempotency_key="k",
            ),
        ),
        (
            "cancelFlow",
            {"flowId": FLOW, "reason": "twice"},
            WriteRequest(target=REF, intent=intents.CancelFlowIntent(reason="twice")),
        ),
        ("suspendFlow", {"flowId": FLOW}, WriteRequest(target=REF, intent=intents.SuspendFlowIntent())),
        ("resumeFlow", {"flowId": FLOW}, WriteRequest(target=REF, intent=intents.ResumeFlowIntent())),
    ],
)
async def test_a_mutation_of_flows_becomes_an_intent(
    ask: Ask, federation: FakeFederation, mutation: str, arguments: dict[str, Any], request_: WriteRequest
) -> None:
    """The payload has the flow as it will be shown."""
    federation.result = WriteResult(
        status=MutationStatus.APPLIED, operation_id="op", flow=a_flow(state=FlowState.CANCELED), effect="ended 3 tasks"
    )
    kind = {"startFlow": "StartFlowInput", "cancelFlow": "CancelFlowInput"}.get(mutation, "FlowActionInput")
    result = await ask(
        f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ status effect flow {{ state }} tasks {{ id }} errors {{ code }} }} }}",
        i=arguments,
    )

    assert [] == result.errors
    assert {
        mutation: {
            "status": "APPLIED",
            "effect": "ended 3 tasks",
            "flow": {"state": "CANCELED"},
            "tasks": [],
            "errors": [],
        }
    } == result.data
    assert [request_] == federation.calls["perform"]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (f'startFlow(input: {{sourceId: "{FLOW}", definitionKey: "a"}})', ["sourceId"]),
        (f'startFlow(input: {{sourceId: "{C8}", definitionKey: ""}})', ["definitionKey"]),
        (f'startFlow(input: {{sourceId: "{C8}", definitionKey: "a", data: [1]}})', ["data"]),
        (f'startFlow(input: {{sourceId: "{C8}", definitionKey: "a", vendorOptions: 1}})', ["vendorOptions"]),
        (f'cancelFlow(input: {{flowId: "{C8}"}})', ["flowId"]),
    ],
)
async def test_wrong_arguments_are_refused_by_name(
    ask: Ask, federation: FakeFederation, document: str, field: list[str]
) -> None:
    """Nothing is sent."""
    result = await ask(f"mutation {{ {document} {{ status errors {{ code field }} }} }}")

    assert result.data is not None
    (payload,) = result.data.values()
    assert {"status": "REJECTED", "errors": [{"code": "VALIDATION_FAILED", "field": field}]} == payload
    assert [] == federation.calls["perform"]


async def test_the_parent_of_a_flow_is_shown_to_people_who_see_it(
    ask: Ask, federation: FakeFederation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To others it is an id. They may see a task of the flow, and none of the flow that started it."""
    parent = FlowRef("c8", "f0")
    federation.flows[REF] = a_flow(parent_id="f0", root_id="f0")
    federation.flows[parent] = a_flow(native_id="f0", name="Merger", business_key="secret")

    async def visible(_caller: object, refs: Sequence[FlowRef]) -> Mapping[FlowRef, Flow]:
        return {REF: a_flow(parent_id="f0", root_id="f0")} if REF in refs else {}

    monkeypatch.setattr(federation, "get_visible_flows", visible)
    query = """query ($id: ID!) { flow(id: $id) { parent { id name state businessKey native { type } } root { businessKey } } }"""
    shown = await ask(query, id=FLOW)

    assert [] == shown.errors
    assert {
        "flow": {
            "parent": {
                "id": global_id("Flow", "c8", "f0"),
                "name": None,
                "state": "UNKNOWN",
                "businessKey": None,
                "native": {"type": None},
            },
            "root": {"businessKey": None},
        }
    } == shown.data
