"""Data, outcomes and activities of a task."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector, wire
from connectors.camunda.details import data_of, innermost
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Claim, Complete
from connectors.sdk.errors import MalformedResponseError, NotFoundError
from connectors.sdk.model import (
    OPEN_STATES,
    Activity,
    ActivityType,
    DetailAspect,
    OutcomeNature,
    Requirement,
    Task,
    TaskOutcome,
    TaskState,
    UserRef,
)
from connectors.sdk.query import TaskQuery

Answering = Callable[..., CamundaConnector]
Drain = Callable[..., Any]

AT = datetime(2026, 1, 5, 8, 15, 30, tzinfo=UTC)
ENTRY = {
    "auditLogKey": "1",
    "entityKey": "2251799813685732",
    "entityType": "USER_TASK",
    "operationType": "ASSIGN",
    "timestamp": "2026-01-05T09:15:30+01:00",
    "actorId": "carol",
    "actorType": "USER",
    "result": "SUCCESS",
    "relatedEntityKey": "alice",
    "relatedEntityType": "USER",
}


def page_of(*rows: Any, **page: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"items": rows, "page": {"totalItems": len(rows), **page}})


async def activities(connector: CamundaConnector, task: Task) -> tuple[Activity, ...] | None:
    return (await connector.get_detail(task, {DetailAspect.ACTIVITIES})).activities


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {},
            Activity(
                type=ActivityType.ASSIGNED,
                native_type="ASSIGN",
                at=AT,
                actor=UserRef(native_id="carol"),
                target=UserRef(native_id="alice"),
            ),
        ),
        (
            {"operationType": "COMPLETE", "relatedEntityKey": None, "relatedEntityType": None},
            Activity(type=ActivityType.COMPLETED, native_type="COMPLETE", at=AT, actor=UserRef(native_id="carol")),
        ),
        (
            {"operationType": "COMPLETE", "result": "FAIL", "relatedEntityKey": None},
            Activity(
                type=ActivityType.OTHER,
                native_type="COMPLETE",
                at=AT,
                actor=UserRef(native_id="carol"),
                message="FAIL",
            ),
        ),
        (
            {"operationType": "TELEPORT", "actorType": "CLIENT", "relatedEntityType": "GROUP"},
            Activity(type=ActivityType.OTHER, native_type="TELEPORT", at=AT, account="carol"),
        ),
        (
            {"operationType": "CREATE", "actorId": None, "actorType": "ANONYMOUS", "relatedEntityKey": None},
            Activity(type=ActivityType.CREATED, native_type="CREATE", at=AT),
        ),
    ],
)
async def test_an_entry_of_the_audit_log_is_an_activity(
    changed: dict[str, Any], expected: Activity, task: Task, answering: Answering
) -> None:
    """People are shown; clients are kept as the account. Unknown and refused operations are OTHER."""
    connector = answering(lambda _: page_of({**ENTRY, **changed}))

    assert (expected,) == await activities(connector, task)


@pytest.mark.parametrize(
    ("operation", "type"),
    [("CREATE", "CREATED"), ("ASSIGN", "ASSIGNED"), ("UNASSIGN", "UNASSIGNED"), ("UPDATE", "UPDATED"),
     ("COMPLETE", "COMPLETED"), ("CANCEL", "CANCELED"), ("DELETE", "DELETED"), ("SUSPEND", "SUSPENDED"),
     ("RESUME", "RESUMED"), ("MIGRATE", "OTHER"), ("UNKNOWN", "OTHER"), (None, "OTHER")],
)  # fmt: skip
async def test_an_operation_has_an_activity_type(
    operation: str | None, type: str, task: Task, answering: Answering
) -> None:
    """The native type is kept."""
    connector = answering(lambda _: page_of({**ENTRY, "operationType": operation}))

    [shown] = await activities(connector, task) or ()

    assert (ActivityType(type), operation) == (shown.type, shown.native_type)


async def test_a_history_is_read_to_its_end(task: Task, answering: Answering) -> None:
    """Page by page, oldest first. Repeated entries count once; entries without a time are left out."""
    asked: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = msgspec.json.decode(request.content)
        asked.append(body["page"])
        if "after" in body["page"]:
            return page_of({**ENTRY, "auditLogKey": "k1"}, {**ENTRY, "auditLogKey": "z", "timestamp": None})
        return page_of(*({**ENTRY, "auditLogKey": f"k{number}"} for number in range(1000)), endCursor="c1")

    shown = await activities(answering(answer), task)

    assert [{"limit": 1000}, {"limit": 1000, "after": "c1"}] == asked
    assert 1000 == len(shown or ())


async def test_an_endless_history_is_an_error(task: Task, answering: Answering) -> None:
    """After ten pages the connector stops."""
    count = 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal count
        count += 1
        rows = ({**ENTRY, "auditLogKey": f"{count}-{number}"} for number in range(1000))
        return page_of(*rows, endCursor=f"c{count}")

    with pytest.raises(MalformedResponseError, match="audit log"):
        await activities(answering(answer), task)

    assert 10 == count


async def test_a_server_without_an_audit_log_has_no_history(
    task: Task, versions: dict[str, CamundaSettings], answering: Answering
) -> None:
    """Server 8.8 gets no call. A server that is older than configured answers 404; the other aspects are still read."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path.rpartition(task.native_id)[2])
        return httpx2.Response(404) if "audit" in request.url.path else page_of({"name": "a", "value": "1"})

    older = await answering(answer, versions["8.8"]).get_detail(task, {DetailAspect.ACTIVITIES})
    assert (None, []) == (older.activities, asked)

    found = await answering(answer, versions["8.9"]).get_detail(task, {DetailAspect.ACTIVITIES, DetailAspect.DATA})

    assert (None, {"a": 1}) == (found.activities, found.data)


