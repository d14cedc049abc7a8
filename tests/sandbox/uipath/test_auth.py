"""Tokens, the caller, folders and their users, and fresh data of the stand-in for UiPath."""

from collections import Counter
from collections.abc import AsyncIterator

import orjson
import pytest

from sandbox.config import configuration
from sandbox.uipath import APP, PERSONAL_TOKENS, READER_APP, STAND_IN
from sandbox.uipath.directory import CLAIMS, COMMERCIAL, FINANCE, PEOPLE, SERVICE
from sandbox.uipath.records import TASK_TYPES
from tests.sandbox.uipath.tenant import (
    ACCOUNTING,
    ALICE,
    FOR_ADMIN,
    LIST,
    NOW,
    ODATA,
    TOKEN,
    Tenant,
    refusal,
    tenant_of,
)

ME = f"/odata/Users/{ODATA}.GetCurrentUser"


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with tenant_of(150) as tenant:
        yield tenant


async def test_a_token_ends_after_an_hour(tenant: Tenant) -> None:
    """The client must request another one; there is no refresh. Personal access tokens do not expire."""
    answer = await tenant.sign_in(scope="OR.Tasks PIMS")

    assert {"access_token", "expires_in", "token_type", "scope"} == set(answer.json())
    assert (3600, "Bearer", "OR.Tasks PIMS") == tuple(answer.json()[k] for k in ("expires_in", "token_type", "scope"))
    tenant.clock.forward(3599)
    assert 200 == (await tenant.send("GET", LIST)).status_code
    tenant.clock.forward(1)
    assert (401, 0) == refusal(await tenant.send("GET", LIST))
    tenant.become("alice")
    assert 200 == (await tenant.send("GET", LIST)).status_code


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
        ({"grant_type": "client_credentials", "client_id": APP.client_id, "client_secret": "x"}, "invalid_client"),
        (
            {
                "grant_type": "client_credentials",
                "client_id": READER_APP.client_id,
                "client_secret": READER_APP.client_secret,
                "scope": "OR.Tasks",
            },
            "invalid_scope",
        ),
    ],
)
async def test_the_token_endpoint_refuses_as_oauth_does(tenant: Tenant, form: dict[str, str], error: str) -> None:
    """The status is 400 with the name of the error, also on the path of the organization."""
    for path in (TOKEN, f"/acme{TOKEN}"):
        answer = await tenant.client.post(path, data=form)

        assert (400, {"error": error}) == (answer.status_code, answer.json())


async def test_a_token_has_the_scopes_that_it_was_asked_for(tenant: Tenant) -> None:
    """Other operations are forbidden."""
    await tenant.sign_in(scope="OR.Tasks.Read")

    assert 200 == (await tenant.send("GET", LIST)).status_code
    for path in (ME, "/odata/Folders", "/acme/DefaultTenant/pims_/api/v1/instances"):
        assert (403, 0) == refusal(await tenant.send("GET", path))


async def test_without_a_known_token_nothing_is_answered(tenant: Tenant) -> None:
    """Maestro answers 401 without a body."""
    for authorization in ("", "Bearer", "Bearer nobody", f"Basic {PERSONAL_TOKENS['alice']}"):
        headers = {"authorization": authorization} if authorization else {}
        answer = await tenant.client.get(f"/acme/DefaultTenant/orchestrator_{LIST}", headers=headers)
        maestro = await tenant.client.get("/acme/DefaultTenant/pims_/api/v1/instances", headers=headers)

        assert (401, 0) == refusal(answer)
        assert (401, b"") == (maestro.status_code, maestro.content)


