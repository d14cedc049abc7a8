"""Process instances of the stand-in for UiPath."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from sandbox.uipath.directory import CLAIMS, COMMERCIAL, FOLDERS
from sandbox.uipath.records import Instance, Task
from tests.sandbox.uipath.tenant import COMPLETE, INSTANCES, LIST, Json, Tenant, tenant_of


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with tenant_of(150) as tenant:
        yield tenant


def instance_with(tenant: Tenant, status: str) -> Instance:
    return next(each for each in tenant.stand_in.store.instances.values() if each.status == status)


def waiting(tenant: Tenant, status: str = "Running", **wanted: object) -> tuple[Task, Instance]:
    """An open task and the instance that waits for it."""
    instances = tenant.stand_in.store.instances
    for task in tenant.stand_in.store.tasks.values():
        instance = instances.get(task.job or "")
        if not task.is_open or instance is None or instance.status != status:
            continue
        if all(getattr(task, name) == value for name, value in wanted.items()):
            return task, instance
    raise LookupError(status)


async def call(tenant: Tenant, instance: Instance, verb: str = "", body: Json | None = None) -> httpx2.Response:
    headers = {"authorization": f"Bearer {tenant.token}", "x-uipath-folderkey": FOLDERS[instance.folder].key}
    url = f"{INSTANCES}/{instance.id}{verb}"
    if not verb:
        return await tenant.client.get(url, headers=headers)
    return await tenant.client.post(url, json=body or {}, headers=headers)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    body = answer.json()
    assert {"type", "title", "status", "traceId"} == set(body)
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"]


async def test_pages_joined_are_all_instances(tenant: Tenant) -> None:
    """The token of the next page is opaque; the last page has none. There is no total."""
    ids: list[str] = []
    token: str | None = ""
    while token is not None:
        params = {"pageSize": "7", **({"nextPage": token} if token else {})}
        page = (await tenant.send("GET", INSTANCES, params=params)).json()
        ids += [each["instanceId"] for each in page["instances"]]
        token = page["nextPage"]

        assert {"instances", "nextPage"} == set(page)
    assert len(ids) == len(set(ids))
    assert set(tenant.stand_in.store.instances) == set(ids)


async def test_lists_are_filtered_by_package_process_and_error(tenant: Tenant) -> None:
    """Lists contain only instances of the caller's folders."""
    some = instance_with(tenant, "Faulted")
    for name, value in (("packageId", some.package), ("errorCode", some.error_code or "")):
        found = (await tenant.send("GET", INSTANCES, params={"pageSize": "500", name: value})).json()["instances"]

        assert some.id in [each["instanceId"] for each in found]
        assert len(found) < len(tenant.stand_in.store.instances)
    tenant.become("elena")
    folders = {each["folderKey"] for each in (await tenant.send("GET", INSTANCES)).json()["instances"]}

    assert {CLAIMS.key} == folders


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"pageSize": "501"}, "PIMS-100048"),
        ({"pageSize": "0"}, "PIMS-100048"),
        ({"pageSize": "x"}, "PIMS-100048"),
        ({"packageVersion": "1.0"}, "PIMS-100049"),
        ({"nextPage": "!!"}, "PIMS-100000"),
    ],
)
async def test_wrong_questions_are_problems(tenant: Tenant, params: dict[str, str], code: str) -> None:
    """The problem documents have Maestro's error numbers."""
    assert (400, code) == problem(await tenant.send("GET", INSTANCES, params=params))


async def test_an_instance_is_found_in_its_folder_alone(tenant: Tenant) -> None:
    """The folder's key is required and must be one of the caller's folders."""
    instance = waiting(tenant, folder=CLAIMS.id)[1]
    url = f"{INSTANCES}/{instance.id}"
    headers = {"authorization": f"Bearer {tenant.token}"}

    async def read(key: str | None, path: str = url) -> httpx2.Response:
        return await tenant.client.get(path, headers=headers | ({} if key is None else {"x-uipath-folderkey": key}))

    assert instance.id == (await read(CLAIMS.key)).json()["instanceId"]
    assert (400, "PIMS-150001") == problem(await read(None))
    assert (400, "PIMS-150001") == problem(await read(""))
    assert (403, "PIMS-150006") == problem(await read("11111111-2222-4333-8444-555555555555"))
    assert (404, "PIMS-100042") == problem(await read(COMMERCIAL.key))
    assert (404, "PIMS-100042") == problem(await read(CLAIMS.key, f"{INSTANCES}/no-guid"))


async def test_what_is_accepted_is_done_a_little_later(tenant: Tenant) -> None:
    """Until then the instance is Pausing, Resuming or Canceling. A cancellation deletes its open tasks."""
    task, instance = waiting(tenant)
    tenant.stand_in.settings.read_lag_ms = 2000
    seen: list[str] = []
    for verb in ("/pause", "/resume", "/cancel"):
        answer = await call(tenant, instance, verb, {"comment": "because"})

        assert {"instanceId": instance.id, "status": (await call(tenant, instance)).json()["latestRunStatus"]} == (
            answer.json()
        )
        seen.append(answer.json()["status"])
        tenant.clock.forward(2)
        seen.append((await call(tenant, instance)).json()["latestRunStatus"])
    row = await tenant.row(task)

    assert ["Pausing", "Paused", "Resuming", "Running", "Canceling", "Cancelled"] == seen
    assert row["IsDeleted"]
    assert [
        (action, f"{instance.folder}-{instance.id}") for action in ("suspend_flow", "resume_flow", "cancel_flow")
    ] == (tenant.effects)


@pytest.mark.parametrize(
    ("status", "verbs"),
    [
        ("Pending", ("/cancel", "/pause", "/resume")),
        ("Faulted", ("/cancel", "/pause", "/resume")),
        ("Completed", ("/cancel", "/pause", "/resume")),
        ("Running", ("/resume",)),
        ("Paused", ("/pause",)),
    ],
)
async def test_what_does_not_fit_the_status_is_refused(tenant: Tenant, status: str, verbs: tuple[str, ...]) -> None:
    """The instance does not change."""
    instance = instance_with(tenant, status)
    for verb in verbs:
        assert 400 == problem(await call(tenant, instance, verb))[0]
    assert status == (await call(tenant, instance)).json()["latestRunStatus"]
    assert [] == tenant.effects


async def test_the_key_of_a_tasks_job_finds_instance_and_tasks(tenant: Tenant) -> None:
    """The job of a plain workflow has tasks but no instance."""
    task, instance = waiting(tenant)
    plain = next(each for each in tenant.stand_in.store.tasks.values() if each.source == "Workflow")
    found = await tenant.rows(LIST, filter=f"CreatorJobKey eq {instance.id}")
    headers = {"authorization": f"Bearer {tenant.token}", "x-uipath-folderkey": FOLDERS[plain.folder].key}
    missing = await tenant.client.get(f"{INSTANCES}/{plain.job}", headers=headers)

    assert task.id in [row["Id"] for row in found]
    assert [plain.id] == [row["Id"] for row in await tenant.rows(LIST, filter=f"CreatorJobKey eq {plain.job}")]
    assert (404, "PIMS-100042") == problem(missing)


async def test_an_instance_ends_with_its_last_open_task(tenant: Tenant) -> None:
    """Its status is Completed."""
    task, instance = waiting(tenant, type="ExternalTask")
    await tenant.send("POST", COMPLETE[task.type], {"taskId": task.id}, folder=FOLDERS[task.folder])
    row = (await call(tenant, instance)).json()

    assert ("Completed", "2026-06-15T09:00:00Z") == (row["latestRunStatus"], row["completedTimeUtc"])
