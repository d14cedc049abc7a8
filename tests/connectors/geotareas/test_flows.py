"""Instances as flows, and their definitions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from connectors.geotareas import GeotareasConnector
from connectors.sdk.errors import MalformedResponseError, ValidationFailedError
from connectors.sdk.model import CountAccuracy, Definition, Flow, FlowState
from connectors.sdk.query import FlowQuery, Interval

Scripted = Callable[..., GeotareasConnector]

ROW = {
    "id": "591847302948571634",
    "definition_id": "418207395516284701",
    "definition_name": "New Account Onboarding",
    "status": "RUNNING",
    "entity_type": "CUENTA",
    "entity_id": "738291047382910473",
    "entity_label": "Acme Corp",
    "current_step": "Send Welcome Email",
    "started_at": "2026-03-15T11:30:00",
}


async def drained(connector: GeotareasConnector, query: FlowQuery, limit: int = 7) -> list[Flow]:
    flows: list[Flow] = []
    cursor: str | None = None
    while True:
        page = await connector.list_flows(connector.pushdown_flows(query), limit=limit, after=cursor)
        flows += page.items
        cursor = page.next_cursor
        if cursor is None:
            return flows


def answering(*rows: dict[str, Any], total: int | None = None) -> Callable[[httpx2.Request], httpx2.Response]:
    meta = {} if total is None else {"total": total, "limit": 100, "offset": 0}
    return lambda _: httpx2.Response(200, json={"success": True, "data": list(rows), "meta": meta})


async def test_a_list_of_flows_is_exactly_its_query(tenant: Any) -> None:
    """For each condition the list is the same as a filtered list of all instances."""
    everything = await drained(tenant.connector, FlowQuery())
    chosen = everything[len(everything) // 2]
    started, definition, subjects = chosen.started_at, chosen.definition, chosen.subjects
    assert started is not None
    assert definition is not None
    assert subjects
    queries = [
        *(FlowQuery(states=frozenset({state})) for state in FlowState),
        FlowQuery(states=frozenset({FlowState.ACTIVE, FlowState.FAILED})),
        FlowQuery(definition_keys=frozenset({definition.key})),
        FlowQuery(definition_keys=frozenset({flow.definition.key for flow in everything if flow.definition})),
        FlowQuery(subject_types=frozenset({subjects[0].type})),
        FlowQuery(subject_ids=frozenset({subjects[0].native_id})),
        FlowQuery(started_at=Interval(gte=started)),
        FlowQuery(started_at=Interval(gt=started, lt=started + timedelta(days=4))),
        FlowQuery(started_at=Interval(lte=started), states=frozenset({FlowState.ACTIVE})),
        FlowQuery(ids=frozenset({chosen.native_id})),
    ]
    for query in queries:
        pushed = tenant.connector.pushdown_flows(query)
        listed = {flow.native_id for flow in await drained(tenant.connector, query)}

        assert {flow.native_id for flow in everything if pushed.matches(flow)} == listed, pushed
        assert {flow.native_id for flow in everything if query.matches(flow)} <= listed, query


async def test_flows_in_impossible_states_need_no_call(tenant: Any) -> None:
    """No instance is suspended, and an empty set of states matches none."""
    for states in (frozenset({FlowState.SUSPENDED}), frozenset()):
        page = await tenant.connector.list_flows(FlowQuery(states=states), limit=10)

        assert ((), 0, CountAccuracy.EXACT) == (page.items, page.total, page.total_accuracy)
    assert [] == await tenant.paths()


async def test_a_total_of_flows_is_the_vendors(tenant: Any) -> None:
    """Unless several statuses are requested, or the start, which the connector filters."""
    one = await tenant.connector.list_flows(FlowQuery(), limit=1)
    two = await tenant.connector.list_flows(FlowQuery(states=frozenset({FlowState.ACTIVE, FlowState.FAILED})), limit=1)
    everything = await drained(tenant.connector, FlowQuery())
    since = Interval(gte=everything[len(everything) // 2].started_at)
    late = await tenant.connector.list_flows(FlowQuery(started_at=since), limit=1)

    assert len(everything) == one.total
    assert 1 == len(late.items)
    assert (None, None) == (two.total, late.total)


@pytest.mark.parametrize("cursor", ["", "RUNNING:0", "ALL", "ALL:x", "ALL:1;2"])
async def test_a_cursor_of_another_list_of_flows_is_refused(tenant: Any, cursor: str) -> None:
    """No call is made."""
    with pytest.raises(ValidationFailedError):
        await tenant.connector.list_flows(FlowQuery(), limit=1, after=cursor)

    assert [] == await tenant.paths()


async def test_a_full_instance_fills_every_member(scripted: Scripted) -> None:
    """With its definition, entity, link and the vendor's bytes."""
    connector = scripted(answering(ROW, total=1))
    options = connector.settings.options.model_copy(update={"flow_url_template": "https://acme.test/i/{id}"})
    linked = scripted(answering(ROW, ROW, total=2), options=options)
    flow = (await connector.get_flows([ROW["id"]]))[ROW["id"]]
    page = await linked.list_flows(FlowQuery(), limit=5)

    assert isinstance(flow, Flow)
    assert (FlowState.ACTIVE, "geo.instance.running", "RUNNING") == (flow.state, flow.rule, flow.native_state)
    assert (
        Definition(native_id="418207395516284701", key="418207395516284701", name="New Account Onboarding")
        == flow.definition
    )
    assert [("CUENTA", "738291047382910473", "Acme Corp")] == [
        (each.type, each.native_id, each.label) for each in flow.subjects or ()
    ]
    assert flow.payload is not None
    assert b"Send Welcome Email" in bytes(flow.payload)
    assert None is flow.url
    assert [f"https://acme.test/i/{ROW['id']}"] == [each.url for each in page.items]


