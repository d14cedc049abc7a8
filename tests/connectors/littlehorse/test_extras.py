"""Operations that the gateway does not use."""

from datetime import timedelta

import pytest

from connectors.sdk.commands import AddComment
from connectors.sdk.errors import ForbiddenError
from connectors.sdk.model import OPEN_STATES, DetailAspect
from connectors.sdk.query import TaskQuery
from tests.connectors.littlehorse.conftest import NOW, Tenant, path


async def test_comments_are_edited_and_deleted(tenant: Tenant) -> None:
    """As the person of the token. The bridge shows only the latest event of each comment."""
    connector = tenant.open("viewer")
    with tenant.as_person("alice") as alice:
        [task, *_] = await tenant.drain(connector, connector.pushdown(TaskQuery(states=OPEN_STATES)))
        for text in ("first", "second", "third"):
            await connector.perform(AddComment(task=task, actor=alice, text=text))
        tenant.now += timedelta(minutes=1)
        await connector.extras.edit_comment(task.native_id, "2", "changed")
        await connector.extras.delete_comment(task.native_id, "1")
        detail = await connector.get_detail(task, frozenset({DetailAspect.COMMENTS}))

    assert detail.comments is not None
    assert [("2", "changed", None, tenant.now), ("3", "third", NOW, None)] == [
        (each.native_id, each.text, each.created_at, each.edited_at) for each in detail.comments
    ]
    assert {"alice"} == {each.author.username for each in detail.comments if each.author is not None}


async def test_an_admin_takes_over_a_task(tenant: Tenant) -> None:
    """From another owner. A person without the admin role is refused."""
    task = await tenant.one(status="ASSIGNED", user="bob@example.com")
    connector = tenant.open("viewer")
    with tenant.as_person("alice"), pytest.raises(ForbiddenError):
        await connector.extras.take_over(task.native_id)
    with tenant.as_person("carol"):
        await connector.extras.take_over(task.native_id)

    assert [f"POST /admin{path(task)}/claim"] * 2 == tenant.sent
    assert "carol@example.com" == tenant.record(task).user


async def test_self_is_the_user_of_the_token(tenant: Tenant) -> None:
    """The caller, or the account."""
    account = await tenant.open().extras.get_self()
    with tenant.as_person("alice"):
        alice = await tenant.open("viewer").extras.get_self()

    assert account is not None
    assert alice is not None
    assert ("service-account-taskgate", "alice@example.com") == (account.username, alice.native_id)
