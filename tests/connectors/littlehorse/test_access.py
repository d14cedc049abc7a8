"""Tokens, tenants and roles: who asks, and what becomes of a refusal."""

import traceback
from datetime import timedelta
from typing import Any

import anyio
import httpx2
import pytest

from connectors.littlehorse import LittlehorseConnector
from connectors.sdk.commands import Claim, Complete
from connectors.sdk.errors import (
    ForbiddenError,
    IdentityNotLinkedError,
    MalformedResponseError,
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
    """Client credentials, once for many requests; the address of the bridge has the tenant in its path."""
    connector = tenant.open()
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(connector.ping)

    assert ["client_credentials"] == [form["grant_type"] for form in tokens_asked(tenant)]
    assert ["GET /admin/taskTypes"] * 10 == tenant.sent
    assert {"/default/admin/taskTypes"} == {each.url.path for each in tenant.transport.requests[1:]}


async def test_a_token_that_ran_out_is_renewed_once(tenant: Tenant) -> None:
    """The stand-in's clock goes on, the connector's does not: a 401 tells."""
    connector = tenant.open()
    await connector.ping()
    tenant.now += timedelta(hours=1)
    await connector.ping()

    assert 2 == len(tokens_asked(tenant))
    assert 3 == len(tenant.sent)


async def test_a_person_is_asked_for_with_the_token_they_signed_in_with(tenant: Tenant) -> None:
    """As it is; no token endpoint is needed."""
    connector = tenant.open("viewer", credentials=False)
    token = tenant.stand_in.token("alice")
    with tenant.as_person("alice", token):
        await connector.ping()
        await connector.list_tasks(connector.pushdown(TaskQuery(states=OPEN_STATES)), limit=10)

    assert {f"Bearer {token}"} == {each.headers["authorization"] for each in tenant.transport.requests}
    assert [] == tokens_asked(tenant)


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
@pytest.mark.parametrize("who", [None, Authority(principal="alice", identity=None)])
async def test_without_a_persons_token_nothing_is_asked(tenant: Tenant, acts_as: str, who: Authority | None) -> None:
    """As in the demonstration, where people sign in with names."""
    with in_call(UpstreamCall(authority=who)), pytest.raises(IdentityNotLinkedError):
        await tenant.open(acts_as).list_tasks(TaskQuery(), limit=10)

    assert [] == tenant.transport.requests


async def test_a_token_that_was_exchanged_is_kept_for_the_person(tenant: Tenant) -> None:
    """One exchange for each of two people, by RFC 8693; each sees their own tasks."""
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


async def test_a_dashboards_token_is_refused_unless_it_is_exchanged(tenant: Tenant) -> None:
    """The bridge takes its own clients' tokens only; a person's is never renewed here."""
    foreign = tenant.stand_in.issuer.signed_in(user_called("alice"))
    with tenant.as_person("alice", foreign):
        with pytest.raises(UnauthenticatedError, match="allowed_tenant"):
            await tenant.open("viewer").ping()
        assert ["GET /init"] == tenant.sent
        await tenant.open("exchange").ping()


async def test_a_token_of_another_tenant_is_refused(tenant: Tenant) -> None:
    """By the claim `allowed_tenant`; case does not matter."""
    connector = tenant.open("viewer")
    with tenant.as_person("alice", tenant.stand_in.token("alice", tenant="other")), pytest.raises(UnauthenticatedError):
        await connector.ping()
    with tenant.as_person("alice", tenant.stand_in.token("alice", tenant="DEFAULT")):
        await connector.ping()


async def test_a_tenant_that_the_bridge_does_not_know_is_a_failure(tenant: Tenant) -> None:
    """It answers 500, for the token is looked at first; without a token its own page says 404."""
    with pytest.raises(UnavailableError):
        await tenant.open(tenant="other").ping()
    with pytest.raises(Exception, match="no such thing"):
        await tenant.open("viewer", credentials=False, tenant="other").ping()


async def test_ping_asks_what_the_source_needs(tenant: Tenant) -> None:
    """The account's role; a person's token; or, with neither at hand, that the bridge knows the tenant."""
    await tenant.open().ping()
    await tenant.open("viewer").ping()
    await tenant.open("viewer", credentials=False).ping()
    with tenant.as_person("alice"):
        await tenant.open("viewer", credentials=False).ping()

    assert ["GET /admin/taskTypes", "GET /admin/taskTypes", "GET /config/default", "GET /init"] == tenant.sent


async def test_a_persons_token_does_not_open_the_admins_side(tenant: Tenant) -> None:
    """403 without a body: the role is missing."""
    connector = tenant.open("viewer")
    with tenant.as_person("alice"), pytest.raises(ForbiddenError, match="lh-user-tasks-admin"):
        await connector.take_over(f"{'f' * 32}:0-1")


async def test_a_refusal_of_a_task_is_no_refusal_of_the_token(tenant: Tenant) -> None:
    """Both are 401; for the one a new token would be fetched in vain."""
    bobs = next(
        task
        for task in tenant.stand_in.bridge.kernel.all()
        if task.status == "ASSIGNED" and task.user == "bob@example.com"
    )
    connector = tenant.open("exchange")
    with tenant.as_person("alice"):
        assert {} == await connector.get_tasks([f"{bobs.wf_run_id}:{bobs.id}"])

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
async def test_an_exchange_that_fails_applies_nothing(tenant: Tenant, reply: Reply, expected: type[Exception]) -> None:
    """The write was never sent."""
    connector = tenant.open("exchange")
    with tenant.as_person("alice") as alice:
        [task, *_] = await tenant.drain(tenant.open("viewer"), connector.pushdown(TaskQuery(states=OPEN_STATES)))
        with tenant.transport.failing(reply) as requests, pytest.raises(expected) as caught:
            await connector.perform(Claim(task=task, actor=alice))

        assert [TOKEN] == [each.url.path for each in requests]
    assert caught.value.maybe_applied is False  # type: ignore[attr-defined]


async def test_no_token_and_no_data_are_shown(tenant: Tenant) -> None:
    """Neither by an error's text and traceback, nor by the settings; bridges may echo what was sent."""
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
    """Each in a task of their own, through one connector."""
    connector = tenant.open("exchange")
    seen: dict[str, Any] = {}

    async def look(person: str) -> None:
        with tenant.as_person(person):
            user = await connector.get_self()
            seen[person] = None if user is None else user.username

    async with anyio.create_task_group() as group:
        for _ in range(3):
            for person in ("alice", "bob", "carol"):
                group.start_soon(look, person)

    assert {"alice": "alice", "bob": "bob", "carol": "carol"} == seen
