"""Process instances as flows, and lists of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.camunda import CamundaConnector, flows
from connectors.camunda.settings import CamundaOptions, CamundaSettings
from connectors.sdk.errors import (
    MalformedResponseError,
    UnavailableError,
)
from connectors.sdk.model import Definition, Flow, FlowState, Task, TaskState
from connectors.sdk.odd_rows import decode_rows
from connectors.sdk.query import FlowQuery, Interval
from sandbox.camunda.stand_in import CamundaStandIn
from tests.connectors.camunda.rows import flow_of

Answering = Callable[..., CamundaConnector]

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
OPTIONS = {version: CamundaOptions.model_validate({"server_version": version}) for version in ("8.8", "8.9", "8.10")}


@pytest.fixture
def running(instance: dict[str, Any], settings: CamundaSettings) -> Flow:
    return flow_of(msgspec.json.encode(instance), settings, fetched_at=NOW)


def page_of(*rows: Any, **page: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"items": rows, "page": page})


def noting(asked: list[Any], response: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.method, request.url.path, msgspec.json.decode(request.content)))
        return response

    return answer


# Records


def test_a_full_process_instance_fills_every_member(running: Flow, instance: dict[str, Any]) -> None:
    """The vendor's documented example, member by member."""
    assert running == Flow(
        source="camunda",
        native_id="2251799813685700",
        state=FlowState.ACTIVE,
        rule="c8.flow.active",
        fetched_at=NOW,
        name="Invoice receipt",
        definition=Definition(native_id="2251799813685600", key="invoice", name="Invoice receipt", version="3"),
        has_incident=False,
        started_at=datetime(2026, 1, 5, 8, 15, 29, 900000, tzinfo=UTC),
        business_key="INV-7",
        parent_id="2251799813685650",
        root_id="2251799813685640",
        url="https://flows.test/2251799813685700",
        native_state="ACTIVE",
        payload=msgspec.Raw(msgspec.json.encode(instance)),
    )


def test_a_process_instance_with_only_a_key_is_a_flow(settings: CamundaSettings) -> None:
    """Server 8.8 leaves empty members out."""
    shown = flow_of(b'{"processInstanceKey":"7"}', settings, fetched_at=NOW)

    assert (FlowState.UNKNOWN, None, None, None, None) == (
        shown.state,
        shown.name,
        shown.definition,
        shown.root_id,
        shown.has_incident,
    )


@pytest.mark.parametrize(
    ("native", "state", "rule"),
    [
        ("ACTIVE", "ACTIVE", "c8.flow.active"),
        ("SUSPENDED", "SUSPENDED", "c8.flow.suspended"),
        ("COMPLETED", "COMPLETED", "c8.flow.completed"),
        ("TERMINATED", "CANCELED", "c8.flow.terminated"),
        ("MIGRATING", "UNKNOWN", "c8.flow.unknown"),
        (None, "UNKNOWN", "c8.flow.unknown"),
    ],
)
def test_a_process_instance_has_the_state_of_a_flow(
    native: str | None, state: str, rule: str, instance: dict[str, Any], settings: CamundaSettings
) -> None:
    """TERMINATED is CANCELED; a new state is UNKNOWN."""
    shown = flow_of(msgspec.json.encode({**instance, "state": native}), settings, fetched_at=NOW)

    assert (FlowState(state), rule, native) == (shown.state, shown.rule, shown.native_state)


def test_a_member_that_does_not_fit_is_named(settings: CamundaSettings) -> None:
    """The error names the member and does not quote its value."""
    with pytest.raises(MalformedResponseError, match=r"\(startDate\)") as caught:
        flow_of(b'{"processInstanceKey":"7","startDate":["soon"]}', settings, fetched_at=NOW)

    assert "soon" not in caught.value.message


def test_of_process_instances_with_the_same_key_the_first_is_kept(
    instance: dict[str, Any], settings: CamundaSettings
) -> None:
    """A page may repeat rows while the vendor's index changes."""
    rows = [
        msgspec.Raw(msgspec.json.encode({**instance, "processDefinitionName": name})) for name in ("first", "second")
    ]

    assert ["first"] == [
        each.name for each in flows.flows_of(decode_rows(rows, flows.read_flow), settings, fetched_at=NOW)
    ]


