"""What a real bridge, kernel and Keycloak did to the connector, one test for each case."""

import dataclasses
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from connectors.littlehorse import LittlehorseConnector, wire
from connectors.littlehorse.details import activities_of
from connectors.sdk.commands import AddComment, Assign, Cancel, Claim, Complete, Release, TaskAction, Unassign
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import ActivityType, DetailAspect, Task
from connectors.sdk.query import TaskQuery
from sandbox.littlehorse.auth import LIFETIME_S
from sandbox.littlehorse.directory import SUBGROUP, WITHOUT_VIEW_USERS, user_called
from sandbox.littlehorse.errors import RefusalError
from tests.connectors.littlehorse.conftest import NOW, Tenant, invoice

INVOICE: dict[str, object] = {"approved": True, "costCenter": 4100}


@pytest.fixture
async def ordinary(tenant: Tenant) -> Tenant:
    """With the account as Keycloak makes it: without an e-mail address."""
    tenant.stand_in.variant.account_email = None
    return tenant


# The account without a user id


async def test_an_account_without_user_id_completes_nothing_and_says_so(ordinary: Tenant) -> None:
    """Once it was looked at: before anything is sent. Other verbs are as before."""
    task = await ordinary.one(**invoice())
    connector = ordinary.open()
    told = await connector.look_at_account()
    refusal = connector.refusal_of(task, TaskAction.COMPLETE, ordinary.identity("alice"))
    ordinary.forget()
    with pytest.raises(UnsupportedActionError, match="e-mail address"):
        await connector.perform(Complete(task=task, actor=ordinary.identity("alice"), data=INVOICE))

    assert "service-account-taskgate" == told
    assert isinstance(refusal, UnsupportedActionError)
    assert [Complete] == list(connector.info.withheld)
    assert [] == ordinary.sent
    assert connector.refusal_of(task, TaskAction.CLAIM, ordinary.identity("alice")) is None


async def test_an_account_that_was_set_up_later_completes(ordinary: Tenant) -> None:
    """The next look at it shows the address."""
    task = await ordinary.one(**invoice())
    connector = ordinary.open()
    await connector.look_at_account()
    ordinary.stand_in.set_up()
    ordinary.now += timedelta(hours=1)
    await connector.look_at_account()
    await connector.perform(Complete(task=task, actor=ordinary.identity("alice"), data=INVOICE))

    assert {} == connector.info.withheld
    assert "DONE" == ordinary.record(task).status


async def test_a_refusal_for_want_of_a_user_id_is_no_doubt(ordinary: Tenant) -> None:
    """Without a look before, the bridge answers 500. Its text proves that nothing was done."""
    task = await ordinary.one(**invoice())
    with pytest.raises(UnsupportedActionError, match="user id") as caught:
        await ordinary.open().perform(Complete(task=task, actor=ordinary.identity("alice"), data=INVOICE))

    assert caught.value.maybe_applied is False
    assert "UNASSIGNED" == ordinary.record(task).status


async def test_the_account_of_a_viewer_source_completes_no_tasks_of_others(ordinary: Tenant) -> None:
    """People complete their own with their own token."""
    bobs = await ordinary.one(status="ASSIGNED", user="bob@example.com", definition="approve-invoice")
    connector = ordinary.open("viewer")
    await connector.look_at_account()
    carol, bob = ordinary.identity("carol"), ordinary.identity("bob")

    assert isinstance(connector.refusal_of(bobs, TaskAction.COMPLETE, carol), UnsupportedActionError)
    assert connector.refusal_of(bobs, TaskAction.COMPLETE, bob) is None
    with ordinary.as_person("bob"):
        await connector.perform(Complete(task=bobs, actor=bob, data=INVOICE))


async def test_other_claims_need_no_address(tenant_with: type[Tenant]) -> None:
    """The user name and the id are there from the beginning."""
    for claim in ("PREFERRED_USERNAME", "SUB"):
        tenant = tenant_with(user_id_claim=claim)
        tenant.stand_in.variant.account_email = None
        connector = tenant.open(user_id_claim=claim)
        await connector.look_at_account()
        assert {} == connector.info.withheld
        await connector.aclose()


