"""Lists, candidates, forms and details, and how many calls they cost."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from msgspec import Raw
from msgspec.structs import replace

from connectors.camunda7 import Camunda7Connector, Camunda7Settings
from connectors.camunda7.client import Body
from connectors.camunda7.errors import is_refusal
from connectors.camunda7.formats import format_date
from connectors.sdk.errors import ConnectorError, ForbiddenError, UnavailableError
from connectors.sdk.http import Answer
from connectors.sdk.model import ActivityType, CountAccuracy, DetailAspect, FormFieldType, FormKind, TaskState
from connectors.sdk.query import Interval, SortDirection, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.testing import FaultyTransport, Reply, drain, read
from sandbox.camunda7 import Camunda7StandIn
from sandbox.camunda7.auth import UnauthenticatedError
from tests.connectors.camunda7.conftest import NOW, House

DATA = frozenset({DetailAspect.DATA})
OPEN = frozenset({TaskState.READY, TaskState.RESERVED, TaskState.SUSPENDED})


async def test_candidates_of_a_page_cost_a_few_calls(house: House, connector: Camunda7Connector) -> None:
    """Of tasks without an owner: not one for each task."""
    query = connector.pushdown(TaskQuery(states=frozenset({TaskState.READY})))
    house.transport.requests = []
    page = await connector.list_tasks(query, limit=100)
    links = [each for each in house.sent if each.endswith("/identity-links")]
    records = house.stand_in.store.tasks

    assert len(page.items) > 15
    assert len(links) < 4
    assert {task.native_id: (sorted(records[task.native_id].users), sorted(records[task.native_id].groups)) for task in page.items} == {
        task.native_id: (
            [user.native_id for user in task.candidate_users or ()],
            [group.native_id for group in task.candidate_groups or ()],
        )
        for task in page.items
    }  # fmt: skip


MINE = TaskQuery(assignees=frozenset({"alice"}))
READY = frozenset({TaskState.READY})
OFFERED = (
    TaskQuery(candidate_users=frozenset({"alice"}), states=READY),
    TaskQuery(candidate_groups=frozenset({"accounting"}), states=READY),
)


async def test_mine_or_claimable_is_one_question(house: House, connector: Camunda7Connector) -> None:
    """With an exact count, and without a call for candidates. One call before it for the tasks that name her."""
    union = TaskQuery(any_of=(MINE, *OFFERED), states=OPEN)
    pushed = connector.pushdown(union)
    everything = await drain(connector, connector.pushdown(TaskQuery(states=OPEN)), 50)
    await connector.look_at_account()
    house.transport.requests = []
    page = await connector.list_tasks(replace(pushed, without_candidates=True), limit=3)
    (asked, _) = (each for each in house.bodies if "orQueries" in each)

    assert union == pushed
    assert ["POST /task", "POST /task", "POST /task/count", "POST /history/process-instance"] == house.sent
    assert (len([task for task in everything if union.matches(task)]), CountAccuracy.EXACT) == (
        page.total,
        page.total_accuracy,
    )
    assert [
        {"active": True, "assigneeIn": ["alice"]},
        {"assigneeIn": ["alice"], "unassigned": True},
        {"assigneeIn": ["alice"], "candidateGroups": ["accounting"], "includeAssignedTasks": True},
    ] == asked["orQueries"]
    assert {(None, None)} == {(task.candidate_users, task.candidate_groups) for task in page.items}


async def test_an_engine_that_ignores_alternatives_is_found_out(house: House, connector: Camunda7Connector) -> None:
    """It would list every task. So candidates are read and rows are tested, until it is seen to apply them."""
    query = replace(connector.pushdown(TaskQuery(any_of=OFFERED, states=OPEN)), without_candidates=True)
    before = await connector.list_tasks(query, limit=20)
    count_tasks = connector._client.count_tasks

    async def every(filter: Body) -> int | None:
        return await count_tasks({name: value for name, value in filter.items() if name != "orQueries"})

    connector._client.count_tasks = every  # type: ignore[method-assign]
    await connector.look_at_account()
    ignored = await connector.list_tasks(query, limit=20)
    connector._client.count_tasks = count_tasks  # type: ignore[method-assign]
    await connector.look_at_account()
    applied = await connector.list_tasks(query, limit=20)

    assert [task.native_id for task in before.items] == [task.native_id for task in applied.items]
    assert [False, False, True] == [
        all(task.candidate_groups is None for task in page.items) for page in (before, ignored, applied)
    ]


async def test_groups_that_only_the_engine_knows_are_not_asked_for(house: House, connector: Camunda7Connector) -> None:
    """Her tasks are named by their ids, so the engine adds no group of hers: no task of other people, and an exact count."""
    for name in ("alice", "henrik"):
        for number in range(3):
            record = [task for task in house.stand_in.store.tasks.values() if task.is_open][number]
            record.users = [*record.users, name]
    await connector.look_at_account()
    for name, groups in (("alice", frozenset[str]()), ("henrik", frozenset({"operations"}))):
        own = (TaskQuery(candidate_users=frozenset({name})), TaskQuery(assignees=frozenset({name})))
        offered = (TaskQuery(candidate_groups=groups),) if groups else ()
        union = TaskQuery(any_of=(*own, *offered), states=OPEN)
        house.transport.requests = []
        page = await connector.list_tasks(replace(connector.pushdown(union), without_candidates=True), limit=50)
        wanted = {
            task.id
            for task in house.stand_in.store.tasks.values()
            if task.is_open and (name in task.users or task.assignee == name or not groups.isdisjoint(task.groups))
        }

        assert wanted == {task.native_id for task in page.items}
        assert (len(wanted), CountAccuracy.EXACT) == (page.total, page.total_accuracy)
        assert [] == [group for body in house.bodies for group in body.get("orQueries", ()) if "candidateUser" in group]
        assert 4 >= len(house.sent)


async def test_nothing_is_asked_for_a_union_in_which_nothing_matches(
    house: House, connector: Camunda7Connector
) -> None:
    """No task names her, and an empty group of alternatives would be everything."""
    union = TaskQuery(any_of=(TaskQuery(candidate_users=frozenset({"alice"})),), states=OPEN)
    page = await connector.list_tasks(connector.pushdown(union), limit=3)

    assert ([], 0) == (list(page.items), page.total)
    assert ["POST /task"] == house.sent


@pytest.mark.parametrize("named", [frozenset({"accounting", "operations"}), frozenset({"legal"})])
async def test_of_a_user_with_many_tasks_the_directory_tells(
    house: House, connector: Camunda7Connector, monkeypatch: pytest.MonkeyPatch, named: frozenset[str]
) -> None:
    """If the engine would add a group, rows are tested here, and its count is not that of the list."""
    monkeypatch.setattr("connectors.camunda7.paging.MOST_OWN", 0)
    for record in [task for task in house.stand_in.store.tasks.values() if task.is_open][:2]:
        record.users = ["alice"]
    await connector.look_at_account()
    union = TaskQuery(
        any_of=(TaskQuery(candidate_users=frozenset({"alice"})), TaskQuery(candidate_groups=named)), states=OPEN
    )
    page = await connector.list_tasks(replace(connector.pushdown(union), without_candidates=True), limit=50)
    wanted = {
        task.id
        for task in house.stand_in.store.tasks.values()
        if task.is_open and ("alice" in task.users or not named.isdisjoint(task.groups))
    }

    assert wanted == {task.native_id for task in page.items}
    assert "GET /group" in house.sent


async def test_tasks_without_candidates_cost_no_call_each(house: House, connector: Camunda7Connector) -> None:
    """Whether they have an owner or not; of tasks with an owner only those that have candidates are asked one by one."""
    for record in house.stand_in.store.tasks.values():
        if record.is_open and record.instance is not None:
            record.assignee, record.groups, record.users = "alice", [], []
    owned = [task for task in house.stand_in.store.tasks.values() if task.is_open and task.assignee]
    owned[0].groups = ["legal"]
    house.transport.requests = []
    page = await connector.list_tasks(
        connector.pushdown(TaskQuery(assignees=frozenset({"alice"}), states=OPEN)), limit=100
    )

    assert len(page.items) == len(owned) > 15
    assert [f"GET /task/{owned[0].id}/identity-links"] == [each for each in house.sent if "identity" in each]
    assert {()} == {task.candidate_groups for task in page.items if task.native_id != owned[0].id}


async def test_changes_since_a_moment_are_the_engines_filter(house: House, connector: Camunda7Connector) -> None:
    """It counts the creation of a task that was never changed, so rows are tested here. An upper bound it does not know."""
    changed = sorted(task.updated for task in house.stand_in.store.tasks.values() if task.is_open and task.updated)
    since = (TaskOrderField.UPDATED_AT, Interval(gte=changed[1]))
    until = (TaskOrderField.UPDATED_AT, Interval(lt=changed[-1]))
    query = connector.pushdown(TaskQuery(times=(since, until)))
    house.transport.requests = []
    page = await connector.list_tasks(query, limit=100)

    assert (since,) == query.times
    assert len(changed) - 1 == len(page.items)
    assert {"updatedAfter"} == {name for body in house.bodies for name in body if name.startswith("updated")}


async def test_unions_that_the_engine_does_not_take_are_left_out(connector: Camunda7Connector) -> None:
    """It has no alternative "without candidates", looks at one candidate at a time, and lists closed tasks elsewhere."""
    nobody = TaskQuery(states=READY, has_candidates=False)
    both = TaskQuery(candidate_users=frozenset({"alice"}), candidate_groups=frozenset({"accounting"}))
    for query in (
        TaskQuery(any_of=(MINE, nobody), states=OPEN),
        TaskQuery(any_of=(MINE, both), states=OPEN),
        TaskQuery(any_of=(MINE, *OFFERED)),
        TaskQuery(any_of=(MINE, *OFFERED), states=OPEN, candidate_groups=frozenset({"operations"})),
    ):
        assert connector.pushdown(query).any_of is None


async def test_rows_bring_their_data_without_a_call_each(house: House, connector: Camunda7Connector) -> None:
    """With the draft on top, as a single read has them."""
    query = replace(connector.pushdown(TaskQuery(states=OPEN)), with_data=True, without_candidates=True)
    await connector.look_at_account()
    house.transport.requests = []
    page = await connector.list_tasks(query, limit=20)
    brought = {task.native_id: connector.detail_in(task, DATA) for task in page.items}
    calls = len(house.sent)
    alone = {task.native_id: await connector.get_detail(task, DATA) for task in page.items[:5]}

    assert 3 == calls
    assert None not in brought.values()
    assert any(detail.data for detail in brought.values() if detail)
    assert alone.items() <= brought.items()


async def test_lists_go_on_without_data_where_the_engine_fails_to_give_them(
    house: House, connector: Camunda7Connector
) -> None:
    """One object of a Java class that it lacks is enough. It is asked again after some minutes."""
    query = replace(connector.pushdown(TaskQuery(states=OPEN)), with_data=True, without_candidates=True)

    list_tasks = connector._client.list_tasks

    async def failing(filter: Body, **more: Any) -> list[Raw]:
        if more.get("with_data"):
            raise UnavailableError("failed with status 500", native_status=500)
        return await list_tasks(filter, **more)

    connector._client.list_tasks = failing  # type: ignore[method-assign]
    first = await connector.list_tasks(query, limit=5)
    connector._client.list_tasks = list_tasks  # type: ignore[method-assign]
    house.transport.requests = []
    page = await connector.list_tasks(query, limit=5)
    house.now += timedelta(minutes=11)
    later = await connector.list_tasks(query, limit=5)

    assert [5, 5] == [len(first.items), len(page.items)]
    assert {None} == {connector.detail_in(task, DATA) for task in (*first.items, *page.items)}
    assert [None, True] == [each.get("withTaskVariablesInReturn") for each in house.bodies if "sorting" in each]
    assert connector.detail_in(later.items[0], DATA) is not None


async def test_without_the_report_of_groups_each_task_is_asked(house: House, connector: Camunda7Connector) -> None:
    """An account may not read it."""
    query = connector.pushdown(TaskQuery(states=frozenset({TaskState.READY})))
    whole = await connector.list_tasks(query, limit=100)

    async def refused() -> list[str]:
        raise ForbiddenError("no")

    connector._client.groups_in_use = refused  # type: ignore[method-assign]
    again = await connector.list_tasks(query, limit=100)

    assert [task.version for task in whole.items] == [task.version for task in again.items]


async def test_a_page_has_business_keys_and_process_names(house: House, connector: Camunda7Connector) -> None:
    """By one call."""
    house.transport.requests = []
    page = await connector.list_tasks(connector.pushdown(TaskQuery(states=OPEN)), limit=100)
    of_flows = [task for task in page.items if task.flow_id]

    assert 1 == house.sent.count("POST /history/process-instance")
    assert all(task.business_key and task.flow_name for task in of_flows)
    assert {None} == {task.business_key for task in page.items if not task.flow_id}


async def test_several_keys_are_sorted_by_the_engine(house: House, connector: Camunda7Connector) -> None:
    """Closed tasks by the history, with the time of completion too."""
    order = (
        SortKey(TaskOrderField.PRIORITY, SortDirection.DESC),
        SortKey(TaskOrderField.CREATED_AT, SortDirection.ASC),
    )
    page = await connector.list_tasks(TaskQuery(states=OPEN, order=order), limit=100)
    closed = await connector.list_tasks(
        TaskQuery(
            states=frozenset({TaskState.COMPLETED}),
            present=frozenset({TaskOrderField.COMPLETED_AT}),
            order=(SortKey(TaskOrderField.COMPLETED_AT, SortDirection.DESC),),
        ),
        limit=100,
    )
    ranks = [(-(task.priority_score or 0), task.created_at) for task in page.items]
    ends = [task.completed_at for task in closed.items if task.completed_at]

    assert sorted(ranks) == ranks
    assert sorted(ends, reverse=True) == ends
    assert {TaskState.COMPLETED} == {task.state for task in closed.items}


async def test_a_list_over_open_and_closed_tasks_is_one_list(house: House, connector: Camunda7Connector) -> None:
    """With exact counts; whether an open one is suspended is known too."""
    everything = await drain(connector, connector.pushdown(TaskQuery()), 7)
    first = await connector.list_tasks(connector.pushdown(TaskQuery()), limit=5)

    assert 40 == len(everything) == first.total
    assert CountAccuracy.EXACT is first.total_accuracy
    assert {*OPEN, TaskState.COMPLETED, TaskState.CANCELED} == {task.state for task in everything}


async def test_without_history_there_are_open_tasks_only(house: House) -> None:
    """Closed ones are not asked for, and flows are those that run."""
    connector = house.open(history=False)
    house.transport.requests = []
    tasks = await drain(connector, connector.pushdown(TaskQuery()), 50)
    closed = await connector.list_tasks(connector.pushdown(TaskQuery(states=frozenset({TaskState.COMPLETED}))), limit=5)

    assert OPEN == {task.state for task in tasks}
    assert 0 == closed.total
    assert [] == [each for each in house.sent if "history" in each]


async def test_an_empty_list_of_ids_is_never_sent(connector: Camunda7Connector) -> None:
    """The engine ignores it, and would list everything."""
    from connectors.camunda7.search import plan_of

    for query in (
        TaskQuery(ids=frozenset()),
        TaskQuery(assignees=frozenset()),
        TaskQuery(flows=frozenset({"/"})),
        TaskQuery(candidate_groups=frozenset()),
        TaskQuery(priorities=frozenset(), states=OPEN),
        TaskQuery(states=frozenset()),
        TaskQuery(times=((TaskOrderField.DUE_AT, Interval(gt=NOW, lt=NOW)),)),
    ):
        assert plan_of(connector.pushdown(query), connector.settings.options) is None, query


async def test_times_are_bounded_to_the_millisecond(house: House, connector: Camunda7Connector) -> None:
    """The engine's bounds exclude the bound; those of the history's beginnings include it."""
    tasks = await drain(connector, connector.pushdown(TaskQuery(states=OPEN)), 50)
    moment = next(task.due_at for task in tasks if task.due_at)
    for interval, is_in in (
        (Interval(gte=moment, lte=moment), True),
        (Interval(gt=moment), False),
        (Interval(lt=moment), False),
        (Interval(gt=moment - timedelta(milliseconds=1)), True),
    ):
        query = connector.pushdown(TaskQuery(states=OPEN, times=((TaskOrderField.DUE_AT, interval),)))
        found = await connector.list_tasks(query, limit=50)

        assert is_in == (moment in {task.due_at for task in found.items}), interval


async def test_form_data_become_fields(house: House, connector: Camunda7Connector) -> None:
    """With the values of the process; a date is sent in the pattern of its field."""
    task = await house.task()
    form = (await connector.get_detail(task, {DetailAspect.FORM})).form
    assert form is not None
    fields = {field.key: field for field in form.fields}
    judged = connector.judge_form(form, {"approved": True, "amount": 5, "payOn": "2026-12-24"}, {})
    faulty = connector.judge_form(form, {"amount": 0, "cause": "weather", "payOn": "soon"}, {})

    assert FormKind.FIELDS is form.kind
    assert ["BOOLEAN", "INTEGER", "SELECT", "DATE"] == [field.type.value for field in form.fields]
    assert (True, 1) == (fields["amount"].required, fields["amount"].minimum)
    assert isinstance(fields["amount"].value, int)
    assert ["price", "goods"] == [each.value for each in fields["cause"].options or ()]
    assert ((), "24/12/2026") == (judged.faults, judged.data["payOn"])
    assert ["amount", "cause", "payOn"] == sorted(fault.key for fault in faulty.faults)


async def test_other_forms_are_shown(house: House, connector: Camunda7Connector) -> None:
    """A Camunda form with its document, a form of an application with its address, and no form."""
    forms = {}
    for step in ("prepare_transfer", "sign_contract", "inspect_goods"):
        found = (await connector.get_detail(await house.task(step), {DetailAspect.FORM})).form
        assert found is not None
        forms[step] = found

    assert [FormKind.VENDOR_SCHEMA, FormKind.EXTERNAL_URL, FormKind.NONE] == [each.kind for each in forms.values()]
    assert [FormFieldType.TEXT, FormFieldType.BOOLEAN] == [each.type for each in forms["prepare_transfer"].fields]
    assert "bank-transfer" == forms["prepare_transfer"].key
    assert "https://sign.example.com/contract" == forms["sign_contract"].url


async def test_a_camunda_form_is_judged_here(house: House, connector: Camunda7Connector) -> None:
    """As form-js would: the engine does not check it. A draft may lack what is required."""
    form = (await connector.get_detail(await house.task("prepare_transfer"), {DetailAspect.FORM})).form
    assert form is not None
    good = connector.judge_form(form, {"reference": "R-1", "urgent": True}, {})
    empty = connector.judge_form(form, {"urgent": "perhaps"}, {})
    long = connector.judge_form(form, {"reference": "R" * 141}, {})
    draft = connector.judge_form(form, {"urgent": True}, {}, is_draft=True)

    assert ({"reference": "R-1", "urgent": True}, ()) == (good.data, good.faults)
    assert ["reference", "urgent"] == sorted(fault.key for fault in empty.faults)
    assert ["reference"] == [fault.key for fault in long.faults]
    assert () == draft.faults


async def test_the_history_says_who_did_what(house: House, connector: Camunda7Connector) -> None:
    """And who completed a task."""
    done = next(task for task in house.stand_in.store.tasks.values() if task.reason == "completed")
    task = await read(connector, done.id)
    detail = await connector.get_detail(task, {DetailAspect.ACTIVITIES, DetailAspect.DATA, DetailAspect.FORM})

    assert (TaskState.COMPLETED, done.assignee) == (task.state, task.completed_by and task.completed_by.native_id)
    assert [ActivityType.ASSIGNED, ActivityType.COMPLETED] == [each.type for each in detail.activities or ()]
    assert isinstance(detail.data, dict)
    assert "traveller" in detail.data


async def test_people_and_definitions_are_those_of_the_engine(house: House, connector: Camunda7Connector) -> None:
    """Assignable are the members of the task's groups."""
    task = await house.task()
    assignable = await connector.list_users(assignable_to=task, limit=50)
    definitions = await connector.list_task_definitions(limit=50)

    assert ["alice", "bob", "dmitri"] == [user.native_id for user in assignable.items]
    assert "Alice Moreno" == (await connector.get_users(["alice"]))["alice"].name
    assert {"invoice/approve_invoice", "supplier-contract/sign_contract"} < {each.key for each in definitions.items}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, b'{"type": "InvalidRequestException", "message": "x", "code": null}', True),
        (404, b'{"error": "not found"}', False),
        (403, b"<html>", False),
    ],
)
def test_a_refusal_has_the_engines_form(status: int, body: bytes, *, expected: bool) -> None:
    """Anything else may be a proxy's."""
    assert expected == is_refusal(Answer(status, {"content-type": "application/json"}, body, is_write=True))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("dd/MM/yyyy", "04/12/2026"),
        ("yyyy-MM-dd", "2026-12-04"),
        ("dd.MM.yyyy HH:mm", "04.12.2026 07:05"),
        ("d MMM", None),
    ],
)
def test_dates_are_written_in_javas_patterns(pattern: str, expected: str | None) -> None:
    """Those with names of months are not."""
    moment = NOW.replace(month=12, day=4, hour=7, minute=5)

    assert expected == format_date(moment, pattern)


