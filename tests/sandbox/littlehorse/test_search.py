"""Lists of the stand-in for the bridge."""

from datetime import datetime, timedelta

import pytest

from sandbox.littlehorse.directory import group_named, user_called
from tests.sandbox.littlehorse.bridge import Bridge, Json


async def test_pages_end_by_their_bookmark_alone(bridge: Bridge) -> None:
    """Rows have no order. A page goes on in the next partition; the page after a full one may be empty."""
    for partitions in (1, 7):
        bridge.stand_in.variant.partitions = partitions
        seen: list[str] = []
        sizes: list[int] = []
        bookmark: Json = {}
        while True:
            page = await bridge.get("/admin/tasks", "carol", type="approve-invoice", limit=3, **bookmark)
            seen += [f"{task['wfRunId']}:{task['id']}" for task in page["userTasks"]]
            sizes.append(len(page["userTasks"]))
            if page["bookmark"] is None:
                break
            bookmark = {"bookmark": page["bookmark"]}
        whole = [task for task in bridge.stand_in.bridge.kernel.all() if task.definition == "approve-invoice"]

        assert {":".join(task.key) for task in whole} == set(seen)
        assert len(seen) == len(set(seen))
        assert {3} == set(sizes[:-1])


async def test_a_bookmark_that_does_not_parse_is_page_one(bridge: Bridge) -> None:
    """The flat client encodes its bookmark twice, so it cannot be read. Its dates are refused."""
    first = await bridge.get("/admin/tasks", "carol", type="approve-invoice", limit=3)
    twice = first["bookmark"].replace("+", "%2B").replace("/", "%2F").replace("=", "%3D") + "%3D"
    again = await bridge.get("/admin/tasks", "carol", type="approve-invoice", limit=3, bookmark=twice)
    dates = await bridge.ask("GET", "/tasks?limit=3&earliest_start_date=2024-01-01T00%253A00%253A00Z")

    assert first == again
    assert 400 == dates.status_code


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?limit=x", 400),
        ("?limit=3&status=STARTED", 400),
        ("?limit=3&earliest_start_date=yesterday", 400),
        ("?limit=3&earliest_start_date=2024-01-02T00:00:00Z&latest_start_date=2024-01-01T00:00:00Z", 500),
        ("?limit=3&earliest_start_date=2024-01-01T00:00:00Z&latest_start_date=2024-01-01T00:00:00Z", 500),
        ("?limit=3&user_group_id=no-such", 403),
        ("?limit=3&unknown=1", 200),
    ],
)
async def test_parameters_are_read_as_spring_reads_them(bridge: Bridge, query: str, status: int) -> None:
    """A missing or unreadable parameter is 400; the other errors are the bridge's own."""
    assert status == (await bridge.ask("GET", f"/tasks{query}")).status_code


async def test_an_offset_is_dropped(bridge: Bridge) -> None:
    """The local time counts as UTC, so two spellings of one moment are two filters."""
    task = bridge.one(user="alice@example.com", status="ASSIGNED")
    moment = task.scheduled_at - timedelta(minutes=1)
    shifted = moment.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+14:00").tzinfo)
    found = [
        {
            each["id"] + each["wfRunId"]
            for each in (await bridge.get("/tasks", limit=100, earliest_start_date=when.isoformat()))["userTasks"]
        }
        for when in (moment, shifted)
    ]

    assert task.id + task.wf_run_id in found[0]
    assert task.id + task.wf_run_id not in found[1]


async def test_ones_own_list_ignores_a_user_id(bridge: Bridge) -> None:
    """The flat client sends a user id. The bridge takes the user of the token."""
    assert await bridge.get("/tasks", limit=100) == await bridge.get("/tasks", limit=100, user_id=user_called("bob").id)


async def test_only_the_unassigned_of_a_group_are_not_ones_own(bridge: Bridge) -> None:
    """They are the same as the claimable tasks."""
    group = group_named("accounting")
    assert group is not None
    listed = await bridge.get("/tasks", limit=100, status="UNASSIGNED", user_group_id=group.id)
    claimable = await bridge.get("/tasks/claimable", limit=100, user_group_id=group.id)

    assert claimable == listed
    assert listed["userTasks"]
    assert [] == (await bridge.get("/tasks", limit=100, status="UNASSIGNED"))["userTasks"]


async def test_an_admins_list_needs_a_definition(bridge: Bridge) -> None:
    """Users and groups are given by the identity provider's ids."""
    group, alice = group_named("accounting"), user_called("alice")
    assert group is not None
    assert 400 == (await bridge.ask("GET", "/admin/tasks?limit=3", "carol")).status_code
    assert 500 == (await bridge.ask("GET", "/admin/tasks?limit=3&type=a&user_id=nobody", "carol")).status_code
    page = await bridge.get(
        "/admin/tasks", "carol", type="approve-invoice", limit=100, user_id=alice.id, user_group_id=group.id
    )

    assert {(alice.id, group.id)} == {(task["user"]["id"], task["userGroup"]["id"]) for task in page["userTasks"]}


async def test_ten_users_are_listed_unless_more_are_asked_for(bridge: Bridge) -> None:
    """Filters match parts of a value. A group filter excludes all others."""
    assert 10 == len((await bridge.get("/admin/users", "carol"))["users"])
    assert 12 == len((await bridge.get("/admin/users", "carol", max_results=100))["users"])
    assert ["alice"] == [
        user["username"] for user in (await bridge.get("/admin/users", "carol", email="lice@"))["users"]
    ]
    group = group_named("claims")
    assert group is not None
    members = (await bridge.get("/admin/users", "carol", user_group_id=group.id))["users"]
    assert {"elena", "farid"} == {user["username"] for user in members}
    both = await bridge.ask("GET", f"/admin/users?user_group_id={group.id}&email=x", "carol")
    assert 500 == both.status_code
