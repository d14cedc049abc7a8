"""What the account of a source may not list, for `taskgate check`: one small page of each list that the vendor has."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.sdk.connector import Connector


async def forbidden_lists(connector: "Connector[Any]") -> Sequence[str]:
    """Names of the lists that are forbidden. What fails for another reason is not told here."""
    from connectors.sdk.connector_info import Listing
    from connectors.sdk.errors import ConnectorError, ForbiddenError
    from connectors.sdk.query import FlowQuery

    pages: dict[Listing, Callable[[], Awaitable[object]]] = {
        Listing.FLOWS: lambda: connector.list_flows(connector.pushdown_flows(FlowQuery()), limit=1),
        Listing.USERS: lambda: connector.list_users(limit=1),
        Listing.GROUPS: lambda: connector.list_groups(limit=1),
        Listing.TASK_DEFINITIONS: lambda: connector.list_task_definitions(limit=1),
    }
    found = []
    for listing, page in pages.items():
        if listing not in connector.info.listings:
            continue
        try:
            await page()
        except ForbiddenError:
            found.append(listing.value)
        except ConnectorError:
            continue
    return found
