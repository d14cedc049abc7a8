"""Whom the account is, whom it sees, and how it proves it."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from connectors.sdk.errors import RateLimitedError, UnauthenticatedError, UnavailableError, ValidationFailedError
from connectors.sdk.model import Task, TaskState, User
from connectors.uipath import UiPathConnector, UiPathSettings
from sandbox.uipath import PERSONAL_TOKENS
from tests.connectors.uipath.tenant import BASE_URL, NOW, Tenant, settings_with

Scripted = Callable[..., UiPathConnector]


def task_in(folder: int) -> Task:
    return Task(
        source="uipath",
        native_id=f"{folder}-101",
        title="Review",
        state=TaskState.READY,
        rule="uipath.unassigned",
        fetched_at=NOW,
    )


async def test_client_credentials_give_a_token_that_is_kept(tenant: Tenant) -> None:
    """One request for it, however many reads follow."""
    with tenant.transport.counting() as requests:
        await tenant.connector.ping()
        await tenant.connector.ping()
    paths = [request.url.path for request in requests]

    assert 1 == paths.count("/identity_/connect/token")
    assert 3 == len(paths)
    assert b"grant_type=client_credentials" in requests[0].content
    assert requests[1].headers["authorization"].startswith("Bearer ")


async def test_a_personal_token_is_used_as_it_is(tenant: Tenant) -> None:
    """The account is then that person."""
    token = PERSONAL_TOKENS["alice"]
    config = tenant.stand_in.source_config(BASE_URL) | {"credentials": {"kind": "bearer", "token": token}}
    connector = UiPathConnector.open(UiPathSettings.model_validate(config), transport=tenant.transport)
    tenant.opened.append(connector)
    user = await connector.get_self()

    assert user is not None
    assert tenant.identity("alice").native_id == user.native_id


async def test_refused_credentials_are_told(scripted: Scripted) -> None:
    """Without the token."""
    with pytest.raises(UnauthenticatedError) as caught:
        await scripted(lambda request: httpx2.Response(401)).ping()

    assert "rt_secret" not in str(caught.value)


async def test_the_application_is_a_user_of_its_own(tenant: Tenant) -> None:
    """Tasks may be given to it."""
    user = await tenant.connector.get_self()

    assert user is not None
    assert user.native_id.isdigit()


async def test_credentials_without_a_user_are_nobody(scripted: Scripted) -> None:
    """The vendor answers 204."""
    assert await scripted(lambda request: httpx2.Response(204)).get_self() is None


async def test_the_account_is_named_by_what_there_is(scripted: Scripted) -> None:
    """In either casing."""
    body = {"id": 7, "Name": "Ana", "surname": "Gil", "UserName": "ana", "EmailAddress": "ana@x.test", "IsActive": True}
    user = await scripted(lambda request: httpx2.Response(200, json=body)).get_self()

    assert User(native_id="7", name="Ana Gil", username="ana", email="ana@x.test", is_active=True) == user


async def test_whom_a_task_can_be_given_to_are_the_people_of_its_folder(tenant: Tenant) -> None:
    """By one call; robots and groups are no people."""
    with tenant.transport.counting() as requests:
        await tenant.connector.ping()
    with tenant.transport.counting() as requests:
        page = await tenant.connector.list_users(assignable_to=task_in(828), limit=100)

    assert 1 == len(requests)
    assert requests[0].url.path.endswith(".GetTaskUsers(organizationUnitId=828)")
    assert "828" == requests[0].headers["x-uipath-organizationunitid"]
    assert tenant.identity("alice").native_id in {user.native_id for user in page.items}
    assert all(user.email for user in page.items)


async def test_people_of_all_folders_are_listed_once(tenant: Tenant) -> None:
    """In pages by id; of configured folders alone where there are such."""
    everyone = await tenant.connector.list_users(limit=100)
    first = await tenant.connector.list_users(limit=3)
    second = await tenant.connector.list_users(limit=3, after=first.next_cursor)
    finance = await tenant.open(folders=[828]).list_users(limit=100)
    ids = [user.native_id for user in everyone.items]

    assert len(set(ids)) == len(ids)
    assert ids[:6] == [user.native_id for user in (*first.items, *second.items)]
    assert {user.native_id for user in finance.items} < set(ids)


async def test_groups_are_those_of_the_directory(tenant: Tenant) -> None:
    """By the ids that identities name."""
    groups = (await tenant.connector.list_groups(limit=100)).items

    assert set(tenant.identity("alice").groups) <= {group.native_id for group in groups}
    assert "Accounting" in {group.name for group in groups}


async def test_a_cursor_of_another_list_is_refused(scripted: Scripted) -> None:
    """Without a call."""
    with pytest.raises(ValidationFailedError):
        await scripted(lambda request: httpx2.Response(500)).list_users(limit=5, after="x")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            httpx2.Response(429, headers={"Retry-After": "3"}, json={"message": "Too many", "errorCode": 1}),
            RateLimitedError,
        ),
        (httpx2.Response(502, content=b"<html>"), UnavailableError),
        (httpx2.Response(400, json={"message": "x", "errorCode": {"a": 1}}), ValidationFailedError),
        (httpx2.Response(400, content=b"[" * 5000), ValidationFailedError),
    ],
)
async def test_a_gateway_in_front_is_judged_by_status(
    scripted: Scripted, answer: httpx2.Response, kind: type[Exception]
) -> None:
    """Its body may be anything."""
    with pytest.raises(kind):
        await scripted(lambda request: answer).ping()


@pytest.mark.parametrize(
    "options",
    [
        {"organization": "a/b"},
        {"tenant": ".."},
        {"tenant": "{}"},
        {"folders": [0]},
        {"folders": [1 << 63]},
        {"url_template": "https://x.test/{task}"},
        {"url_template": "https://x.test/"},
        {"url_template": "javascript:{id}"},
        {"ui_host": "x.test/path"},
        {"expand": "A&$filter=1"},
        {"outcomes": [{"code": "a"}, {"code": "a"}]},
        {"color": "red"},
    ],
)
def test_a_wrong_option_is_told_at_the_start(options: dict[str, Any]) -> None:
    """Before anything is asked."""
    with pytest.raises(ValidationError):
        settings_with(**options)


def test_organization_and_tenant_are_required() -> None:
    """They are parts of every address."""
    given = settings_with().model_dump()
    with pytest.raises(ValidationError):
        UiPathSettings.model_validate({**given, "options": {"tenant": "DefaultTenant"}})
