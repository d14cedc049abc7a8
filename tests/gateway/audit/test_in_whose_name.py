"""What the audit says of whose credentials the source was called with."""

import pytest

from connectors.sdk.model import NativeRef
from schema.ports import AssignIntent, ClaimIntent, PersonId, ReleaseIntent
from tests.gateway.bridge import INVOICE, KEY, opened, ref_of


@pytest.mark.parametrize(
    ("acts_as", "named"),
    [("service", ["account", "account", "account"]), ("viewer", ["person", "account", "person"])],
)
async def test_it_is_as_the_request_was_sent(acts_as: str, named: list[str]) -> None:
    """A claim is the person's own where the source acts as the person; an assignment is the account's in any case.

    Where nothing was sent it is what would have been: the last write is denied by the gateway.
    """
    async with opened(acts_as) as bridge:
        bridge.stand_in.set_up()
        first = ref_of(bridge.one(**INVOICE))
        await bridge.write("alice", first, ClaimIntent())
        to_bob = AssignIntent(user=PersonId(ref=NativeRef(KEY, "bob@example.com")), override=True)
        await bridge.write("carol", first, to_bob)
        await bridge.write("alice", first, ReleaseIntent())

    assert ["APPLIED", "APPLIED", "REJECTED"] == [line.status for line in bridge.audit.lines]
    assert named == [line.acted_as for line in bridge.audit.lines]
