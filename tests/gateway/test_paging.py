"""Relay paging of every list except lists of tasks, on real connectors: from the start, from the end, and refusals."""

from typing import Any

import pytest

from tests.world import World

LISTS = {
    "users": "users(%s search: null) { %s }",
    "groups": "groups(%s search: null) { %s }",
    "taskDefinitions": "taskDefinitions(%s source: null) { %s }",
}
FLOWS = "flows(%s filter: null) { %s }"
PAGE = "nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


async def page(world: World, what: str, arguments: str) -> Any:
    (found,) = (await world.data(f"{{ {what % (arguments, PAGE)} }}", "carol")).values()
    return found


@pytest.mark.parametrize("name", LISTS)
async def test_pages_from_the_end_joined_are_the_list(name: str, world: World) -> None:
    """Three rows a page. The first page has no previous page, and any cursor can be used in the other direction."""
    whole = await page(world, LISTS[name], "first: 100,")
    found: list[str] = []
    arguments = "last: 3,"
    while True:
        part = await page(world, LISTS[name], arguments)
        found = [node["id"] for node in part["nodes"]] + found
        if not part["pageInfo"]["hasPreviousPage"]:
            break
        assert part["pageInfo"]["hasNextPage"] == (arguments != "last: 3,")
        arguments = f'last: 3, before: "{part["pageInfo"]["startCursor"]}",'
    turned = await page(world, LISTS[name], f'first: 2, after: "{part["pageInfo"]["endCursor"]}",')

    assert [node["id"] for node in whole["nodes"]] == found
    assert found[len(part["nodes"]) :][:2] == [node["id"] for node in turned["nodes"]]


async def test_members_of_a_group_from_the_end(world: World) -> None:
    """As in other lists."""
    group = (await page(world, 'groups(%s search: "accounting") { %s }', ""))["nodes"][0]["id"]
    members = 'm: group(id: "' + group + '") { members(%s) { nodes { id } } }'
    forward, backward = [
        [node["id"] for node in (await world.data(f"{{ {members % size} }}", "carol"))["m"]["members"]["nodes"]]
        for size in ("first: 100", "last: 1")
    ]

    assert forward[-1:] == backward


async def test_flows_that_a_system_lists_only_newest_first_have_no_pages_from_the_end(world: World) -> None:
    """VALIDATION_FAILED names the argument. Systems that are read completely have such pages."""
    answer = await world.ask("{ flows(last: 3) { nodes { id } } }", "carol")

    assert [("VALIDATION_FAILED", ["last"])] == [
        (error["extensions"]["code"], error["extensions"]["field"]) for error in answer["errors"]
    ]
    sources = {one["key"]: one["id"] for one in (await world.data("{ sources { id key } }"))["sources"]}
    only = f'flows(%s filter: {{ source: {{ eq: "{sources["geotareas"]}" }} }}) {{ %s }}'
    forward, backward = await page(world, only, "first: 100,"), await page(world, only, "last: 2,")

    assert forward["nodes"][-2:] == backward["nodes"]


@pytest.mark.parametrize("what", [*LISTS.values(), FLOWS, "tasks(%s filter: null) { %s }"])
async def test_wrong_sizes_and_combinations_of_arguments_are_refused(what: str, world: World) -> None:
    """0 to 100, from one end only, with a cursor of this list. Otherwise VALIDATION_FAILED, without a call."""
    for arguments in (
        "first: 101,",
        "first: -1,",
        "last: 101,",
        "last: -1,",
        "first: 1, last: 1,",
        'first: 1, before: "x",',
        'last: 1, after: "x",',
        'first: 1, after: "x",',
    ):
        answer = await world.ask(f"{{ {what % (arguments, PAGE)} }}", "carol")

        assert ["VALIDATION_FAILED"] == [error["extensions"]["code"] for error in answer["errors"]], arguments
    assert [] == [one for vendor in world.urls for one in await world.requests(vendor)]
