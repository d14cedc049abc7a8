"""Claim, assign, release, cancel and comment: which requests are sent, and with which token."""

from typing import Any

import msgspec
import pytest

from connectors.sdk.commands import (
    AddComment,
    Assign,
    Cancel,
    Claim,
    Complete,
    Release,
    TaskAction,
    TaskCommand,
    Unassign,
)
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ForbiddenError,
    IdentityNotLinkedError,
    NotFoundError,
    UnavailableError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskState
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import Reply
from sandbox.littlehorse.directory import group_named, user_called
from tests.connectors.littlehorse.conftest import Tenant, invoice, path

INVOICE: dict[str, object] = {"approved": True, "costCenter": 4100}


# Claim


async def test_a_person_claims_with_their_own_token(tenant: Tenant) -> None:
    """One request without a body. The group stays, and the kernel's history names the person."""
    task = await tenant.one(**invoice())
    connector = tenant.open("viewer")
    with tenant.as_person("alice") as alice:
        outcome = await connector.perform(Claim(task=task, actor=alice))

    assert [f"POST {path(task)}/claim"] == tenant.sent
    assert [None] == tenant.bodies
    assert (TaskState.RESERVED, "alice@example.com") == (outcome.task.state, outcome.task.assignees[0].native_id)
    assert ("alice@example.com", "accounting") == (tenant.record(task).user, tenant.record(task).group)
    assert [("claim", "alice@example.com")] == [(each.action, each.actor) for each in tenant.stand_in.effects.all()]


async def test_the_account_claims_by_assigning(tenant: Tenant) -> None:
    """To the person and the group, both by the identity provider's ids."""
    task, alice = await tenant.one(**invoice()), tenant.identity("alice")
    outcome = await tenant.open().perform(Claim(task=task, actor=alice))
    group = group_named("accounting")

    assert group is not None
    assert ["GET /admin/users", "GET /admin/groups", f"POST /admin{path(task)}/assign"] == tenant.sent
    assert [{"userId": user_called("alice").id, "userGroup": group.id}] == tenant.bodies
    assert (TaskState.RESERVED, "accounting") == (outcome.task.state, tenant.record(task).group)


@pytest.mark.parametrize("acts_as", ["service", "viewer"])
async def test_a_claim_needs_a_linked_person(tenant: Tenant, acts_as: str) -> None:
    """Without a call."""
    task = await tenant.one(**invoice())
    with tenant.as_person("alice"), pytest.raises(IdentityNotLinkedError):
        await tenant.open(acts_as).perform(Claim(task=task))
    assert [] == tenant.sent


@pytest.mark.parametrize(
    ("person", "wanted"),
    [
        ("bob", {"status": "ASSIGNED", "user": "alice@example.com", "group": "accounting"}),
        ("alice", {"status": "ASSIGNED", "user": "alice@example.com", "group": "accounting"}),
        ("alice", {"status": "DONE", "user": "alice@example.com"}),
    ],
    ids=["another's", "one's own", "finished"],
)
async def test_a_refused_claim_is_always_the_same_error(tenant: Tenant, person: str, wanted: dict[str, Any]) -> None:
    """The bridge answers 409 for every reason, also for a task that the person already owns."""
    task = await tenant.one(**wanted)
    with tenant.as_person(person) as actor, pytest.raises(AlreadyAssignedError):
        await tenant.open("viewer").perform(Claim(task=task, actor=actor))
    assert [] == tenant.stand_in.effects.all()


async def test_the_second_of_two_claims_is_refused(tenant: Tenant) -> None:
    """The kernel does not replace the owner."""
    task = await tenant.one(**invoice())
    key = tenant.record(task).key
    tenant.stand_in.variant.meanwhile = lambda: tenant.stand_in.bridge.kernel.claim(
        key, "bob@example.com", override=False
    )
    with tenant.as_person("alice") as alice, pytest.raises(ConflictError):
        await tenant.open("viewer").perform(Claim(task=task, actor=alice))

    assert "bob@example.com" == tenant.record(task).user


async def test_without_an_identity_adapter_a_person_cannot_claim(tenant_with: type[Tenant]) -> None:
    """The bridge refuses every claim, so claim is not offered. The account assigns by the kernel's names."""
    tenant = tenant_with(identity_adapter=False)
    task, alice = await tenant.one(**invoice()), tenant.identity("alice")
    viewer = tenant.open("viewer", identity_adapter=False)
    with tenant.as_person("alice"):
        assert Claim not in viewer.info.capabilities
        with pytest.raises(UnsupportedActionError):
            await viewer.perform(Claim(task=task, actor=alice))
        assert [] == tenant.sent
        with pytest.raises(AlreadyAssignedError):
            await tenant.open("viewer").perform(Claim(task=task, actor=alice))
    tenant.forget()
    await tenant.open(identity_adapter=False).perform(Claim(task=task, actor=alice))

    assert [f"POST /admin{path(task)}/assign"] == tenant.sent
    assert [{"userId": "alice@example.com", "userGroup": "accounting"}] == tenant.bodies
    for each in tenant.opened:
        await each.aclose()