@pytest.mark.parametrize(
    ("version", "calls"),
    [
        ("8.8", ["/variables/search"]),
        ("8.9", ["/effective-variables/search", "/variables/search"]),
        ("8.10", ["/effective-variables/search", "/variables/search"]),
    ],
)
async def test_a_server_without_effective_variables_gives_those_of_each_scope(
    version: str, calls: list[str], task: Task, versions: dict[str, CamundaSettings], answering: Answering
) -> None:
    """Of variables with the same name the innermost is taken. Values are not truncated."""
    asked: list[httpx2.URL] = []
    rows = [
        {"name": "amount", "value": "1250", "scopeKey": "2251799813685700"},
        {"name": "amount", "value": "99", "scopeKey": "2251799813685731"},
        {"name": "country", "value": '"DE"', "scopeKey": "2251799813685700"},
    ]

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url)
        return httpx2.Response(404) if "effective" in request.url.path else page_of(*rows)

    detail = await answering(answer, versions[version]).get_detail(task, {DetailAspect.DATA})

    assert {"amount": 99, "country": "DE"} == detail.data
    assert calls == [url.path.rpartition(task.native_id)[2] for url in asked]
    assert {"false"} == {url.params["truncateValues"] for url in asked}


async def test_data_of_an_unknown_task_is_not_found(task: Task, answering: Answering) -> None:
    """Both searches answer 404."""
    with pytest.raises(NotFoundError):
        await answering(lambda _: httpx2.Response(404)).get_detail(task, {DetailAspect.DATA})


async def test_the_history_shows_the_claim_and_the_completion(connector: CamundaConnector, alice: Identity) -> None:
    """Ordered by time, with the assignee as target."""
    page = await connector.list_tasks(TaskQuery(states=frozenset({TaskState.READY})), limit=100)
    task = next(each for each in page.items if each.pending_transition is None)
    claimed = (await connector.perform(Claim(task=task, actor=alice))).task
    await connector.perform(Complete(task=claimed, outcome="approve"))

    shown = await activities(connector, task) or ()

    times = [each.at for each in shown]
    assert sorted(times) == times
    assert ActivityType.COMPLETED is shown[-1].type
    assert [UserRef(native_id="alice")] == [each.target for each in shown if each.type is ActivityType.ASSIGNED][-1:]


