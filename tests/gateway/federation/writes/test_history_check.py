"""Whether a source's history shows the gateway's last write."""

import pytest

from connectors.sdk.errors import UnavailableError
from connectors.sdk.traces import Traces
from gateway.federation.writes import shows_last_write
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, Intent, ReleaseIntent
from tests.gateway.federation.memory_source import federation, task
from tests.gateway.federation.rich_source import RichConnector
from tests.gateway.federation.write_requests import ALICE, PEOPLE, perform


@pytest.mark.parametrize(
    ("intent", "spoil", "expected"),
    [
        (ReleaseIntent(), lambda north: None, True),
        # The source records nothing of its accounts.
        (ReleaseIntent(), lambda north: north.history.clear(), False),
        # No write that leaves an entry; no history; no answer.
        (ClaimIntent(), lambda north: None, None),
        (ReleaseIntent(), lambda north: setattr(north, "traces", Traces()), None),
        (ReleaseIntent(), lambda north: setattr(north, "fail", UnavailableError("down")), None),
    ],
)
async def test_the_history_is_asked_for_the_last_write(intent: Intent, spoil: object, expected: bool | None) -> None:
    """None if it cannot be told."""
    north = RichConnector("north", [task("north", "1", owner="alice" if isinstance(intent, ReleaseIntent) else None)])
    journal = SqliteJournal(None)
    await perform(federation(north, people=PEOPLE, journal=journal), intent, ALICE)
    assert callable(spoil)
    spoil(north)

    assert expected is await shows_last_write(north, journal)