@pytest.mark.parametrize(
    ("flow_state", "state", "expected"),
    [
        (FlowState.SUSPENDED, TaskState.RESERVED, (TaskState.SUSPENDED, "FLOW_SUSPENDED", "c8.flow.suspended")),
        (FlowState.SUSPENDED, TaskState.COMPLETED, (TaskState.COMPLETED, None, "c8")),
        (FlowState.ACTIVE, TaskState.RESERVED, (TaskState.RESERVED, None, "c8")),
    ],
)
def test_a_suspended_flow_suspends_its_open_tasks(
    flow_state: FlowState, state: TaskState, expected: tuple[TaskState, str | None, str]
) -> None:
    """Closed tasks do not change."""
    known = Flow(source="c8", native_id="1", state=flow_state, rule="c8.flow", fetched_at=NOW)
    task = Task(source="c8", native_id="2", title="Approve", state=state, rule="c8", fetched_at=NOW)
    shown = flows.task_within_flow(task, known)

    assert expected == (shown.state, shown.state_reason, shown.rule)


# Searches


def every_kind_of_flow() -> list[Flow]:
    settings = CamundaSettings.model_validate({"key": "c8", "name": "C8", "base_url": "https://camunda.test"})
    states = ("ACTIVE", "SUSPENDED", "COMPLETED", "TERMINATED", "MIGRATING")
    return [
        flow_of(
            msgspec.json.encode(
                {
                    "processInstanceKey": str(number + 1),
                    "state": states[number % 5],
                    "processDefinitionId": f"process{number % 3}",
                    "processDefinitionKey": "7",
                    "startDate": f"2026-06-{number % 28 + 1:02}T08:00:00.123Z",
                }
            ),
            settings,
            fetched_at=NOW,
        )
        for number in range(60)
    ]


FLOWS = every_kind_of_flow()
MOMENTS = st.none() | st.sampled_from(
    [datetime(2026, 6, 9, 8, 0, 0, micros, tzinfo=UTC) for micros in (123000, 123001, 122999)]
)
QUERIES = st.builds(
    FlowQuery,
    ids=st.none() | st.frozensets(st.sampled_from(["1", "2", "30", "no-key"])),
    states=st.none() | st.frozensets(st.sampled_from(FlowState), max_size=3),
    definition_keys=st.none() | st.frozensets(st.sampled_from(["process0", "process1", "none"])),
    subject_types=st.sampled_from([None, None, None, frozenset({"order"})]),
    has_start=st.sampled_from([None, True, False]),
    started_at=st.none() | st.builds(Interval, gt=MOMENTS, gte=MOMENTS, lt=MOMENTS, lte=MOMENTS),
)


@given(QUERIES, st.sampled_from(tuple(OPTIONS.values())))
def test_a_pushed_query_loses_no_match(query: FlowQuery, options: CamundaOptions) -> None:
    """And it can be pushed down again without a change."""
    pushed = flows.pushdown(query, options)

    assert [each.native_id for each in FLOWS if query.matches(each) and not pushed.matches(each)] == []
    assert pushed == flows.pushdown(pushed, options)


@given(QUERIES)
def test_without_a_call_nothing_can_match(query: FlowQuery) -> None:
    """If there is no filter to send, only a flow of unknown state could match."""
    pushed = flows.pushdown(query, OPTIONS["8.10"])

    if flows.filter_of(pushed, OPTIONS["8.10"]) is None:
        assert {FlowState.UNKNOWN} >= {each.state for each in FLOWS if pushed.matches(each)}


