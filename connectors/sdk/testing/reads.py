"""Promises about lists and single records."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import (
    NotFoundError,
)
from connectors.sdk.model import OPEN_STATES, Task
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing.faulty_transport import FaultyTransport, Reply
from connectors.sdk.testing.sample import STRANGE_IDS, ContractSample, drain, drain_listing, errors_of, queries, task_of


class ReadPromises:
    """Lists give every task once and exactly their query; records are found by id."""

    async def test_a_page_repeats_when_asked_again(self, connector: Connector[Any]) -> None:
        """The first page and the second one are the same as long as nothing changes."""
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        first = await connector.list_tasks(query, limit=2)
        again = await connector.list_tasks(query, limit=2)

        assert first.items
        assert _versions(first.items) == _versions(again.items)
        assert (first.next_cursor is None) == (again.next_cursor is None)

        second = await connector.list_tasks(query, limit=2, after=first.next_cursor)
        second_again = await connector.list_tasks(query, limit=2, after=again.next_cursor)

        assert _versions(second.items) == _versions(second_again.items)

    async def test_pages_joined_give_every_task_once(self, connector: Connector[Any], sample: ContractSample) -> None:
        """For any page size; the known tasks of the sample are among them."""
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        small = [task.native_id for task in await drain(connector, query, 3)]
        large = [task.native_id for task in await drain(connector, query, connector.info.page_limit)]

        assert len(small) == len(set(small))
        assert sorted(large) == sorted(small)
        assert set(sample.unowned) <= set(small)

    async def test_a_list_is_exactly_its_pushed_down_query(
        self, connector: Connector[Any], sample: ContractSample
    ) -> None:
        """Every listed task matches the pushed-down query, every match is listed, and no match of the query is lost."""
        everything = await drain(connector, connector.pushdown(TaskQuery()), connector.info.page_limit)
        for query in queries(sample, everything):
            pushed = connector.pushdown(query)
            listed = {task.native_id for task in await drain(connector, pushed, connector.info.page_limit)}

            assert pushed.order == ()
            assert {task.native_id for task in everything if pushed.matches(task)} == listed, pushed
            assert {task.native_id for task in everything if query.matches(task)} <= listed, query

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

        assert len(replaced) == 1
        assert len(page.odd) == 1
        assert listed <= whole
        assert len(whole - listed) <= 1

    async def test_rows_name_their_source_and_have_aware_times(self, connector: Connector[Any]) -> None:
        """And their ids have the form that the connector knows as an id."""
        for task in await drain(connector, connector.pushdown(TaskQuery()), connector.info.page_limit):
            times = [task.fetched_at, task.created_at, task.updated_at, task.due_at, task.completed_at]

            assert connector.source == task.source
            assert connector.is_native_id(task.native_id)
            assert all(time.utcoffset() == timedelta(0) for time in times if time is not None)

    async def test_many_ids_cost_no_more_calls_than_there_are(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """An id given twice counts once, no ids cost no call, and each task is returned under its id."""
        tasks = await drain(connector, connector.pushdown(TaskQuery(states=OPEN_STATES)), connector.info.page_limit)
        ids = [task.native_id for task in tasks]
        with transport.counting() as requests:
            found = await connector.get_tasks([*ids, *ids])

        assert _versions(tasks) == {(key, task.version) for key in found if (task := task_of(found, key))}
        assert len(requests) <= len(ids)

        with transport.counting() as requests:
            assert {} == await connector.get_tasks([])
        assert [] == requests

    async def test_an_unknown_id_is_absent(self, connector: Connector[Any], sample: ContractSample) -> None:
        """Alone, and beside a known id."""
        known = sample.unowned[0]

        assert {} == await connector.get_tasks([sample.unknown_id])
        assert [known] == list(await connector.get_tasks([sample.unknown_id, known]))

    @pytest.mark.parametrize("native_id", STRANGE_IDS)
    async def test_an_id_that_tries_to_leave_the_path_is_absent(
        self, connector: Connector[Any], transport: FaultyTransport, native_id: str
    ) -> None:
        """A request for it, if there is one, stays on the origin and below the path of the source."""
        await connector.ping()
        base = httpx2.URL(connector.settings.base_url)
        with transport.counting() as requests:
            found = await connector.get_tasks([native_id])

        assert {} == found
        assert len(requests) <= 1
        for request in requests:
            path = request.url.raw_path.decode().split("?")[0]
            assert (base.scheme, base.host, base.port) == (request.url.scheme, request.url.host, request.url.port)
            assert path.startswith(base.path.rstrip("/") + "/")
            assert not {".", "..", "%2e%2e"} & set(path.lower().split("/"))
            assert "x-injected" not in request.headers

    async def test_404_on_a_get_is_no_task(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """The task is absent; NotFoundError if the vendor answers many ids at once."""
        await connector.ping()
        with transport.failing(Reply(404)):
            errors = await errors_of(lambda: connector.get_tasks([sample.unowned[0]]))

        assert all(isinstance(error, NotFoundError) for error in errors)

    @pytest.mark.parametrize("listing", [Listing.FLOWS, Listing.USERS, Listing.GROUPS, Listing.TASK_DEFINITIONS])
    async def test_a_listing_gives_each_thing_once(
        self, connector: Connector[Any], transport: FaultyTransport, listing: Listing
    ) -> None:
        """For any page size. A list that the source does not have is empty, without a request."""
        with transport.counting() as requests:
            small = await drain_listing(connector, listing, 2)
        large = await drain_listing(connector, listing, connector.info.page_limit)

        assert len(small) == len(set(small))
        assert sorted(large) == sorted(small)
        if listing not in connector.info.listings:
            assert ([], []) == (small, requests)


def _versions(tasks: Sequence[Task]) -> set[tuple[str, str]]:
    return {(task.native_id, task.version) for task in tasks}
