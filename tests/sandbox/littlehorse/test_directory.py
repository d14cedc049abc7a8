"""Users and groups of the stand-in for the bridge."""

from sandbox.littlehorse.directory import SUBGROUP, group_named, user_called
from tests.sandbox.littlehorse.bridge import NOW, Bridge, invoice, path


async def test_list_detail_and_admins_detail_name_people_differently(bridge: Bridge) -> None:
    """A list has the identity provider's id, a detail the kernel's id.

    The admin's detail looks up the user's id as if it were the provider's, and the group by its name.
    """
    task = bridge.one(user="alice@example.com", group="accounting", status="ASSIGNED")
    alice, group = user_called("alice"), group_named("accounting")
    assert group is not None
    listed = next(
        each
        for each in (await bridge.get("/tasks", limit=100))["userTasks"]
        if (each["wfRunId"], each["id"]) == task.key
    )
    detail = await bridge.get(path(task))
    admins = await bridge.get(f"/admin{path(task)}", "carol")

    assert (alice.id, True, group.id, "accounting") == (
        listed["user"]["id"],
        listed["user"]["valid"],
        listed["userGroup"]["id"],
        listed["userGroup"]["name"],
    )
    assert ("alice@example.com", False) == (detail["user"]["id"], detail["user"]["valid"])
    assert {"id": "accounting", "name": None, "valid": False} == detail["userGroup"]
    assert {"id": group.id, "name": "accounting", "valid": True} == admins["userGroup"]
    assert ("alice@example.com", False) == (admins["user"]["id"], admins["user"]["valid"])
    assert "events" not in detail
    assert {"TASK_ASSIGNED"} <= {event["type"] for event in admins["events"]}


async def test_with_the_subject_as_user_id_the_admins_detail_finds_people(bridge: Bridge) -> None:
    """With this setting the kernel's id is the identity provider's id."""
    bridge.stand_in.variant.user_id_claim = "SUB"
    bridge.stand_in.reset(tasks=40, seed=7, now=NOW, scenario=None)
    task = bridge.one(user=user_called("alice").id, status="ASSIGNED")

    assert (await bridge.get(f"/admin{path(task)}", "carol"))["user"]["valid"] is True


async def test_deleted_users_and_renamed_groups_are_not_valid(bridge: Bridge) -> None:
    """Their ids are the kernel's values."""
    rows = [
        task
        for name in (await bridge.get("/admin/taskTypes", "carol", limit=50))["userTaskDefNames"]
        for task in (await bridge.get("/admin/tasks", "carol", type=name, limit=100))["userTasks"]
    ]

    assert {"former.colleague@example.com"} == {
        row["user"]["id"] for row in rows if row["user"] and not row["user"]["valid"]
    }
    assert {"formerly-sales", SUBGROUP} == {
        row["userGroup"]["id"] for row in rows if row["userGroup"] and not row["userGroup"]["valid"]
    }


async def test_a_bridge_without_an_adapter_has_no_directory(bridge: Bridge) -> None:
    """Operations on users and groups answer 406, tasks show the kernel's values, and every claim answers 409."""
    bridge.stand_in.variant.identity_adapter = False
    for where in ("/groups", "/userInfo", "/admin/groups", "/admin/users", "/admin/users/x"):
        assert 406 == (await bridge.ask("GET", where, "carol")).status_code
    page = await bridge.get("/tasks/claimable", limit=5, user_group_id="accounting")
    claim = await bridge.ask("POST", f"{path(bridge.one(**invoice()))}/claim")

    assert {("accounting", None, False)} == {tuple(task["userGroup"].values()) for task in page["userTasks"]}
    assert 409 == claim.status_code


async def test_a_group_below_another_is_not_listed(bridge: Bridge) -> None:
    """It is among a person's own groups, and filters take its name."""
    own = (await bridge.get("/groups", "bob"))["groups"]
    every = (await bridge.get("/admin/groups", "carol"))["groups"]
    task = bridge.one(group=SUBGROUP)
    rows = (await bridge.get("/admin/tasks", "carol", type=task.definition, limit=9, user_group_id=SUBGROUP))[
        "userTasks"
    ]

    assert ({"accounting", SUBGROUP}, False) == (
        {each["name"] for each in own},
        SUBGROUP in {each["name"] for each in every},
    )
    assert [{"id": SUBGROUP, "name": None, "valid": False}] == [row["userGroup"] for row in rows]


async def test_the_account_is_found_but_not_listed(bridge: Bridge) -> None:
    """By its e-mail address, once it has one."""
    bridge.stand_in.set_up()
    listed = (await bridge.get("/admin/users", "carol", max_results=100))["users"]
    found = (await bridge.get("/admin/users", "carol", email="taskgate@"))["users"]

    assert (12, ["service-account-taskgate"]) == (len(listed), [user["username"] for user in found])
