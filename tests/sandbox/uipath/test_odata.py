"""Filters, orders and pages of the stand-in for UiPath."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.uipath.answers import TASK
from sandbox.uipath.directory import FINANCE, USERS
from sandbox.uipath.errors import RefusalError
from sandbox.uipath.formats import parse_filter
from sandbox.uipath.records import PRIORITIES, Task
from tests.sandbox.uipath.tenant import ALICE, LIST, NOW, Tenant, refusal, tenant_of


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with tenant_of(150) as tenant:
        yield tenant


def task(**given: Any) -> Task:
    facts: dict[str, Any] = {
        "id": 5, "key": "0b9d7c1e-0000-4000-8000-000000000001", "title": "Approve O'Neill", "type": "FormTask",
        "priority": "Medium", "folder": 828, "catalog": None, "external_tag": None, "job": None, "source": "Default",
        "created": datetime(2026, 6, 1, 8, tzinfo=UTC), "creator": None,
    }  # fmt: skip
    return Task(**(facts | given))


def holds(filter: str, record: Task) -> bool:
    return parse_filter(filter, TASK).matches(record, NOW)


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("Id eq 5", True),
        ("id EQ 5", True),
        ("Id ne 5 or Id gt 4", True),
        ("Id ge 5 and Id le 5 and not (Id lt 5)", True),
        ("Id eq 4 or Id eq 5 and Id eq 6", False),
        ("(Id eq 4 or Id eq 5) and Id eq 5", True),
        ("5 eq Id", True),
        ("Id in (1, 5)", True),
        ("not (Id in (1,2))", True),
        ("Status eq 'Unassigned'", True),
        ("Status eq 0", True),
        ("Status ne 'completed'", True),
        ("Priority gt 'Low' and Priority lt 2", True),
        ("Priority in ('Low', 1)", True),
        ("Title eq 'Approve O''Neill'", True),
        ("Title eq 'approve o''neill'", False),
        ("contains(Title,'O''N') and startswith(Title, 'App')", True),
        ("contains(tolower(Title),'approve')", True),
        ("endswith(Title,'x') or length(Title) eq 15", True),
        ("IsDeleted eq false", True),
        ("not IsCompleted", True),
        ("AssignedToUserId eq null", True),
        ("AssignedToUserId ne 7", True),
        ("AssignedToUserId gt 1", False),
        ("ExternalTag ne 'x'", True),
        ("contains(ExternalTag,'x')", False),
        ("not contains(ExternalTag,'x')", False),
        ("AssignedToUser/UserName eq 'alice@example.com'", False),
        ("AssignedToUser/UserName eq null", True),
        ("TaskSlaDetail/ExpiryTime lt 2030-01-01T00:00:00Z", False),
        ("CreationTime eq 2026-06-01T10:00:00+02:00", True),
        ("CreationTime lt now()", True),
        ("CreationTime gt 2026-06-01T07:59:59.9999999Z", True),
        ("Key eq 0B9D7C1E-0000-4000-8000-000000000001", True),
        ("CreatorJobKey eq null", True),
    ],
)
def test_a_filter_means_what_odata_says(filter: str, expected: bool) -> None:
    """Null satisfies no comparison and no function. Texts are case-sensitive, names are not. Enums are texts or numbers."""
    assert expected is holds(filter, task())


@pytest.mark.parametrize(
    "filter",
    [
        "", "Id", "Id eq", "eq 5", "Id eq 5 and", "(Id eq 5", "Id eq 5)", "Id == 5", "Colour eq 1", "Id eq 'x'",
        "Status eq 'Sleeping'", "Status eq 9", "Key eq '0b9d7c1e-0000-4000-8000-000000000001'", "Title eq 5",
        "CreationTime eq '2026-06-01T10:00:00Z'", "CreationTime gt 2026-13-01T00:00:00Z", "Id in ()", "Id in (Id)",
        "not Id eq 5", "Title/Length eq 5", "AssignedToUser eq null", "Tags/any(t: t/Name eq 'x')", "Title eq 'a'b'",
        "Id eq 99999999999999999999", "substringof('x',Title)", "Data eq 'x'", "contains(Id,'5')", "Id eq 5; drop",
        "(" * 200 + "Id eq 5" + ")" * 200, "not " * 200 + "IsDeleted", "tolower(" * 200 + "Title" + ")" * 200,
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(filter: str) -> None:
    """The status is 400 with the error number of an invalid request."""
    with pytest.raises(RefusalError) as caught:
        holds(filter, task())

    assert (400, 1000) == (caught.value.status, caught.value.code)


def test_a_hundred_expressions_are_the_most() -> None:
    """Every value of an `in` counts as one."""
    assert holds(" or ".join(["Id eq 5"] * 100), task())
    assert holds(f"Id in ({','.join(['5'] * 100)})", task())
    for filter in (" or ".join(["Id eq 5"] * 101), f"Id in ({','.join(['5'] * 101)})"):
        with pytest.raises(RefusalError):
            holds(filter, task())


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    """The parser raises no other error."""
    try:
        assert holds(text, task()) in (True, False)
    except RefusalError as refused:
        assert 400 == refused.status  # noqa: PT017 both ways are right


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_title_is_found_by_its_quoted_self(title: str) -> None:
    """A quoted title finds its task, for any characters, and no task with another title."""
    quoted = title.replace("'", "''")

    assert holds(f"Title eq '{quoted}' and contains(Title,'{quoted}')", task(title=title))
    assert not holds(f"Title eq '{quoted}x'", task(title=title))


@given(
    st.recursive(
        st.tuples(st.sampled_from(["Id", "Priority"]), st.sampled_from(["eq", "ne", "gt", "le"]), st.integers(0, 3)),
        lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner) | st.tuples(st.just("not"), inner),
        max_leaves=12,
    ),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_filters_join_as_logic_does(tree: Any, id: int, priority: int) -> None:
    """The result is the same as that of the tree evaluated in the test."""
    compare = {"eq": int.__eq__, "ne": int.__ne__, "gt": int.__gt__, "le": int.__le__}

    def text_and_value(node: Any) -> tuple[str, bool]:
        if len(node) == 2:
            text, value = text_and_value(node[1])
            return f"not ({text})", not value
        left, operator, right = node
        if operator in compare:
            return f"{left} {operator} {right}", compare[operator](id if left == "Id" else priority, right)
        (one, first), (two, second) = text_and_value(left), text_and_value(right)
        return f"({one}) {operator} ({two})", (first and second) if operator == "and" else (first or second)

    text, expected = text_and_value(tree)

    assert expected is holds(text, task(id=id, priority=PRIORITIES[priority]))


async def test_pages_are_cut_from_the_ordered_list(tenant: Tenant) -> None:
    """The total counts all matches on every page. Ids of 64 bits are exact."""
    options = {"$orderby": "Id desc", "$top": "40", "$count": "true"}
    first = (await tenant.send("GET", LIST, params=options)).json()
    rest = [
        (await tenant.send("GET", LIST, params={**options, "$skip": str(skip)})).json() for skip in (40, 80, 120, 160)
    ]
    ids = [row["Id"] for page in (first, *rest) for row in page["value"]]

    assert {150} == {page["@odata.count"] for page in (first, *rest)}
    assert sorted(tenant.stand_in.store.tasks, reverse=True) == ids
    assert ids[0] > 1 << 53
    assert ids[0] % 2 == 1


async def test_equal_keys_stand_in_any_order(tenant: Tenant) -> None:
    """The order of equal rows changes between requests. A unique last key fixes it."""
    loose = {tuple(row["Id"] for row in await tenant.rows(orderby="Priority desc", top="20")) for _ in range(4)}
    none = {tuple(row["Id"] for row in await tenant.rows(top="20")) for _ in range(4)}
    fixed = {tuple(row["Id"] for row in await tenant.rows(orderby="Priority desc,Id", top="20")) for _ in range(4)}

    assert len(loose) > 1
    assert len(none) > 1
    assert 1 == len(fixed)


async def test_orders_may_be_nested_and_put_null_first(tenant: Tenant) -> None:
    """Enums are ordered by number, due dates by time."""
    rows = await tenant.rows(orderby="TaskSlaDetail/ExpiryTime asc,Id", top="1000")
    dues = [(row["TaskSlaDetail"] or {}).get("ExpiryTime", "") for row in rows]
    priorities = [PRIORITIES.index(row["Priority"]) for row in await tenant.rows(orderby="Priority desc", top="1000")]

    assert sorted(dues) == dues
    assert "" == dues[0]
    assert sorted(priorities, reverse=True) == priorities


async def test_expand_and_select_shape_the_rows(tenant: Tenant) -> None:
    """Expanded properties are present, unselected ones are absent."""
    mine = tenant.task(assignee=ALICE)
    [bare] = await tenant.rows(filter=f"Id eq {mine.id}")
    [row] = await tenant.rows(
        filter=f"Id eq {mine.id}",
        select="Id,Title",
        expand="AssignedToUser,TaskAssignments($expand=Assignee($select=Id)),Activities($select=ActivityType)",
    )

    assert not {"AssignedToUser", "CreatorUser", "TaskAssignments", "Activities"} & set(bare)
    assert {"TaskSlaDetail", "Tags", "AssignedToUserId"} <= set(bare)
    assert {"Id", "Title", "AssignedToUser", "TaskAssignments", "Activities"} == set(row)
    assert USERS[ALICE].user_name == row["AssignedToUser"]["UserName"]
    assert [{"Id": ALICE}] == [each["Assignee"] for each in row["TaskAssignments"]]
    assert {"ActivityType": "Created"} == row["Activities"][0]


@pytest.mark.parametrize(
    "options",
    [
        {"$top": "1001"},
        {"$top": "-1"},
        {"$top": "many"},
        {"$skip": "-1"},
        {"$count": "yes"},
        {"$orderby": "Id,Title,Type,Priority,Status,Key"},
        {"$orderby": "Colour"},
        {"$orderby": "Id sideways"},
        {"$orderby": "AssignedToUser"},
        {"$select": "Colour"},
        {"$expand": "Colour"},
        {"$expand": "Title"},
        {"$expand": "Activities($filter=Id eq 1)"},
        {"$expand": "Activities($expand=TaskNote($expand=CreatorUser))"},
        {"$expand": "Activities($expand=TaskNote"},
        {"$filter": "Colour eq 1"},
        {"$search": "x"},
        {"$apply": "x"},
    ],
)
async def test_too_much_and_unknown_options_are_refused(tenant: Tenant, options: dict[str, str]) -> None:
    """The status is 400. One option that the vendor's own client sends is ignored."""
    assert (400, 1000) == refusal(await tenant.send("GET", LIST, params=options))
    assert 200 == (await tenant.send("GET", LIST, params={"$asTaskAdmin": "true", "other": "x"})).status_code


async def test_the_other_style_spells_names_and_enums_differently(tenant: Tenant) -> None:
    """Names are camelCase and enums are numbers, also in single tasks."""
    mine = tenant.task(assignee=ALICE, type="FormTask")
    tenant.stand_in.style.camel_case = tenant.stand_in.style.numeric_enums = True
    [row] = await tenant.rows(filter=f"Id eq {mine.id}", expand="AssignedToUser")
    rest = (
        await tenant.send("GET", "/tasks/GenericTasks/GetTaskDataById", folder=FINANCE, params={"taskId": str(mine.id)})
    ).json()

    assert (1, 0, ALICE) == (row["status"], row["type"], row["assignedToUser"]["id"])
    assert (1, 0) == (rest["status"], rest["type"])