async def test_an_unknown_task_is_none_although_the_account_has_no_user_id(ordinary: Tenant) -> None:
    """The user side, which is tried second, refuses the account for other tasks: not as a bad token."""
    task = await ordinary.one(status="ASSIGNED", user="alice@example.com", definition="approve-invoice")
    ordinary.stand_in.bridge.kernel.save_progress(ordinary.record(task).key, "alice@example.com", {})
    unknown = f"{'f' * 32}:0-1"
    found = await ordinary.open().get_tasks([task.native_id, unknown])

    assert [task.native_id] == list(found)
    assert isinstance(found[task.native_id], UnsupportedActionError)


# Lists


async def test_one_assignee_is_a_filter_of_the_bridge(tenant: Tenant) -> None:
    """By the identity provider's id, which is looked up. Each definition is a list."""
    connector = tenant.open()
    query = connector.pushdown(TaskQuery(assignees=frozenset({"alice@example.com"})))
    tasks = await tenant.drain(connector, query)
    asked = [
        each.url.params.get("user_id") for each in tenant.transport.requests if each.url.path.endswith("/admin/tasks")
    ]

    assert {user_called("alice").id} == set(asked)
    assert {("alice@example.com",)} == {tuple(user.native_id for user in task.assignees) for task in tasks}
    assert {task.key for task in tenant.stand_in.bridge.kernel.all() if task.user == "alice@example.com"} == {
        tuple(task.native_id.split(":")) for task in tasks
    }


async def test_tasks_of_a_person_who_left_are_found(tenant: Tenant) -> None:
    """The identity provider has no id for them, so the tasks of all people are read."""
    connector = tenant.open()
    query = connector.pushdown(TaskQuery(assignees=frozenset({"former.colleague@example.com"})))

    assert {"former.colleague@example.com"} == {
        user.native_id for task in await tenant.drain(connector, query) for user in task.assignees
    }


async def test_several_groups_are_lists_of_their_own(tenant: Tenant) -> None:
    """Also a group that the directory does not have: the bridge takes its name."""
    connector = tenant.open(definitions=["approve-invoice", tenant_night(tenant)])
    groups = frozenset({"accounting", SUBGROUP})
    tasks = await tenant.drain(connector, connector.pushdown(TaskQuery(candidate_groups=groups)))
    asked = {
        each.url.params["user_group_id"] for each in tenant.transport.requests if each.url.path.endswith("/admin/tasks")
    }

    assert groups == {group.native_id for task in tasks for group in task.candidate_groups or ()}
    assert SUBGROUP in asked
    assert 2 == len(asked)


def tenant_night(tenant: Tenant) -> str:
    """The definition of the task of the group below another one."""
    return next(task.definition for task in tenant.stand_in.bridge.kernel.all() if task.group == SUBGROUP)


# Lost races


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
async def test_a_claim_lost_in_the_kernel_is_a_lost_claim(tenant: Tenant, acts_as: str) -> None:
    """Its text has the other person's address, which is not passed on."""
    task = await tenant.one(**invoice())
    kernel, key = tenant.stand_in.bridge.kernel, tenant.record(task).key
    tenant.stand_in.variant.meanwhile = lambda: kernel.claim(key, "bob@example.com", override=False)
    with tenant.as_person("alice") as alice, pytest.raises(AlreadyAssignedError) as caught:
        await tenant.open(acts_as).perform(Claim(task=task, actor=alice))

    assert "bob" not in str(caught.value)


async def test_a_completion_after_a_colleagues_is_told_as_taken(tenant: Tenant) -> None:
    """The bridge says that the task is another person's: to the read of the form, and to the completion."""
    task = await tenant.one(**invoice())
    tenant.stand_in.bridge.kernel.claim(tenant.record(task).key, "bob@example.com", override=False)
    with tenant.as_person("alice") as alice, pytest.raises(AlreadyAssignedError):
        await tenant.open("viewer").perform(Complete(task=task, actor=alice, data=INVOICE))


# Groups


