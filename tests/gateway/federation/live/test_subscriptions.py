"""Subscribers are told what changes in the sources, and nothing that they may not see."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from msgspec import structs

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.errors import UnavailableError
from connectors.sdk.http import current_call
from connectors.sdk.model import Task, TaskRef, TaskState, UserRef
from connectors.sdk.query import Page, TaskQuery
from gateway.federation.live import TooManySubscribersError
from gateway.federation.service import FederatedSources
from gateway.people.book import BookOfPeople
from gateway.settings import LiveSettings
from schema.ports import (
    ChangeKind,
    ClaimIntent,
    CompleteIntent,
    InboxScope,
    InboxWatchRequest,
    TaskFilter,
    WriteRequest,
)
from tests.gateway.federation.live.live_world import Client, TaskClient, look, settle, still
from tests.gateway.federation.memory_source import MemoryConnector, federation, later, person, task

pytestmark = pytest.mark.anyio

ADDED, CHANGED, REMOVED, RESYNC = ChangeKind.ADDED, ChangeKind.CHANGED, ChangeKind.REMOVED, ChangeKind.RESYNC
ALICE, BOB = person("alice", "north"), person("bob", "north", groups=("sales",))
ADMIN = person("carol", "north", admin=True, groups=())


@asynccontextmanager
async def opened(
    *connectors: MemoryConnector, people: tuple[Caller, ...] = (ALICE, BOB, ADMIN)
) -> AsyncIterator[FederatedSources]:
    gateway = still(federation(*connectors, people=people))
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


async def test_what_comes_changes_and_goes_is_told() -> None:
    north = MemoryConnector("north", [task("north", "1"), task("north", "2"), task("north", "3")])
    async with opened(north) as gateway:
        client = await Client(gateway, ALICE).start()
        assert client.kinds == [(RESYNC, None)], (
            "the list may have changed between the client's read and the first look"
        )

        north.held["2"] = structs.replace(north.held["2"], title="Another")
        del north.held["3"]
        north.held["4"] = task("north", "4")
        await look(gateway)

        assert set(client.kinds[1:]) == {(CHANGED, "2"), (REMOVED, "3"), (ADDED, "4")}
        assert next(event for event in client.events if event.kind is REMOVED).task is None
        assert client.held == await client.listed()
        await client.stop()


async def test_a_look_without_a_change_tells_nothing() -> None:
    async with opened(MemoryConnector("north", [task("north", "1")])) as gateway:
        client = await Client(gateway, ALICE).start()
        await look(gateway)

        assert client.kinds == [(RESYNC, None)]
        await client.stop()


async def test_other_peoples_tasks_are_silent() -> None:
    north = MemoryConnector("north", [task("north", "1")])
    async with opened(north) as gateway:
        alice, bob = await Client(gateway, ALICE).start(), await Client(gateway, BOB).start()
        north.held["2"] = task("north", "2", owner="alice")
        north.held["1"] = structs.replace(north.held["1"], title="Another")
        await look(gateway)
        del north.held["2"]
        await look(gateway)

        assert alice.kinds == [(RESYNC, None), (ADDED, "2"), (CHANGED, "1"), (REMOVED, "2")]
        assert [kind for kind, _ in bob.kinds if kind is not RESYNC] == []
        for client in (alice, bob):
            await client.stop()


async def test_a_task_that_another_claims_leaves_the_list_without_its_record() -> None:
    north = MemoryConnector("north", [task("north", "1", candidate_groups=())])
    north.held["1"] = structs.replace(north.held["1"], candidate_users=(UserRef(native_id="alice"),))
    async with opened(north) as gateway:
        client = await Client(gateway, ALICE).start()
        assert [ref.native_id for ref in client.held] == ["1"]
        north.held["1"] = structs.replace(
            north.held["1"], assignees=(UserRef(native_id="bob"),), candidate_users=(), state=TaskState.RESERVED
        )
        await look(gateway)

        assert client.kinds[-1] == (REMOVED, "1")
        assert client.events[-1].task is None
        await client.stop()


async def test_an_own_write_is_told_without_a_look() -> None:
    north = MemoryConnector("north", [task("north", "1")])
    async with opened(north) as gateway:
        alice = await Client(gateway, ALICE).start()
        sales = await Client(gateway, BOB).start()
        north.lag()
        lists = north.lists

        await gateway.perform(ALICE, WriteRequest(target=TaskRef("north", "1"), intent=ClaimIntent()))
        await settle()

        assert alice.kinds[1:] == [(CHANGED, "1")]
        assert alice.events[-1].task is not None
        assert alice.events[-1].task.state is TaskState.RESERVED
        assert [kind for kind, _ in sales.kinds if kind is not RESYNC] == []
        assert north.lists == lists
        await look(gateway)
        assert len(alice.events) == 2, "the vendor still shows the task as it was: the overlay stands in"

        await gateway.perform(ALICE, WriteRequest(target=TaskRef("north", "1"), intent=CompleteIntent()))
        await settle()
        assert alice.kinds[-1] == (REMOVED, "1")
        for client in (alice, sales):
            await client.stop()


async def test_answers_kept_of_a_changed_source_are_read_again() -> None:
    north = MemoryConnector("north", [task("north", "1")])
    async with opened(north) as gateway:
        client = await Client(gateway, ALICE).start()
        await client.listed(fresh=False)
        north.held["2"] = task("north", "2")
        await look(gateway)

        assert len(await client.listed(fresh=False)) == 2
        await client.stop()


async def test_a_source_that_was_away_gives_resync() -> None:
    north, south = MemoryConnector("north", [task("north", "1")]), MemoryConnector("south")
    async with opened(north, south, people=(person("alice", "north", "south"),)) as gateway:
        client = await Client(gateway, person("alice", "north", "south")).start()
        client.events.clear()
        north.fail = UnavailableError("away")
        del north.held["1"]
        await look(gateway)
        assert client.events == []

        north.fail = None
        await look(gateway)
        assert RESYNC in {event.kind for event in client.events}
        assert client.held == {}
        await client.stop()


@pytest.mark.slow
async def test_500_subscribers_cost_what_one_costs() -> None:
    north = MemoryConnector("north", [task("north", "1")])
    async with opened(north) as gateway:
        clients = [Client(gateway, ALICE, wanted=TaskFilter(titles=frozenset({"x"}))) for _ in range(500)]
        for client in clients:
            client.listed = _nothing  # type: ignore[method-assign]
            await client.start()
        lists, gets = north.lists, north.gets
        for _ in range(5):
            await look(gateway)

        # One at the start; more only where starting takes so long that a look is due.
        assert lists < 10
        assert (north.lists - lists, north.gets - gets) == (5, 0)
        assert gateway.live.observers == 1
        for client in clients:
            await client.stop()
        assert gateway.live.subscribers == 0


async def _nothing(*, fresh: bool = True) -> dict[TaskRef, Task]:
    return {}


async def test_new_rights_give_resync_and_a_new_list() -> None:
    rights = {"north": Identity(native_id="bob", groups=("sales",))}
    bob = Caller(key="bob", name="Bob", identities=rights)
    north = MemoryConnector("north", [task("north", "1")])
    async with opened(north, people=(bob,)) as gateway:
        client = await Client(gateway, bob).start()
        assert client.held == {}
        rights["north"] = Identity(native_id="bob", groups=("accounting",))
        await look(gateway)

        assert client.kinds[-1] == (RESYNC, None)
        assert len(client.held) == 1
        await client.stop()


async def test_a_role_that_was_taken_away_ends_what_it_showed() -> None:
    carol = person("carol", "north", admin=True, groups=())
    book = BookOfPeople([carol])
    north = MemoryConnector("north", [task("north", "1")])
    gateway = still(federation(north, book=book))
    await gateway.start()
    client = await Client(gateway, carol, scope=InboxScope.ALL_VISIBLE).start()
    book._callers["carol"] = structs.replace(carol, roles=frozenset())
    north.held["2"] = task("north", "2")
    await look(gateway)

    assert (ADDED, "2") not in client.kinds
    assert client.kinds[-1] == (RESYNC, None)
    await client.stop()
    await gateway.stop()


async def test_what_another_token_of_the_person_gives_is_not_the_subscriber_s() -> None:
    """A key of a machine, and a token without the role, see no more when the person signs in with the role."""
    bob = person("bob", "north", groups=("sales",))
    book = BookOfPeople([bob])
    north = MemoryConnector("north", [task("north", "1")])
    gateway = still(federation(north, book=book))
    await gateway.start()
    client = await Client(gateway, bob, scope=InboxScope.ALL_VISIBLE).start()
    single = await TaskClient(gateway, bob, TaskRef("north", "1")).start()
    book._callers["bob"] = structs.replace(bob, roles=ADMIN.roles, groups=("accounting",))
    north.held["2"] = task("north", "2")
    await look(gateway)
    north.held["1"] = structs.replace(north.held["1"], title="Another")
    await look(gateway)

    assert {RESYNC} == {kind for kind, _ in (*client.kinds, *single.kinds)}
    assert client.held == {}
    await client.stop()
    await single.stop()
    await gateway.stop()


def token_for(scope: str) -> str:
    claims = urlsafe_b64encode(msgspec.json.encode({"sub": "alice", "aud": "north", "scope": scope})).decode()
    return f"e30.{claims}.x"


async def test_what_a_token_shows_is_told_to_tokens_for_the_same_use_alone() -> None:
    """Where the source acts as the person it judges each token: one may be for less."""
    shown: dict[str | None, list[Task]] = {token_for("all"): [task("north", "1")]}

    class AsPerson(MemoryConnector):
        async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
            authority = current_call().authority
            token = None if authority is None else authority.token
            self.held = {one.native_id: one for one in shown.get(token, [])}
            return await super().list_tasks(query, limit=limit, after=after)

    north = AsPerson("north")
    north.settings = north.settings.model_copy(update={"acts_as": "viewer"})
    async with opened(north) as gateway:
        less = await Client(gateway, ALICE, token=token_for("less")).start()
        more = await Client(gateway, ALICE, token=token_for("all")).start()
        shown[token_for("all")] = [task("north", "1"), task("north", "2")]
        await look(gateway)

        assert {"1", "2"} == {ref.native_id for ref in more.held}
        assert {} == less.held
        assert {RESYNC} == {kind for kind, _ in less.kinds}
        await less.stop()
        await more.stop()


async def test_tasks_by_id_are_told_when_they_are_visible_and_not_otherwise() -> None:
    refs = [TaskRef("north", native_id) for native_id in ("1", "2", "3", "9")] + [TaskRef("elsewhere", "1")]
    north = MemoryConnector("north", [task("north", "1"), task("north", "2", owner="bob", candidate_groups=())])
    north.held["3"] = task("north", "3", state=TaskState.COMPLETED)
    async with opened(north) as gateway:
        client = await TaskClient(gateway, ALICE, *refs).start()
        await look(gateway)
        client.events.clear()

        north.held["2"] = structs.replace(north.held["2"], title="Another")
        await look(gateway)
        assert client.events == []

        north.held["2"] = task("north", "2")
        north.held["9"] = task("north", "9")
        north.held["3"] = structs.replace(north.held["3"], title="Another")
        north.held["1"] = structs.replace(north.held["1"], state=TaskState.COMPLETED)
        await look(gateway)
        assert set(client.kinds) == {(ADDED, "2"), (ADDED, "9"), (CHANGED, "3"), (CHANGED, "1")}

        client.events.clear()
        del north.held["1"]
        await look(gateway)
        assert client.kinds == [(REMOVED, "1")]
        await client.stop()


async def test_a_task_becomes_overdue_without_a_change() -> None:
    now = [later(hours=0)]
    north = MemoryConnector("north", [task("north", "1", due_at=later(hours=1)), task("north", "2")])
    gateway = still(federation(north, people=(ALICE,), now=lambda: now[0]))
    await gateway.start()
    client = await Client(gateway, ALICE, wanted=TaskFilter(is_overdue=True)).start()
    assert client.kinds == [(RESYNC, None)]
    observer = next(iter(gateway.live._observers.values()))
    assert observer._until_due() == pytest.approx(3600, abs=1)

    now[0] = later(hours=2)
    lists = north.lists
    observer._tick()
    await settle()

    assert client.kinds[1:] == [(ADDED, "1")]
    assert north.lists == lists
    await client.stop()
    await gateway.stop()


async def test_there_are_no_more_subscribers_than_places() -> None:
    north = MemoryConnector("north")
    async with opened(north) as gateway:
        gateway.live._settings = LiveSettings(most_subscribers=1)
        client = await Client(gateway, ALICE).start()
        with pytest.raises(TooManySubscribersError):
            await anext(gateway.watch_inbox(ALICE, InboxWatchRequest()))
        await client.stop()
        again = await Client(gateway, ALICE).start()
        assert again.kinds in ([(RESYNC, None)], [])
        await again.stop()


async def test_comings_and_goings_leave_nothing() -> None:
    north = MemoryConnector("north", [task("north", "1")])
    async with opened(north) as gateway:
        for _ in range(200):
            client = Client(gateway, ALICE)
            client.listed = _nothing  # type: ignore[method-assign]
            await client.start()
            await client.stop()
        assert north.lists == 1
        for observer in gateway.live._observers.values():
            observer._idle_since = -1e9
            observer._wake.set()
        await settle()

        assert (gateway.live.subscribers, gateway.live.observers, gateway.live._observers) == (0, 0, {})


async def test_the_end_of_the_gateway_ends_the_events() -> None:
    async with opened(MemoryConnector("north")) as gateway:
        client = await Client(gateway, ALICE).start()
        gateway.drain(1.0)
        await settle()

        assert client._running is not None
        assert client._running.done()
        with pytest.raises(TooManySubscribersError):
            await anext(gateway.watch_inbox(ALICE, InboxWatchRequest()))


async def test_a_list_longer_than_is_held_is_told_by_resync_alone() -> None:
    north = MemoryConnector("north", [task("north", str(number)) for number in range(5)])
    async with opened(north) as gateway:
        client = await Client(gateway, ALICE).start()
        watch = next(iter(gateway.live._watches))
        watch._most_held = 5  # type: ignore[attr-defined]
        client.events.clear()
        for native_id in ("7", "8"):
            north.held[native_id] = task("north", native_id)
        await look(gateway)
        assert client.events == []

        next(iter(gateway.live._observers.values()))._resync_at = -1e9
        north.held["9"] = task("north", "9")
        await look(gateway)
        assert client.kinds == [(RESYNC, None)]
        await client.stop()


async def test_a_webhook_makes_the_observers_look_and_lists_outdated() -> None:
    north, south = MemoryConnector("north", [task("north", "1")]), MemoryConnector("south", [])
    async with opened(north, south) as gateway:
        client = await Client(gateway, ALICE).start()
        assert [ref.native_id for ref in await client.listed(fresh=False)] == ["1"]
        north.held["2"] = task("north", "2")

        gateway.live.noticed("south")
        await settle()
        assert client.kinds == [(RESYNC, None)]
        gateway.live.noticed("north")
        assert {ref.native_id for ref in await client.listed(fresh=False)} == {"1", "2"}
        await settle()

        observer = gateway.live._observers["north", None]
        observer._next = observer._soonest
        await look(gateway, "north")
        assert client.kinds[1:] == [(ADDED, "2")]
        await client.stop()
