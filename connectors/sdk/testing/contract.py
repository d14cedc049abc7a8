"""The suite that every vendor's tests inherit: what the gateway relies on, checked against the vendor's stand-in.

A vendor writes one class with `connector_type` and three fixtures, `transport`, `connector` and `sample`:

    class TestAcme(ConnectorContract):
        connector_type = AcmeConnector

        @pytest.fixture
        def transport(self) -> FaultyTransport:
            return FaultyTransport(httpx2.ASGITransport(app=a_fresh_stand_in()))

A promise that a vendor cannot keep is overridden with `xfail(reason=...)`; any other override fails.
"""

import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar
from zlib import MAX_WBITS, compressobj

import httpx2
import pytest

from connectors.sdk.commands import (
    AddComment,
    Claim,
    CreateTask,
    FlowCommand,
    MutationStatus,
    ResumeFlow,
    StartFlow,
    SuspendFlow,
    TaskCommand,
)
from connectors.sdk.connector import Connector
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedActionError,
)
from connectors.sdk.model import OPEN_STATES, DetailAspect, Flow, FlowState, Task
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing.faulty_transport import FAULTS, Fault, FaultyTransport, Reply
from connectors.sdk.testing.sample import (
    COMMANDS,
    COMMENT,
    FLOW_COMMANDS,
    STRANGE_IDS,
    ContractSample,
    by,
    command_on,
    drain,
    drain_listing,
    flow_took_effect,
    prepared,
    queries,
    read,
    read_flow,
    secrets_of,
    some_write,
    task_of,
    took_effect,
)

__all__ = ["ConnectorContract", "ContractSample", "FaultyTransport", "Reply"]

each_fault = pytest.mark.parametrize(
    ("fault", "kind", "maybe_applied"),
    FAULTS,
    ids=[str(fault.status) if isinstance(fault, Reply) else fault.__name__ for fault, _, _ in FAULTS],
)
each_unreadable_body = pytest.mark.parametrize(
    "body", [b"<html>", b"42", b'"text"', b"null", b"", b"{", b"[" * 5000, b"\xff\xfe"]
)


