"""Full scans that ran out of time: the next question, and the gateway by itself, go on where they stopped."""

import asyncio
from datetime import UTC, datetime

import anyio
import pytest

from connectors.sdk.errors import (
    ConnectorError,
    ForbiddenError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
    ValidationFailedError,
)
from connectors.sdk.model import Group
from connectors.sdk.query import Page
from gateway.federation.lists.begun_scans import LONGEST, BegunScans, ran_out_of_time
from gateway.federation.lists.full_scan import Scan, Snapshot

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
LATE = UpstreamTimeoutError("did not answer in time")


class Vendor:
    """Five pages of two rows. Of the pages that are asked for, those in `failing` fail once, by their number."""

    def __init__(self, **failing: ConnectorError) -> None:
        self.failing = {int(place.removeprefix("p")): error for place, error in failing.items()}
        self.asked: list[int] = []

    async def page(self, size: int, cursor: str | None) -> Page[Group]:
        place = int(cursor or 0)
        self.asked.append(place)
        error = self.failing.pop(place, None)
        if error is not None:
            raise error
        rows = tuple(Group(native_id=f"{place}{letter}", name="x") for letter in "ab")
        return Page(items=rows, next_cursor=str(place + 1) if place < 4 else None)


@pytest.fixture
def scans() -> BegunScans:
    return BegunScans(now=lambda: NOW, changes=lambda: 7)


def make() -> Scan[Group]:
    return Scan(page_limit=2, scan_limit=100)


async def run(scans: BegunScans, vendor: Vendor, *, anew: bool = False) -> Snapshot[Group]:
    snapshot, number = await scans.run("key", vendor.page, make, anew=anew)

    assert 7 == number
    return snapshot


@pytest.mark.parametrize("error", [LATE, RateLimitedError("later"), UnavailableError("cut the connection")])
async def test_the_next_question_goes_on(scans: BegunScans, error: ConnectorError) -> None:
    """No page is read twice, and the age is that of the first page."""
    vendor = Vendor(p3=error)
    first, second = await run(scans, vendor), await run(scans, vendor)

    assert (6, True, error) == (len(first.rows), first.truncated, first.error)
    assert (10, False, None, NOW) == (len(second.rows), second.truncated, second.error, second.read_from)
    assert [0, 1, 2, 3, 3, 4] == vendor.asked


async def test_a_scan_of_pages_without_rows_goes_on_too(scans: BegunScans) -> None:
    """The failure is raised, because there is nothing to show."""

    async def empty(size: int, cursor: str | None) -> Page[Group]:
        page = await vendor.page(size, cursor)
        return page if cursor == "4" else Page(items=(), next_cursor=page.next_cursor)

    vendor = Vendor(p2=LATE)
    with pytest.raises(UpstreamTimeoutError):
        await scans.run("key", empty, make, anew=False)
    snapshot, _ = await scans.run("key", empty, make, anew=False)

    assert ["4a", "4b"] == [row.native_id for row in snapshot.rows]
    assert [0, 1, 2, 2, 3, 4] == vendor.asked


@pytest.mark.parametrize("error", [ForbiddenError("no"), ValidationFailedError("no such cursor", native_status=400)])
async def test_a_place_that_the_vendor_refuses_is_given_up(scans: BegunScans, error: ConnectorError) -> None:
    """The scan begins again at the first page."""
    vendor = Vendor(p3=LATE)
    await run(scans, vendor)
    vendor.failing[3] = error
    second = await run(scans, vendor)

    assert (10, None) == (len(second.rows), second.read_from)
    assert [0, 1, 2, 3, 3, 0, 1, 2, 3, 4] == vendor.asked


async def test_a_fresh_question_begins_at_the_first_page(scans: BegunScans) -> None:
    """It must show what was there after it was asked."""
    vendor = Vendor(p3=LATE)
    await run(scans, vendor)
    second = await run(scans, vendor, anew=True)

    assert (10, None) == (len(second.rows), second.read_from)


async def test_old_rows_are_not_continued(scans: BegunScans, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two minutes the first page is read again."""
    vendor = Vendor(p3=LATE)
    await run(scans, vendor)
    later = anyio.current_time() + LONGEST + 1
    monkeypatch.setattr("gateway.federation.lists.begun_scans.anyio.current_time", lambda: later)

    assert (await run(scans, vendor)).read_from is None


async def test_the_gateway_goes_on_by_itself(scans: BegunScans) -> None:
    """Until the scan is complete, however often it runs out of time; at most one task for a scan."""
    vendor = Vendor(p1=LATE, p3=LATE)
    answers: list[Snapshot[Group]] = [await run(scans, vendor)]

    async def ask() -> Snapshot[Group]:
        answers.append(await run(scans, vendor))
        return answers[-1]

    scans.go_on("key", ask)
    scans.go_on("key", ask)
    await asyncio.gather(*scans._going_on.values())

    assert [2, 6, 10] == [len(answer.rows) for answer in answers]
    assert [0, 1, 1, 2, 3, 3, 4] == vendor.asked


async def test_a_scan_without_progress_is_left_alone(scans: BegunScans) -> None:
    """Otherwise a vendor that hangs would be asked for a minute."""
    asked: list[None] = []

    async def ask() -> Snapshot[Group]:
        asked.append(None)
        raise LATE

    scans.go_on("key", ask)
    await asyncio.gather(*scans._going_on.values())

    assert 1 == len(asked)


def test_only_our_own_deadline_counts_as_running_out_of_time() -> None:
    """A vendor that gives up (408, 504) has failed."""
    given_up = UpstreamTimeoutError("gave up", native_status=504)

    assert (True, False, False, False) == (
        ran_out_of_time(LATE),
        ran_out_of_time(given_up),
        ran_out_of_time(UnavailableError("x")),
        ran_out_of_time(None),
    )
