"""Each write is one line of the audit, whatever becomes of it."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec import structs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import UpstreamTimeoutError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.audit import AuditLine
from gateway.federation.service import FederatedSources
from gateway.federation.traffic import CallContext, in_context
from gateway.store.sqlite import SqliteJournal
from schema.ports import (
    BulkRequest,
    CancelFlowIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    ReleaseIntent,
    SourceRef,
    StartFlowIntent,
    TakeNextRequest,
)
from tests.gateway.federation.memory_source import NOW, MemoryConnector, federation, task
from tests.gateway.federation.write_requests import ALICE, BOB, CAROL, PEOPLE, REF, perform
from tests.gateway.kept_audit import KeptAudit

SECRET = "a secret of the form"


@pytest.fixture
def audit() -> KeptAudit:
    return KeptAudit()


def opened(audit: KeptAudit, *tasks: Any, **more: Any) -> tuple[FederatedSources, MemoryConnector]:
    north = MemoryConnector("north", list(tasks) or [task("north", "1")])
    return federation(north, people=PEOPLE, audit=audit, **more), north


async def test_a_write_is_one_line(audit: KeptAudit) -> None:
    """Who, from which issuer, where, in whose name, what, with which result, and where to find more."""
    sources, _ = opened(audit)
    alice = structs.replace(ALICE, issuer="https://login.example.com")
    with in_context(CallContext(caller=alice, request_id="r-7")):
        result = await perform(sources, ClaimIntent(), alice)

    assert [
        AuditLine(
            time=NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            kind="write",
            person="alice",
            issuer="https://login.example.com",
            source="north",
            acted_as="account",
            action="CLAIM",
            target="task:1",
            status="APPLIED",
            codes=(),
            operation=result.operation_id,
            request="r-7",
        )
    ] == audit.lines


async def test_a_denied_write_is_one_line_too(audit: KeptAudit) -> None:
    """By the gateway's rules, because there is no such task or source, and by a key that has other arguments."""
    sources, north = opened(audit, task("north", "1", owner="alice"))
    await perform(sources, ReleaseIntent(), BOB)
    await perform(sources, ClaimIntent(), ALICE, target=TaskRef("north", "99"))
    await perform(sources, ClaimIntent(), ALICE, target=TaskRef("south", "1"))
    await perform(sources, ReleaseIntent(), ALICE, key="k")
    await perform(sources, ClaimIntent(), ALICE, key="k")

    assert ["release"] == north.writes
    assert [
        ("bob", "RELEASE", "north", "task:1", "REJECTED"),
        ("alice", "CLAIM", "north", "task:99", "REJECTED"),
        ("alice", "CLAIM", "south", "task:1", "REJECTED"),
        ("alice", "RELEASE", "north", "task:1", "APPLIED"),
        ("alice", "CLAIM", "north", "task:1", "REJECTED"),
    ] == [(each.person, each.action, each.source, each.target, each.status) for each in audit.lines]
    assert [1, 1, 1, 0, 1] == [len(each.codes) for each in audit.lines]
    assert ("IDEMPOTENCY_KEY_REUSED",) == audit.lines[-1].codes


async def test_a_replayed_result_is_no_second_line(audit: KeptAudit) -> None:
    """Nothing was written again."""
    sources, _ = opened(audit)
    first, again = [await perform(sources, ClaimIntent(), ALICE, key="k") for _ in range(2)]

    assert again.replayed
    assert [first.operation_id] == [each.operation for each in audit.lines]


async def test_no_line_holds_what_people_wrote(audit: KeptAudit) -> None:
    """Form data, comments, and the vendor's answers to them."""
    sources, north = opened(audit, task("north", "1", owner="alice"))
    north.fail_write = UpstreamTimeoutError(f"said {SECRET}", maybe_applied=False)
    await perform(sources, CompleteIntent(outcome=SECRET, data={"a": SECRET}, comment=SECRET), ALICE)
    await perform(sources, CommentIntent(text=SECRET), ALICE)

    assert 2 == len(audit.lines)
    assert SECRET not in msgspec.json.encode(audit.lines).decode()


