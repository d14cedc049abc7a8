"""Whatever one connector raises stays in its source: in lists over five sources, single objects and writes."""

from typing import Any

import pytest
from msgspec import structs
from structlog.testing import capture_logs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError
from connectors.sdk.model import DetailAspect, FlowRef, NativeRef, TaskRef, TaskState
from gateway.federation.service import FederatedSources
from gateway.federation.sources.containment import UNEXPECTED, Containment
from schema.ports import (
    CancelFlowIntent,
    ClaimIntent,
    FlowListRequest,
    PageRequest,
    SourceReport,
    SourceStatus,
    StatsRequest,
    TaskFilter,
    TaskListRequest,
    WriteRequest,
)
from tests.gateway.federation.memory_source import federation, person, task
from tests.gateway.federation.rich_source import RichConnector, flow

SOURCES = ("one", "two", "three", "four", "five")
CAROL = person("carol", *SOURCES, admin=True)
SECRET = "töken-of-the-vendor"
ODD: list[Exception] = [
    UnicodeEncodeError("ascii", SECRET, 0, 1, "ordinal not in range"),
    RuntimeError(SECRET),
    KeyError(SECRET),
    RecursionError(SECRET),
    ExceptionGroup(SECRET, [TypeError(SECRET), UnavailableError("is down")]),
    AssertionError(SECRET),
]


class Directory(RichConnector):
    listings = frozenset(Listing)


def world() -> tuple[Directory, FederatedSources]:
    connectors = [Directory(key, [task(key, "1"), task(key, "2")], flows=[flow(key, "f1")]) for key in SOURCES]
    return connectors[2], federation(*connectors, people=[CAROL])


def planted(connector: Directory, method: str, raised: Exception) -> None:
    def odd(*_: Any, **__: Any) -> Any:
        raise raised

    async def odd_later(*_: Any, **__: Any) -> Any:
        raise raised

    is_sync = method in {"pushdown", "pushdown_flows", "within_flow", "is_native_id", "detail_in"}
    setattr(connector, method, odd if is_sync else odd_later)


def check(reports: Any, rows: int, expected: int) -> None:
    failing: SourceReport = next(one for one in reports if one.source == "three")

    assert expected == rows
    assert SourceStatus.UNAVAILABLE is failing.status
    assert failing.error is not None
    assert "UPSTREAM_ERROR" == failing.error.code
    assert failing.error.message.endswith(UNEXPECTED)
    assert failing.count is None
    assert {SourceStatus.OK} == {one.status for one in reports if one.source != "three"}


