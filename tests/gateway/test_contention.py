"""Many people who want one task at the same moment, at one gateway and at two on one journal."""

from collections import Counter
from typing import Any

import anyio
import pytest

from sandbox.people import DEMO_PEOPLE
from tests.gateway.test_end_to_end import mutate, source_id
from tests.world import World

pytestmark = pytest.mark.server

OPEN = """query Open($source: ID!) { viewer { inbox(scope: ALL_VISIBLE, filter: {
  source: { eq: $source }, state: { in: [READY] } }) { nodes { id } } } }"""
VENDORS = ("camunda", "uipath", "epilot", "littlehorse", "geotareas")


async def claimants(world: World, key: str) -> tuple[str, list[str]]:
    """A task of a source that several people may claim, and these people."""
    wanting: dict[str, list[str]] = {}
    for person in DEMO_PEOPLE:
        data = await world.data(OPEN, person.key, source=await source_id(world, key))
        for node in data["viewer"]["inbox"]["nodes"]:
            wanting.setdefault(node["id"], []).append(person.key)
    task, people = max(wanting.items(), key=lambda each: len(each[1]))
    assert len(people) > 1
    return task, people


async def claimed_at_once(task: str, claims: list[tuple[World, str]]) -> list[tuple[str, dict[str, Any]]]:
    answers: list[tuple[str, dict[str, Any]]] = []

    async def claim(world: World, person: str) -> None:
        answers.append((person, await mutate(world, "claimTask", person, taskId=task)))

    async with anyio.create_task_group() as group:
        for world, person in claims:
            group.start_soon(claim, world, person)
    return answers


def winner_of(answers: list[tuple[str, dict[str, Any]]]) -> str:
    """The one person who was told APPLIED. All others were told that the task is assigned."""
    winners = {person for person, answer in answers if answer["status"] == "APPLIED"}
    others = Counter(
        (answer["status"], *(error["code"] for error in answer["errors"]))
        for person, answer in answers
        if person not in winners
    )
    assert 1 == len(winners), (winners, others)
    assert {("REJECTED", "ALREADY_ASSIGNED")} == set(others), others
    return winners.pop()


@pytest.mark.parametrize("key", VENDORS)
async def test_of_fifty_claims_one_wins_and_the_others_share_a_look(world: World, key: str) -> None:
    """Also where the vendor allows 30 reads and 10 writes a minute, and no claim waits for them."""
    task, people = await claimants(world, key)
    await world.control(key, "requests", method="DELETE")
    with anyio.fail_after(30):
        answers = await claimed_at_once(task, [(world, people[n % len(people)]) for n in range(50)])

    winner_of(answers)
    assert 1 == len(await world.effects(key))
    assert len(await world.requests(key)) <= 12


@pytest.mark.parametrize("key", VENDORS)
async def test_two_people_at_two_gateways_are_never_both_told_applied(world: World, key: str) -> None:
    """They share leases on tasks by their journal, also where the vendor's own claim is not atomic."""
    task, people = await claimants(world, key)
    async with world.cold() as other:
        answers = await claimed_at_once(task, [(world, people[0]), (other, people[1])])

    winners = [person for person, answer in answers if answer["status"] == "APPLIED"]
    assert (1, 1) == (len(winners), len(await world.effects(key)))
    loser = next(answer for person, answer in answers if person not in winners)
    assert "REJECTED" == loser["status"]
    assert ["ALREADY_ASSIGNED"] == [error["code"] for error in loser["errors"]]
