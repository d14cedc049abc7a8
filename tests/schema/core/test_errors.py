"""What a client may read of a failure."""

from typing import ClassVar

import pytest
from graphql import GraphQLError
from structlog.testing import capture_logs

from connectors.sdk.errors import MalformedResponseError
from schema.core.errors import client_error
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation, a_task


class _TellTaleError(Exception):
    """A bug whose text a stranger must not read, with members that graphql-core would copy."""

    extensions: ClassVar[dict[str, str]] = {"secret": "s3cret"}


async def test_bug_is_masked_and_logged(ask: Ask, federation: FakeFederation) -> None:
    """The client reads INTERNAL and where; the log holds the exception."""
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
    """A scalar's own error is a bug too, although it is a GraphQLError."""
    federation.add(a_task(title=object()))  # what no mapping makes
    with capture_logs() as logs:
        result = await ask("{ tasks { nodes { title } } }")

    assert [("internal error", {"code": "INTERNAL"})] == [
        (error["message"], error["extensions"]) for error in result.errors
    ]
    assert 1 == len(logs)


@pytest.mark.parametrize("document", ["{", "{ nothing }", "query($n: Int!) { tasks(first: $n) { isComplete } }"])
async def test_bad_request_is_told_in_words(document: str, ask: Ask) -> None:
    """Parse, validation and coercion errors are for the client to read."""
    with capture_logs() as logs:
        result = await ask(document)

    assert result.errors
    assert "internal error" not in [error["message"] for error in result.errors]
    assert [] == logs


def test_upstream_failure_says_code_source_and_place() -> None:
    """Nothing of the exception but its message and code."""
    failure = MalformedResponseError("not JSON", native_status=200).at("c8", "get_task")
    seen = client_error(GraphQLError("x", path=["task"], original_error=failure))

    assert {
        "message": "c8: get_task: not JSON",
        "path": ["task"],
        "extensions": {"code": "UPSTREAM_ERROR", "source": "c8"},
    } == seen.formatted
