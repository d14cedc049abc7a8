"""Every operation against the bridge's OpenAPI description: our requests, and the answers of the stand-in."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.littlehorse.client import Side
from connectors.littlehorse.ids import TaskId
from connectors.sdk.commands import AddComment, Assign, Cancel, Claim, Complete, Release
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import OPEN_STATES, DetailAspect, TaskState
from connectors.sdk.query import Interval, TaskOrderField, TaskQuery
from sandbox.littlehorse.directory import user_called
from tests.connectors.littlehorse.conftest import NOW, Tenant
from tests.spec import ApiDescription

TEMPLATES = (
    (re.compile(r"/comment/\d+$"), "/comment/{comment_id}"),
    (re.compile(r"/tasks/[0-9a-f]{32}/[^/]+"), "/tasks/{wf_run_id}/{user_task_guid}"),
    (re.compile(r"/admin/users/.+"), "/admin/users/{user_id}"),
    (re.compile(r"^/config/.+"), "/config/{tenant_id}"),
    (re.compile(r"^/(default|other)/"), "/{tenant_id}/"),
)
# The users of the realm are managed in its own console. These operations are not on the customer's page.
NOT_USED = "/{tenant_id}/management/"


def template(path: str) -> str:
    for pattern, form in TEMPLATES:
        path = pattern.sub(form, path)
    return path


class Recorder(httpx2.AsyncBaseTransport):
    """Keeps all requests with their answers."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.seen: list[tuple[httpx2.Request, int, str, bytes]] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        kind = answer.headers.get("content-type", "").partition(";")[0]
        self.seen.append((request, answer.status_code, kind, body))
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(body))


def check(description: ApiDescription, request: httpx2.Request, status: int, kind: str, body: bytes) -> None:
    """Path, method, parameters and body of the request; status, media type and body of the answer."""
    where, method = template(request.url.path), request.method.lower()
    operation: dict[str, Any] = description._operation(method, where)
    known = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"}

    description.check_request(method, where, request.content)
    assert set(request.url.params) <= set(known), request.url
    assert {name for name, each in known.items() if each.get("required")} <= set(request.url.params), request.url
    assert str(status) in operation["responses"], (method, where, status)
    answers = operation["responses"][str(status)].get("content", {})
    if not body:
        assert status in {200, 204, 401, 403}
        return
    # The media type tells which of the two forms an error has.
    assert kind in answers, (method, where, status, kind)
    pointer = ("paths", where, method, "responses", str(status), "content", kind, "schema")
    wrong = [error.message for error in description._validator(pointer).iter_errors(_json(body))]
    assert [] == wrong, (method, where, status, wrong)


def _json(body: bytes) -> Any:
    return httpx2.Response(200, content=body).json()


@pytest.fixture
def description(api_descriptions: Path) -> ApiDescription:
    return ApiDescription(api_descriptions / "littlehorse" / "user-tasks-bridge.openapi.json")


@pytest.fixture
def recorder(tenant: Tenant) -> Recorder:
    recorder = Recorder(tenant.transport._inner)
    tenant.transport._inner = recorder
    return recorder