@pytest.mark.parametrize(
    ("acts_as", "action", "offered"),
    [
        ("service", TaskAction.CLAIM, False),
        ("service", TaskAction.ASSIGN, True),
        ("viewer", TaskAction.CLAIM, True),
        ("viewer", TaskAction.RELEASE, False),
        ("viewer", TaskAction.UNASSIGN, False),
    ],
)
async def test_a_group_that_the_directory_lacks_is_known_in_advance(
    tenant: Tenant, acts_as: str, action: TaskAction, *, offered: bool
) -> None:
    """The row says so, and so does the directory; the user side's detail does not."""
    connector = tenant.open(acts_as)
    bob = tenant.identity("bob")
    task = await tenant.one(group=SUBGROUP)
    shown = [task]
    with tenant.as_person("bob"):
        shown += [each for each in await tenant.drain(connector, TaskQuery()) if each.native_id == task.native_id]
        await tenant.open().look_at_account()
        await connector.look_at_account()
        shown += [each for each in (await connector.get_tasks([task.native_id])).values() if isinstance(each, Task)]
    refusals = [connector.refusal_of(each, action, bob) for each in shown]

    assert 3 == len(refusals)
    assert [offered] * 3 == [refusal is None for refusal in refusals]
    assert all(isinstance(refusal, UnsupportedActionError | None) for refusal in refusals)


async def test_a_task_of_such_a_group_is_assigned_without_it(tenant: Tenant) -> None:
    """With the group the refusal names no field: the client named none."""
    task, connector = await tenant.one(group=SUBGROUP), tenant.open()
    with pytest.raises(UnsupportedActionError, match="directory"):
        await connector.perform(Assign(task=task, user_id="bob@example.com"))
    await connector.perform(Assign(task=task, user_id="bob@example.com", keep_group=False))

    assert ("bob@example.com", None) == (tenant.record(task).user, tenant.record(task).group)


@pytest.mark.parametrize("verb", [Release, Unassign])
async def test_a_task_whose_group_was_renamed_cannot_go_back(tenant: Tenant, verb: Any) -> None:
    """Nothing is sent."""
    task = await tenant.one(group="formerly-sales")
    with pytest.raises(UnsupportedActionError, match="directory"):
        await tenant.open().perform(verb(task=task, actor=tenant.identity("alice")))

    assert [] == tenant.sent


async def test_a_user_outside_the_group_is_a_fault_of_the_user(tenant: Tenant) -> None:
    """With the option `userGroup` too."""
    task, connector = await tenant.one(**invoice()), tenant.open()
    for options in ({}, {"userGroup": "claims"}):
        with pytest.raises(ValidationFailedError, match="not a member") as caught:
            await connector.perform(Assign(task=task, user_id="carol@example.com", options=options))
        assert ("userId",) == caught.value.field


async def test_the_account_claims_only_for_members(tenant: Tenant) -> None:
    """If gateway and identity provider disagree about the groups of a person, no field is at fault."""
    task = await tenant.one(status="UNASSIGNED", group="claims")
    mistaken = msgspec.structs.replace(tenant.identity("alice"), groups=("claims",))
    with pytest.raises(ForbiddenError):
        await tenant.open().perform(Claim(task=task, actor=mistaken))


# One person's token


async def test_a_token_that_is_over_is_not_sent(tenant: Tenant) -> None:
    """The person is asked to sign in again."""
    connector = tenant.open("viewer", credentials=False)
    for lifetime in (-3600, -1):
        token = tenant.stand_in.token("alice", lifetime_s=lifetime)
        with tenant.as_person("alice", token), pytest.raises(UnauthenticatedError, match="sign in again"):
            await connector.ping()

    assert [] == tenant.sent


async def test_an_expired_token_is_told_as_expired(tenant: Tenant) -> None:
    """If its end came between sending and receiving."""
    connector = slow_clock(tenant)
    token = tenant.stand_in.token("alice")
    tenant.now += timedelta(seconds=LIFETIME_S + 120)
    with tenant.as_person("alice", token), pytest.raises(UnauthenticatedError, match="has expired"):
        await connector.ping()
    await connector.aclose()


def slow_clock(tenant: Tenant) -> LittlehorseConnector:
    """A connector on whose clock no time passes: to it tokens are valid for ever."""
    return LittlehorseConnector.open(tenant.settings("viewer"), transport=tenant.transport, clock=lambda: NOW)


