"""The contract suite passes for a vendor in memory, and fails for vendors that break one promise each."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx2
import pytest

from connectors.sdk import commands
from connectors.sdk.caller import Identity
from connectors.sdk.capability import handles
from connectors.sdk.commands import Claim, CreateTask, Outcome, TaskCommand
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConflictError, ConnectorError, MalformedResponseError, NotFoundError, UnavailableError
from connectors.sdk.model import Task
from connectors.sdk.query import Page, TaskQuery
from connectors.sdk.testing import COMMANDS, ConnectorContract, ContractSample, FaultyTransport
from tests.connectors.sdk.memory import SECRET, MemoryConnector, MemoryService, memory_settings

SAMPLE = ContractSample(
    unowned=("t01", "t02", "t03"),
    actor=Identity(native_id="ada", groups=("sales",)),
    other=Identity(native_id="bo"),
    unknown_id="t99",
)


class TestMemory(ConnectorContract):
    connector_type = MemoryConnector

    @pytest.fixture
    def transport(self) -> FaultyTransport:
        return FaultyTransport(MemoryService())

    @pytest.fixture
    async def connector(self, transport: FaultyTransport) -> AsyncIterator[Connector[Any]]:
        connector = MemoryConnector.open(memory_settings(), transport=transport)
        yield connector
        await connector.aclose()

    @pytest.fixture
    def sample(self, transport: FaultyTransport) -> ContractSample:
        return SAMPLE


class NeverEnding(MemoryConnector):
    """Always returns the first page."""

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit)
        return Page(items=page.items, next_cursor="again")


class Repeating(MemoryConnector):
    """The next page begins with the last task of the previous page."""

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        page = await super().list_tasks(query, limit=limit, after=after)
        cursor = None if page.next_cursor is None else str(int(page.next_cursor) - 1)
        return Page(items=page.items, next_cursor=cursor)


class OverlyStrong(MemoryConnector):
    """Leaves out all tasks if states are requested."""

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return super().pushdown(query if query.states is None else TaskQuery(states=frozenset()))


class Promising(MemoryConnector):
    """Claims to push down the whole query, but lists other tasks too."""

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return query


class Inventing(MemoryConnector):
    """Returns an error for an unknown id."""

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        found = await super().get_tasks(ids)
        return {native_id: found.get(native_id, NotFoundError("no such task")) for native_id in ids}


class Wasteful(MemoryConnector):
    """Requests each id twice."""

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        await super().get_tasks(ids)
        return await super().get_tasks(ids)


class Escaping(MemoryConnector):
    """Puts ids into the path without encoding."""

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        for native_id in ids:
            await self.upstream.exchange("GET", f"https://memory.test/api/tasks/{native_id}")
        return await super().get_tasks(ids)


class Idle(MemoryConnector):
    """Does not claim, but reports success."""

    @handles(Claim, guarded=True)
    async def claim(self, command: Claim) -> Outcome:
        await self.ping()
        return Outcome(task=command.task)


class Looking(MemoryConnector):
    """Reads before it writes, although it declares that one call decides."""

    @handles(Claim, guarded=True)
    async def claim(self, command: Claim) -> Outcome:
        await self.get_tasks([command.task.native_id])
        return await super().claim(command)


class Unguarded(MemoryConnector):
    """Declares a guarded claim as not guarded."""

    @handles(Claim, guarded=False)
    async def claim(self, command: Claim) -> Outcome:
        return await super().claim(command)


class Asking(MemoryConnector):
    """Sends a request for verbs that it does not have."""

    async def perform(self, command: TaskCommand | CreateTask) -> Outcome:
        await self.ping()
        return await super().perform(command)


class Retrying(MemoryConnector):
    """Writes again after a failure."""

    async def perform(self, command: TaskCommand | CreateTask) -> Outcome:
        try:
            return await super().perform(command)
        except UnavailableError:
            return await super().perform(command)


class Certain(MemoryConnector):
    """Claims that a failed write was not applied."""

    async def perform(self, command: TaskCommand | CreateTask) -> Outcome:
        try:
            return await super().perform(command)
        except ConnectorError as error:
            error.maybe_applied = False
            raise


class Sweeping(MemoryConnector):
    """Returns an empty list for an answer that cannot be read."""

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        try:
            return await super().list_tasks(query, limit=limit, after=after)
        except MalformedResponseError:
            return Page(items=())


class Confident(MemoryConnector):
    """Its ping succeeds for any answer."""

    async def ping(self) -> None:
        try:
            await super().ping()
        except ConnectorError:
            return


class Talkative(MemoryConnector):
    """Quotes its credentials in an error."""

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        try:
            return await super().list_tasks(query, limit=limit, after=after)
        except ConnectorError as error:
            raise ConflictError(f"failed with token {SECRET}") from error


BROKEN: tuple[tuple[type[MemoryConnector], str, dict[str, Any]], ...] = (
    (NeverEnding, "test_pages_joined_give_every_task_once", {}),
    (Repeating, "test_pages_joined_give_every_task_once", {}),
    (OverlyStrong, "test_a_list_is_exactly_its_pushed_down_query", {}),
    (Promising, "test_a_list_is_exactly_its_pushed_down_query", {}),
    (Inventing, "test_an_unknown_id_is_absent", {}),
    (Wasteful, "test_many_ids_cost_no_more_calls_than_there_are", {}),
    (Escaping, "test_an_id_that_tries_to_leave_the_path_is_absent", {"native_id": "../../admin"}),
    (Idle, "test_a_declared_verb_moves_the_state", {"verb": Claim}),
    (Looking, "test_a_declared_verb_moves_the_state", {"verb": Claim}),
    (Unguarded, "test_a_second_application_does_what_guarded_says", {"verb": Claim}),
    (Idle, "test_a_second_application_does_what_guarded_says", {"verb": Claim}),
    (Asking, "test_an_undeclared_verb_is_refused_without_a_request", {}),
    (
        Retrying,
        "test_a_failed_write_says_whether_it_may_be_applied",
        {"fault": httpx2.ReadTimeout, "kind": UnavailableError, "maybe_applied": True},
    ),
    (
        Certain,
        "test_a_failed_write_says_whether_it_may_be_applied",
        {"fault": httpx2.ReadTimeout, "kind": UnavailableError, "maybe_applied": True},
    ),
    (Sweeping, "test_an_unreadable_200_is_malformed", {"body": b"<html>"}),
    (Confident, "test_ping_accepts_good_credentials_and_reports_refused_ones", {}),
    (Talkative, "test_no_secret_is_shown", {}),
)


@pytest.mark.parametrize(
    ("broken", "name", "columns"), BROKEN, ids=[f"{each[0].__name__}-{each[1]}" for each in BROKEN]
)
async def test_a_broken_promise_is_found(broken: type[MemoryConnector], name: str, columns: dict[str, Any]) -> None:
    """Each of these connectors breaks one promise, and the test of that promise fails."""
    transport = FaultyTransport(MemoryService())
    connector = broken.open(memory_settings(), transport=transport)
    test: Callable[..., Awaitable[None]] = getattr(TestMemory(), name)
    wanted = {"connector": connector, "transport": transport, "sample": SAMPLE, **columns}
    parameters = inspect.signature(test).parameters

    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await test(**{parameter: wanted[parameter] for parameter in parameters})
    await connector.aclose()


def test_an_override_without_a_reason_is_found() -> None:
    """A contract test must not be replaced, removed, skipped, or expected to fail without a reason."""

    class Replaced(TestMemory):
        async def test_a_page_repeats_when_asked_again(self, connector: Connector[Any]) -> None:
            pass

    class Removed(TestMemory):
        test_a_page_repeats_when_asked_again = None  # type: ignore[assignment]

    class Unexplained(TestMemory):
        @pytest.mark.xfail
        async def test_a_page_repeats_when_asked_again(self, connector: Connector[Any]) -> None:
            pass

    class Skipped(TestMemory):
        pytestmark = [pytest.mark.skip(reason="slow")]  # noqa: RUF012 as pytest reads it

    for each in (Replaced, Removed, Unexplained, Skipped):
        with pytest.raises(AssertionError):
            each().test_no_contract_test_is_overridden()


def test_a_known_failure_with_its_reason_is_accepted() -> None:
    """This is the only way to deviate from the contract."""

    class Explained(TestMemory):
        @pytest.mark.xfail(reason="this vendor shuffles its pages")
        async def test_a_page_repeats_when_asked_again(self, connector: Connector[Any]) -> None:
            pass

    Explained().test_no_contract_test_is_overridden()


def test_every_command_is_tried() -> None:
    """A new verb must be added to the suite."""
    there_are = {
        each
        for each in vars(commands).values()
        if isinstance(each, type) and issubclass(each, TaskCommand) and each is not TaskCommand
    }

    assert there_are == set(COMMANDS)
