"""A vendor that has nothing where its lists should be: the configured address is wrong."""

from connectors.sdk.errors import BrokenError, ConnectorError, NotFoundError
from connectors.sdk.settings import SourceSettings


def of_address(error: ConnectorError, settings: SourceSettings) -> ConnectorError:
    """For a failed question about no single record: a 404 is one about the address. Any other error as it is."""
    if not isinstance(error, NotFoundError) or not error.is_address:
        return error
    broken = BrokenError(
        f"has nothing at its address (status 404); check {', '.join(settings.address_keys)}",
        native_status=error.native_status,
    ).in_own_words()
    return broken.at(error.source or settings.key, error.operation or "")