async def test_paths_outside_of_the_tenant_are_not_there(tenant: Tenant) -> None:
    """Unknown paths answer 404, a known path with another method 405."""
    for path in (
        "/",
        "/acme/Other/orchestrator_/odata/Tasks(1)",
        "/acme/DefaultTenant/other_/x",
        "/acme/DefaultTenant",
    ):
        assert 404 == (await tenant.client.get(path)).status_code
    assert 404 == (await tenant.send("GET", "/odata/Tasks")).status_code
    assert 405 == (await tenant.send("POST", LIST, {})).status_code
    assert 200 == (await tenant.send("GET", LIST.upper())).status_code


async def test_the_current_user_is_the_tokens(tenant: Tenant) -> None:
    """An application may have no user."""
    service = (await tenant.send("GET", ME)).json()
    tenant.become("alice")
    alice = (await tenant.send("GET", ME)).json()
    await tenant.sign_in(READER_APP)
    userless = await tenant.send("GET", ME)

    assert (SERVICE.id, "DirectoryExternalApplication") == (service["Id"], service["Type"])
    assert (ALICE, "DirectoryUser", "alice@example.com") == (alice["Id"], alice["Type"], alice["EmailAddress"])
    assert (204, b"") == (userless.status_code, userless.content)


async def test_folders_and_their_users_can_be_listed(tenant: Tenant) -> None:
    """Lists contain only folders of the caller. Users are people, groups, robots and applications."""
    [finance] = await tenant.rows("/odata/Folders", filter=f"Id eq {FINANCE.id}")
    users = await tenant.rows(f"/odata/Tasks/{ODATA}.GetTaskUsers(organizationUnitId=828)", orderby="Id")
    groups = await tenant.rows(
        f"/odata/Tasks/{ODATA}.GetTaskUsers(organizationUnitId=828)", filter="Type eq 'DirectoryGroup'", orderby="Id"
    )
    tenant.become("alice")

    assert (FINANCE.key, "Finance", "Shared/Finance") == tuple(
        finance[name] for name in ("Key", "DisplayName", "FullyQualifiedName")
    )
    assert {"DirectoryUser", "DirectoryGroup", "DirectoryRobot", "DirectoryExternalApplication"} == {
        user["Type"] for user in users
    }
    assert ALICE in [user["Id"] for user in users]
    assert ACCOUNTING in [group["Id"] for group in groups]
    assert [FINANCE.id] == [row["Id"] for row in await tenant.rows("/odata/Folders")]
    for id in (CLAIMS.id, 4711, 1 << 70):
        path = f"/odata/Tasks/{ODATA}.GetTaskUsers(organizationUnitId={id})"

        assert (404, 1100) == refusal(await tenant.send("GET", path))


async def test_the_admins_list_has_the_folders_of_an_admin(tenant: Tenant) -> None:
    """The list is empty for other callers."""
    everything = await tenant.rows(FOR_ADMIN, top="1000")
    tenant.become("carol")
    carols = {row["OrganizationUnitId"] for row in await tenant.rows(FOR_ADMIN, top="1000")}
    tenant.become("bob")

    assert 150 == len(everything)
    assert {FINANCE.id, CLAIMS.id, COMMERCIAL.id} >= carols >= {CLAIMS.id}
    assert [] == await tenant.rows(FOR_ADMIN)


async def test_lists_can_be_filtered_by_event(tenant: Tenant) -> None:
    """The parameter `event` has the values that the description names."""
    task = tenant.task(assignee=ALICE)
    body = {"taskAssignments": [{"taskId": task.id, "userId": PEOPLE["bob"].id}]}
    await tenant.send("POST", f"/odata/Tasks/{ODATA}.ReassignTasks", body)
    answer = await tenant.send("GET", LIST, params={"event": "ForwardedEver"})

    assert [task.id] == [row["Id"] for row in answer.json()["value"]]


@pytest.mark.parametrize("seed", [1, 7])
def test_the_same_seed_gives_the_same_data(seed: int) -> None:
    """A longer list begins with the shorter one."""
    data = []
    for tasks in (60, 60, 90):
        stand_in = STAND_IN()
        stand_in.reset(tasks=tasks, seed=seed, now=NOW, scenario=None)
        data.append([(t.id, t.key, t.title, t.status, t.created, t.job) for t in stand_in.store.tasks.values()])

    assert data[0] == data[1] == data[2][:60]
    assert 90 == len(data[2])


