"""Sources that act as the person and have no reader account: one observer a person, with that person's token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.model import Task
from gateway.federation.live.observer import Observer
from gateway.federation.service import FederatedSources
from gateway.federation.traffic import current_context
from schema.ports import ChangeKind
from tests.gateway.federation.live.live_world import Client, look, settle, still
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task

pytestmark = pytest.mark.anyio

ADDED, REMOVED, RESYNC = ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.RESYNC
ALICE, BOB = person("alice", "north"), person("bob", "north")


class OwnRights(MemoryConnector):
    """Shows each person what `seen_by` says, to tokens that are not in `ended`. `asked`: who read, with which token."""

    def __init__(self, acts_as: str, *tasks: Task) -> None:
        super().__init__("north", tasks)
        self.settings = self.settings.model_copy(update={"acts_as": acts_as})
        self.seen_by: dict[str, set[str]] = {}
        self.asked: list[tuple[str, str | None]] = []

    def _reads(self) -> dict[str, Task]:
        authority = current_context().authority
        assert authority is not None, "nothing is read without a person"
        self.asked.append((authority.principal, authority.token))
        seen = self.seen_by.get(authority.principal, set())
        return {key: one for key, one in super()._reads().items() if key in seen}


@asynccontextmanager
async def opened(vendor: OwnRights, people: tuple[Caller, ...] = (ALICE, BOB)) -> AsyncIterator[FederatedSources]:
    gateway = still(federation(vendor, people=people))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


def observers(gateway: FederatedSources) -> dict[tuple[str, str | None], Observer]:
    """By source and person."""
    return {
        (source, None if scope is None else str(scope.principal).partition(":")[2]): each
        for (source, scope), each in gateway.live._observers.items()
    }


@pytest.mark.parametrize("acts_as", ["viewer", "exchange"])
async def test_each_person_is_told_what_the_vendor_shows_them(acts_as: str) -> None:
    vendor = OwnRights(acts_as, *(task("north", str(number)) for number in range(4)))
    vendor.seen_by = {"alice": {"1"}, "bob": {"1", "2"}}
    async with opened(vendor) as gateway:
        alice, bob = await Client(gateway, ALICE, token="a").start(), await Client(gateway, BOB, token="b").start()
        assert set(observers(gateway)) == {("north", "alice"), ("north", "bob")}

        vendor.seen_by = {"alice": {"1", "3"}, "bob": {"2"}}
        await look(gateway)

        # By the gateway's own rules both may claim all four.
        assert alice.kinds == [(RESYNC, None), (ADDED, "3")]
        assert bob.kinds == [(RESYNC, None), (REMOVED, "1")]
        assert set(vendor.asked) == {("alice", "a"), ("bob", "b")}
        await alice.stop()
        await bob.stop()


async def test_two_subscriptions_of_a_person_share_a_look_with_the_newest_token_that_is_still_there() -> None:
    vendor = OwnRights("viewer", task("north", "1"))
    vendor.seen_by = {"alice": {"1"}}
    async with opened(vendor) as gateway:
        old = await Client(gateway, ALICE, token="old").start()
        new = await Client(gateway, ALICE, token="new").start()
        assert len(observers(gateway)) == 1
        tokens = []
        for leaves in (new, None):
            vendor.asked.clear()
            await look(gateway)
            tokens.append(list(vendor.asked))
            if leaves is not None:
                await leaves.stop()

        assert tokens == [[("alice", "new")], [("alice", "old")]]
        await old.stop()


async def test_the_observer_of_a_person_ends_with_their_last_subscription() -> None:
    vendor = OwnRights("viewer", task("north", "1"))
    async with opened(vendor) as gateway:
        client = await Client(gateway, ALICE, token="a").start()
        await client.stop()
        vendor.asked.clear()
        observer = observers(gateway)["north", "alice"]
        observer._idle_since = -float("inf")
        await look(gateway)

        assert observers(gateway) == {}
        assert gateway.live._contexts == {}
        assert vendor.asked == [], "no token is used when its person has left"


@pytest.mark.parametrize(("most", "token"), [(0, "a"), (20, None)], ids=["no place", "no token"])
async def test_without_a_place_or_a_token_a_subscriber_is_reminded(most: int, token: str | None) -> None:
    vendor = OwnRights("viewer", task("north", "1"))
    async with opened(vendor) as gateway:
        gateway.live._settings = gateway.live._settings.model_copy(update={"most_people": most})
        client = await Client(gateway, ALICE, token=token).start()
        vendor.asked.clear()
        await settle()

        assert observers(gateway) == {}
        (watch,) = gateway.live._unobserved
        watch.queue.resync()
        await settle()
        assert client.kinds == [(RESYNC, None)]
        await client.stop()
        assert not gateway.live._unobserved


async def test_a_place_that_is_free_again_is_given_to_the_next_person() -> None:
    vendor = OwnRights("viewer", task("north", "1"))
    async with opened(vendor) as gateway:
        gateway.live._settings = gateway.live._settings.model_copy(update={"most_people": 1})
        alice = await Client(gateway, ALICE, token="a").start()
        bob = await Client(gateway, BOB, token="b").start()
        assert set(observers(gateway)) == {("north", "alice")}
        await alice.stop()
        observers(gateway)["north", "alice"]._idle_since = -float("inf")
        await look(gateway)
        await bob.stop()
        bob = await Client(gateway, BOB, token="b").start()

        assert set(observers(gateway)) == {("north", "bob")}
        await bob.stop()


async def test_own_writes_of_others_are_not_told_before_the_vendor_shows_them() -> None:
    vendor = OwnRights("viewer", task("north", "1"))
    vendor.seen_by = {"alice": {"1"}, "bob": {"1"}}
    async with opened(vendor) as gateway:
        bob = await Client(gateway, BOB, token="b").start()
        before = vendor.held["1"]
        gateway.live.wrote(before, structs.replace(before, title="Another"))
        await settle()

        assert bob.kinds == [(RESYNC, None)]
        await bob.stop()
