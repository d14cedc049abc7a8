"""Whatever happens in whatever order: a client that applies the events ends with what a fresh list gives."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from connectors.sdk.changes import Changes
from connectors.sdk.errors import RateLimitedError, UnavailableError
from connectors.sdk.model import GroupRef, TaskRef, TaskState, UserRef
from gateway.federation.service import FederatedSources
from schema.ports import ClaimIntent, CompleteIntent, ReleaseIntent, TaskFilter, WriteRequest
from tests.gateway.federation.live.live_world import Client, TaskClient, look, settle, still
from tests.gateway.federation.memory_source import MemoryConnector, federation, later, person, task

ALICE, BOB = person("alice", "north"), person("bob", "north", groups=("sales",))
IDS = ("1", "2", "3", "4")
CHANGES = ("add", "drop", "rename", "own", "free", "hand", "close", "due")
WRITES = {"claim": ClaimIntent(), "release": ReleaseIntent(), "complete": CompleteIntent()}
OTHERS = ("limited", "away", "back", "lag", "catch up", "lose", "wait", "join", *WRITES)
OVERDUE = TaskFilter(is_overdue=True)

steps = st.lists(
    st.tuples(
        st.sampled_from((*CHANGES, *OTHERS, "look", "look")),
        st.sampled_from(IDS),
    ),
    max_size=25,
)


class FeedingConnector(MemoryConnector):
    """Tells what has changed, and forgets some of it. A change that was told once is not told again."""

    def __init__(self, *given: Any, feeds: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        self.feeds = feeds
        self.told: dict[str, Any] = {}
        self.loses = False

    async def changes(self, since: datetime) -> Changes | None:
        self._count()
        if not self.feeds:
            return None
        now = dict(self._reads())
        changed = [one for key, one in now.items() if self.told.get(key) != one]
        gone = frozenset(self.told.keys() - now.keys())
        self.told = now
        if self.loses:
            self.loses = False
            return Changes()
        return Changes(tasks=changed, gone=gone)


class World:
    def __init__(self, *, feeds: bool) -> None:
        self.now = later(hours=0)
        self.north = FeedingConnector("north", [task("north", "1"), task("north", "2", owner="alice")], feeds=feeds)
        self.gateway: FederatedSources = still(federation(self.north, people=(ALICE, BOB), now=lambda: self.now))
        self.clients = [
            Client(self.gateway, ALICE),
            Client(self.gateway, BOB),
            Client(self.gateway, ALICE, wanted=OVERDUE),
            TaskClient(self.gateway, ALICE, *(TaskRef("north", each) for each in IDS)),
        ]

    async def step(self, what: str, native_id: str) -> None:
        if what in CHANGES:
            self.change(what, native_id)
        elif what in WRITES:
            if self.north.fail is None and native_id in self.north.held:
                request = WriteRequest(target=TaskRef("north", native_id), intent=WRITES[what])
                await self.gateway.perform(ALICE, request)
        elif what == "look":
            await look(self.gateway)
        elif what == "wait":
            self.now = later(hours=2)
            for observer in self.gateway.live._observers.values():
                observer._tick()
        elif what == "join":
            if self.north.fail is None:
                self.clients.append(await Client(self.gateway, ALICE).start())
        else:
            self.disturb(what)

    def disturb(self, what: str) -> None:
        match what:
            case "limited":
                self.north.fail = RateLimitedError("wait")
            case "away":
                self.north.fail = UnavailableError("away")
            case "back":
                self.north.fail = None
            case "lag":
                self.north.lag()
            case "catch up":
                self.north.shown = None
            case "lose":
                self.north.loses = True
            case _:
                raise ValueError(what)

    def change(self, what: str, native_id: str) -> None:
        """Directly at the vendor."""
        held = self.north.held
        changes: dict[str, dict[str, Any]] = {
            "rename": {"title": f"Title {len(held)} {native_id} {self.now}"},
            "own": {"assignees": (UserRef(native_id="bob"),), "state": TaskState.RESERVED},
            "free": {"assignees": (), "state": TaskState.READY},
            "hand": {"candidate_groups": (GroupRef(native_id="sales"),)},
            "close": {"state": TaskState.COMPLETED},
            "due": {"due_at": later(hours=1)},
        }
        if what == "add":
            held[native_id] = task("north", native_id)
        elif what == "drop":
            held.pop(native_id, None)
        elif native_id in held:
            held[native_id] = structs.replace(held[native_id], **changes[what])

    async def run(self, history: list[tuple[str, str]]) -> None:
        await self.gateway.start()
        for client in self.clients:
            await client.start()
        for what, native_id in history:
            await self.step(what, native_id)
        self.north.fail, self.north.shown, self.north.loses = None, None, False
        for observer in self.gateway.live._observers.values():
            observer._full_at = -1e9
        for _ in range(2):
            await look(self.gateway)
        await settle()
        for client in self.clients:
            fresh = await client.listed()
            assert {ref: one.version for ref, one in client.held.items()} == {
                ref: one.version for ref, one in fresh.items()
            }
            assert {one.title for one in client.held.values()} == {one.title for one in fresh.values()}
        for client in self.clients:
            await client.stop()
        await self.gateway.stop()
        assert self.gateway.live.subscribers == 0


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(steps, st.booleans())
def test_a_client_that_applies_the_events_ends_with_the_truth(history: list[tuple[str, str]], feeds: bool) -> None:
    async def run() -> None:
        await World(feeds=feeds).run(history)

    asyncio.run(run())
