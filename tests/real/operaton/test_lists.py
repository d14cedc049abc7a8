"""What the engine sorts as the gateway does, and what not; and that a list asks for no group that it does not name."""

from typing import Any

import pytest
from msgspec.structs import replace

from connectors.camunda7 import Camunda7Connector
from connectors.camunda7.search import OPEN, OPEN_SORTS
from connectors.sdk.model import CountAccuracy
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField, TaskQuery, order_value
from connectors.sdk.testing import drain
from tests.real.operaton.company import Company

NAMES = ("b", "B", "a", "A", "\u00c4", "\u00e4", "z", "\u00df", "_x", "10", "9", None)
IDS = tuple(f"named-{number:02d}" for number in range(len(NAMES)))


@pytest.fixture(scope="module")
async def named(company: Company) -> frozenset[str]:
    """Tasks with and without a name, dates and changes."""
    for number, (id, name) in enumerate(zip(IDS, NAMES, strict=True)):
        due = None if number % 3 else f"2027-01-{number + 1:02d}T10:00:00.000+0000"
        body = {"id": id, "name": name, "priority": number % 4, "due": due, "followUp": due}
        await company.post("/task/create", body)
    for id in IDS[::4]:
        await company.post(f"/task/{id}/claim", {"userId": "alice"})
    return frozenset(IDS)


async def ordered(company: Company, key: str, direction: str) -> list[dict[str, Any]]:
    sorting = [{"sortBy": key, "sortOrder": direction}, {"sortBy": "id", "sortOrder": "asc"}]
    found: list[dict[str, Any]] = await company.post("/task", {"taskIdIn": list(IDS), "sorting": sorting})
    return found


@pytest.mark.parametrize("direction", SortDirection)
@pytest.mark.parametrize("field", OPEN_SORTS)
async def test_a_key_that_is_pushed_down_sorts_as_the_gateway_does(
    connector: Camunda7Connector, named: frozenset[str], field: TaskOrderField, direction: SortDirection
) -> None:
    """Of the rows that have a value: the gateway asks for the others by themselves."""
    present = frozenset({field}) if field in {TaskOrderField.DUE_AT, TaskOrderField.FOLLOW_UP_AT} else frozenset()
    query = TaskQuery(ids=named, states=OPEN, present=present, order=(SortKey(field, direction),))
    values = [order_value(task, field) for task in (await connector.list_tasks(query, limit=50)).items]

    assert len(values) == (4 if present else len(NAMES))
    assert sorted(values, reverse=direction is SortDirection.DESC) == values  # type: ignore[type-var]


async def test_titles_and_changes_are_sorted_by_the_gateway(
    company: Company, connector: Camunda7Connector, named: frozenset[str]
) -> None:
    """The engine's order of names is that of its database, and unnamed tasks have titles; tasks never changed are at one end."""
    tasks = (await connector.list_tasks(TaskQuery(ids=named, states=OPEN), limit=50)).items
    ours = [task.native_id for task in sorted(tasks, key=lambda task: (task.title.casefold(), task.native_id))]
    for key in ("name", "nameCaseInsensitive"):
        assert ours != [row["id"] for row in await ordered(company, key, "asc")]
    changes = [row["lastUpdated"] for row in await ordered(company, "lastUpdated", "asc")]
    changed = [each for each in changes if each is not None]

    assert sorted(changed) == changed
    assert len(changed) == len(IDS[::4])
    assert changes in (changed + [None] * (len(IDS) - len(changed)), [None] * (len(IDS) - len(changed)) + changed)


async def test_a_list_of_what_is_mine_or_claimable_has_no_task_of_the_engines_other_groups(
    company: Company, connector: Camunda7Connector
) -> None:
    """The directory has alice in accounting, and the source names no group for her, or another one."""
    await connector.look_at_account()
    [offered, of_accounting] = await company.many("goods-return", 1), await company.many("invoice", 1, amount=12)
    await company.post(f"/task/{offered[0]}/identity-links", {"userId": "alice", "type": "candidate"})
    ours = TaskQuery(assignees=frozenset({"alice"})), TaskQuery(candidate_users=frozenset({"alice"}))
    for groups in (frozenset[str](), frozenset({"legal"})):
        more = (TaskQuery(candidate_groups=groups),) if groups else ()
        union = connector.pushdown(TaskQuery(states=OPEN, any_of=(*ours, *more)))
        listed = await drain(connector, replace(union, without_candidates=True), 100)
        page = await connector.list_tasks(replace(union, without_candidates=True), limit=1)
        whole = await drain(connector, connector.pushdown(TaskQuery(states=OPEN)), 100)

        assert offered[0] in {task.native_id for task in listed}
        assert of_accounting[0] not in {task.native_id for task in listed}
        assert {task.native_id for task in whole if union.matches(task)} == {task.native_id for task in listed}
        assert (len(listed), CountAccuracy.EXACT) == (page.total, page.total_accuracy)