async def test_an_id_of_the_client_is_cut(audit: KeptAudit) -> None:
    """It may be any text, if there is no such task; also one that JSON cannot hold."""
    sources, _ = opened(audit)
    await perform(sources, ClaimIntent(), ALICE, target=TaskRef("\ud800", "\n" * 100_000))

    [line] = audit.lines
    assert (512 + len("task:"), "?") == (len(line.target), line.source)
    assert msgspec.json.encode(line).count(b"\n") == 0


async def test_each_entry_of_a_bulk_action_is_a_line(audit: KeptAudit) -> None:
    """Also one in a source that does not exist; none of a dry run."""
    sources, _ = opened(audit, *(task("north", str(number)) for number in range(3)))
    refs = [*(TaskRef("north", str(number)) for number in range(3)), TaskRef("south", "0")]
    for dry_run in (True, False):
        await sources.perform_bulk(CAROL, BulkRequest(targets=tuple(refs), intent=ClaimIntent(), dry_run=dry_run))

    assert {
        ("north", "task:0", "APPLIED"),
        ("north", "task:1", "APPLIED"),
        ("north", "task:2", "APPLIED"),
        ("south", "task:0", "REJECTED"),
    } == {(each.source, each.target, each.status) for each in audit.lines}
    assert 4 == len(audit.lines)


async def test_the_claim_of_the_next_task_is_a_line(audit: KeptAudit) -> None:
    """Each claim that was tried, and a search that finds none."""
    sources, _ = opened(audit)
    taken = await sources.take_next(ALICE, TakeNextRequest())
    nothing = await sources.take_next(BOB, TakeNextRequest())

    assert [("task:1", "APPLIED", taken.operation_id), ("next", "REJECTED", nothing.operation_id)] == [
        (each.target, each.status, each.operation) for each in audit.lines
    ]


async def test_a_write_to_a_flow_names_the_flow_and_a_new_one_its_source(audit: KeptAudit) -> None:
    """The memory source has neither verb: denied writes."""
    sources, _ = opened(audit)
    await perform(sources, CancelFlowIntent(), CAROL, target=FlowRef("north", "f1"))
    await perform(sources, StartFlowIntent(definition_key="d"), CAROL, target=SourceRef("north"))

    assert [("flow:f1", "CANCEL_FLOW", "REJECTED"), ("source", "START_FLOW", "REJECTED")] == [
        (each.target, each.action, each.status) for each in audit.lines
    ]


async def test_what_is_found_out_later_is_a_line_of_its_own(audit: KeptAudit) -> None:
    """By the same operation id. It names no request, although one may have caused the look."""
    ticks = [0.0]
    sources, north = opened(audit, monotonic=lambda: ticks[0], now=lambda: NOW + timedelta(seconds=ticks[0]))
    north.fail_write = UpstreamTimeoutError("lost", maybe_applied=True)
    with in_context(CallContext(caller=ALICE, request_id="r-1")):
        lost = await perform(sources, ClaimIntent(), ALICE, key="k")
        assert MutationStatus.UNKNOWN is lost.status
        north.held["1"] = task("north", "1", owner="alice")
        ticks[0] += 2.0
        again = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert MutationStatus.APPLIED is again.status
    assert [("write", "UNKNOWN", "r-1"), ("settled", "APPLIED", None)] == [
        (each.kind, each.status, each.request) for each in audit.lines
    ]
    assert {lost.operation_id} == {each.operation for each in audit.lines}


@pytest.mark.parametrize(("method", "status"), [("record", "UNKNOWN"), ("catch_up", "REJECTED")])
async def test_a_fault_of_the_gateway_takes_no_line_away(audit: KeptAudit, method: str, status: str) -> None:
    """After the request was sent, and before."""
    sources, _ = opened(audit)

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    setattr(sources._writes._recorder, method, broken)
    with pytest.raises(ZeroDivisionError):
        await perform(sources, ClaimIntent(), ALICE)

    assert [("write", "alice", "CLAIM", status)] == audit.told


async def test_a_write_that_the_end_of_a_process_cut_off_is_a_line(audit: KeptAudit) -> None:
    """At the next start: it never had one."""
    journal = SqliteJournal(None)
    await journal.admit(
        operation_id="op-1",
        person="alice",
        client_key=None,
        fingerprint="",
        source="north",
        target=REF,
        action=ClaimIntent.action,
    )
    sources, _ = opened(audit, journal=journal)
    await sources.start()
    await sources.stop()

    assert [("recovered", "alice", "CLAIM", "REJECTED")] == audit.told
