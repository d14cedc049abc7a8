"""Tokens, tenants and roles: which token a request has, and what a refusal means."""

import traceback
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.sdk.commands import Claim, Complete
from connectors.sdk.errors import (
    AlreadyAssignedError,
    BrokenError,
    ForbiddenError,
    IdentityNotLinkedError,
    MalformedResponseError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from connectors.sdk.http import Authority, UpstreamCall, current_call, in_call
from connectors.sdk.model import OPEN_STATES
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import Reply
from sandbox.littlehorse.directory import CLIENT_SECRET, user_called
from tests.connectors.littlehorse.conftest import Tenant

TOKEN = "/realms/default/protocol/openid-connect/token"


def tokens_asked(tenant: Tenant) -> list[dict[str, str]]:
    return [
        dict(httpx2.QueryParams(each.content.decode())) for each in tenant.transport.requests if each.url.path == TOKEN
    ]


async def test_the_account_fetches_one_token_for_everything(tenant: Tenant) -> None:
    """By client credentials, once for many requests. The path of each request begins with the tenant."""
    connector = tenant.open()
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(connector.ping)

    assert ["client_credentials"] == [form["grant_type"] for form in tokens_asked(tenant)]
    assert ["GET /admin/taskTypes"] * 10 == tenant.sent
    assert {"/default/admin/taskTypes"} == {each.url.path for each in tenant.transport.requests[1:]}


async def test_an_expired_token_is_renewed_once(tenant: Tenant) -> None:
    """Only the stand-in's clock advances, so the connector learns it from a 401."""
    connector = tenant.open()
    await connector.ping()
    tenant.now += timedelta(hours=1)
    await connector.ping()

    assert 2 == len(tokens_asked(tenant))
    assert 3 == len(tenant.sent)


async def test_a_viewer_source_sends_the_token_of_the_sign_in(tenant: Tenant) -> None:
    """Unchanged; no token endpoint is used."""
    connector = tenant.open("viewer", credentials=False)
    token = tenant.stand_in.token("alice")
    with tenant.as_person("alice", token):
        await connector.ping()
        await connector.list_tasks(connector.pushdown(TaskQuery(states=OPEN_STATES)), limit=10)

    assert {f"Bearer {token}"} == {each.headers["authorization"] for each in tenant.transport.requests}
    assert [] == tokens_asked(tenant)


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
@pytest.mark.parametrize("who", [None, Authority(principal="alice", identity=None)])
async def test_without_the_callers_token_nothing_is_sent(tenant: Tenant, acts_as: str, who: Authority | None) -> None:
    """As in demo mode, where people sign in without a token."""
    with in_call(UpstreamCall(authority=who)), pytest.raises(IdentityNotLinkedError):
        await tenant.open(acts_as).list_tasks(TaskQuery(), limit=10)

    assert [] == tenant.transport.requests


async def test_an_exchanged_token_is_kept_for_each_person(tenant: Tenant) -> None:
    """Two people need two exchanges (RFC 8693), and each of them sees their own tasks."""
    connector = tenant.open("exchange", admin=False)
    seen: dict[str, set[str]] = {}
    for person in ("alice", "bob"):
        with tenant.as_person(person, tenant.stand_in.issuer.signed_in(user_called(person))) as identity:
            mine = connector.pushdown(TaskQuery(assignees=frozenset({identity.native_id})))
            tasks = await tenant.drain(connector, mine)
            await connector.ping()
            seen[person] = {user.native_id for task in tasks for user in task.assignees}
    forms = tokens_asked(tenant)

    assert {"alice": {"alice@example.com"}, "bob": {"bob@example.com"}} == seen
    assert 2 == len(forms)
    assert [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "client_id": "taskgate",
            "client_secret": CLIENT_SECRET,
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }
    ] * 2 == [{name: value for name, value in form.items() if name != "subject_token"} for form in forms]


async def test_a_token_of_another_client_must_be_exchanged(tenant: Tenant) -> None:
    """The bridge accepts only tokens of its own clients. The token of a person is not renewed after a 401."""
    foreign = tenant.stand_in.issuer.signed_in(user_called("alice"))
    with tenant.as_person("alice", foreign):
        with pytest.raises(UnauthenticatedError, match="allowed_tenant"):
            await tenant.open("viewer").ping()
        assert ["GET /init"] == tenant.sent
        await tenant.open("exchange").ping()


async def test_a_token_of_another_tenant_is_refused(tenant: Tenant) -> None:
    """The claim `allowed_tenant` decides; case is ignored."""
    connector = tenant.open("viewer")
    with tenant.as_person("alice", tenant.stand_in.token("alice", tenant="other")), pytest.raises(UnauthenticatedError):
        await connector.ping()
    with tenant.as_person("alice", tenant.stand_in.token("alice", tenant="DEFAULT")):
        await connector.ping()


