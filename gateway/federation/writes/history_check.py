"""Whether a vendor's history shows what the gateway's account did: a history that does not proves nothing later."""

from datetime import timedelta
from typing import Any

from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, Task
from gateway.federation.writes.authorship import SKEW, Trust, Who, who_made
from gateway.federation.writes.proof import command_of
from gateway.store import Journal


async def shows_last_write(connector: Connector[Any], journal: Journal) -> bool | None:
    """Whether the last applied write that leaves an entry has left one. None if that cannot be told.

    Raises GatewayUnavailableError.
    """
    entries = connector.traces.entries
    if not entries or connector.settings.acts_as != "service":
        return None
    found = await journal.last_applied(connector.source, [command.__name__ for command in entries])
    if found is None or found[1].evidence is None:
        return None
    ref, evidence = found[0], found[1].evidence
    command = command_of(evidence)
    try:
        account = await connector.own_account()
        task = (await connector.get_tasks([ref.native_id])).get(ref.native_id)
        if not isinstance(task, Task) or account is None or command is None:
            return None
        detail = await connector.get_detail(task, {DetailAspect.ACTIVITIES})
    except ConnectorError:
        return None
    trust = Trust(traces=connector.traces, late=timedelta(0), account=account, is_exclusive=True)
    return any(
        entry.type in entries[command]
        and entry.at >= evidence.sent_at - SKEW
        and who_made(entry, evidence, trust) is Who.OURS
        for entry in detail.activities or ()
    )
