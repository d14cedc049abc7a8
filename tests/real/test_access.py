"""What people may see and do if authorizations are on, and the directory."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from pydantic import SecretStr

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Claim
from connectors.sdk.errors import ForbiddenError, UnauthenticatedError
from connectors.sdk.query import TaskQuery
from connectors.sdk.settings import BasicCredentials
from connectors.sdk.testing import read
from tests.real.cluster import Cluster, client_of, until

READ = ("READ_PROCESS_DEFINITION", "READ_PROCESS_INSTANCE", "READ_USER_TASK")


def signed_in(settings: CamundaSettings, username: str, password: str) -> CamundaConnector:
    credentials = BasicCredentials(kind="basic", username=username, password=SecretStr(password))
    return CamundaConnector.open(settings.model_copy(update={"credentials": credentials}))


@pytest.fixture
async def dave(cluster: Cluster, settings: CamundaSettings, address: str) -> AsyncIterator[CamundaConnector]:
    """A connector that signs in as dave, who may read the tasks of one process and change none."""
    await cluster.add_person("dave")
    await cluster.allow("dave", "contract-review", *READ)
    made = signed_in(settings, "dave", "dave")
    own = await cluster.task("contract-review")
    async with client_of(address, "dave", "dave") as client:
        await until(lambda: client.get(f"/user-tasks/{own}"), lambda answer: answer.status_code == 200)
    yield made
    await made.aclose()


async def test_a_search_leaves_out_tasks_without_permission(
    cluster: Cluster, connector: CamundaConnector, dave: CamundaConnector
) -> None:
    """Without an error."""
    hidden = await cluster.task("expense-report")
    everything = await connector.list_tasks(connector.pushdown(TaskQuery(ids=frozenset({hidden}))), limit=5)
    allowed = await dave.list_tasks(TaskQuery(), limit=100)
    wanted = await dave.list_tasks(dave.pushdown(TaskQuery(ids=frozenset({hidden}))), limit=5)

    assert [hidden] == [task.native_id for task in everything.items]
    assert {"contract-review"} == {
        task.native_id and task.definition.key.split("/")[0] for task in allowed.items if task.definition
    }
    assert () == tuple(wanted.items)


async def test_a_read_without_permission_is_forbidden(cluster: Cluster, dave: CamundaConnector) -> None:
    """It answers 403, unlike a search."""
    hidden = await cluster.task("expense-report")
    found = (await dave.get_tasks([hidden])).get(hidden)

    assert isinstance(found, ForbiddenError)
    assert 403 == found.native_status


async def test_a_write_without_permission_is_forbidden(cluster: Cluster, dave: CamundaConnector) -> None:
    """It changes nothing."""
    key = await cluster.task("contract-review")
    task = await read(dave, key)
    with pytest.raises(ForbiddenError) as caught:
        await dave.perform(Claim(task=task, actor=Identity(native_id="dave")))

    assert not caught.value.maybe_applied
    assert None is (await cluster.row(key))["assignee"]


async def test_a_wrong_password_is_refused(settings: CamundaSettings, cluster: Cluster, address: str) -> None:
    """With 401. The cluster's status can be read without signing in."""
    wrong = signed_in(settings, "demo", "wrong")
    with pytest.raises(UnauthenticatedError):
        await wrong.ping()
    await wrong.aclose()
    async with httpx2.AsyncClient() as client:
        assert 204 == (await client.get(f"{address}/v2/status")).status_code


async def test_the_directory_has_its_people_and_groups(connector: CamundaConnector, cluster: Cluster) -> None:
    """With names, members, and the signed-in user."""
    people = await connector.get_users(["alice", "bob", "nobody"])
    groups = await connector.get_groups(["accounting", "nothing"])
    members = await connector.list_members("accounting", limit=10)
    ourselves = await connector.extras.get_self()

    assert {"alice": "Alice", "bob": "Bob"} == {key: user.name for key, user in people.items()}
    assert {"accounting": "Accounting"} == {key: group.name for key, group in groups.items()}
    assert {"alice", "bob"} <= {user.native_id for user in members.items}
    assert "demo" == (ourselves and ourselves.native_id)