async def test_the_data_have_every_variant(tenant: Tenant) -> None:
    """All types, statuses, priorities and folders, large ids, deleted, shared and overdue tasks."""
    tasks = list(tenant.stand_in.store.tasks.values())
    instances = Counter(each.status for each in tenant.stand_in.store.instances.values())
    jobs = [task.job for task in tasks if task.job is not None]

    assert set(TASK_TYPES) == {task.type for task in tasks}
    assert {"Unassigned", "Pending", "Completed"} == {task.status for task in tasks}
    assert {"Low", "Medium", "High", "Critical"} == {task.priority for task in tasks}
    assert {FINANCE.id, CLAIMS.id, COMMERCIAL.id} == {task.folder for task in tasks}
    assert {"Overdue", "OverdueSoon", "OverdueLater", "CompletedInTime", None} == {t.sla_status(NOW) for t in tasks}
    assert any(int(float(task.id)) != task.id for task in tasks)
    assert any(task.deleted for task in tasks)
    assert {"SingleUser", "AllUsers", "Workload"} == {task.criteria for task in tasks}
    assert {"Running", "Paused", "Pending", "Completed", "Faulted", "Cancelled", "Retrying", ""} == set(instances)
    assert any(job not in tenant.stand_in.store.instances for job in jobs)
    assert any(task.job is None for task in tasks)
    assert all(task.created <= NOW for task in tasks)


async def test_the_operations_scenario_has_nine_open_tasks_and_two_are_alices() -> None:
    """The scenario has its own time, and a folder that Alice sees; some tasks are assigned to her group."""
    async with tenant_of(0, "operations") as tenant:
        tenant.become("alice")
        rows = await tenant.rows(filter="Status ne 'Completed' and IsDeleted eq false", expand="TaskAssignments")

        assert 9 == len(rows)
        assert 2 == sum(row["AssignedToUserId"] == ALICE for row in rows)
        assert 4 == sum([each["AssigneeId"] for each in row["TaskAssignments"]] == [ACCOUNTING] for row in rows)
    with pytest.raises(ValueError, match="no scenario"):
        STAND_IN().reset(tasks=1, seed=1, now=None, scenario="other")


def test_the_configuration_names_the_people_of_the_tenant() -> None:
    """Identities have the ids that tasks have."""
    stand_in = STAND_IN()
    source = stand_in.source_config("http://127.0.0.1:8802")
    identities = stand_in.identities()

    assert {"organization": "acme", "tenant": "DefaultTenant", "assign_before_completing": True} == source["options"]
    assert "http://127.0.0.1:8802/identity_/connect/token" == source["credentials"]["token_url"]
    assert {"alice", "bob", "carol"} == set(identities)
    assert (str(ALICE), [str(ACCOUNTING)]) == (identities["alice"]["id"], identities["alice"]["groups"])
    assert 'organization = "acme"' in configuration([stand_in], {"uipath": "http://127.0.0.1:1"}, "secret")


async def test_too_many_requests_are_the_vendors_429(tenant: Tenant) -> None:
    """The answer has Retry-After. A token request is not a write."""
    await tenant.client.post("/__sandbox__/rate-limit", content=orjson.dumps({"limit": 1, "window_ms": 5000}))
    await tenant.send("GET", LIST)
    answer = await tenant.send("GET", LIST)

    assert (429, 1000) == refusal(answer)
    assert "5" == answer.headers["retry-after"]
    assert not tenant.stand_in.is_write("POST", TOKEN)
    assert tenant.stand_in.is_write("POST", "/acme/DefaultTenant/orchestrator_/tasks/GenericTasks/CreateTask")