@pytest.mark.parametrize("who", ["without the role", "with a token that has just ended"])
async def test_a_claim_is_refused_if_the_groups_cannot_be_asked(tenant: Tenant, who: str) -> None:
    """The bridge fails before it calls the kernel."""
    task = await tenant.one(**invoice())
    connector, token = slow_clock(tenant), tenant.stand_in.token("alice")
    if who == "without the role":
        token = tenant.stand_in.token(WITHOUT_VIEW_USERS)
    else:
        tenant.now += timedelta(seconds=LIFETIME_S + 5)
    with tenant.as_person("alice", token) as alice, pytest.raises(ForbiddenError, match="view-users") as caught:
        await connector.perform(Claim(task=task, actor=alice))
    await connector.aclose()

    assert caught.value.maybe_applied is False
    assert tenant.record(task).user is None


async def test_a_list_that_fails_for_one_person_says_what_may_help(tenant: Tenant) -> None:
    """The bridge works; it gets no answer from the identity provider with this token."""
    token = tenant.stand_in.token(WITHOUT_VIEW_USERS)
    with tenant.as_person("alice", token), pytest.raises(UnavailableError, match="sign in again") as caught:
        await tenant.open("viewer").list_tasks(TaskQuery(), limit=5)

    assert 500 == caught.value.native_status


# Saved progress


async def test_a_task_with_saved_progress_says_why_it_is_not_shown(tenant: Tenant) -> None:
    """To the account. Lists show it, and its owner reads and completes it with their own token."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com", definition="approve-invoice")
    kernel, key = tenant.stand_in.bridge.kernel, tenant.record(task).key
    kernel.save_progress(key, "alice@example.com", {"costCenter": ("INTEGER", 4100)})
    service, viewer = tenant.open(), tenant.open("viewer")
    [shown] = (await service.get_tasks([task.native_id])).values()
    listed = {each.native_id for each in await tenant.drain(service, TaskQuery())}
    with tenant.as_person("alice") as alice:
        detail = await viewer.get_detail(task, frozenset({DetailAspect.DATA, DetailAspect.ACTIVITIES}))
        await viewer.perform(Complete(task=task, actor=alice, data=INVOICE))

    assert isinstance(shown, UnsupportedActionError)
    assert "saved progress" in shown.message
    assert task.native_id in listed
    assert ({"costCenter": 4100}, None) == (detail.data, detail.activities)
    assert "DONE" == tenant.record(task).status


OWNED = {"status": "ASSIGNED", "user": "alice@example.com", "definition": "approve-invoice"}


async def saved(tenant: Tenant, connector: LittlehorseConnector, **wanted: Any) -> Task:
    """A task with saved progress, as the connector reads it after a list has shown it."""
    task = await tenant.one(**wanted)
    tenant.stand_in.bridge.kernel.save_progress(tenant.record(task).key, "alice@example.com", {})
    await tenant.drain(connector, TaskQuery())
    tenant.forget()
    [shown] = (await connector.get_tasks([task.native_id])).values()
    assert isinstance(shown, Task)
    return shown


async def test_a_task_with_saved_progress_is_read_from_the_list_that_showed_it(tenant: Tenant) -> None:
    """As it is now: the list is asked again, for tasks of that definition and moment only. Completing is not offered."""
    connector = tenant.open()
    task = await saved(tenant, connector, **OWNED)
    asked = tenant.transport.requests[-1].url
    tenant.stand_in.bridge.kernel.assign(tenant.record(task).key, "bob@example.com", None)
    [now] = (await connector.get_tasks([task.native_id])).values()
    alice = tenant.identity("alice")
    refusal = connector.refusal_of(task, TaskAction.COMPLETE, alice)

    assert ("/default/admin/tasks", "approve-invoice") == (asked.path, asked.params["type"])
    assert {"earliest_start_date", "latest_start_date"} <= set(asked.params)
    assert isinstance(now, Task)
    assert ["bob@example.com"] == [user.native_id for user in now.assignees]
    assert "saved progress" in str(refusal)
    assert connector.refusal_of(task, TaskAction.CANCEL, alice) is None


@pytest.mark.parametrize(
    ("wanted", "verb", "expected"),
    [
        (invoice(), lambda task, alice: Claim(task=task, actor=alice), ("ASSIGNED", "alice@example.com")),
        (
            OWNED,
            lambda task, _: Assign(task=task, user_id="bob@example.com", override=True),
            ("ASSIGNED", "bob@example.com"),
        ),
        (OWNED, lambda task, alice: Cancel(task=task, actor=alice), ("CANCELLED", "alice@example.com")),
    ],
)
async def test_the_account_claims_assigns_and_cancels_a_task_with_saved_progress(
    tenant: Tenant, wanted: dict[str, Any], verb: Any, expected: tuple[str, str | None]
) -> None:
    """These need no record. The user side shows the account the record of a task without an owner."""
    connector = tenant.open()
    task = await saved(tenant, connector, **wanted)
    refusal = connector.refusal_of(task, TaskAction.COMPLETE, tenant.identity("alice"))
    await connector.perform(verb(task, tenant.identity("alice")))

    assert "saved progress" in str(refusal)
    assert expected == (tenant.record(task).status, tenant.record(task).user)


async def test_a_task_whose_record_is_shown_again_can_be_completed(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an update of the bridge."""
    connector = tenant.open()
    task = await saved(tenant, connector, **invoice())
    monkeypatch.setattr(tenant.stand_in.bridge, "_can_show", lambda _: True)
    await connector.get_tasks([task.native_id])

    assert connector.refusal_of(task, TaskAction.COMPLETE, tenant.identity("alice")) is None