class ConnectorContract:
    """What a connector promises. Each test has a stand-in of its own."""

    connector_type: ClassVar[type[Connector[Any]]]

    @pytest.fixture
    def transport(self) -> FaultyTransport:
        """The transport onto a fresh stand-in of the vendor."""
        raise pytest.UsageError(f"{type(self).__name__} has no fixture `transport`")

    @pytest.fixture
    async def connector(self, transport: FaultyTransport) -> Connector[Any]:
        """An opened connector on `transport`, with credentials among its settings; closed afterwards."""
        raise pytest.UsageError(f"{type(self).__name__} has no fixture `connector`")

    @pytest.fixture
    def sample(self, transport: FaultyTransport) -> ContractSample:
        raise pytest.UsageError(f"{type(self).__name__} has no fixture `sample`")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "verb" in metafunc.fixturenames:
            verbs = [verb for verb in COMMANDS if verb in self.connector_type.declared()]
            metafunc.parametrize("verb", verbs, ids=[verb.__name__ for verb in verbs])
        if "flow_verb" in metafunc.fixturenames:
            flow_verbs = [verb for verb in FLOW_COMMANDS if verb in self.connector_type.declared()]
            metafunc.parametrize("flow_verb", flow_verbs, ids=[verb.__name__ for verb in flow_verbs])

    # Lists

    async def test_a_page_repeats_when_asked_again(self, connector: Connector[Any]) -> None:
        """The first page and the one behind it are the same when nothing changed."""
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
        """Whatever the page size; the tasks known to be there are among them."""
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        small = [task.native_id for task in await drain(connector, query, 3)]
        large = [task.native_id for task in await drain(connector, query, connector.info.page_limit)]

        assert len(small) == len(set(small))
        assert sorted(large) == sorted(small)
        assert set(sample.unowned) <= set(small)

    async def test_a_list_is_exactly_its_pushed_down_query(
        self, connector: Connector[Any], sample: ContractSample
    ) -> None:
        """Every listed task matches what was pushed down, none of them is left out, and the query lost no match."""
        everything = await drain(connector, connector.pushdown(TaskQuery()), connector.info.page_limit)
        for query in queries(sample, everything):
            pushed = connector.pushdown(query)
            listed = {task.native_id for task in await drain(connector, pushed, connector.info.page_limit)}

            assert pushed.order == ()
            assert {task.native_id for task in everything if pushed.matches(task)} == listed, pushed
            assert {task.native_id for task in everything if query.matches(task)} <= listed, query

    async def test_rows_name_their_source_and_have_aware_times(self, connector: Connector[Any]) -> None:
        """And their ids are ids that the connector knows as such."""
        for task in await drain(connector, connector.pushdown(TaskQuery()), connector.info.page_limit):
            times = [task.fetched_at, task.created_at, task.updated_at, task.due_at, task.completed_at]

            assert connector.source == task.source
            assert connector.is_native_id(task.native_id)
            assert all(time.utcoffset() == timedelta(0) for time in times if time is not None)

    # Single tasks

    async def test_many_ids_cost_no_more_calls_than_there_are(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """Ids given twice count once, no ids cost nothing, and what is found stands under its id."""
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
        """Also beside one that is there."""
        known = sample.unowned[0]

        assert {} == await connector.get_tasks([sample.unknown_id])
        assert [known] == list(await connector.get_tasks([sample.unknown_id, known]))

    @pytest.mark.parametrize("native_id", STRANGE_IDS)
    async def test_an_id_that_tries_to_leave_the_path_is_absent(
        self, connector: Connector[Any], transport: FaultyTransport, native_id: str
    ) -> None:
        """What is sent for it, if anything, stays on the origin and below the path of the source."""
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
        """Absent, or NotFoundError where the vendor answers many ids at once."""
        await connector.ping()
        with transport.failing(Reply(404)):
            errors = await _errors(lambda: connector.get_tasks([sample.unowned[0]]))

        assert all(isinstance(error, NotFoundError) for error in errors)

    # Verbs

    async def test_a_declared_verb_moves_the_state(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, verb: type[TaskCommand]
    ) -> None:
        """By one request where it is atomic; the outcome's record is what a reader then sees."""
        command = await prepared(connector, sample, verb)
        with transport.counting() as requests:
            outcome = await connector.perform(command)
        found = task_of(await connector.get_tasks([command.task.native_id]), command.task.native_id)

        assert outcome.status in {MutationStatus.APPLIED, MutationStatus.PENDING}
        assert command.task.native_id == outcome.task.native_id
        assert took_effect(command, outcome.task), outcome.task
        if connector.info.capabilities[verb].atomic:
            assert 1 == len(requests)
        if outcome.status is MutationStatus.APPLIED:
            assert took_effect(command, found), found

    async def test_a_second_application_does_what_guarded_says(
        self, connector: Connector[Any], sample: ContractSample, verb: type[TaskCommand]
    ) -> None:
        """Decided on the same record, a guarded verb is refused the second time and changes nothing."""
        command = await prepared(connector, sample, verb)
        await connector.perform(command)
        second = by(sample.other, command) if isinstance(command, Claim) else command
        errors = await _errors(lambda: connector.perform(second))
        found = task_of(await connector.get_tasks([command.task.native_id]), command.task.native_id)
        how = connector.info.capabilities[verb]

        if how.guarded:
            assert [True] == [isinstance(error, RejectedError) for error in errors]
            assert took_effect(command, found), found
        elif how.atomic:
            assert [] == errors
        assert not any(error.maybe_applied for error in errors)

    async def test_an_undeclared_verb_is_refused_without_a_request(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """With the ways to cancel that the source does have."""
        task = await read(connector, sample.unowned[0])
        for verb in (verb for verb in COMMANDS if verb not in connector.info.capabilities):
            with transport.counting() as requests, pytest.raises(UnsupportedActionError) as caught:
                await connector.perform(command_on(connector, sample, verb, task))

            assert [] == requests
            assert connector.info.cancel_strategies == caught.value.alternatives

    async def test_a_comment_is_read_back(self, connector: Connector[Any], sample: ContractSample) -> None:
        """With its text, once, among those that were there."""
        if AddComment not in connector.info.capabilities:
            pytest.skip(f"{connector.info.title} keeps no comments on a task")
        command = await prepared(connector, sample, AddComment)
        before = (await connector.get_detail(command.task, frozenset({DetailAspect.COMMENTS}))).comments or ()
        await connector.perform(command)
        after = (await connector.get_detail(command.task, frozenset({DetailAspect.COMMENTS}))).comments or ()

        assert len(before) + 1 == len(after)
        assert 1 == sum(COMMENT in comment.text for comment in after)
        assert len(after) == len({comment.native_id for comment in after})

    async def test_a_created_task_is_there(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """Under the id of the outcome, by one request."""
        if CreateTask not in connector.info.capabilities or sample.create is None:
            pytest.skip(f"{connector.info.title} makes tasks by its flows only")
        with transport.counting() as requests:
            outcome = await connector.perform(sample.create)
        found = await read(connector, outcome.task.native_id)

        assert sample.create.title == found.title == outcome.task.title
        if connector.info.capabilities[CreateTask].atomic:
            assert 1 == len(requests)

    # Flows

    async def test_flows_are_found_by_their_ids(self, connector: Connector[Any], sample: ContractSample) -> None:
        """An unknown one is absent; no ids cost nothing."""
        if sample.flow is None:
            pytest.skip(f"{connector.info.title} shows no flows")
        found = await connector.get_flows([sample.flow, sample.unknown_id, sample.flow])

        assert [sample.flow] == list(found)
        assert FlowState.ACTIVE is (await read_flow(connector, sample.flow)).state
        assert {} == await connector.get_flows([])

    async def test_a_declared_flow_verb_moves_the_flow(
        self,
        connector: Connector[Any],
        transport: FaultyTransport,
        sample: ContractSample,
        flow_verb: type[FlowCommand],
    ) -> None:
        """By one request where it is atomic; the outcome's record is what a reader then sees."""
        assert sample.flow is not None
        flow = await read_flow(connector, sample.flow)
        if flow_verb is ResumeFlow:
            await connector.perform_on_flow(SuspendFlow(flow=flow, actor=sample.actor))
            flow = await read_flow(connector, sample.flow)
        command = flow_verb(flow=flow, actor=sample.actor, reason="no longer needed")
        with transport.counting() as requests:
            outcome = await connector.perform_on_flow(command)
        found = (await connector.get_flows([flow.native_id])).get(flow.native_id)

        assert flow.native_id == outcome.flow.native_id
        assert flow_took_effect(command, outcome.flow), outcome.flow
        if connector.info.capabilities[flow_verb].atomic:
            assert 1 == len(requests)
        if outcome.status is MutationStatus.APPLIED:
            assert found is None or isinstance(found, Flow)
            assert flow_took_effect(command, found), found

    async def test_a_started_flow_is_there(self, connector: Connector[Any], sample: ContractSample) -> None:
        """Under the id of the outcome, and ACTIVE."""
        if StartFlow not in connector.info.capabilities or sample.start_flow is None:
            pytest.skip(f"{connector.info.title} starts no flows")
        outcome = await connector.perform_on_flow(sample.start_flow)
        found = await read_flow(connector, outcome.flow.native_id)

        assert FlowState.ACTIVE is outcome.flow.state is found.state

    async def test_an_undeclared_flow_verb_is_refused_without_a_request(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """Whatever flow it is about."""
        flow = Flow(
            source=connector.source,
            native_id="1",
            state=FlowState.ACTIVE,
            rule="contract",
            fetched_at=connector.clock(),
        )
        wanted: list[FlowCommand | StartFlow] = [
            *(verb(flow=flow) for verb in FLOW_COMMANDS),
            StartFlow(definition_key="any"),
        ]
        for command in (command for command in wanted if type(command) not in connector.info.capabilities):
            with transport.counting() as requests, pytest.raises(UnsupportedActionError):
                await connector.perform_on_flow(command)

            assert [] == requests

    @pytest.mark.parametrize("listing", [Listing.FLOWS, Listing.USERS, Listing.GROUPS, Listing.TASK_DEFINITIONS])
    async def test_a_listing_gives_each_thing_once(
        self, connector: Connector[Any], transport: FaultyTransport, listing: Listing
    ) -> None:
        """Whatever the page size; one that the vendor has not is empty without a request."""
        with transport.counting() as requests:
            small = await drain_listing(connector, listing, 2)
        large = await drain_listing(connector, listing, connector.info.page_limit)

        assert len(small) == len(set(small))
        assert sorted(large) == sorted(small)
        if listing not in connector.listings:
            assert ([], []) == (small, requests)

    # Failures

    @each_fault
    async def test_a_failed_read_is_the_right_error(
        self,
        connector: Connector[Any],
        transport: FaultyTransport,
        sample: ContractSample,
        fault: Fault,
        kind: type[ConnectorError],
        maybe_applied: bool,  # noqa: FBT001 it is a column of the table
    ) -> None:
        """Nothing is sent twice (but for a renewed login), and nothing can have been applied."""
        await connector.ping()
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        for ask in (
            lambda: connector.list_tasks(query, limit=5),
            lambda: connector.get_tasks([sample.unowned[0]]),
        ):
            with transport.failing(fault) as requests:
                errors = await _errors(ask)

            assert [(True, False)] == [(isinstance(error, kind), error.maybe_applied) for error in errors]
            assert kind is UnauthenticatedError or _all_differ(requests)

    @each_fault
    async def test_a_failed_write_says_whether_it_may_be_applied(
        self,
        connector: Connector[Any],
        transport: FaultyTransport,
        sample: ContractSample,
        fault: Fault,
        kind: type[ConnectorError],
        maybe_applied: bool,  # noqa: FBT001 it is a column of the table
    ) -> None:
        """It was sent once (but for a renewed login)."""
        command = await some_write(connector, sample)
        with transport.failing(fault) as requests:
            errors = await _errors(lambda: connector.perform(command))

        assert [(True, maybe_applied)] == [(isinstance(error, kind), error.maybe_applied) for error in errors]
        assert kind is UnauthenticatedError or _all_differ(requests)

    @each_unreadable_body
    async def test_an_unreadable_200_is_malformed(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, body: bytes
    ) -> None:
        """Not JSON, JSON of another shape, nothing at all, nested without end, no UTF-8."""
        await connector.ping()
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        with transport.failing(Reply(200, {"Content-Type": "application/json"}, body)):
            errors = await _errors(lambda: connector.list_tasks(query, limit=5))
            errors += await _errors(lambda: connector.get_tasks([sample.unowned[0]]))

        assert [MalformedResponseError, MalformedResponseError] == [type(error) for error in errors]

    @pytest.mark.parametrize("encoding", ["identity", "gzip"])
    async def test_an_oversized_answer_is_malformed(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample, encoding: str
    ) -> None:
        """Also a small one that decodes to more than max_response_bytes; a write may be applied then."""
        command = await some_write(connector, sample)
        query = connector.pushdown(TaskQuery(states=OPEN_STATES))
        body = b" " * (connector.settings.max_response_bytes + 1)
        headers = {"Content-Type": "application/json"}
        if encoding == "gzip":
            packer = compressobj(wbits=16 + MAX_WBITS)
            body, headers = packer.compress(body) + packer.flush(), {**headers, "Content-Encoding": "gzip"}
        with transport.failing(Reply(200, headers, body)):
            errors = await _errors(lambda: connector.list_tasks(query, limit=5))
            errors += await _errors(lambda: connector.get_tasks([sample.unowned[0]]))
            errors += await _errors(lambda: connector.perform(command))

        assert [MalformedResponseError] * 3 == [type(error) for error in errors]
        assert [False, False, True] == [error.maybe_applied for error in errors]

    async def test_retry_after_is_when_the_vendor_listens_again(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """The header's date is the error's."""
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        query = connector.pushdown(TaskQuery())
        with transport.failing(Reply(429, {"Retry-After": format_datetime(at, usegmt=True)})):
            errors = await _errors(lambda: connector.list_tasks(query, limit=5))

        assert [at] == [error.retry_at for error in errors if isinstance(error, RateLimitedError)]

    async def test_ping_accepts_good_credentials_and_reports_refused_ones(
        self, connector: Connector[Any], transport: FaultyTransport
    ) -> None:
        """It asks the upstream each time."""
        with transport.counting() as requests:
            await connector.ping()
        assert requests

        with transport.failing(Reply(401)) as requests, pytest.raises(UnauthenticatedError):
            await connector.ping()
        assert requests

        with transport.failing(httpx2.ConnectError), pytest.raises(UnavailableError):
            await connector.ping()

    async def test_no_secret_is_shown(
        self, connector: Connector[Any], transport: FaultyTransport, sample: ContractSample
    ) -> None:
        """Neither by an error's text and traceback, nor by the settings or the connector; vendors may echo ours."""
        with transport.counting() as requests:
            command = await some_write(connector, sample)
        secrets = secrets_of(connector.settings.model_dump())
        sent = {value.split(" ")[-1] for r in requests if (value := r.headers.get("authorization"))}
        echo = " ".join(sorted(secrets | sent)).encode()
        query = connector.pushdown(TaskQuery())
        shown = [repr(connector.settings), str(connector.settings), repr(connector)]
        for fault in (
            *(fault for fault, _, _ in FAULTS),
            Reply(500, {"Content-Type": "text/plain"}, echo),
            Reply(401, {"Content-Type": "text/plain"}, echo),
            Reply(200, {"Content-Type": "application/json"}, b'"' + echo + b'"'),
        ):
            with transport.failing(fault):
                errors = await _errors(lambda: connector.list_tasks(query, limit=5))
                errors += await _errors(lambda: connector.perform(command))
            shown += [f"{e!s} {e!r} {e.native_code} {''.join(traceback.format_exception(e))}" for e in errors]

        assert secrets
        assert [] == [text for text in shown for secret in secrets | sent if secret in text]

    def test_no_contract_test_is_overridden(self) -> None:
        """Unless it is marked as a known failure with its reason."""
        promised = {name: test for name, test in vars(ConnectorContract).items() if name.startswith("test_")}
        changed = [name for name, test in promised.items() if getattr(type(self), name) is not test]

        assert [] == [name for name in changed if not _has_reason(getattr(type(self), name))]
        assert [] == [mark.name for mark in getattr(type(self), "pytestmark", []) if mark.name != "parametrize"]


def _has_reason(test: object) -> bool:
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in getattr(test, "pytestmark", []))


async def _errors(act: Callable[[], Awaitable[object]]) -> list[ConnectorError]:
    """The error raised, or those that stand among the values."""
    try:
        result = await act()
    except ConnectorError as error:
        return [error]
    values = result.values() if isinstance(result, Mapping) else ()
    return [value for value in values if isinstance(value, ConnectorError)]


def _versions(tasks: Sequence[Task]) -> set[tuple[str, str]]:
    return {(task.native_id, task.version) for task in tasks}


def _all_differ(requests: Sequence[httpx2.Request]) -> bool:
    sent = [(request.method, str(request.url), request.content) for request in requests]
    return bool(sent) and len(sent) == len(set(sent))