async def test_data_is_read_whole_and_page_by_page(task: Task, answering: Answering) -> None:
    """Until the vendor's count is reached. Values are not truncated."""
    asked: list[tuple[str, int]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        page = msgspec.json.decode(request.content)["page"]
        asked.append((request.url.params["truncateValues"], page["from"]))
        count = page["limit"] if page["from"] == 0 else 1
        rows = ({"name": f"v{page['from'] + number}", "value": "1"} for number in range(count))
        return page_of(*rows, totalItems=page["limit"] + 1)

    detail = await answering(answer).get_detail(task, {DetailAspect.DATA})

    assert asked == [("false", 0), ("false", 1000)]
    assert isinstance(detail.data, dict)
    assert len(detail.data) == 1001


async def test_endless_data_is_an_error(task: Task, answering: Answering) -> None:
    """After ten pages the connector stops."""
    full = [{"name": f"v{number}", "value": "1"} for number in range(1000)]

    with pytest.raises(MalformedResponseError, match="more than 10000 variables"):
        await answering(lambda _: page_of(*full, totalItems=99_999)).get_detail(task, {DetailAspect.DATA})


async def test_data_of_the_stand_in_is_decoded(connector: CamundaConnector, drain: Drain) -> None:
    """No value is still JSON in a text."""
    task = (await drain(connector, TaskQuery(states=OPEN_STATES)))[0]

    detail = await connector.get_detail(task, {DetailAspect.DATA})

    assert isinstance(detail.data, dict)
    assert detail.data
    assert not any(isinstance(value, str) and value.startswith('"') for value in detail.data.values())


async def test_outcomes_are_the_configured_ones_without_a_call(task: Task, answering: Answering) -> None:
    """Camunda has no outcomes. Aspects that it does not have need no call either."""

    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError(request.url)

    aspects = {DetailAspect.OUTCOMES, DetailAspect.DESCRIPTION, DetailAspect.PREVIOUS_STEPS}

    detail = await answering(refuse).get_detail(task, aspects)

    outcome = TaskOutcome(
        code="approve",
        label="Approve",
        nature=OutcomeNature.POSITIVE,
        data=Requirement.OPTIONAL,
        comment=Requirement.UNSUPPORTED,
    )
    assert ((outcome,), None, None, None) == (detail.outcomes, detail.form, detail.data, detail.previous_steps)


def test_of_variables_with_the_same_name_the_innermost_is_taken() -> None:
    """Its scope has the highest key, as a number. A variable without a scope is the last choice."""
    variables = [
        wire.Variable(name="a", value="1", scope_key="9"),
        wire.Variable(name="a", value="2", scope_key="10"),
        wire.Variable(name="a", value="3", scope_key=None),
        wire.Variable(name="b", value="4", scope_key="x"),
    ]

    assert {"a": 2, "b": 4} == data_of(innermost(variables))


def test_values_of_variables_keep_every_digit() -> None:
    """Decimals stay decimals and long integers stay integers. A text that is not JSON stays a text."""
    texts = {"amount": "10.10", "key": "9223372036854775807", "who": '"DE"', "cut": '{"a":', "none": None}
    variables = [wire.Variable(name=name, value=value) for name, value in texts.items()]

    assert data_of(variables) == {
        "amount": Decimal("10.10"),
        "key": 9223372036854775807,
        "who": "DE",
        "cut": '{"a":',
        "none": None,
    }


async def test_the_outcome_of_the_last_completed_task_is_read_back(connector: CamundaConnector, drain: Drain) -> None:
    """From the configured variable, by id."""
    ready = (await drain(connector, TaskQuery(states=frozenset({TaskState.READY}))))[0]
    await connector.perform(Complete(task=ready, outcome="approve", actor=Identity(native_id="alice")))
    found = (await connector.get_tasks([ready.native_id]))[ready.native_id]

    assert isinstance(found, Task)
    assert (TaskState.COMPLETED, "approve") == (found.state, found.outcome)


@pytest.mark.parametrize(
    ("last", "value", "outcome", "calls"),
    [
        ("2251799813685732", '"approve"', "approve", 3),
        ("2251799813685732", '"something else"', None, 3),
        ("2251799813685732", "7", None, 3),
        ("2251799813685999", '"approve"', None, 2),
        (None, '"approve"', None, 2),
    ],
)
async def test_an_outcome_that_may_be_another_tasks_is_not_told(
    answering: Answering, last: str | None, value: str, outcome: str | None, calls: int
) -> None:
    """All tasks of a process write one variable. Texts outside the configured outcomes are none, failures no error."""
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        if request.url.path.endswith("variables/search"):
            return page_of({"name": "outcome", "value": value}, totalItems=1)
        if request.url.path == "/v2/user-tasks/search":
            return httpx2.Response(500) if last is None else page_of({"userTaskKey": last}, totalItems=1)
        key, flow = "2251799813685732", "2251799813685000"
        return httpx2.Response(
            200, json={"userTaskKey": key, "state": "COMPLETED", "processInstanceKey": flow, "name": "Review"}
        )

    found = (await answering(answer).get_tasks(["2251799813685732"]))["2251799813685732"]

    assert isinstance(found, Task)
    assert (outcome, calls) == (found.outcome, len(asked))
