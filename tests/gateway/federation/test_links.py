"""People whose account is looked up in a directory: what waits for it, and what does not."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from connectors.sdk.caller import Caller
from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import ConnectorError, UnavailableError
from connectors.sdk.model import TaskRef
from connectors.sdk.settings import LinkSettings
from gateway.federation.service import FederatedSources
from gateway.federation.traffic import CallContext, in_context
from schema.ports import (
    AssignIntent,
    BulkRequest,
    ClaimIntent,
    InboxScope,
    PageRequest,
    PersonId,
    SourceStatus,
    StatsRequest,
    TaskFilter,
    TaskListRequest,
)
from tests.gateway.federation.lists.test_people_list import Directory
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import codes, perform
from tests.gateway.people.people import Stage, account, configured, token

BY_MAIL = LinkSettings(match="email")
MINE = TaskListRequest(scope=InboxScope.MINE)
REF = TaskRef("north", "1")


class Company:
    """Bob is linked to north by his mail address and to south by a claim."""

    def __init__(self, north: MemoryConnector | None = None) -> None:
        self.stage = Stage(
            [configured("carol", north="carol", south="carol")], north=BY_MAIL, south=LinkSettings(id_claim="south")
        )
        self.stage.accounts["north"] = [account("bob", "bob@example.com"), account("eve", "eve@example.com")]
        self.north = north or MemoryConnector(
            "north", [task("north", "1", owner="bob"), task("north", "2", owner="eve")]
        )
        self.south = MemoryConnector("south", [task("south", "1", owner="bob")])
        self.sources: FederatedSources = federation(self.north, self.south, book=self.stage.book)
        self.bob = self.signed_in("bob", south="bob")

    def signed_in(self, key: str, **claims: str) -> Caller:
        return self.stage.book.signed_in(token(key, claims=claims))

    def fail(self) -> None:
        self.stage.failure = UnavailableError("is down")


async def test_a_person_who_stands_in_no_file_has_one_list_over_all_sources() -> None:
    """Each source knows them by another rule."""
    company = Company()

    found = await company.sources.list_tasks(company.bob, MINE)

    assert [("north", "1"), ("south", "1")] == [(edge.task.source, edge.task.native_id) for edge in found.edges]
    assert found.is_complete


async def test_while_a_directory_fails_its_source_is_unavailable() -> None:
    """The others are shown. A person who is linked by the configuration is not affected."""
    company = Company()
    company.fail()

    found = await company.sources.list_tasks(company.bob, MINE)
    of_carol = await company.sources.list_tasks(
        company.stage.book.signed_in(token("carol")), TaskListRequest(scope=InboxScope.MINE)
    )

    assert [SourceStatus.UNAVAILABLE, SourceStatus.OK] == [report.status for report in found.sources]
    assert ("UPSTREAM_UNAVAILABLE", 1, False) == (
        found.sources[0].error and found.sources[0].error.code,
        len(found.edges),
        found.is_complete,
    )
    assert [SourceStatus.OK] * 2 == [report.status for report in of_carol.sources]


async def test_a_person_without_an_account_is_not_linked() -> None:
    """The report says what to configure, and nothing is asked."""
    company = Company()
    dan = company.signed_in("dan")

    found = await company.sources.list_tasks(dan, MINE)

    assert [(SourceStatus.OK, "IDENTITY_NOT_LINKED", 0)] * 2 == [
        (report.status, report.error and report.error.code, report.count) for report in found.sources
    ]
    assert [(0, 0)] * 2 == [(connector.lists, connector.gets) for connector in (company.north, company.south)]


async def test_the_other_sources_do_not_wait_for_a_directory() -> None:
    """They are asked while it is read."""
    company = Company()
    company.stage.gate = anyio.Event()

    async def open_later() -> None:
        while not company.south.lists:
            await anyio.lowlevel.checkpoint()
        assert company.north.lists == 0
        assert company.stage.gate is not None
        company.stage.gate.set()

    async with anyio.create_task_group() as group:
        group.start_soon(open_later)
        found = await company.sources.list_tasks(company.bob, MINE)

    assert (2, company.south.lists) == (len(found.edges), company.north.lists)


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: TaskListRequest(scope=InboxScope.MINE, filter=TaskFilter(sources=frozenset({"south"}))),
        lambda: TaskListRequest(
            scope=InboxScope.MINE, filter=TaskFilter(none_of=TaskFilter(sources=frozenset({"north"})))
        ),
    ],
)
async def test_a_source_that_the_filter_leaves_out_is_not_looked_up(request_of: Callable[[], TaskListRequest]) -> None:
    """Not even its directory is read."""
    company = Company()

    found = await company.sources.list_tasks(company.bob, request_of())

    assert (["south"], []) == ([edge.task.source for edge in found.edges], company.stage.reads)


async def test_a_task_admin_sees_every_task_while_a_directory_fails() -> None:
    """Lists of their own need the link, the others do not."""
    company = Company()
    company.fail()
    admin = company.stage.book.signed_in(token("ann", roles=frozenset({"task_admin"})))

    everything = await company.sources.list_tasks(admin, TaskListRequest(scope=InboxScope.ALL_VISIBLE))
    found = await company.sources.get_tasks(admin, [REF])
    own = await company.sources.list_tasks(admin, MINE)

    assert (3, [REF]) == (len(everything.edges), list(found))
    assert SourceStatus.UNAVAILABLE is own.sources[0].status


async def test_tasks_by_id_and_counts_wait_for_the_link_too() -> None:
    """And fail with the directory. An invisible task is still absent."""
    company = Company()
    hidden = TaskRef("north", "2")
    found = await company.sources.get_tasks(company.bob, [REF, hidden])
    stats = await company.sources.task_stats(company.bob, StatsRequest(group_by=(), scope=InboxScope.MINE))
    company.stage.time += 1_000
    company.fail()
    failed = await company.sources.get_tasks(company.bob, [REF, hidden])

    assert ([REF], 2) == (list(found), stats.total)
    assert ["UPSTREAM_UNAVAILABLE"] * 2 == [
        error.code for error in failed.values() if isinstance(error, ConnectorError)
    ]


async def test_a_write_waits_for_the_link_and_is_not_sent_without_it() -> None:
    """It may be sent again with the same key."""
    company = Company(MemoryConnector("north", [task("north", "1")]))
    bob = company.stage.book.signed_in(token("bob", claims={"south": "bob"}, groups=("accounting",)))
    company.fail()
    refused = await perform(company.sources, ClaimIntent(), bob, key="k")
    company.stage.failure, company.stage.time = None, 10.0
    claimed = await perform(company.sources, ClaimIntent(), bob, key="k")

    assert (MutationStatus.REJECTED, ["UPSTREAM_UNAVAILABLE"]) == (refused.status, codes(refused))
    assert (MutationStatus.APPLIED, ["claim"]) == (claimed.status, company.north.writes)
    assert "bob" == company.north.held["1"].assignees[0].native_id


async def test_a_person_who_is_named_in_a_write_or_filter_is_looked_up() -> None:
    """Carol herself needs no directory."""
    company = Company(RichConnector("north", [task("north", "1", owner="carol"), task("north", "2", owner="bob")]))
    carol = company.stage.book.signed_in(token("carol", roles=frozenset({"task_admin"})))
    of_bob = TaskListRequest(
        scope=InboxScope.ALL_VISIBLE, filter=TaskFilter(assignees=frozenset({PersonId(key="bob")}))
    )
    company.fail()
    failed = await company.sources.list_tasks(carol, of_bob)
    refused = await perform(company.sources, AssignIntent(user=PersonId(key="bob")), carol)
    planned = await company.sources.perform_bulk(
        carol, BulkRequest(targets=(REF,), intent=AssignIntent(user=PersonId(key="bob")), dry_run=True)
    )
    company.stage.failure, company.stage.time = None, 10.0
    found = await company.sources.list_tasks(carol, of_bob)
    assigned = await perform(company.sources, AssignIntent(user=PersonId(key="bob"), override=True), carol)

    assert SourceStatus.UNAVAILABLE is failed.sources[0].status
    assert ["UPSTREAM_UNAVAILABLE"] == codes(refused) == codes(planned.entries[REF].result)
    assert {("north", "2"), ("south", "1")} == {(edge.task.source, edge.task.native_id) for edge in found.edges}
    assert (MutationStatus.APPLIED, "bob") == (assigned.status, company.north.held["1"].assignees[0].native_id)


@pytest.mark.parametrize(("acts_as", "names"), [("service", ["Account eve", "Bob"]), ("viewer", [])])
async def test_accounts_are_found_in_memory_where_all_people_may_see_them(acts_as: Any, names: list[str]) -> None:
    """Where each person sees what the vendor shows them, the vendor is asked: the directory was read by the reader account."""
    company = Company(Directory("north", ["zoe"]))
    company.north.settings = company.north.settings.model_copy(update={"acts_as": acts_as})
    await company.stage.read()

    with in_context(CallContext(caller=company.bob, token="t")):
        found = await company.sources.list_users(company.bob, PageRequest(), search="account")

    assert names == [edge.item.name for edge in found.edges if edge.item.user is not None]