async def test_one_wrong_password_locks_the_account(house: House, connector: Camunda7Connector) -> None:
    """As the engine does: for three seconds the right one is refused too."""
    with house.transport.failing(Reply(401)), pytest.raises(ConnectorError):
        await connector.ping()
    guard = house.stand_in._guard
    with pytest.raises(UnauthenticatedError):
        guard.account("Basic ZGVtbzp4")
    with pytest.raises(ConnectorError):
        await connector.ping()
    house.now += timedelta(seconds=3)
    await connector.ping()


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        ({"kind": "none"}, None),
        ({"kind": "basic", "username": "taskgate", "password": "secret"}, "Basic dGFza2dhdGU6c2VjcmV0"),
        ({"kind": "bearer", "token": "secret"}, "Bearer secret"),
    ],
)
async def test_the_account_signs_in_as_the_engine_is_set_up(credentials: dict[str, str], header: str | None) -> None:
    """The starter's REST API has no authentication; Basic, or a token where something before it checks one."""
    source = Camunda7StandIn().source_config("http://camunda7.test") | {"credentials": credentials}
    transport = FaultyTransport(httpx2.MockTransport(lambda _: Reply.json({"count": 0}).response()))
    connector = Camunda7Connector.open(Camunda7Settings.model_validate(source), transport=transport)
    await connector.ping()
    await connector.aclose()

    assert [header] == [each.headers.get("Authorization") for each in transport.requests]