async def test_an_id_and_a_status_are_enough_for_a_flow(scripted: Scripted) -> None:
    """Null members count as absent. A status that is not documented is UNKNOWN."""
    nulls = dict.fromkeys(ROW) | {"id": "2", "status": "RUNNING"}
    connector = scripted(answering({"id": "1", "status": "PAUSED"}, nulls))
    page = await connector.list_flows(FlowQuery(), limit=5)

    assert [(FlowState.UNKNOWN, None, ()), (FlowState.ACTIVE, None, ())] == [
        (flow.state, flow.definition, flow.subjects) for flow in page.items
    ]


@pytest.mark.parametrize(
    "row", [{}, {"id": "1"}, {"id": 1, "status": "RUNNING"}, {"id": "../1", "status": "RUNNING"}, [], None]
)
async def test_an_instance_that_does_not_fit_is_malformed(scripted: Scripted, row: Any) -> None:
    """The list fails; no instance is dropped."""
    with pytest.raises(MalformedResponseError):
        await scripted(answering(row)).list_flows(FlowQuery(), limit=5)


async def test_definitions_are_listed_by_status_type_and_name(tenant: Any) -> None:
    """By default the vendor returns active ones."""
    first = await tenant.connector.extras.list_definitions(limit=4)
    rest = await tenant.connector.extras.list_definitions(limit=4, after=first.next_cursor)
    every = await tenant.connector.extras.list_definitions(asked={"status": "all"}, limit=100)
    named = await tenant.connector.extras.list_definitions(
        asked={"status": "active", "entity_type": "CUENTA", "search": "signed contract"}, limit=100
    )

    assert ([4, 2], 6, None) == ([len(first.items), len(rest.items)], first.total, rest.next_cursor)
    assert 7 == len(every.items)
    assert [
        Definition(native_id="418207395516284701", key="418207395516284701", name="New Account Onboarding", version="4")
    ] == [*named.items]


@pytest.mark.parametrize(("version", "expected"), [(3, "3"), ("3.1", "3.1"), (None, None)])
async def test_a_definitions_version_is_text(scripted: Scripted, version: object, expected: str | None) -> None:
    """The vendor documents an integer, but a text is accepted."""
    row = {"id": "1", "name": "Survey", "version": version, "new": [1]}
    page = await scripted(answering(row)).extras.list_definitions(limit=5)

    assert [expected] == [each.version for each in page.items]
