"""Promises about lists and single records."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from msgspec import structs

from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import DirectoryFact, Listing
from connectors.sdk.errors import ConnectorError, NotFoundError
from connectors.sdk.model import OPEN_STATES, DetailAspect, Task, TaskState
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing.faulty_transport import FaultyTransport, Reply
from connectors.sdk.testing.messages import errors_shown, ids_of, requests_shown, shown
from connectors.sdk.testing.reading import drain, drain_listing, errors_of, find, get, read
from connectors.sdk.testing.record_check import check
from connectors.sdk.testing.sample import STRANGE_IDS, ContractSample, queries

AS_ARGUMENTS = "pass ids as arguments: read('GET', '/todos/{}', id)"


class ReadPromises:
    """Lists give every task once and exactly their query; records are found by id."""

    async def test_the_sample_is_there(self, connector: Connector[Any], sample: ContractSample) -> None:
        """At least three READY tasks without an owner, found by their ids; two people."""
        for native_id in sample.unowned:
            task = await find(connector, native_id)

            assert task is not None, f"get_tasks does not find {native_id!r} of sample.unowned"
            assert task.state is TaskState.READY, f"{native_id!r} of sample.unowned must be READY, is {task.state}"
            assert task.assignees == (), f"{native_id!r} of sample.unowned must have no owner, has {task.assignees}"
        assert len(set(sample.unowned)) >= 3, "sample.unowned must name three tasks or more"
        assert sample.actor.native_id != sample.other.native_id, "sample.actor and sample.other must be two people"

    async def test_a_page_repeats_when_asked_again(self, connector: Connector[Any]) -> None:
        """The first page and the second one are the same as long as nothing changes."""
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        first = await connector.list_tasks(query, limit=2)
        again = await connector.list_tasks(query, limit=2)

        assert first.items, "the list of open tasks is empty"
        assert _versions(first.items) == _versions(again.items), "the first page differs when it is asked for again"
        assert (first.next_cursor is None) == (again.next_cursor is None)

        second = await connector.list_tasks(query, limit=2, after=first.next_cursor)
        second_again = await connector.list_tasks(query, limit=2, after=again.next_cursor)

        assert _versions(second.items) == _versions(second_again.items), "the second page differs when asked for again"

    async def test_pages_joined_give_every_task_once(self, connector: Connector[Any], sample: ContractSample) -> None:
        """For any page size; the known tasks of the sample are among them."""
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        small = [task.native_id for task in await drain(connector, query, 3)]
        large = [task.native_id for task in await drain(connector, query, connector.info.page_limit)]
        twice = _twice(small)
        missing = set(sample.unowned) - set(small)

        assert not twice, f"pages of 3 rows give these tasks more than once: {ids_of(twice)}"
        assert sorted(large) == sorted(small), "small pages and large pages give different tasks"
        assert not missing, f"these tasks of sample.unowned are not in the list of open tasks: {ids_of(missing)}"

    async def test_what_has_changed_is_told_once_and_as_it_is(self, connector: Connector[Any]) -> None:
        """Where the vendor tells: from the beginning of time, and from a moment after everything."""
        told = await connector.changes(datetime(1970, 1, 2, tzinfo=UTC))
        if told is None:
            return
        twice = _twice([task.native_id for task in told.tasks])
        assert not twice, f"changes tells these tasks more than once: {ids_of(twice)}"
        assert told.tasks, "changes tells nothing since 1970, but there are tasks"
        for task in told.tasks:
            check(task)
        open_now = {
            task.native_id for task in await drain(connector, connector.pushdown(TaskQuery(states=OPEN_STATES)), 100)
        }
        wrong = {task.native_id for task in told.tasks if task.is_open != (task.native_id in open_now)}
        assert not wrong, f"changes and the list do not agree whether these tasks are open: {ids_of(wrong)}"
        later = await connector.changes(datetime(2400, 1, 1, tzinfo=UTC))
        assert later is not None, "changes tells at one time, and not at another"
        assert not later.tasks, f"changes tells tasks of the past: {ids_of(task.native_id for task in later.tasks)}"
        assert later.is_whole, "nothing has changed since the future, but changes says that something is missing"

    async def test_a_list_is_exactly_its_pushed_down_query(
        self, connector: Connector[Any], sample: ContractSample
    ) -> None:
        """Every listed task matches the pushed-down query, every match is listed, and no match of the query is lost."""
        everything = await drain(connector, connector.pushdown(TaskQuery()), connector.info.page_limit)
        assert everything, "the list of all tasks is empty"
        for query in queries(sample, everything, takes_unions=connector.info.takes_unions):
            pushed = connector.pushdown(query)
            listed = {task.native_id for task in await drain(connector, pushed, connector.info.page_limit)}
            matching = {task.native_id for task in everything if pushed.matches(task)}
            wanted = {task.native_id for task in everything if query.matches(task)}

            assert pushed.order == (), "pushdown must return a query without an order"
            assert listed <= matching, (
                f"pushed down {shown(pushed)}; the list gave ids that do not match: {ids_of(listed - matching)}. "
                "pushdown must return only what list_tasks sends to the vendor; TaskQuery() is always right"
            )
            assert matching <= listed, (
                f"pushed down {shown(pushed)}; the list left out ids that match: {ids_of(matching - listed)}"
            )
            assert not connector.info.one_owner or all(len(task.assignees) <= 1 for task in everything), (
                "one_owner is declared, and a task has several owners"
            )
            assert wanted <= listed, (
                f"pushed down {shown(pushed)} for {shown(query)}; the list lacks ids that match the latter: "
                f"{ids_of(wanted - listed)}. pushdown must not narrow a query"
            )

    async def test_rows_without_candidates_or_with_data_are_the_same_tasks(
        self, connector: Connector[Any], sample: ContractSample
    ) -> None:
        """For a connector that says `costly_candidates` or `lists_data`: what is no condition changes no list, and `detail_in`
        gives the data that `get_detail` reads."""
        if not (connector.info.costly_candidates or connector.info.lists_data):
            pytest.skip("rows have no parts that are optional")
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        limit = connector.info.page_limit
        whole = {task.native_id for task in (await connector.list_tasks(query, limit=limit)).items}
        spared = await connector.list_tasks(
            structs.replace(query, without_candidates=connector.info.costly_candidates), limit=limit
        )
        with_data = await connector.list_tasks(structs.replace(query, with_data=connector.info.lists_data), limit=limit)
        brought = [(task, connector.detail_in(task, frozenset({DetailAspect.DATA}))) for task in with_data.items]

        assert whole == {task.native_id for task in spared.items} == {task.native_id for task in with_data.items}
        for task, detail in [pair for pair in brought if pair[1] is not None][:3]:
            read = await connector.get_detail(task, frozenset({DetailAspect.DATA}))
            assert detail is not None
            assert detail.data == read.data, f"detail_in gives other data of {task.native_id} than get_detail"
        if connector.info.lists_data:
            assert any(detail for _, detail in brought), "detail_in gives no data of rows that were asked with data"

    @pytest.mark.parametrize("odd", [None, {}, "a row"], ids=["null", "empty", "text"])
    async def test_one_odd_row_costs_one_row(
        self, connector: Connector[Any], transport: FaultyTransport, odd: object
    ) -> None:
        """A row that does not fit the vendor's documentation is left out and counted in `Page.odd`; the others are listed."""
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        limit = min(50, connector.info.page_limit)
        whole = {task.native_id for task in (await connector.list_tasks(query, limit=limit)).items}
        with transport.replacing_a_row(odd) as replaced:
            page = await connector.list_tasks(query, limit=limit)
        listed = {task.native_id for task in page.items}

        assert len(replaced) == 1, "no answer to list_tasks has a list of two or more objects"
        assert len(page.odd) == 1, f"Page.odd must have the odd row, has {len(page.odd)}; decode_rows splits an answer"
        assert listed <= whole, f"tasks that are in no answer: {ids_of(listed - whole)}"
        assert len(whole - listed) <= 1, f"an odd row took others with it: {ids_of(whole - listed)}"

    async def test_records_have_the_types_of_the_model(self, connector: Connector[Any], sample: ContractSample) -> None:
        """Text, numbers, enums, tuples, and times in UTC; rows name their source and have ids of the connector's form."""
        for task in await drain(connector, connector.pushdown(TaskQuery()), connector.info.page_limit):
            assert connector.source == task.source, f"Task.source must be self.source, is {task.source!r}"
            assert connector.is_native_id(task.native_id), f"is_native_id refuses the id of a row: {task.native_id!r}"

        task = await read(connector, sample.unowned[0])
        check(await connector.get_detail(task, frozenset(DetailAspect)))

    async def test_many_ids_cost_no_more_calls_than_there_are(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """An id given twice counts once, no ids cost no call, and each task is returned under its id."""
        tasks = await drain(connector, connector.pushdown(TaskQuery(states=OPEN_STATES)), connector.info.page_limit)
        ids = [task.native_id for task in tasks]
        with transport.counting() as requests:
            found = await get(connector, [*ids, *ids])

        failed = [error for error in found.values() if isinstance(error, ConnectorError)]
        got = [task for task in found.values() if isinstance(task, Task)]

        assert not failed, errors_shown(failed)
        assert _versions(tasks) == _versions(got), "get_tasks gives other records than the list"
        assert len(requests) <= len(ids), f"{len(requests)} requests for {len(ids)} ids, each given twice"

        with transport.counting() as requests:
            assert {} == await connector.get_tasks([])
        assert [] == requests, f"get_tasks([]) sent {requests_shown(requests)}"

    async def test_an_unknown_id_is_absent(self, connector: Connector[Any], sample: ContractSample) -> None:
        """Alone, and beside a known id."""
        known = sample.unowned[0]

        assert {} == await get(connector, [sample.unknown_id])
        assert [known] == list(await get(connector, [sample.unknown_id, known]))

    @pytest.mark.parametrize("native_id", STRANGE_IDS)
    async def test_an_id_that_tries_to_leave_the_path_is_absent(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, native_id: str
    ) -> None:
        """A request for it, if there is one, stays on the origin and below the path of the source."""
        await connector.ping()
        base = httpx2.URL(connector.settings.base_url)
        with transport.counting() as requests:
            try:
                found = await connector.get_tasks([native_id])
            except NotFoundError:
                # test_an_unknown_id_is_absent reports it, once, if it happens to any unknown id.
                assert await _raises_for_unknown_ids(connector, sample), f"get_tasks raised for {native_id!r}"
                return

        assert {} == found
        assert len(requests) <= 1, f"more than one request for one id: {requests_shown(requests)}"
        for request in requests:
            path = request.url.raw_path.decode().split("?")[0]
            assert (base.scheme, base.host, base.port) == (request.url.scheme, request.url.host, request.url.port)
            assert path.startswith(base.path.rstrip("/") + "/"), f"the id led to the path {path}; {AS_ARGUMENTS}"
            assert not {".", "..", "%2e%2e"} & set(path.lower().split("/")), f"the id led to {path}; {AS_ARGUMENTS}"
            assert native_id in {"/", "."} or not ("/" in native_id and native_id in path), (
                f"the id {native_id!r} stands in the path as it is, {path}; {AS_ARGUMENTS}"
            )
            assert "x-injected" not in request.headers

    async def test_404_on_a_get_is_no_task(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """The task is absent; NotFoundError if the vendor answers many ids at once."""
        await connector.ping()
        with transport.failing(Reply(404)):
            errors = await errors_of(lambda: connector.get_tasks([sample.unowned[0]]))

        assert all(isinstance(error, NotFoundError) for error in errors), errors_shown(errors)

    @pytest.mark.parametrize("listing", [Listing.FLOWS, Listing.USERS, Listing.GROUPS, Listing.TASK_DEFINITIONS])
    async def test_a_listing_gives_each_thing_once(
        self, connector: Connector[Any], transport: FaultyTransport, listing: Listing
    ) -> None:
        """For any page size. A list that the source does not have is empty, without a request."""
        with transport.counting() as requests:
            small = await drain_listing(connector, listing, 2)
        large = await drain_listing(connector, listing, connector.info.page_limit)
        twice = _twice(small)

        assert not twice, f"pages of 2 rows give these {listing.value} more than once: {ids_of(twice)}"
        assert sorted(large) == sorted(small), "small pages and large pages differ"
        if listing not in connector.info.listings:
            assert ([], []) == (small, requests), f"{listing} is not among `listings`, yet there is such a list"

    async def test_the_directory_tells_what_it_declares(self, connector: Connector[Any]) -> None:
        """`directory`: rules that link people to accounts depend on it."""
        facts = connector.info.directory
        users = (await connector.list_users(limit=connector.info.page_limit)).items
        groups = (await connector.list_groups(limit=connector.info.page_limit)).items
        members = [(await connector.list_members(group.native_id, limit=2)).items for group in groups[:5]]

        if DirectoryFact.EMAILS in facts:
            assert any(user.email for user in users), "no user has a mail address, yet `directory` has EMAILS"
        if DirectoryFact.USERNAMES in facts:
            assert any(user.username for user in users), "no user has a user name, yet `directory` has USERNAMES"
        if DirectoryFact.NAMES_AS_IDS in facts:
            odd = [user.native_id for user in users if user.username not in {None, user.native_id}]
            assert not odd, f"`directory` has NAMES_AS_IDS, yet these ids are no user names: {ids_of(odd)}"
        if DirectoryFact.MEMBERSHIPS in facts:
            assert any(members), "no group has members, yet `directory` has MEMBERSHIPS"


async def _raises_for_unknown_ids(connector: Connector[Any], sample: ContractSample) -> bool:
    return any(
        isinstance(error, NotFoundError) for error in await errors_of(lambda: connector.get_tasks([sample.unknown_id]))
    )


def _twice(ids: Sequence[str]) -> set[str]:
    return {native_id for native_id in ids if ids.count(native_id) > 1}


def _versions(tasks: Iterable[Task]) -> set[tuple[str, str]]:
    return {(task.native_id, task.version) for task in tasks}