# Events and comments


def test_events_of_the_same_moment_have_an_order() -> None:
    """Assigned before completed; a comment is added before it is edited, and edited before it is deleted."""
    names = ("TASK_COMPLETED", "COMMENT_DELETED", "COMMENT_EDITED", "COMMENT_ADDED", "TASK_ASSIGNED")
    time = "2026-06-15T09:00:00.000Z"
    events = [wire.Event(type=name, time=time, event=wire.EventBody(new_user_id="a", comment_id=1)) for name in names]
    expected = [
        ActivityType.ASSIGNED,
        ActivityType.COMMENTED,
        ActivityType.COMMENT_EDITED,
        ActivityType.COMMENT_DELETED,
        ActivityType.COMPLETED,
    ]

    assert expected == [each.type for each in activities_of(events, "EMAIL")]
    assert expected == [each.type for each in activities_of(reversed(events), "EMAIL")]


async def test_a_completed_task_was_assigned_first(tenant: Tenant) -> None:
    """The kernel writes both with the same time, and the bridge sends them in no order."""
    task, connector = await tenant.one(**invoice()), tenant.open()
    outcome = await connector.perform(Complete(task=task, actor=tenant.identity("alice"), data=INVOICE))
    activities = (await connector.get_detail(outcome.task, frozenset({DetailAspect.ACTIVITIES}))).activities or ()

    assert [ActivityType.ASSIGNED, ActivityType.ASSIGNED, ActivityType.COMPLETED] == [each.type for each in activities]


async def test_an_author_who_cannot_be_looked_up_stays_as_shown(tenant: Tenant) -> None:
    """A comment must not be missing because of its author."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com")
    gone = {"comment": "hello", "userId": "no-such-id::ghost", "commentId": 1}
    tenant.stand_in.bridge.kernel.commit(tenant.record(task), "COMMENT_ADDED", gone)
    with tenant.as_person("alice") as alice:
        await tenant.open("viewer").perform(AddComment(task=task, actor=alice, text="mine"))
    comments = (await tenant.open().get_detail(task, frozenset({DetailAspect.COMMENTS}))).comments or ()

    assert [("no-such-id", "ghost"), ("alice@example.com", "alice")] == [
        (each.author.native_id, each.author.username) for each in comments if each.author is not None
    ]


async def test_a_persons_own_comment_is_theirs_without_an_account_too(tenant: Tenant) -> None:
    """The bridge names its author by the identity provider's id; `/userInfo` tells the person's own."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com")
    others = {"comment": "hello", "userId": f"{user_called('bob').id}::bob", "commentId": 1}
    tenant.stand_in.bridge.kernel.commit(tenant.record(task), "COMMENT_ADDED", others)
    connector = tenant.open("viewer", credentials=False)
    with tenant.as_person("alice") as alice:
        await connector.perform(AddComment(task=task, actor=alice, text="mine"))
        comments = (await connector.get_detail(task, frozenset({DetailAspect.COMMENTS}))).comments or ()

    assert [user_called("bob").id, "alice@example.com"] == [
        each.author.native_id for each in comments if each.author is not None
    ]


