"""The whole directory of a source, as the book of people reads it."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.errors import BrokenError, UnavailableError
from connectors.sdk.http import current_call
from connectors.sdk.model import Group, Task, User
from connectors.sdk.query import Page
from gateway.federation.lists import directory_scan
from gateway.federation.lists.directory_scan import DirectoryScan
from gateway.federation.sources.source import Source
from gateway.federation.traffic import CallContext, Priority
from gateway.shared.memory import memory_state
from tests.gateway.federation.memory_source import MemoryConnector

MEMBERS = {"g1": ["u1", "u2"], "g2": ["u2"]}


class Directory(MemoryConnector):
    """Two users a page, and two groups."""

    def __init__(self, users: int = 5) -> None:
        super().__init__("north")
        self.users = [User(native_id=f"u{number}") for number in range(users)]
        self.contexts: list[CallContext] = []
        self.limits: list[int] = []
        self.broken: Exception | None = None

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        context = current_call()
        assert isinstance(context, CallContext)
        self.contexts.append(context)
        self.limits.append(limit)
        return self._page(self.users, after)

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        return Page(items=[Group(native_id=one, name=one.upper(), aliases=("x",)) for one in MEMBERS])

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        if self.broken is not None:
            raise self.broken
        return Page(items=[User(native_id=one) for one in MEMBERS[group_id]])

    def _page(self, rows: Sequence[Any], after: str | None) -> Page[Any]:
        start = int(after or 0)
        following = str(start + 2) if start + 2 < len(rows) else None
        return Page(items=rows[start : start + 2], next_cursor=following)


def scan_of(connector: Directory) -> DirectoryScan:
    return DirectoryScan({"north": Source(connector, rate_limits=memory_state().rate_limits)})


async def test_all_accounts_are_read_page_by_page() -> None:
    """After everything else, until a person waits for it. The groups only where they are wanted."""
    connector, waits = Directory(), iter((False, False, True))

    record = await scan_of(connector)("north", with_groups=False, is_awaited=lambda: next(waits))

    assert ([f"u{number}" for number in range(5)], True) == (
        [one.native_id for one in record.accounts],
        record.is_whole,
    )
    assert [Priority.BACKGROUND, Priority.BACKGROUND, Priority.INTERACTIVE] == [
        context.priority for context in connector.contexts
    ]
    assert {None} == {context.caller for context in connector.contexts}
    assert {} == record.groups


async def test_memberships_are_those_of_all_groups() -> None:
    """Read group by group."""
    record = await scan_of(Directory())("north", with_groups=True, is_awaited=lambda: False)

    assert {"u1": ["g1"], "u2": ["g1", "g2"]} == {
        account: [group.native_id for group in groups] for account, groups in record.groups.items()
    }


async def test_a_directory_beyond_the_bound_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is read."""
    monkeypatch.setattr(directory_scan, "MOST_ACCOUNTS", 4)
    record = await scan_of(Directory(users=99))("north", with_groups=False, is_awaited=lambda: False)

    assert (4, False) == (len(record.accounts), record.is_whole)


@pytest.mark.parametrize(
    ("raised", "kind"), [(UnavailableError("is down"), UnavailableError), (ZeroDivisionError(), BrokenError)]
)
async def test_what_fails_anywhere_fails_the_read(raised: Exception, kind: type[Exception]) -> None:
    """A part of the memberships would take tasks from people without a word."""
    connector = Directory()
    connector.broken = raised

    with pytest.raises(kind):
        await scan_of(connector)("north", with_groups=True, is_awaited=lambda: False)


async def test_accounts_with_very_long_texts_belong_to_no_person() -> None:
    """Memory is bounded, whatever the vendor sends."""
    connector = Directory(users=2)
    connector.users.append(User(native_id="long", name="x" * 1_000))

    record = await scan_of(connector)("north", with_groups=False, is_awaited=lambda: False)

    assert ["u0", "u1"] == [one.native_id for one in record.accounts]


async def test_memberships_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the read is not whole."""
    monkeypatch.setattr(directory_scan, "MOST_MEMBERSHIPS", 2)

    record = await scan_of(Directory())("north", with_groups=True, is_awaited=lambda: False)

    assert not record.is_whole


async def test_a_directory_without_an_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is empty, and names another one."""

    class Endless(Directory):
        def _page(self, rows: Sequence[Any], after: str | None) -> Page[Any]:
            return Page(items=(), next_cursor=str(int(after or 0) + 1))

    monkeypatch.setattr(directory_scan, "MOST_SECONDS", 0.02)

    with pytest.raises(UnavailableError, match="does not come to an end"):
        await scan_of(Endless())("north", with_groups=False, is_awaited=lambda: False)


@pytest.mark.parametrize(("page", "expected"), [(None, 100), (70_000, 50_000)])
async def test_a_connector_that_reads_all_for_each_page_gives_large_pages(page: int | None, expected: int) -> None:
    """UiPath's reads all folders."""
    connector = Directory(users=1)
    connector.info = structs.replace(connector.info, directory_page=page)
    await scan_of(connector)("north", with_groups=False, is_awaited=lambda: False)

    assert [expected] == connector.limits


async def test_a_directory_that_no_link_needs_is_read_at_a_pace() -> None:
    """A rest before each request but the first, until a person waits."""
    connector, rests, waits = Directory(users=7), list[float](), iter((False,) * 3 + (True,) * 4)

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    source = Source(connector, rate_limits=memory_state().rate_limits)
    scan = DirectoryScan({"north": source}, pause=rest)
    record = await scan("north", with_groups=False, is_awaited=lambda: next(waits), pace=2.0)

    assert (7, 4, [2.0]) == (len(record.accounts), len(connector.contexts), rests)