# Assign and release


async def test_a_user_is_assigned_with_or_without_the_group(tenant: Tenant) -> None:
    """The group is lost if it is not sent again. An empty text clears a member."""
    connector, group = tenant.open(), group_named("accounting")
    assert group is not None
    first = await tenant.one(**invoice())
    outcome = await connector.perform(Assign(task=first, user_id="bob@example.com"))
    assert [{"userId": user_called("bob").id, "userGroup": group.id}] == tenant.bodies
    assert ("accounting",) == tuple(each.native_id for each in outcome.task.candidate_groups or ())
    tenant.forget()
    outcome = await connector.perform(
        Assign(task=outcome.task, user_id="elena@example.com", keep_group=False, override=True)
    )

    assert [{"userId": user_called("elena").id, "userGroup": ""}] == tenant.bodies
    assert ("elena@example.com", None) == (tenant.record(first).user, tenant.record(first).group)
    assert () == outcome.task.candidate_groups


async def test_a_group_is_assigned_alone_or_besides_a_user(tenant: Tenant) -> None:
    """Alone it removes the user. The vendor option `userGroup` names a group besides the user."""
    connector, claims = tenant.open(), group_named("claims")
    assert claims is not None
    task = await tenant.one(status="ASSIGNED", user="alice@example.com", group="accounting")
    outcome = await connector.perform(Assign(task=task, group_id="claims", override=True))
    assert [{"userId": "", "userGroup": claims.id}] == tenant.bodies
    assert (TaskState.READY, (), "claims") == (
        outcome.task.state,
        outcome.task.assignees,
        tenant.record(task).group,
    )
    tenant.forget()
    both = Assign(task=outcome.task, user_id="elena@example.com", options={"userGroup": "claims"})
    outcome = await connector.perform(both)

    assert [{"userId": user_called("elena").id, "userGroup": claims.id}] == tenant.bodies
    assert ("elena@example.com", "claims") == (tenant.record(task).user, tenant.record(task).group)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user_id": "unknown@example.com"}, ("userId",)),
        ({"user_id": "elena@example.com"}, ("userId",)),
        ({"group_id": "no-such"}, ("groupId",)),
        ({"user_id": "bob@example.com", "options": {"group": "claims"}}, ("options", "group")),
        ({"user_id": "bob@example.com", "options": {"userGroup": 1}}, ("options", "userGroup")),
        ({"user_id": "bob@example.com", "options": {"userGroup": ""}}, ("options", "userGroup")),
        ({"group_id": "claims", "options": {"userGroup": "claims"}}, ("options", "userGroup")),
    ],
)
async def test_an_impossible_assignment_changes_nothing(
    tenant: Tenant, change: dict[str, Any], field: tuple[str, ...]
) -> None:
    """The error has the field of an unknown user or group, of a user outside the group, or of a wrong option.

    Each is a field that was sent: a task keeps its group although the client names none.
    """
    task = await tenant.one(**invoice())
    with pytest.raises(ValidationFailedError) as caught:
        await tenant.open().perform(Assign(task=task, **change))
    assert field == caught.value.field
    assert [] == tenant.stand_in.effects.all()


async def test_an_owner_is_not_replaced_without_override(tenant: Tenant) -> None:
    """The bridge would replace the owner, so the connector refuses without a call."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com", group="accounting")
    with pytest.raises(AlreadyAssignedError):
        await tenant.open().perform(Assign(task=task, user_id="bob@example.com"))
    assert [] == tenant.sent


@pytest.mark.parametrize("verb", [Release, Unassign])
@pytest.mark.parametrize("acts_as", ["service", "viewer"])
async def test_a_task_goes_back_to_its_group(tenant: Tenant, verb: type[TaskCommand], acts_as: str) -> None:
    """The account assigns it, also for a person: the bridge has no release."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com", group="accounting")
    group = group_named("accounting")
    assert group is not None
    with tenant.as_person("alice") as alice:
        outcome = await tenant.open(acts_as).perform(verb(task=task, actor=alice))

    assert ["GET /admin/groups", f"POST /admin{path(task)}/assign"] == tenant.sent
    assert [{"userId": "", "userGroup": group.id}] == tenant.bodies
    assert (TaskState.READY, ()) == (outcome.task.state, outcome.task.assignees)
    assert ["unassign"] == [each.action for each in tenant.stand_in.effects.all()]