@pytest.mark.parametrize(("is_set_up", "name"), [(True, "email"), (False, "id")])
async def test_the_account_has_the_name_that_records_and_comments_have(
    tenant: Tenant, *, is_set_up: bool, name: str
) -> None:
    """So that a write whose answer was lost can be told from one of another program."""
    if not is_set_up:
        tenant.stand_in.variant.account_email = None
    task, connector = await tenant.one(**invoice()), tenant.open()
    await connector.perform(AddComment(task=task, actor=tenant.identity("alice"), text="hello"))
    if is_set_up:
        task = (await connector.perform(Complete(task=task, actor=tenant.identity("alice"), data=INVOICE))).task
    detail = await connector.get_detail(task, frozenset({DetailAspect.COMMENTS}))
    authors = [each.author for each in detail.comments or ()]
    account = await connector.own_account()

    assert account is not None
    assert ("@" in account) == (name == "email")
    assert {account} == {person.native_id for person in (task.completed_by, *authors) if person is not None}
    assert await tenant.open("viewer", credentials=False).own_account() is None


# Ids


async def test_a_user_id_in_capitals_is_the_same_person(tenant: Tenant) -> None:
    """A workflow may write an address so. Lists show the identity provider's spelling, details the kernel's."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com")
    kernel, key = tenant.stand_in.bridge.kernel, tenant.record(task).key
    kernel.assign(key, "Alice@Example.com", None)
    for acts_as in ("service", "viewer"):
        with tenant.as_person("alice"):
            [read] = (await tenant.open(acts_as).get_tasks([task.native_id])).values()
        assert isinstance(read, Task)
        assert ["alice@example.com"] == [user.native_id for user in read.assignees]


@pytest.mark.parametrize("is_exact", [True, False])
async def test_a_list_of_one_persons_tasks_may_have_those_in_capitals(tenant: Tenant, *, is_exact: bool) -> None:
    """The kernel compares exactly. If it is told so, the connector reads the tasks of all people."""
    task = await tenant.one(status="ASSIGNED", user="alice@example.com")
    tenant.stand_in.bridge.kernel.assign(tenant.record(task).key, "Alice@Example.com", None)
    connector = tenant.open(exact_user_ids=is_exact)
    query = TaskQuery(assignees=frozenset({"alice@example.com"}))
    found = [each for each in await tenant.drain(connector, connector.pushdown(query)) if query.matches(each)]

    assert found
    assert is_exact == (task.native_id not in {each.native_id for each in found})


async def test_a_task_of_a_child_run_is_read_with_its_parents_id(tenant: Tenant) -> None:
    """As `<parent>_<child>`. Lists give the child's id alone, which the bridge does not find."""
    task = await tenant.one(**invoice())
    record = tenant.record(task)
    key = (f"{'a' * 32}_{record.wf_run_id}", record.id)
    kernel = tenant.stand_in.bridge.kernel
    kernel.commit(dataclasses.replace(record, wf_run_id=key[0]), "TASK_EXECUTED", {})
    found = await tenant.open().get_tasks([":".join(key)])

    assert isinstance(found[":".join(key)], Task)


async def test_an_assignment_of_a_task_that_is_gone_is_not_found(tenant: Tenant) -> None:
    """The bridge's 500 does not say so; the record that is read then does. Another 500 leaves the write in doubt."""
    known, connector = await tenant.one(**invoice()), tenant.open()
    gone = msgspec.structs.replace(known, native_id=f"{'f' * 32}:0-1")
    with pytest.raises(NotFoundError) as caught:
        await connector.perform(Assign(task=gone, user_id="bob@example.com"))
    assert caught.value.maybe_applied is False
    tenant.stand_in.bridge.assign = failing  # type: ignore[method-assign]
    with pytest.raises(UnavailableError) as doubtful:
        await connector.perform(Assign(task=known, user_id="bob@example.com"))
    assert doubtful.value.maybe_applied


def failing(*_: object, **__: object) -> None:
    raise RefusalError(500, "500 INTERNAL_SERVER_ERROR")
