"""People, groups and members over several sources."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import InputError, UnavailableError
from connectors.sdk.model import Group, NativeRef, Task, TaskRef, TaskState, User, UserRef
from connectors.sdk.query import Page
from connectors.sdk.settings import LinkSettings
from schema.ports import PageRequest, SourceStatus, TaskListRequest
from tests.gateway.federation.memory_source import MemoryConnector, federation, person, task
from tests.gateway.people.people import Stage, account, configured, token

ALICE = person("alice", "north", "south")
BOB = person("bob", "west")
PEOPLE = [ALICE, BOB]


class Directory(MemoryConnector):
    """Lists `users` and, in one group, `members`."""

    listings = frozenset({Listing.USERS, Listing.GROUPS, Listing.MEMBERS})

    def __init__(self, key: str, users: Sequence[str], tasks: Sequence[Task] = (), **more: Any) -> None:
        super().__init__(key, tasks, **more)
        self.users = [User(native_id=one, name=one.title()) for one in users]
        self.searched: list[str | None] = []
        self.assignable_to: list[str] = []

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        self._count()
        self.searched.append(search)
        if assignable_to is not None:
            self.assignable_to.append(assignable_to.native_id)
        return Page(items=self.users)

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        self._count()
        return Page(items=self.users[:1] if group_id == "first" else ())

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        self._count()
        return Page(items=[Group(native_id="g1", name=f"Claims {self.source}"), Group(native_id="g2", name="Änderung")])


async def test_a_person_of_several_sources_is_listed_once() -> None:
    """Sorted by name, with accounts that belong to no person, and with people of sources without a directory."""
    sources = federation(
        Directory("north", ["alice", "zoe"]), Directory("south", ["alice"]), MemoryConnector("west"), people=PEOPLE
    )
    first = await sources.list_users(ALICE, PageRequest(first=2))
    rest = await sources.list_users(ALICE, PageRequest(first=2, after=first.edges[-1].cursor()))
    before = await sources.list_users(ALICE, PageRequest(first=2, after=rest.edges[0].cursor(), backward=True))

    assert ["Alice", "Bob"] == [edge.item.name for edge in first.edges] == [edge.item.name for edge in before.edges]
    assert [("north", "zoe", None)] == [
        (edge.item.source, edge.item.native_id, edge.item.person) for edge in rest.edges
    ]
    assert (3, False) == (first.total, rest.has_next_page)


async def test_people_are_found_by_a_part_of_their_name() -> None:
    """Also if the vendor has no search."""
    sources = federation(Directory("north", ["alice", "zoe"]), people=PEOPLE)

    found = await sources.list_users(ALICE, PageRequest(), search="ZO")

    assert (["Zoe"], 1) == ([edge.item.name for edge in found.edges], found.total)


async def test_the_number_of_people_is_unknown_while_a_source_fails() -> None:
    """People of the failing source may already be counted through another source."""
    north, south = Directory("north", ["zoe"]), Directory("south", ["yan"])
    south.fail = UnavailableError("is down")

    found = await federation(north, south, people=PEOPLE).list_users(ALICE, PageRequest())

    assert (["Alice", "Bob", "Zoe"], None) == ([edge.item.name for edge in found.edges], found.total)
    assert [SourceStatus.OK, SourceStatus.UNAVAILABLE] == [report.status for report in found.sources]


async def test_owners_of_a_task_are_people_of_its_source() -> None:
    """As far as the vendor tells. A task that the caller does not see is refused."""
    north = Directory("north", ["alice"], [task("north", "1"), task("north", "2", owner="zoe", candidate_groups=())])
    sources = federation(north, Directory("south", ["yan"]), people=PEOPLE)

    found = await sources.list_users(ALICE, PageRequest(), assignable_to=TaskRef("north", "1"))

    assert (["Alice"], ["1"]) == ([edge.item.name for edge in found.edges], north.assignable_to)
    assert [SourceStatus.OK, SourceStatus.SKIPPED] == [report.status for report in found.sources]
    with pytest.raises(InputError, match="no task that you can see"):
        await sources.list_users(ALICE, PageRequest(), assignable_to=TaskRef("north", "2"))


async def test_groups_are_sorted_by_name_ignoring_case_and_accents() -> None:
    """Each group belongs to one source, so the total is exact."""
    sources = federation(Directory("north", []), Directory("south", []), people=PEOPLE)

    everything = await sources.list_groups(ALICE, PageRequest())
    found = await sources.list_groups(ALICE, PageRequest(), search="anderung")

    assert ["Claims north", "Claims south", "Änderung", "Änderung"] == [edge.item.name for edge in everything.edges]
    assert (2, 4) == (found.total, everything.total)


async def test_the_number_of_members_is_unknown_if_the_source_cannot_list_them() -> None:
    """It is not 0."""
    sources = federation(Directory("north", ["alice"]), MemoryConnector("west"), people=PEOPLE)

    members = await sources.list_members(ALICE, NativeRef("north", "first"), PageRequest())
    nobody = await sources.list_members(ALICE, NativeRef("north", "second"), PageRequest())
    unknown = await sources.list_members(ALICE, NativeRef("west", "first"), PageRequest())

    assert ["Alice"] == [edge.item.name for edge in members.edges]
    assert (1, 0, None) == (members.total, nobody.total, unknown.total)


async def test_a_cursor_fits_one_search() -> None:
    """A cursor of another search text is refused."""
    sources = federation(Directory("north", ["alice", "zoe"]), people=PEOPLE)
    after = (await sources.list_users(ALICE, PageRequest(first=1))).edges[0].cursor()

    for request in (PageRequest(after=after), PageRequest(after=after, sources=frozenset({"north"}))):
        with pytest.raises(InputError):
            await sources.list_users(ALICE, request, search="a")
        with pytest.raises(InputError):
            await sources.list_groups(ALICE, structs.replace(request, first=3))


KELLER = [User(native_id="1", name="Bob Keller", email="bk@x.test"), User(native_id="2", name="Bob Müller")]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("keller bob", ["1"]),
        ("bob kel", ["1"]),
        ("MULLER  bob", ["2"]),
        ("bk@x bob", ["1"]),
        ("müll", ["2"]),
        ("bob zoe", []),
    ],
)
async def test_words_of_a_search_match_in_any_order(search: str, found: list[str]) -> None:
    """Each is a part of the name, the user name or the mail address; all searches share one read of the directory."""
    north = Directory("north", [])
    north.users = KELLER
    sources = federation(north, people=PEOPLE)

    listed = await sources.list_users(ALICE, PageRequest(), search=search)
    await sources.list_users(ALICE, PageRequest(), search="another")

    assert found == [edge.item.native_id for edge in listed.edges]
    assert [None] == north.searched


async def test_words_of_groups_match_in_any_order() -> None:
    """As those of people."""
    sources = federation(Directory("north", []), people=PEOPLE)

    found = await sources.list_groups(ALICE, PageRequest(), search="north cla")

    assert ["g1"] == [edge.item.native_id for edge in found.edges]


async def test_a_directory_beyond_the_bound_is_searched_by_the_vendor_too() -> None:
    """By the longest word; the gateway filters the answer again. The number of people is not known."""

    class Large(Directory):
        async def list_users(
            self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
        ) -> Page[User]:
            page = await super().list_users(search=search, assignable_to=assignable_to, limit=limit, after=after)
            start = int(after or 0)
            rows = page.items if search is None else [user for user in page.items if user.name and search in user.name]
            more = start + limit < len(rows)
            return Page(items=rows[start : start + limit], next_cursor=str(start + limit) if more else None)

    north = Large("north", [f"user{number:03}" for number in range(50)], scan_limit=10)
    north.users.append(User(native_id="zoe", name="Zoe Quimby"))

    found = await federation(north, people=[]).list_users(ALICE, PageRequest(), search="zoe Quimby")

    assert (["zoe"], None) == ([edge.item.native_id for edge in found.edges], found.total)
    assert [None, "Quimby"] == north.searched


OFFERED = [
    User(native_id="10", name="Former", is_active=False),
    User(native_id="11"),
    User(native_id="12", name="Robot", is_service=True),
    User(native_id="13", name="Yan"),
    User(native_id="14", email="zoe@x.test", is_active=True),
    User(native_id="alice", name="Alice"),
]


async def test_only_accounts_that_can_get_the_task_are_offered() -> None:
    """In use, no technical ones, and with a name; the list of all people has them, those without a name last."""
    north = Directory("north", [], [task("north", "1")])
    north.users = OFFERED
    sources = federation(north, people=[ALICE])

    offered = await sources.list_users(ALICE, PageRequest(), assignable_to=TaskRef("north", "1"))
    everyone = await sources.list_users(ALICE, PageRequest())

    assert (["alice", "13", "14"], 3) == ([edge.item.native_id for edge in offered.edges], offered.total)
    assert ["alice", "10", "12", "13", "14", "11"] == [edge.item.native_id for edge in everyone.edges]


async def test_names_once_seen_on_tasks_are_kept() -> None:
    """Where no directory tells them: by id, as long as the process lives; ids are no names."""
    named, unnamed = UserRef(native_id="17", name="Zoe Quimby"), UserRef(native_id="18", name="18")
    west = MemoryConnector("west", [task("west", "1", state=TaskState.RESERVED, assignees=(named, unnamed))])
    sources = federation(west, people=[person("carol", "west", admin=True)])
    refs = [NativeRef("west", "17"), NativeRef("west", "18")]

    before = await sources.get_users(refs)
    await sources.list_tasks(person("carol", "west", admin=True), TaskListRequest())
    after = await sources.get_users(refs)

    assert ({}, {refs[0]: "Zoe Quimby"}) == (before, {ref: user.name for ref, user in after.items()})


async def test_a_technical_account_that_is_a_persons_too_is_offered() -> None:
    """The configuration says so by linking it."""
    north = Directory("north", [], [task("north", "1")])
    north.users = [
        User(native_id="alice", name="Alice", is_service=True),
        User(native_id="12", name="R", is_service=True),
    ]
    offered = await federation(north, people=[ALICE]).list_users(
        ALICE, PageRequest(), assignable_to=TaskRef("north", "1")
    )

    assert ["alice"] == [edge.item.native_id for edge in offered.edges]


async def test_a_directory_that_the_book_keeps_is_not_read_once_more() -> None:
    """Its people are found by name, user name, mail address and key, those of the configuration too. FRESH asks the vendor."""
    stage = Stage([configured("carol", "carol@example.com")], north=LinkSettings(match="email"))
    stage.accounts["north"] = [
        account("1", "ann@example.com", name="Ann"),
        account("2", "bob@example.com", name="Bob Keller"),
        account("3", name="Åse", username="aase"),
    ]
    await stage.read()
    bob = stage.book.signed_in(token("bob", name="Robert"))
    north = Directory("north", ["zoe"])
    sources = federation(north, book=stage.book)

    async def names(search: str | None = None, *, fresh: bool = False) -> list[str]:
        found = await sources.list_users(bob, PageRequest(fresh=fresh), search=search)
        return [edge.item.name for edge in found.edges]

    assert ["Ann", "Carol", "Robert", "Åse"] == await names()
    assert [["Åse"], ["Robert"], ["Robert"], ["Carol"], []] == [
        await names(words) for words in ("AASE", "keller bob", "robert", "carol@", "xq")
    ]
    assert [] == north.searched
    assert "Zoe" in await names(fresh=True)


async def test_a_list_of_very_many_people_is_a_part_of_them() -> None:
    """The rest is found by a search. The number is not known then."""
    stage = Stage(north=LinkSettings(match="email"))
    stage.accounts["north"] = [account(f"{number:03}") for number in range(30)]
    await stage.read()
    sources = federation(Directory("north", [], scan_limit=20), book=stage.book)
    who = stage.book.signed_in(token("bob"))

    listed = await sources.list_users(who, PageRequest(first=100))
    found = await sources.list_users(who, PageRequest(first=100), search="account 02")

    assert (21, None, SourceStatus.PARTIAL) == (len(listed.edges), listed.total, listed.sources[0].status)
    assert (11, 11) == (len(found.edges), found.total)
