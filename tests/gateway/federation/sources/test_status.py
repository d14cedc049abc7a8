"""The status of a source after successes and failures."""

from datetime import UTC, datetime

import pytest

from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    UnsupportedActionError,
)
from gateway.federation.sources.status import StatusRecord, status_of
from schema.ports import SourceStatus

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)


def record(*, per_person: bool = False) -> StatusRecord:
    return StatusRecord("here", per_person=per_person, clock=lambda: NOW)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnavailableError("is down"), SourceStatus.UNAVAILABLE),
        (RateLimitedError("too many"), SourceStatus.RATE_LIMITED),
        (UnauthenticatedError("refused our credentials"), SourceStatus.UNAUTHORIZED),
        (ForbiddenError("the account lacks a permission"), SourceStatus.FORBIDDEN),
        (MalformedResponseError("no JSON"), SourceStatus.UNAVAILABLE),
    ],
)
def test_a_failure_is_the_status_until_the_next_success(error: ConnectorError, expected: SourceStatus) -> None:
    """The message is the reason."""
    here = record()
    here.record_failure(error)
    failed = (here.status, here.reason, here.last_success_at)
    assert NOW == here.last_failure_at
    here.record_success()

    assert (expected, error.message, None) == failed
    assert (SourceStatus.OK, None, NOW) == (here.status, here.reason, here.last_success_at)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnsupportedActionError("no such list"), SourceStatus.UNAVAILABLE),
        (BrokenError("is not configured as its bridge is"), SourceStatus.UNAVAILABLE),
    ],
)
def test_a_list_that_failed_was_asked_for(error: ConnectorError, expected: SourceStatus) -> None:
    """SKIPPED means that nothing of the source is missing."""
    assert expected is status_of(error)


def test_a_refusal_of_one_request_is_no_failure_of_the_source() -> None:
    """The source answered."""
    here = record()
    here.record_failure(NotFoundError("no such task"))

    assert SourceStatus.OK is here.status


@pytest.mark.parametrize("error", [ForbiddenError("not you"), UnauthenticatedError("not this token")])
def test_a_refused_person_is_no_failure_of_the_source(error: ConnectorError) -> None:
    """If each person has credentials of their own."""
    here = record(per_person=True)
    here.record_failure(error)

    assert SourceStatus.OK is here.status


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (UnavailableError("failed", native_status=500), False),
        (ForbiddenError("this one is not for us"), False),
        (MalformedResponseError("this one does not fit"), False),
        (UnavailableError("cannot be reached"), True),
        (UnavailableError("overloaded", native_status=503), True),
        (RateLimitedError("too many"), True),
        (UnauthenticatedError("refused our credentials"), True),
    ],
)
def test_an_error_answer_about_one_object_is_not_the_status(error: ConnectorError, counts: bool) -> None:
    """The source may be well. Silence, overload and refused credentials are never about one object."""
    here = record()
    here.record_failure(error, is_about_one=True)

    assert counts is (here.status is not SourceStatus.OK)


def test_error_answers_to_one_person_are_not_the_status() -> None:
    """Of a source that is called with each person's own credentials."""
    here = record(per_person=True)
    here.record_failure(UnavailableError("failed", native_status=500))

    assert SourceStatus.OK is here.status