async def everything(tenant: Tenant) -> None:
    """Each call of the client at least once, with every parameter of the lists."""
    service, viewer = tenant.open(), tenant.open("viewer", credentials=False)
    created = Interval(gte=NOW.replace(year=2025), lt=NOW)
    query = TaskQuery(
        states=OPEN_STATES,
        candidate_groups=frozenset({"accounting"}),
        times=((TaskOrderField.CREATED_AT, created),),
    )
    with tenant.as_person("alice") as alice:
        for connector in (service, viewer):
            await connector.ping()
            await connector.extras.get_self()
            await tenant.drain(connector, query, limit=2)
            await tenant.drain(connector, TaskQuery(definition_keys=frozenset({"approve-invoice"})), limit=4)
            await connector.list_groups(limit=10)
        await service.list_users(limit=10)
        await service.list_members("accounting", limit=10)
        await service.list_task_definitions(limit=2)
        await service.get_users(["alice@example.com", "no-such-id"])
        ready = TaskQuery(states=frozenset({TaskState.READY}), candidate_groups=frozenset({"accounting"}))
        tasks = await tenant.drain(viewer, viewer.pushdown(ready))
        fill: dict[str, dict[str, object]] = {
            "approve-invoice": {"approved": True},
            "check-expense-report": {"decision": "accepted", "refund": 1.5},
        }
        for connector, task in zip((viewer, service, viewer, service), tasks, strict=False):
            owned = (await connector.perform(Claim(task=task, actor=alice))).task
            await connector.perform(AddComment(task=owned, actor=alice, text="hello"))
            await viewer.extras.edit_comment(task.native_id, "1", "hallo")
            await connector.get_detail(owned, frozenset(DetailAspect))
            await viewer.extras.delete_comment(task.native_id, "1")
            await connector.get_detail(owned, frozenset({DetailAspect.COMMENTS}))
            back = (await service.perform(Release(task=owned, actor=alice))).task
            owned = (await service.perform(Assign(task=back, user_id=alice.native_id))).task
            if connector is viewer and owned.title in fill:
                await connector.perform(Complete(task=owned, actor=alice, data=fill[owned.title]))
            else:
                await connector.perform(Cancel(task=owned, actor=alice))
            await connector.get_tasks([task.native_id])
        await tenant.open("viewer", credentials=False)._client.check_tenant()
    last = tasks[-1]
    with tenant.as_person("carol"):
        await viewer.extras.take_over(last.native_id)
    await service.perform(Complete(task=last, data=fill[last.title]))
    with tenant.as_person("alice"):
        await viewer.perform(Cancel(task=tasks[-2]))


@pytest.mark.slow
async def test_every_operation_fits_the_description(
    tenant: Tenant, recorder: Recorder, description: ApiDescription
) -> None:
    """Requests and answers of all described operations, except the management of users."""
    await everything(tenant)
    called = {(request.method.lower(), template(request.url.path)) for request, *_ in recorder.seen}
    described = {
        (method, path)
        for path, operations in description._document["paths"].items()
        for method in operations
        if not path.startswith(NOT_USED)
    }

    for each in recorder.seen:
        if "/realms/" not in each[0].url.path:
            check(description, *each)
    assert described == {pair for pair in called if "/realms/" not in pair[1]}


