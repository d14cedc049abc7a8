"""What the end of a request says of the source."""

import pytest

from connectors.sdk.errors import AlreadyAssignedError, BrokenError, ConnectorError, NotFoundError, UnavailableError
from gateway.federation.traffic.request_outcome import RequestOutcome


@pytest.mark.parametrize(
    ("status", "error", "failed"),
    [
        (500, UnavailableError("failed"), True),
        (500, BrokenError("no such tenant"), True),
        (500, NotFoundError("no such task"), False),
        (500, AlreadyAssignedError("another person's"), False),
        (404, NotFoundError("no such task"), False),
        (501, UnavailableError("failed"), False),
    ],
)
def test_a_refusal_with_a_status_of_failures_is_a_refusal(status: int, error: ConnectorError, failed: bool) -> None:
    """Some vendors answer 500 with a text that says what is wrong with the request."""
    assert failed is RequestOutcome(status=status, error=error).failed(in_haste=False)