@pytest.mark.parametrize("verb", [Release, Unassign])
async def test_a_task_without_a_group_cannot_be_given_back(tenant: Tenant, verb: type[TaskCommand]) -> None:
    """Without a call."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com", group=None)
    with pytest.raises(UnsupportedActionError):
        await tenant.open().perform(verb(task=task, actor=tenant.identity("alice")))
    assert [] == tenant.sent


async def test_a_finished_task_is_not_assigned(tenant: Tenant) -> None:
    """The bridge answers 412."""
    task = await tenant.one(status="DONE", group="accounting")
    with pytest.raises(ConflictError):
        await tenant.open().perform(Assign(task=task, user_id="bob@example.com", override=True))


# Cancel, comment, and the rest


@pytest.mark.parametrize(("acts_as", "prefix"), [("service", "/admin"), ("viewer", "")])
async def test_a_task_is_cancelled_by_one_request(tenant: Tenant, acts_as: str, prefix: str) -> None:
    """Without a body. A second cancel is refused."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com")
    connector = tenant.open(acts_as)
    with tenant.as_person("alice") as alice:
        outcome = await connector.perform(Cancel(task=task, actor=alice, reason="duplicate"))
        assert [f"POST {prefix}{path(task)}/cancel"] == tenant.sent
        assert [None] == tenant.bodies
        with pytest.raises(ConflictError):
            await connector.perform(Cancel(task=task, actor=alice))

    assert (TaskState.CANCELED, "CANCELLED") == (outcome.task.state, tenant.record(task).status)


async def test_a_comment_is_written_by_the_person_or_by_the_account(tenant: Tenant) -> None:
    """The text is sent unchanged; the gateway adds a name to it if needed."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com")
    with tenant.as_person("alice") as alice:
        await tenant.open("viewer").perform(AddComment(task=task, actor=alice, text="mine"))
        await tenant.open().perform(AddComment(task=task, actor=alice, text="hers"))
    texts = [each.body["comment"] for each in tenant.record(task).events if each.type == "COMMENT_ADDED"]

    assert ["mine", "hers"] == texts
    assert [{"comment": text} for text in texts] == tenant.bodies


@pytest.mark.parametrize("acts_as", ["service", "viewer"])
@pytest.mark.parametrize("verb", [Claim, Assign, Release, Complete, Cancel, AddComment])
async def test_a_write_to_an_unknown_task_is_not_found(tenant: Tenant, acts_as: str, verb: type[TaskCommand]) -> None:
    """The text of the bridge's 500 says so, or the form cannot be read."""
    known = await tenant.one(**invoice())
    task = msgspec.structs.replace(known, native_id=f"{'f' * 32}:0-1")
    extra: dict[str, Any] = (
        {"user_id": "bob@example.com"} if verb is Assign else {"text": "x"} if verb is AddComment else {}
    )
    with tenant.as_person("alice") as alice, pytest.raises(NotFoundError) as caught:
        await tenant.open(acts_as).perform(verb(task=task, actor=alice, **extra))
    assert caught.value.maybe_applied is False


@pytest.mark.parametrize("verb", [Claim, Assign, Release])
async def test_a_lookup_that_fails_applies_nothing(tenant: Tenant, verb: type[TaskCommand]) -> None:
    """No write was sent yet."""
    task = await tenant.one(**invoice())
    extra: dict[str, Any] = {"user_id": "bob@example.com"} if verb is Assign else {}
    connector = tenant.open()
    await connector.ping()
    with tenant.transport.failing(Reply(503)), pytest.raises(UnavailableError) as caught:
        await connector.perform(verb(task=task, actor=tenant.identity("alice"), **extra))
    assert caught.value.maybe_applied is False


async def test_the_outcome_is_what_later_reads_show(tenant: Tenant) -> None:
    """By list and by id. The gateway shows the outcome until the bridge does."""
    task, connector = await tenant.one(**invoice()), tenant.open()
    for command in (
        Claim(task=task, actor=tenant.identity("alice")),
        Release(task=task, actor=tenant.identity("alice")),
        Assign(task=task, user_id="bob@example.com", keep_group=False),
        Cancel(task=task),
    ):
        outcome = await connector.perform(command)
        read = (await connector.get_tasks([task.native_id]))[task.native_id]
        listed = {each.native_id: each for each in await tenant.drain(connector, TaskQuery())}[task.native_id]

        assert isinstance(read, Task)
        if not isinstance(command, Cancel):
            assert outcome.task.version == read.version == listed.version
        else:
            assert outcome.task.state is read.state is listed.state


@pytest.mark.parametrize("acts_as", ["service", "viewer"])
async def test_a_claim_outside_the_tasks_group_is_known_to_be_refused(tenant: Tenant, acts_as: str) -> None:
    """Without a call, as permittedActions says it."""
    task = await tenant.one(status="UNASSIGNED", group="claims")
    with tenant.as_person("alice") as actor:
        connector = tenant.open(acts_as)
        known = connector.refusal_of(task, TaskAction.CLAIM, actor)
        with pytest.raises(ForbiddenError, match="members of its group"):
            await connector.perform(Claim(task=task, actor=actor))

    assert isinstance(known, ForbiddenError)
    assert [] == tenant.sent


@pytest.mark.parametrize("action", [TaskAction.RELEASE, TaskAction.UNASSIGN])
async def test_a_task_without_a_group_is_not_offered_back(tenant: Tenant, action: TaskAction) -> None:
    """With a group it is."""
    alone = await tenant.one(status="ASSIGNED", user="alice@example.com", group=None)
    shared = await tenant.one(status="ASSIGNED", user="alice@example.com", group="accounting")
    connector = tenant.open("service")

    assert isinstance(connector.refusal_of(alone, action, None), UnsupportedActionError)
    assert connector.refusal_of(shared, action, None) is None