@pytest.mark.parametrize("raised", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("method", ["list_tasks", "pushdown"])
async def test_a_list_over_five_sources_has_the_rows_of_four(method: str, raised: Exception) -> None:
    """And a report with a plain message that quotes nothing. So have the counts."""
    connector, sources = world()
    planted(connector, method, raised)
    page = await sources.list_tasks(CAROL, TaskListRequest())
    stats = await sources.task_stats(CAROL, StatsRequest())

    check(page.sources, len(page.edges), 8)
    check(stats.sources, stats.total, 8)


async def test_other_lists_over_five_sources() -> None:
    """Flows, definitions, people, groups, members."""
    odd = RuntimeError(SECRET)
    connector, sources = world()
    for method in (
        "list_flows",
        "list_task_definitions",
        "list_users",
        "list_groups",
        "list_members",
    ):
        planted(connector, method, odd)
    flows = await sources.list_flows(CAROL, FlowListRequest())
    check(flows.sources, len(flows.edges), 4)
    for page in (
        await sources.list_task_definitions(CAROL, PageRequest()),
        await sources.list_users(CAROL, PageRequest()),
        await sources.list_groups(CAROL, PageRequest()),
    ):
        check(page.sources, 0, 0)
    members = await sources.list_members(CAROL, NativeRef("three", "g"), PageRequest())

    assert SourceStatus.UNAVAILABLE is next(one for one in members.sources if one.source == "three").status
    planted(connector, "pushdown_flows", odd)
    flows = await sources.list_flows(CAROL, FlowListRequest(fresh=True))
    check(flows.sources, len(flows.edges), 4)


@pytest.mark.parametrize("answer", [None, "text", 7, object()])
async def test_an_answer_that_is_no_page_stays_in_its_source_too(answer: object) -> None:
    """As does a row that cannot be sorted or filtered."""
    connector, sources = world()

    async def odd(*_: Any, **__: Any) -> Any:
        return answer

    connector.list_tasks = odd  # type: ignore[method-assign]
    page = await sources.list_tasks(CAROL, TaskListRequest())
    check(page.sources, len(page.edges), 8)
    scanned = structs.replace(connector.info, sorts=frozenset())
    connector.info = scanned
    page = await sources.list_tasks(CAROL, TaskListRequest(fresh=True))
    check(page.sources, len(page.edges), 8)


@pytest.mark.parametrize("method", ["get_tasks", "is_native_id"])
async def test_single_tasks_have_the_error_in_their_place(method: str) -> None:
    """By id and by an `id` filter; those of other sources are there."""
    connector, sources = world()
    planted(connector, method, KeyError(SECRET))
    refs = [TaskRef(key, "1") for key in SOURCES]
    found = await sources.get_tasks(CAROL, refs)
    page = await sources.list_tasks(CAROL, TaskListRequest(filter=TaskFilter(ids=frozenset(refs))))
    check(page.sources, len(page.edges), 4)
    details = await sources.get_details(CAROL, dict.fromkeys(refs, frozenset({DetailAspect.FORM})))

    assert ["three"] == [ref.source for ref, one in found.items() if isinstance(one, ConnectorError)]
    assert ["three"] == [ref.source for ref, one in details.items() if isinstance(one, ConnectorError)]


@pytest.mark.parametrize("method", ["get_detail", "detail_in", "get_flows", "within_flow", "get_users", "get_groups"])
async def test_parts_of_a_task_have_the_error_in_their_place(method: str) -> None:
    """Details, flows, people and groups. What could not be loaded of the directory is absent."""
    connector, sources = world()
    planted(connector, method, ValueError(SECRET))
    tasks = [TaskRef(key, "1") for key in SOURCES]
    details = await sources.get_details(CAROL, dict.fromkeys(tasks, frozenset({DetailAspect.FORM})))
    flows = await sources.get_flows(CAROL, [FlowRef(key, "f1") for key in SOURCES])
    users = await sources.get_users([NativeRef(key, "u") for key in SOURCES])
    groups = await sources.get_groups([NativeRef(key, "g") for key in SOURCES])

    wrong = {ref.source for ref, one in (*details.items(), *flows.items()) if isinstance(one, ConnectorError)}
    assert ({"three"} if method in {"get_detail", "detail_in", "get_flows"} else set()) == wrong
    assert ({}, {}) == (users, groups)


@pytest.mark.parametrize("raised", ODD, ids=lambda error: type(error).__name__)
async def test_a_write_that_ends_oddly_is_not_reported_as_more_than_is_known(raised: Exception) -> None:
    """Before a request was begun it is rejected. Afterwards it may have been applied: the task decides."""
    connector, sources = world()
    planted(connector, "claim", raised)
    ref = TaskRef("three", "1")
    before = await sources.perform(CAROL, WriteRequest(target=ref, intent=ClaimIntent()))

    async def applied(command: Any) -> Any:
        connector._write("claim", command.task, state=TaskState.RESERVED)
        raise raised

    connector.claim = applied  # type: ignore[method-assign]
    after = await sources.perform(CAROL, WriteRequest(target=ref, intent=ClaimIntent()))

    assert (MutationStatus.REJECTED, "UPSTREAM_ERROR") == (before.status, before.problems[0].code)
    assert MutationStatus.UNKNOWN is after.status
    assert SECRET not in repr((before.problems, after.problems))


async def test_a_write_to_a_flow_that_ends_oddly() -> None:
    """As with tasks."""
    connector, sources = world()
    planted(connector, "cancel_whole_flow", RuntimeError(SECRET))
    result = await sources.perform(CAROL, WriteRequest(target=FlowRef("three", "f1"), intent=CancelFlowIntent()))

    assert (MutationStatus.REJECTED, "UPSTREAM_ERROR") == (result.status, result.problems[0].code)


async def test_older_rows_stand_in_for_an_odd_failure() -> None:
    """As for a source that is down."""
    connector, sources = world()
    await sources.list_tasks(CAROL, TaskListRequest())
    await sources.perform(CAROL, WriteRequest(target=TaskRef("three", "1"), intent=ClaimIntent()))
    planted(connector, "list_tasks", RuntimeError(SECRET))
    page = await sources.list_tasks(CAROL, TaskListRequest())
    report = next(one for one in page.sources if one.source == "three")

    assert (10, SourceStatus.STALE, "UPSTREAM_ERROR") == (
        len(page.edges),
        report.status,
        report.error and report.error.code,
    )


async def test_a_fault_is_logged_once_with_its_type_and_place_and_without_its_text() -> None:
    """However often it is met: later failures have one line of the usual kind."""
    connector, sources = world()
    planted(connector, "list_tasks", RuntimeError(SECRET))
    with capture_logs() as logs:
        for _ in range(3):
            await sources.list_tasks(CAROL, TaskListRequest(fresh=True))
    (entry,) = [one for one in logs if one["event"] == "unexpected exception"]

    assert ("error", "three", "RuntimeError") == (entry["log_level"], entry["source"], entry["type"])
    assert "odd_later" in entry["frames"][-1]
    assert SECRET not in repr(logs)


def test_a_group_of_connector_errors_is_its_first_error() -> None:
    """A task group of a connector raises them so."""
    limited = RateLimitedError("too many")
    error = Containment("here").error_of(
        ExceptionGroup("several", [ExceptionGroup("", [limited]), UnavailableError("is down")]), "list tasks"
    )

    assert (limited, "here", "list tasks") == (error, error.source, error.operation)