async def test_a_tenant_that_the_bridge_does_not_know_is_a_failure(tenant: Tenant) -> None:
    """500 for a request with a token, 404 for the path that needs none."""
    with pytest.raises(BrokenError, match="no such tenant"):
        await tenant.open(tenant="other").ping()
    with pytest.raises(NotFoundError):
        await tenant.open("viewer", credentials=False, tenant="other").ping()


async def test_ping_checks_what_the_source_needs(tenant: Tenant) -> None:
    """The role of the account, or the token of a person; without either only that the bridge knows the tenant."""
    await tenant.open().ping()
    await tenant.open("viewer").ping()
    await tenant.open("viewer", credentials=False).ping()
    with tenant.as_person("alice"):
        await tenant.open("viewer", credentials=False).ping()

    assert ["GET /admin/taskTypes", "GET /admin/taskTypes", "GET /config/default", "GET /init"] == tenant.sent


async def test_a_person_without_the_role_is_refused_on_the_admin_side(tenant: Tenant) -> None:
    """A 403 without a body means that the role is missing."""
    connector = tenant.open("viewer")
    with tenant.as_person("alice"), pytest.raises(ForbiddenError, match="lh-user-tasks-admin"):
        await connector.extras.take_over(f"{'f' * 32}:0-1")


async def test_a_401_about_a_task_does_not_renew_the_token(tenant: Tenant) -> None:
    """The bridge answers 401 for a bad token and for the task of another person; the text differs."""
    bobs = next(
        task
        for task in tenant.stand_in.bridge.kernel.all()
        if task.status == "ASSIGNED" and task.user == "bob@example.com"
    )
    connector = tenant.open("exchange")
    with tenant.as_person("alice"):
        [found] = (await connector.get_tasks([f"{bobs.wf_run_id}:{bobs.id}"])).values()
        assert isinstance(found, AlreadyAssignedError)

    assert 1 == len(tokens_asked(tenant))
    assert 2 == len(tenant.sent)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400, body=b'{"error":"invalid_grant"}'), IdentityNotLinkedError),
        (Reply(400, body=b'{"error":"invalid_client"}'), UnauthenticatedError),
        (Reply(401), UnauthenticatedError),
        (Reply(503), UnavailableError),
        (Reply(200, body=b"{}"), MalformedResponseError),
    ],
)
async def test_a_failed_exchange_applies_nothing(tenant: Tenant, reply: Reply, expected: type[Exception]) -> None:
    """The write was never sent."""
    connector = tenant.open("exchange")
    with tenant.as_person("alice") as alice:
        [task, *_] = await tenant.drain(tenant.open("viewer"), connector.pushdown(TaskQuery(states=OPEN_STATES)))
        with tenant.transport.failing(reply) as requests, pytest.raises(expected) as caught:
            await connector.perform(Claim(task=task, actor=alice))

        assert [TOKEN] == [each.url.path for each in requests]
    assert caught.value.maybe_applied is False  # type: ignore[attr-defined]


async def test_no_token_and_no_data_are_shown(tenant: Tenant) -> None:
    """Not in the text or traceback of an error, and not in the settings; the bridge may repeat what was sent."""
    token, secret_value = tenant.stand_in.token("alice"), "a very private remark"
    connector: LittlehorseConnector = tenant.open("exchange")
    shown: list[str] = [repr(connector.settings), repr(connector)]
    with tenant.as_person("alice", token) as alice:
        shown.append(repr(current_call()))
        [task, *_] = await tenant.drain(
            connector, connector.pushdown(TaskQuery(assignees=frozenset({alice.native_id}), states=OPEN_STATES))
        )
        sent = {
            each.headers["authorization"][7:] for each in tenant.transport.requests if "authorization" in each.headers
        }
        echo = f"INVALID_ARGUMENT: {token} {CLIENT_SECRET} {' '.join(sent)} {secret_value}"
        for status in (400, 401, 403, 404, 409, 412, 500):
            body = b'{"message": "%s"}' % echo.encode()
            with tenant.transport.failing(Reply(status, {"Content-Type": "application/json"}, body)):
                for ask in (
                    lambda: connector.list_tasks(TaskQuery(), limit=1),
                    lambda: connector.perform(Complete(task=task, actor=alice, data={"remark": secret_value})),
                ):
                    with pytest.raises(Exception) as caught:  # noqa: PT011 any error must keep them
                        await ask()
                    shown.append("".join(traceback.format_exception(caught.value)))

    assert sent
    assert [] == [text for text in shown for secret in (token, CLIENT_SECRET, secret_value, *sent) if secret in text]


async def test_two_people_at_once_keep_their_tokens_apart(tenant: Tenant) -> None:
    """Several people use one connector concurrently."""
    connector = tenant.open("exchange")
    seen: dict[str, Any] = {}

    async def look(person: str) -> None:
        with tenant.as_person(person):
            user = await connector.extras.get_self()
            seen[person] = None if user is None else user.username

    async with anyio.create_task_group() as group:
        for _ in range(3):
            for person in ("alice", "bob", "carol"):
                group.start_soon(look, person)

    assert {"alice": "alice", "bob": "bob", "carol": "carol"} == seen
