"""Sign-in and permissions of the stand-in for Camunda."""

from typing import Any

import httpx2
import pytest

from sandbox.camunda.auth import AUDIENCE, CLIENT_ID, CLIENT_SECRET, TOKEN_LIFETIME_S, TOKEN_PATH
from sandbox.camunda.stand_in import CamundaStandIn
from tests.sandbox.camunda.conftest import StillClock

FORM = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "audience": AUDIENCE,
}


def client_of(camunda: CamundaStandIn, **signed_in: Any) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=camunda)
    return httpx2.AsyncClient(transport=transport, base_url="http://camunda", **signed_in)


async def token(client: httpx2.AsyncClient, **members: str) -> httpx2.Response:
    return await client.post(TOKEN_PATH, data=FORM | members)


async def test_a_token_opens_the_cluster_until_it_expires(camunda: CamundaStandIn, clock: StillClock) -> None:
    """After that the answer is 401 until the client has another token. Passwords are not accepted."""
    camunda.reset(tasks=10, seed=7, now=None, scenario="oidc")
    async with client_of(camunda) as client:
        given = (await token(client)).json()
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        statuses = [(await client.get("/v2/topology", headers=bearer)).status_code]
        clock.advance(TOKEN_LIFETIME_S * 1000)
        statuses.append((await client.get("/v2/topology", headers=bearer)).status_code)
        renewed = {"Authorization": f"Bearer {(await token(client)).json()['access_token']}"}
        me = await client.get("/v2/authentication/me", headers=renewed)
        statuses.append((await client.get("/v2/topology", auth=("demo", "demo"))).status_code)
        camunda.reset(tasks=10, seed=7, now=None, scenario="oidc")
        statuses.append((await client.get("/v2/topology", headers=renewed)).status_code)

    assert ("Bearer", TOKEN_LIFETIME_S) == (given["token_type"], given["expires_in"])
    assert [200, 401, 401, 401] == statuses
    assert CLIENT_ID == me.json()["username"]


@pytest.mark.parametrize(
    ("members", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"audience": "elsewhere"}, 403, "access_denied"),
    ],
)
async def test_no_token_is_given_for_wrong_credentials(
    camunda: CamundaStandIn, members: dict[str, str], status: int, error: str
) -> None:
    """The answer is an OAuth error."""
    camunda.reset(tasks=10, seed=7, now=None, scenario="oidc")
    async with client_of(camunda) as client:
        answer = await token(client, **members)

    assert (status, error) == (answer.status_code, answer.json()["error"])


async def test_effects_of_a_client_have_its_id(camunda: CamundaStandIn) -> None:
    """So has the audit log."""
    camunda.reset(tasks=40, seed=7, now=None, scenario="oidc")
    task = next(each for each in camunda.store.tasks.rows if each.state == "CREATED" and each.assignee is None)
    path = f"/v2/user-tasks/{task.user_task_key}"
    async with client_of(camunda) as client:
        client.headers["Authorization"] = f"Bearer {(await token(client)).json()['access_token']}"
        await client.post(f"{path}/assignment", json={"assignee": "alice"})
        last = (await client.post(f"{path}/audit-logs/search", json={})).json()["items"][-1]

    assert [CLIENT_ID] == [each.actor for each in camunda.effects.all()]
    assert ("ASSIGN", CLIENT_ID, "CLIENT") == (last["operationType"], last["actorId"], last["actorType"])


async def test_an_unprotected_cluster_needs_no_credentials(camunda: CamundaStandIn) -> None:
    """There is no signed-in user."""
    camunda.reset(tasks=10, seed=7, now=None, scenario="none")
    async with client_of(camunda) as client:
        statuses = [(await client.get(path)).status_code for path in ("/v2/topology", "/v2/authentication/me")]

    assert [200, 401] == statuses


@pytest.mark.parametrize(("method", "kind"), [("basic", "basic"), ("oidc", "oauth"), ("none", "none")])
def test_the_source_signs_in_as_the_cluster_asks(camunda: CamundaStandIn, method: str, kind: str) -> None:
    """The written configuration fits the way to sign in."""
    camunda.reset(tasks=10, seed=7, now=None, scenario=method)

    assert kind == camunda.source_config("http://camunda")["credentials"]["kind"]


async def test_people_see_only_what_their_groups_may(camunda: CamundaStandIn) -> None:
    """Searches leave out other rows silently. Reads and commands answer 403."""
    camunda.reset(tasks=300, seed=7, now=None, scenario="authorizations")
    open_ = [each for each in camunda.store.tasks.rows if each.state == "CREATED"]
    own = next(each for each in open_ if each.process_definition_id == "invoice")
    other = next(each for each in open_ if each.process_definition_id == "contract-review")
    async with client_of(camunda, auth=("alice", "alice")) as client:
        everything = (await client.post("/v2/user-tasks/search", json={"page": {"limit": 1000}})).json()["items"]
        definitions = (await client.post("/v2/process-definitions/search", json={})).json()["items"]
        people = (await client.post("/v2/users/search", json={})).json()["items"]
        read = await client.get(f"/v2/user-tasks/{other.user_task_key}")
        claim = {"assignee": "alice", "allowOverride": False}
        refused = await client.post(f"/v2/user-tasks/{other.user_task_key}/assignment", json=claim)
        started = await client.post("/v2/process-instances", json={"processDefinitionId": "contract-review"})
        statuses = [
            (await client.request(method, f"/v2{path}", json=body)).status_code
            for method, path, body in (
                ("GET", f"/user-tasks/{own.user_task_key}", None),
                ("PATCH", f"/user-tasks/{own.user_task_key}", {"changeset": {"priority": 1}}),
                ("GET", f"/process-instances/{own.process_instance_key}", None),
                ("GET", f"/process-instances/{other.process_instance_key}", None),
                ("POST", f"/process-instances/{other.process_instance_key}/cancellation", {}),
                ("GET", f"/process-definitions/{other.process_definition_key}", None),
                ("GET", "/users/alice", None),
                ("GET", "/users/bob", None),
                ("GET", "/groups/accounting", None),
            )
        ]
        me = (await client.get("/v2/authentication/me")).json()

    assert {"invoice", "insurance-claim", "customer-onboarding", "purchase-order", "expense-report"} == {
        each["processDefinitionId"] for each in everything
    }
    assert "contract-review" not in {each["processDefinitionId"] for each in definitions}
    assert [] == people
    assert (403, "FORBIDDEN", 403, "FORBIDDEN", 403) == (
        read.status_code, read.json()["title"], refused.status_code, refused.json()["title"], started.status_code,
    )  # fmt: skip
    assert read.json()["detail"].startswith("Unauthorized to perform any of the operations: 'READ_USER_TASK'")
    assert "Insufficient permissions to perform operation 'UPDATE_USER_TASK'" in refused.json()["detail"]
    assert [200, 204, 200, 403, 403, 403, 200, 403, 403] == statuses
    assert ("alice", ["accounting"], []) == (me["username"], me["groups"], me["roles"])


async def test_by_default_people_cannot_sign_in(camunda: CamundaStandIn) -> None:
    """The only user is the admin, who may do everything."""
    async with client_of(camunda, auth=("alice", "alice")) as client:
        answer = await client.get("/v2/topology")

    assert 401 == answer.status_code
