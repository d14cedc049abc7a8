from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Claim, Complete
from connectors.sdk.errors import MalformedResponseError, NotFoundError
from connectors.sdk.model import Activity, ActivityType, DetailAspect, Task, TaskState, UserRef
from connectors.sdk.query import TaskQuery

Answering = Callable[..., CamundaConnector]

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
    return httpx2.Response(200, json={"items": rows, "page": page})


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
            Activity(type=ActivityType.OTHER, native_type="TELEPORT", at=AT),
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
    """Persons are named, clients are not; what is new or refused is OTHER."""
    connector = answering(lambda _: page_of({**ENTRY, **changed}))

    assert (expected,) == await activities(connector, task)


@pytest.mark.parametrize(
    ("operation", "type"),
    [("CREATE", "CREATED"), ("ASSIGN", "ASSIGNED"), ("UNASSIGN", "UNASSIGNED"), ("UPDATE", "UPDATED"),
     ("COMPLETE", "COMPLETED"), ("CANCEL", "CANCELED"), ("DELETE", "DELETED"), ("SUSPEND", "SUSPENDED"),
     ("RESUME", "RESUMED"), ("MIGRATE", "OTHER"), ("UNKNOWN", "OTHER"), (None, "OTHER")],
)  # fmt: skip
async def test_an_operation_has_the_type_of_an_activity(
    operation: str | None, type: str, task: Task, answering: Answering
) -> None:
    """The native one stays beside it."""
    connector = answering(lambda _: page_of({**ENTRY, "operationType": operation}))

    [shown] = await activities(connector, task) or ()

    assert (ActivityType(type), operation) == (shown.type, shown.native_type)


async def test_a_history_is_read_to_its_end(task: Task, answering: Answering) -> None:
    """Page by page, oldest first; repeated entries count once, those without a time not at all."""
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
    """A vendor that never ends its pages is not followed."""
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
    """8.8 is not asked; one that is older than configured answers 404, and the other parts are still there."""
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
    """Of one name the innermost counts; values are asked for whole."""
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


async def test_data_of_an_unknown_task_are_not_found(task: Task, answering: Answering) -> None:
    """Both searches say so."""
    with pytest.raises(NotFoundError):
        await answering(lambda _: httpx2.Response(404)).get_detail(task, {DetailAspect.DATA})


async def test_the_stand_ins_history_tells_who_claimed_and_completed(
    connector: CamundaConnector, alice: Identity
) -> None:
    """In the order of time, with the assignee as target."""
    page = await connector.list_tasks(TaskQuery(states=frozenset({TaskState.READY})), limit=100)
    task = next(each for each in page.items if each.pending_transition is None)
    claimed = (await connector.perform(Claim(task=task, actor=alice))).task
    await connector.perform(Complete(task=claimed, outcome="approve"))

    shown = await activities(connector, task) or ()

    times = [each.at for each in shown]
    assert sorted(times) == times
    assert ActivityType.COMPLETED is shown[-1].type
    assert [UserRef(native_id="alice")] == [each.target for each in shown if each.type is ActivityType.ASSIGNED][-1:]