@pytest.mark.parametrize(
    ("version", "query", "filter"),
    [
        ("8.9", FlowQuery(), {}),
        ("8.9", FlowQuery(ids=frozenset({"7"})), {"processInstanceKey": {"$eq": "7"}}),
        ("8.8", FlowQuery(ids=frozenset({"8", "7", "x"})), {"processInstanceKey": {"$in": ["7", "8"]}}),
        ("8.9", FlowQuery(ids=frozenset({"x"})), None),
        ("8.9", FlowQuery(states=frozenset({FlowState.ACTIVE})), {"state": {"$eq": "ACTIVE"}}),
        ("8.9", FlowQuery(states=frozenset({FlowState.CANCELED})), {"state": {"$eq": "TERMINATED"}}),
        (
            "8.9",
            FlowQuery(states=frozenset({FlowState.ACTIVE, FlowState.COMPLETED})),
            {"state": {"$in": ["ACTIVE", "COMPLETED"]}},
        ),
        ("8.9", FlowQuery(states=frozenset({FlowState.SUSPENDED})), None),
        ("8.10", FlowQuery(states=frozenset({FlowState.SUSPENDED})), {"state": {"$eq": "SUSPENDED"}}),
        ("8.9", FlowQuery(states=frozenset({FlowState.FAILED})), None),
        ("8.9", FlowQuery(states=frozenset({FlowState.UNKNOWN})), {}),
        ("8.9", FlowQuery(states=frozenset()), None),
        (
            "8.9",
            FlowQuery(definition_keys=frozenset({"b", "a"})),
            {"processDefinitionId": {"$in": ["a", "b"]}},
        ),
        ("8.9", FlowQuery(started_at=Interval(gte=NOW)), {"startDate": {"$gte": NOW}}),
        ("8.9", FlowQuery(has_start=True), {"startDate": {"$exists": True}}),
        ("8.9", FlowQuery(has_start=False, started_at=Interval(gte=NOW)), None),
        ("8.9", FlowQuery(subject_types=frozenset({"order"})), None),
        ("8.9", FlowQuery(subject_label="order"), None),
    ],
)
def test_a_query_becomes_a_filter(version: str, query: FlowQuery, filter: dict[str, Any] | None) -> None:
    """None if no call is needed."""
    options = OPTIONS[version]

    assert filter == flows.filter_of(flows.pushdown(query, options), options)


async def test_flows_come_newest_first(connector: CamundaConnector, stand_in: CamundaStandIn) -> None:
    """Each flow once, page by page."""
    found: list[Flow] = []
    after: str | None = None
    while True:
        page = await connector.list_flows(FlowQuery(), limit=7, after=after)
        found += page.items
        after = page.next_cursor
        if after is None:
            break

    starts = [each.started_at for each in found if each.started_at is not None]
    assert len(starts) == len(found)
    assert sorted(starts, reverse=True) == starts
    assert {row.process_instance_key for row in stand_in.store.instances.rows} == {each.native_id for each in found}


async def test_a_flow_query_that_matches_nothing_needs_no_call(answering: Answering) -> None:
    """The page is empty and its total exact."""
    asked: list[Any] = []

    page = await answering(noting(asked, page_of())).list_flows(FlowQuery(states=frozenset()), limit=5)

    assert ([], 0, []) == (list(page.items), page.total, asked)


async def test_flows_are_read_by_id(connector: CamundaConnector, stand_in: CamundaStandIn) -> None:
    """A flow that does not exist is absent."""
    row = next(each for each in stand_in.store.instances.rows if each.state == "ACTIVE")

    found = await connector.get_flows([row.process_instance_key, "1", "no-key"])

    assert [row.process_instance_key] == list(found)
    shown = found[row.process_instance_key]
    assert isinstance(shown, Flow)
    assert (FlowState.ACTIVE, row.process_definition_name, row.business_id) == (
        shown.state,
        shown.name,
        shown.business_key,
    )


async def test_a_hundred_flows_by_id_are_one_call(answering: Answering) -> None:
    """If a call fails, each of its flows has the error."""
    asked: list[Any] = []

    found = await answering(noting(asked, httpx2.Response(503))).get_flows([str(key) for key in range(1, 151)])

    assert [100, 50] == [len(body["filter"]["processInstanceKey"]["$in"]) for _, _, body in asked]
    assert 150 == len(found)
    assert {UnavailableError} == {type(each) for each in found.values()}
