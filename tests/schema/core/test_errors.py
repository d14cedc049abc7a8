"""What clients see of a failure."""

from datetime import UTC, datetime
from typing import ClassVar

import pytest
from graphql import GraphQLError
from structlog.testing import capture_logs

from connectors.sdk import errors
from connectors.sdk.errors import (
    ConnectorError,
    Failure,
    GatewayError,
    GatewayUnavailableError,
    InputError,
    MalformedResponseError,
    RateLimitedError,
    ValidationFailedError,
)
from schema.core.enums import UserErrorCode
from schema.core.errors import client_error
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation, a_task


class _TellTaleError(Exception):
    """A bug whose text clients must not see, with members that graphql-core would copy."""

    extensions: ClassVar[dict[str, str]] = {"secret": "s3cret"}


async def test_bug_is_masked_and_logged(ask: Ask, federation: FakeFederation) -> None:
    """The client gets INTERNAL and the path. The log has the exception."""
    federation.broken = _TellTaleError("password s3cret")
    with capture_logs() as logs:
        result = await ask("{ viewer { inbox { isComplete } } }")
    (error,) = result.errors

    assert ("internal error", ["viewer", "inbox"], {"code": "INTERNAL"}) == (
        error["message"],
        error["path"],
        error["extensions"],
    )
    assert "s3cret" not in str(error)
    assert [("internal error", federation.broken)] == [(line["event"], line["exc_info"]) for line in logs]


async def test_value_that_cannot_be_written_is_masked(ask: Ask, federation: FakeFederation) -> None:
    """An error of a scalar is a bug too, although it is a GraphQLError."""
    federation.add(a_task(title=object()))  # no mapping produces this
    with capture_logs() as logs:
        result = await ask("{ tasks { nodes { title } } }")

    assert [("internal error", {"code": "INTERNAL"})] == [
        (error["message"], error["extensions"]) for error in result.errors
    ]
    assert 1 == len(logs)


@pytest.mark.parametrize("document", ["{", "{ nothing }", "query($n: Int!) { tasks(first: $n) { isComplete } }"])
async def test_errors_of_a_bad_request_are_shown(document: str, ask: Ask) -> None:
    """Errors of parsing, validation and coercion are for the client."""
    with capture_logs() as logs:
        result = await ask(document)

    assert result.errors
    assert "internal error" not in [error["message"] for error in result.errors]
    assert [] == logs


@pytest.mark.parametrize(
    ("failure", "message", "extensions"),
    [
        (
            MalformedResponseError("not JSON", native_status=200).at("c8", "get_task"),
            "not JSON",
            {"code": "UPSTREAM_ERROR", "source": "c8"},
        ),
        (
            RateLimitedError("wait", retry_at=datetime(2026, 6, 15, 9, tzinfo=UTC)).at("c8", "get_task"),
            "wait",
            {"code": "RATE_LIMITED", "source": "c8", "retryAt": "2026-06-15T09:00:00.000Z"},
        ),
        (
            ValidationFailedError("too long", field=("data", "name")).at("c8", "complete"),
            "too long",
            {"code": "VALIDATION_FAILED", "source": "c8", "field": ["data", "name"]},
        ),
        (InputError("too many"), "too many", {"code": "VALIDATION_FAILED"}),
        (
            InputError("too many", field=("first",)),
            "too many",
            {"code": "VALIDATION_FAILED", "field": ["first"]},
        ),
        (GatewayUnavailableError("disk full"), "disk full", {"code": "GATEWAY_UNAVAILABLE"}),
    ],
)
def test_an_expected_failure_has_its_code_and_path(
    failure: Failure, message: str, extensions: dict[str, object]
) -> None:
    """For all three roots. Of the exception only the message and the extensions of its code are shown."""
    seen = client_error(GraphQLError("x", path=["task"], original_error=failure))

    assert {"message": message, "path": ["task"], "extensions": extensions} == seen.formatted


def test_the_codes_of_all_failures_are_codes_of_the_graph() -> None:
    """Clients know each of them."""
    roots = (ConnectorError, InputError, GatewayError)
    codes = {one.code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, roots)}

    assert set(UserErrorCode.__members__) == codes