async def refused(tenant: Tenant) -> None:
    """Cause each kind of refusal that the stand-in has."""
    viewer, service = tenant.open("viewer", credentials=False), tenant.open()
    client = viewer._client
    person, admin = viewer._user, service._admin
    assert admin is not None
    unknown = f"{'f' * 32}:0-1"
    tasks = {each.native_id: each for each in await tenant.drain(service, TaskQuery())}
    kernel = tenant.stand_in.bridge.kernel.all()
    bobs = next(f"{each.wf_run_id}:{each.id}" for each in kernel if each.user == "bob@example.com" and each.is_open)
    done = next(
        f"{each.wf_run_id}:{each.id}" for each in kernel if each.status == "DONE" and each.user == "alice@example.com"
    )
    task, somebodys, finished = TaskId.parse(unknown), TaskId.parse(bobs), TaskId.parse(done)
    as_admin = Side(person.credentials, "/admin")
    acts: list[Callable[[], Awaitable[object]]] = [
        lambda: client.list_my_tasks(person, {}),
        lambda: client.list_my_tasks(person, {"limit": "x"}),
        lambda: client.list_my_tasks(person, {"limit": 1, "status": "STARTED"}),
        lambda: client.list_my_tasks(person, {"limit": 1, "earliest_start_date": "2024-01-01T00%3A00%3A00Z"}),
        lambda: client.list_my_tasks(
            person,
            {"limit": 1, "earliest_start_date": "2024-01-02T00:00:00Z", "latest_start_date": "2024-01-02T00:00:00Z"},
        ),
        lambda: client.list_my_tasks(person, {"limit": 1, "user_group_id": "x"}),
        lambda: client.list_claimable(person, {"limit": 1}),
        lambda: client.list_claimable(person, {"limit": 1, "user_group_id": "x"}),
        lambda: client.list_all_tasks(admin, {"limit": 1}),
        lambda: client.list_all_tasks(admin, {"limit": 1, "type": "a", "user_id": "x"}),
        lambda: client.list_all_tasks(as_admin, {"limit": 1, "type": "a"}),
        lambda: client.list_definitions(admin, {}),
        lambda: client.list_users(admin, {"user_group_id": "x", "email": "y"}),
        lambda: client.get_user(admin, "unknown"),
        *(
            act
            for side in (person, admin, as_admin)
            for each in (task, somebodys, finished)
            for act in (
                partial(client.get_task, side, each),
                partial(client.claim, side, each),
                partial(client.complete, side, each, {"x": {"type": "STRING", "value": "y"}}),
                partial(client.complete, side, each, {"approved": {"type": "BOOLEAN", "value": 1}}),
                partial(client.cancel, side, each),
            )
        ),
        lambda: client.assign(admin, task, user_id="x"),
        lambda: client.assign(admin, somebodys),
        lambda: client.assign(admin, somebodys, group_id="x"),
        lambda: client.assign(admin, finished, user_id=user_called("alice").id),
        lambda: client.list_comments(person, task),
        lambda: client.add_comment(person, task, "x"),
        lambda: client.add_comment(person, somebodys, " "),
        lambda: client.edit_comment(person, somebodys, "9", "x"),
        lambda: client.delete_comment(person, somebodys, "9"),
    ]
    with tenant.as_person("alice"):
        for act in acts:
            try:
                await act()
            except ConnectorError:
                continue
    assert tasks
    spoiling: tuple[dict[str, Any], ...] = ({"tenant": "other"}, {"lifetime_s": -60}, {"client": "other"})
    for spoilt in spoiling:
        with tenant.as_person("alice", tenant.stand_in.token("alice", **spoilt)):
            with pytest.raises(ConnectorError):
                await client.check_connection(person)
            with pytest.raises(ConnectorError):
                await client.claim(person, task)
    tenant.stand_in.variant.identity_adapter = False
    with tenant.as_person("alice"):
        lookups: list[Callable[[], Awaitable[object]]] = [
            lambda: client.get_me(person),
            lambda: client.list_groups(person),
            lambda: client.list_groups(admin),
            lambda: client.list_users(admin, {}),
        ]
        for look in lookups:
            with pytest.raises(ConnectorError):
                await look()
    with pytest.raises(ConnectorError):
        await tenant.open(tenant="other")._client.check_tenant()


async def test_every_refusal_fits_the_description(
    tenant: Tenant, recorder: Recorder, description: ApiDescription
) -> None:
    """The description has the status, and the body has the form that it gives for the status."""
    await refused(tenant)
    statuses = {status for _, status, *_ in recorder.seen}
    for request, status, kind, body in recorder.seen:
        if "/realms/" in request.url.path or status < 400:
            continue
        where, method = template(request.url.path), request.method.lower()
        operation = description._operation(method, where)

        assert str(status) in operation["responses"], (method, where, status)
        if body:
            check_answer(description, method, where, status, kind, body)

    assert {400, 401, 403, 404, 406, 409, 412, 500} <= statuses


def check_answer(description: ApiDescription, method: str, where: str, status: int, kind: str, body: bytes) -> None:
    answers = description._operation(method, where)["responses"][str(status)].get("content", {})
    assert kind in answers, (method, where, status, kind)
    pointer = ("paths", where, method, "responses", str(status), "content", kind, "schema")
    assert [] == [error.message for error in description._validator(pointer).iter_errors(_json(body))]
